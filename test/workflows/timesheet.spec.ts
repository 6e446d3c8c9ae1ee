import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { addDecimal } from '../../domain/money.ts';
import { timesheetProcessId } from '../../domain/process/time-process.ts';
import { openCases } from '../../store/cases.ts';
import { ADA, anApproval, anEntry, aProject, aTimesheet } from '../builders/time.ts';
import { stopTemporalServer } from '../support/temporal.ts';
import { startTimeLine, type TimeLine } from '../support/time-line.ts';

/** A working week of Ada's, one entry a day. */
function aWeek(id: string, parts: Parameters<typeof aTimesheet>[1] = {}, hours = '8') {
  return aTimesheet(['2026-11-09', '2026-11-10', '2026-11-11', '2026-11-12', '2026-11-13'].map((workDate, day) => anEntry({ id: `${id}-${day + 1}`, workDate, hours })), { id, ...parts, approval: anApproval({ of: { id, version: parts.version ?? 1 }, ...parts.approval }) });
}

describe('Received time', function () {
  this.timeout(120_000);
  let line: TimeLine;
  let run = '';
  /** The tests share a Temporal server: each has timesheets of its own. */
  const named = (id: string) => `${id}-${run}`;

  beforeEach(async () => {
    run = randomUUID().slice(0, 8);
    line = await startTimeLine();
  });
  afterEach(async () => {
    await line.stop();
  });
  after(stopTemporalServer);

  const lines = () => [...line.fakes.laborLines.values()].map(({ line: one }) => one);
  const net = () => lines().reduce((sum, { hours }) => addDecimal(sum, hours), '0');
  const caseOf = (subject: string) => line.until(`a case about ${subject} is open`, async () => (await openCases(line.store.db)).find((row) => row.subject.includes(subject)));
  const ended = (id: string, version = 1) => line.until(`the process of ${id} has ended`, async () => (await line.client.workflow.getHandle(timesheetProcessId({ system: 'harvest', id, version })).describe()).status.name === 'COMPLETED');

  it('is posted to the ERP once, paid once, in the warehouse once, and locked in the time system', async () => {
    await line.submit(aWeek(named('TS-1')));
    await line.posted();
    await ended(named('TS-1'));
    assert.equal(net(), '40');
    assert.ok([...line.fakes.laborLines.values()].every(({ writes }) => writes === 1));
    const { rows: pay } = await sql<{ hours: string }>`select sum(hours)::text as hours from pay_line`.execute(line.store.db);
    assert.equal(Number(pay[0]?.hours), 40);
    const { rows: facts } = await sql<{ hours: string; billed: string }>`select sum(hours)::text as hours, sum(billed)::text as billed from reporting.fact_time where state = 'in_force'`.execute(line.store.db);
    assert.deepEqual(facts.map(({ hours, billed }) => [Number(hours), Number(billed)]), [[40, 8800]]);
    assert.deepEqual(line.fakes.locks.map(({ timesheetId, entries }) => [timesheetId, entries.length]), [[named('TS-1'), 5]]);
  });

  it('received a second time, or as another copy of the same version, changes nothing', async () => {
    await line.submit(aWeek(named('TS-1')));
    await line.posted();
    await line.submit(aWeek(named('TS-1')));
    await line.submit({ ...aWeek(named('TS-1')), approval: anApproval({ of: { id: named('TS-1'), version: 1 }, reason: 'told again' }) });
    await line.posted();
    assert.equal(net(), '40');
    assert.deepEqual((await line.outcomes()).map(({ outcome }) => outcome).sort(), [...Array(5).fill('accepted'), ...Array(5).fill('repeat')]);
  });

  it('of a page goes on beside what is refused, which has a case of its own until its corrected version arrives', async () => {
    const wrong = aTimesheet([anEntry({ id: 'E-9', workDate: '2026-11-14', projectNumber: 'US01-NOPE' })], { id: named('TS-9') });
    await line.submit(aWeek(named('TS-1')), wrong);
    const raised = await caseOf(named('TS-9'));
    assert.equal(raised.code, 'PROJECT_UNKNOWN');
    await line.until('the others are posted', async () => Promise.resolve(net() === '40'));
    const right = { ...wrong, version: 2, replaces: { id: named('TS-9'), version: 1 }, approval: anApproval({ of: { id: named('TS-9'), version: 2 } }), entries: [anEntry({ id: 'E-9', version: 2, replaces: { id: 'E-9', version: 1 }, workDate: '2026-11-14', hours: '3' })] };
    await line.submit(right);
    await line.posted();
    await ended(named('TS-9'));
    assert.equal(net(), '43');
    assert.deepEqual((await openCases(line.store.db)).map(({ subject }) => subject), []);
    assert.equal(line.fakes.rejections.length, 1);
  });

  it('corrected before its original arrives waits for it, and both end as the correction says', async () => {
    const original = aTimesheet([anEntry({ id: 'E-1', hours: '8' })], { id: named('TS-1') });
    const correction = aTimesheet([anEntry({ id: 'E-1', version: 2, replaces: { id: 'E-1', version: 1 }, hours: '6' })], { id: named('TS-1'), version: 2, replaces: { id: named('TS-1'), version: 1 } });
    await line.submit(correction);
    await line.posted();
    assert.deepEqual((await line.outcomes()).map(({ outcome }) => outcome), ['held']);
    await line.submit(original);
    await line.until('the correction is posted', async () => Promise.resolve(net() === '6'));
    await line.posted();
    assert.equal(net(), '6');
    const { rows: pay } = await sql<{ hours: string }>`select sum(hours)::text as hours from pay_line`.execute(line.store.db);
    assert.equal(Number(pay[0]?.hours), 6);
  });

  it('corrected in the batch it came in stands in the books with both versions, one taken back', async () => {
    const original = aTimesheet([anEntry({ id: named('E-1'), hours: '8' })], { id: named('TS-1') });
    const correction = aTimesheet([anEntry({ id: named('E-1'), version: 2, replaces: { id: named('E-1'), version: 1 }, hours: '6' })], { id: named('TS-1'), version: 2, replaces: { id: named('TS-1'), version: 1 } });
    await line.submit(original, correction);
    await line.posted();
    const { rows } = await sql<{ version: number; state: string }>`select version, state from time_entry order by version`.execute(line.store.db);
    assert.deepEqual(rows, [{ version: 1, state: 'superseded' }, { version: 2, state: 'in_force' }]);
    assert.deepEqual(lines().map(({ hours }) => hours).sort(), ['-8', '6', '8']);
  });

  it('whose approval is withdrawn is reversed to the cent, and booked anew when it is approved again', async () => {
    await line.submit(aWeek(named('TS-1')));
    await line.posted();
    await line.submit(aWeek(named('TS-1'), { approval: anApproval({ status: 'withdrawn', decidedAt: '2026-11-16T10:00:00.000Z', of: { id: named('TS-1'), version: 1 } }) }));
    await line.until('it is reversed', async () => Promise.resolve(net() === '0'));
    await line.posted();
    assert.equal(lines().length, 10);
    await line.submit(aWeek(named('TS-1'), { approval: anApproval({ decidedAt: '2026-11-16T11:00:00.000Z', of: { id: named('TS-1'), version: 1 } }) }));
    await line.until('it is posted again', async () => Promise.resolve(net() === '40'));
    await line.posted();
    await line.until('the warehouse says so', async () => {
      const { rows: facts } = await sql<{ n: number }>`select count(*)::integer as n from reporting.fact_time where state = 'in_force'`.execute(line.store.db);
      return facts[0]?.n === 5;
    });
  });

  it('refused for the cap of its project goes on by itself, and its case closes, once a correction of other work leaves room for it', async () => {
    await line.knows({ projects: [aProject({ billingMethod: 'capped', cap: { limit: { amount: '2000.00', currency: 'USD' }, used: { amount: '0', currency: 'USD' }, beyond: 'refuse' } })] });
    const original = aTimesheet([anEntry({ id: 'A' })], { id: named('TS-A') });
    await line.submit(original);
    await line.posted();
    await line.submit(aTimesheet([anEntry({ id: 'B', workDate: '2026-11-10', hours: '6' })], { id: named('TS-B') }));
    assert.equal((await caseOf(named('TS-B'))).code, 'CAP_EXCEEDED');
    await line.submit(aTimesheet([anEntry({ id: 'A', version: 2, replaces: { id: 'A', version: 1 }, hours: '2' })], { id: named('TS-A'), version: 2, replaces: { id: named('TS-A'), version: 1 } }));
    await ended(named('TS-B'));
    await line.posted();
    await line.until('both are in the ERP', async () => Promise.resolve(net() === '8'));
    assert.deepEqual((await openCases(line.store.db)).map(({ subject }) => subject), []);
  });

  it('of a person nobody knows goes on by itself once the person is there and the case is tried again', async () => {
    const stranger = 'new@northwind-consulting.example';
    await line.submit(aTimesheet([anEntry({ id: 'E-7', person: stranger })], { id: named('TS-7'), person: stranger }));
    const raised = await caseOf(named('TS-7'));
    assert.equal(raised.code, 'PERSON_UNKNOWN');
    assert.deepEqual(line.fakes.rejections, []);
    const { aPerson, anAssignment } = await import('../builders/time.ts');
    const { putReference } = await import('../../store/time/reference.ts');
    await putReference(line.store.db, 'test', [
      { kind: 'person', key: stranger, scope: stranger, document: aPerson({ email: stranger }) },
      { kind: 'assignment', key: `${stranger}|US01-TECH-A`, scope: stranger, document: anAssignment({ person: stranger }) },
    ]);
    assert.ok((await line.resolve(raised.case_id, { action: 'retry', by: 'priya', reason: 'the person is there now' })).accepted);
    await ended(named('TS-7'));
    assert.equal(net(), '8');
  });

  it('whose answer from the ERP was lost is looked up and never posted twice', async () => {
    line.fakes.fail('netsuite.labor', { kind: 'in_doubt', after: true, times: 1 });
    await line.submit(aWeek(named('TS-1')));
    await line.posted();
    assert.equal(net(), '40');
    assert.ok([...line.fakes.laborLines.values()].every(({ writes }) => writes === 1));
    assert.ok(line.fakes.calls.includes('find netsuite.labor'));
  });

  it('of which the ERP refuses a line waits for a person with that line alone', async () => {
    line.fakes.refusedLines.set(`${named('TS-1')}-3`, { kind: 'business_rule', code: 'PERIOD_LOCKED_IN_ERP', message: 'The period is locked in NetSuite.', mend: 'Open the period, then retry.', system: 'netsuite', object: 'labor', written: 'no' });
    await line.submit(aWeek(named('TS-1')));
    const raised = await caseOf(named('TS-1'));
    assert.equal(raised.code, 'PERIOD_LOCKED_IN_ERP');
    assert.equal(net(), '32');
    line.fakes.refusedLines.clear();
    assert.ok((await line.resolve(raised.case_id, { action: 'retry', by: 'priya', reason: 'the period is open' })).accepted);
    await line.posted();
    await ended(named('TS-1'));
    assert.equal(net(), '40');
  });

  it('approved by somebody who may not can be let pass by a person with the right role', async () => {
    await line.submit(aWeek(named('TS-1'), { approval: anApproval({ approver: 'carl@northwind-consulting.example', of: { id: named('TS-1'), version: 1 } }) }));
    const raised = await caseOf(named('TS-1'));
    assert.equal(raised.code, 'APPROVER_NOT_ENTITLED');
    assert.equal(raised.subject, `timesheet ${named('TS-1')} version 1 of ${ADA}`);
    assert.equal(net(), '0');
    assert.ok((await line.resolve(raised.case_id, { action: 'override', by: 'priya', role: 'project_management_office', reason: 'Carl stood in for Grace' })).accepted);
    await ended(named('TS-1'));
    assert.equal(net(), '40');
  });
});
