import assert from 'node:assert/strict';
import { openCases } from '../../store/cases.ts';
import { aPerson, aProject, anAssignment, anApproval, anEntry, aRate, aTimesheet } from '../builders/time.ts';
import { uniqueTag } from '../connectors/conformance/documents.ts';
import { startErp, type TestErp } from '../connectors/legacy-file/environment.ts';
import { stopTemporalServer } from '../support/temporal.ts';
import { startTimeLine, type TimeLine } from '../support/time-line.ts';

const DAYS = ['2026-11-09', '2026-11-10', '2026-11-11', '2026-11-12', '2026-11-13'];

describe('Approved time into an ERP that takes files', function () {
  this.timeout(120_000);
  let ledger: TestErp;
  let line: TimeLine;
  let person = '';
  let projectNumber = '';
  let id = '';

  before(async () => {
    ledger = await startErp();
    const erp = ledger.connect({ waitSeconds: 1, retryAfterSeconds: 0.2 });
    line = await startTimeLine({}, { overlays: ['legacy'], systems: (inMemory) => ({ ...inMemory, erp: () => erp }) });
  });
  after(async () => {
    await line?.stop();
    await ledger?.close();
    await stopTemporalServer();
  });
  beforeEach(async () => {
    const tag = uniqueTag();
    person = `ada.${tag}@northwind-consulting.example`;
    projectNumber = `US01-TECH-${tag.toUpperCase()}`;
    id = `TS-${tag}`;
    await ledger.admin.seed({ projects: [{ id: `by-hand/${projectNumber}`, status: 'ACTIVE', fields: { project_number: projectNumber, company: 'US01' } }] });
    await line.knows({ people: [aPerson({ email: person })], projects: [aProject({ number: projectNumber })], assignments: [anAssignment({ person, projectNumber })], rates: [aRate({ projectNumber })] });
  });
  afterEach(() => ledger.faults.clear());

  const hire = () => ledger.admin.seed({ employees: [{ id: person }] });
  const aWeek = (hours: string, version = 1) => aTimesheet(
    DAYS.map((workDate, day) => anEntry({ id: `${id}-${day}`, version, replaces: version === 1 ? null : { id: `${id}-${day}`, version: version - 1 }, person, projectNumber, workDate, hours })),
    { id, version, replaces: version === 1 ? null : { id, version: version - 1 }, approval: anApproval({ of: { id, version } }) },
  );
  const inTheErp = async () => (await ledger.entries('labor')).filter(({ fields }) => fields['project_number'] === projectNumber).map(({ fields }) => Number(fields['hours']));

  it('leaves a line for each entry, once, also where the connection breaks after the batch was put there', async () => {
    await hire();
    ledger.wire.cut('after');
    await line.submit(aWeek('7.75'));
    await line.posted();
    assert.deepEqual(await inTheErp(), [7.75, 7.75, 7.75, 7.75, 7.75]);
  });

  it('leaves a line for each entry, once, also where the import job breaks off in the middle and its answer is lost', async () => {
    await hire();
    for (const kind of ['break-off', 'lose-ack']) await ledger.order(kind);
    await line.submit(aWeek('7.5'));
    await line.posted();
    assert.deepEqual(await inTheErp(), [7.5, 7.5, 7.5, 7.5, 7.5]);
  });

  it('ends with the hours of the correction', async () => {
    await hire();
    await line.submit(aWeek('8'));
    await line.posted();
    await line.submit(aWeek('6', 2));
    await line.posted();
    const hours = await inTheErp();
    assert.deepEqual([hours.length, hours.reduce((sum, each) => sum + each, 0)], [15, 30]);
  });

  it('waits for a person while the ERP does not know the employee, and goes on once it does', async () => {
    await line.submit(aWeek('8'));
    const raised = await line.until('a case is open', async () => (await openCases(line.store.db)).find(({ subject }) => subject.includes(id)));
    assert.equal(raised.code, 'PERSON_UNKNOWN');
    await hire();
    assert.ok((await line.resolve(raised.case_id, { action: 'retry', by: 'priya', reason: 'Ada is in the ERP now' })).accepted);
    await line.posted();
    await line.until('the hours are there', async () => (await inTheErp()).length === 5);
  });
});
