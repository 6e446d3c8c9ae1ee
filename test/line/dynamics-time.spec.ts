import assert from 'node:assert/strict';
import { openCases } from '../../store/cases.ts';
import { aPerson, aProject, anAssignment, anApproval, anEntry, aRate, aTimesheet } from '../builders/time.ts';
import { startEnvironment, type TestEnvironment } from '../connectors/dynamics/environment.ts';
import { uniqueTag } from '../connectors/conformance/documents.ts';
import { stopTemporalServer } from '../support/temporal.ts';
import { startTimeLine, type TimeLine } from '../support/time-line.ts';

const DAYS = ['2026-11-09', '2026-11-10', '2026-11-11', '2026-11-12', '2026-11-13'];

describe('Approved time into Dynamics 365', function () {
  this.timeout(120_000);
  let environment: TestEnvironment;
  let line: TimeLine;
  let person = '';
  let projectNumber = '';
  let id = '';

  before(async () => {
    environment = await startEnvironment();
    const erp = environment.connect();
    line = await startTimeLine({}, { overlays: ['dynamics'], systems: (inMemory) => ({ ...inMemory, erp: () => erp }) });
  });
  after(async () => {
    await line?.stop();
    await environment?.close();
    await stopTemporalServer();
  });
  beforeEach(async () => {
    const tag = uniqueTag();
    person = `ada.${tag}@northwind-consulting.example`;
    projectNumber = `US01-TECH-${tag.toUpperCase()}`;
    id = `TS-${tag}`;
    await environment.admin.seed({ Projects: [{ dataAreaId: 'us01', ProjectID: projectNumber, ProjectName: 'Cloud migration', ProjectGroup: 'TM', ProjectStage: 'InProcess' }] });
    await line.knows({ people: [aPerson({ email: person })], projects: [aProject({ number: projectNumber })], assignments: [anAssignment({ person, projectNumber })], rates: [aRate({ projectNumber })] });
  });
  afterEach(() => environment.admin.clearFaults());

  const hire = () => environment.admin.seed({ Workers: [{ PersonnelNumber: id, Name: 'Ada', PrimaryContactEmail: person }], ProjectResources: [{ ResourceId: id, ResourceCompanyId: 'us01', PersonnelNumber: id }] });
  const aWeek = (hours: string, version = 1) => aTimesheet(
    DAYS.map((workDate, day) => anEntry({ id: `${id}-${day}`, version, replaces: version === 1 ? null : { id: `${id}-${day}`, version: version - 1 }, person, projectNumber, workDate, hours })),
    { id, version, replaces: version === 1 ? null : { id, version: version - 1 }, approval: anApproval({ of: { id, version } }) },
  );
  const inDynamics = async () => (await environment.rows('ProjJournalTrans')).filter((row) => row['projectid'] === projectNumber).map((row) => Number(row['hours']));

  it('leaves a line for each entry, once, also where the connection breaks after they were written', async () => {
    await hire();
    await environment.admin.fault({ kind: 'cut-after', method: 'POST', path: '/data/\\$batch$' });
    await line.submit(aWeek('7.75'));
    await line.posted();
    assert.deepEqual(await inDynamics(), [7.75, 7.75, 7.75, 7.75, 7.75]);
  });

  it('ends with the hours of the correction', async () => {
    await hire();
    await line.submit(aWeek('8'));
    await line.posted();
    await line.submit(aWeek('6', 2));
    await line.posted();
    const hours = await inDynamics();
    assert.deepEqual([hours.length, hours.reduce((sum, each) => sum + each, 0)], [15, 30]);
  });

  it('waits for a person while Dynamics does not know the worker, and goes on once it does', async () => {
    await line.submit(aWeek('8'));
    const raised = await line.until('a case is open', async () => (await openCases(line.store.db)).find(({ subject }) => subject.includes(id)));
    assert.equal(raised.code, 'PERSON_UNKNOWN');
    await hire();
    assert.ok((await line.resolve(raised.case_id, { action: 'retry', by: 'priya', reason: 'Ada is in Dynamics 365 now' })).accepted);
    await line.posted();
    await line.until('the hours are there', async () => (await inDynamics()).length === 5);
  });
});
