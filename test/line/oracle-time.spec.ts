import assert from 'node:assert/strict';
import { openCases } from '../../store/cases.ts';
import { aPerson, aProject, anAssignment, anApproval, anEntry, aRate, aTimesheet } from '../builders/time.ts';
import { startEnvironment, type TestEnvironment } from '../connectors/oracle/environment.ts';
import { uniqueTag } from '../connectors/conformance/documents.ts';
import { stopTemporalServer } from '../support/temporal.ts';
import { startTimeLine, type TimeLine } from '../support/time-line.ts';

const DAYS = ['2026-11-09', '2026-11-10', '2026-11-11', '2026-11-12', '2026-11-13'];

describe('Approved time into Oracle Fusion Cloud', function () {
  this.timeout(60_000);
  let environment: TestEnvironment;
  let line: TimeLine;
  let person = '';
  let projectNumber = '';
  let id = '';

  before(async () => {
    environment = await startEnvironment();
    const erp = environment.connect();
    line = await startTimeLine({}, { overlays: ['oracle'], systems: (inMemory) => ({ ...inMemory, erp: () => erp }) });
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
    const Tasks = [{ TaskNumber: '2-2', TaskName: 'Build', ChargeableFlag: true, BillableFlag: true }];
    await environment.admin.seed({ projects: [{ ProjectNumber: projectNumber, ProjectName: `${projectNumber} Cloud migration`, ProjectStartDate: '2026-01-01', BusinessUnitName: 'Northwind US01', ProjectStatusCode: 'ACTIVE', Tasks }] });
    await line.knows({ people: [aPerson({ email: person })], projects: [aProject({ number: projectNumber })], assignments: [anAssignment({ person, projectNumber })], rates: [aRate({ projectNumber })] });
  });
  afterEach(() => environment.admin.clearFaults());

  const hire = () => environment.admin.seed({ projectEnterpriseResources: [{ ResourceEmail: person, ResourceDisplayName: 'Ada' }] });
  const aWeek = (hours: string, version = 1) => aTimesheet(
    DAYS.map((workDate, day) => anEntry({ id: `${id}-${day}`, version, replaces: version === 1 ? null : { id: `${id}-${day}`, version: version - 1 }, person, projectNumber, workDate, hours })),
    { id, version, replaces: version === 1 ? null : { id, version: version - 1 }, approval: anApproval({ of: { id, version } }) },
  );
  const costs = async (...resources: string[]) => (await environment.rows(...resources)).filter((row) => row.values['ProjectNumber'] === projectNumber).map(({ values }) => `${String(values['ExpenditureItemDate'])} ${String(values['Quantity'])}`).toSorted();

  it('leaves a cost for each day, once, also where the connection breaks after the batch was done', async () => {
    await hire();
    await environment.admin.fault({ kind: 'cut-after', method: 'POST', path: 'resources/11.13.18.05$' });
    await line.submit(aWeek('7.75'));
    await line.posted();
    assert.deepEqual(await costs('unprocessedProjectCosts', 'projectCosts'), DAYS.map((day) => `${day} 7.75`));
  });

  it('reverses what a correction replaces, and all of it is imported', async () => {
    await hire();
    await line.submit(aWeek('8'));
    await line.posted();
    await environment.importCosts();
    await line.submit(aWeek('6', 2));
    await line.posted();
    await environment.importCosts();
    assert.deepEqual([await costs('unprocessedProjectCosts'), await costs('projectCosts')], [[], DAYS.flatMap((day) => [`${day} -8`, `${day} 6`, `${day} 8`])]);
  });

  it('waits for a person while Oracle does not know who worked, and goes on once it does', async () => {
    await line.submit(aWeek('8'));
    const raised = await line.until('a case is open', async () => (await openCases(line.store.db)).find(({ subject }) => subject.includes(id)));
    assert.equal(raised.code, 'PERSON_UNKNOWN');
    await hire();
    assert.ok((await line.resolve(raised.case_id, { action: 'retry', by: 'priya', reason: 'Ada is a project resource now' })).accepted);
    await line.posted();
    await line.until('the hours are there', async () => (await costs('unprocessedProjectCosts')).length === 5);
  });
});
