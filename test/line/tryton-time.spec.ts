import assert from 'node:assert/strict';
import { timesheetProcessId } from '../../domain/process/time-process.ts';
import { prepareTrytonForTime } from '../../scripts/tryton/time-setup.ts';
import { trytonTotals } from '../../scripts/tryton/totals.ts';
import { openCases } from '../../store/cases.ts';
import { aPerson, aProject, anAssignment, anApproval, anEntry, aRate, aTimesheet } from '../builders/time.ts';
import { uniqueTag } from '../connectors/conformance/documents.ts';
import { partOf, useTryton } from '../connectors/tryton/harness.ts';
import { stopTemporalServer } from '../support/temporal.ts';
import { startTimeLine, type TimeLine } from '../support/time-line.ts';

const DAYS = ['2026-11-09', '2026-11-10', '2026-11-11', '2026-11-12', '2026-11-13'];

describe('Approved time into Tryton, an ERP that really runs', function () {
  this.timeout(180_000);
  const tryton = useTryton();
  let line: TimeLine;
  let person = '';
  let projectNumber = '';
  let id = '';

  before(async () => {
    line = await startTimeLine({}, { overlays: ['tryton'], systems: (inMemory) => ({ ...inMemory, erp: () => tryton.erp() }) });
  });
  beforeEach(async () => {
    const tag = uniqueTag();
    person = `ada.${tag}@northwind-consulting.example`;
    projectNumber = `US01-TECH-${tag.toUpperCase()}`;
    id = `TS-${tag}`;
    await line.knows({ people: [aPerson({ email: person })], projects: [aProject({ number: projectNumber })], assignments: [anAssignment({ person, projectNumber })], rates: [aRate({ projectNumber })] });
  });
  afterEach(() => tryton.faults.clear());
  after(async () => {
    await line?.stop();
    await stopTemporalServer();
  });

  const known = () => prepareTrytonForTime(tryton.server(), { people: [{ email: person, name: 'Ada', legalEntity: 'US01' }], projects: [{ number: projectNumber, name: 'Cloud migration', legalEntity: 'US01' }] });
  const aWeek = (hours: string, version = 1) => aTimesheet(
    DAYS.map((workDate, day) => anEntry({ id: `${id}-${day}`, version, replaces: version === 1 ? null : { id: `${id}-${day}`, version: version - 1 }, person, projectNumber, workDate, hours })),
    { id, version, replaces: version === 1 ? null : { id, version: version - 1 }, approval: anApproval({ of: { id, version } }) },
  );
  /** Hours of each line, as Tryton itself says: asked of its own API, past our connector. */
  const inTryton = async () => (await tryton.rows('timesheet.line', [['employee.party.contact_mechanisms.value', '=', person]], ['duration'])).map((row) => Number(partOf(row['duration'], 'seconds')) / 3600);

  it('leaves a line for each entry, once, also where the connection breaks after they were written', async () => {
    await known();
    const before = await trytonTotals(tryton.server(), { legalEntities: ['US01'], from: '2026-11-01', to: '2026-11-30' });
    await tryton.faults.next({ kind: 'cut-after', method: 'POST', path: '' });
    await line.submit(aWeek('7.75'));
    await line.posted();
    assert.deepEqual(await inTryton(), [7.75, 7.75, 7.75, 7.75, 7.75]);
    const after = await trytonTotals(tryton.server(), { legalEntities: ['US01'], from: '2026-11-01', to: '2026-11-30' });
    assert.equal(Number(after[0]?.hours) - Number(before[0]?.hours), 38.75);
  });

  it('ends with the hours of the correction, and with none once its approval is withdrawn', async () => {
    await known();
    await line.submit(aWeek('8'));
    await line.posted();
    await line.submit(aWeek('6', 2));
    await line.posted();
    const sum = async () => (await inTryton()).reduce((total, hours) => total + hours, 0);
    assert.deepEqual([(await inTryton()).length, await sum()], [15, 30], 'five lines set to zero, five that say why, five of the correction');
    await line.submit({ ...aWeek('6', 2), approval: anApproval({ of: { id, version: 2 }, status: 'withdrawn', decidedAt: '2026-11-16T10:00:00.000Z' }) });
    await line.until('everything is taken back', async () => (await sum()) === 0);
    await line.posted();
  });

  it('waits for a person while Tryton does not know the employee, and goes on once it does', async () => {
    await line.submit(aWeek('8'));
    const raised = await line.until('a case is open', async () => (await openCases(line.store.db)).find(({ subject }) => subject.includes(id)));
    assert.equal(raised.code, 'PERSON_UNKNOWN');
    assert.deepEqual(await inTryton(), []);
    await known();
    assert.ok((await line.resolve(raised.case_id, { action: 'retry', by: 'priya', reason: 'Ada is in Tryton now' })).accepted);
    await line.until('the process has ended', async () => (await line.client.workflow.getHandle(timesheetProcessId({ system: 'harvest', id, version: 1 })).describe()).status.name === 'COMPLETED');
    assert.deepEqual(await inTryton(), [8, 8, 8, 8, 8]);
  });
});
