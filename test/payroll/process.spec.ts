import assert from 'node:assert/strict';
import { LINE_QUEUE } from '../../domain/process/task-queues.ts';
import { payrollExportId } from '../../domain/process/time-process.ts';
import { auditOf } from '../../store/audit-trail.ts';
import { reconcilePayroll } from '../../store/payroll-reconciliation.ts';
import { exportNowUpdate, payrollProgressQuery } from '../../workflows/contracts/payroll-export.ts';
import type { payrollCalendar } from '../../workflows/payroll-calendar.ts';
import { stopTemporalServer } from '../support/temporal.ts';
import { sql } from 'kysely';
import { casesOf } from '../../store/cases.ts';
import { ADA, BEN, planLabor, putAccountingPeriod, receive } from './builders.ts';
import { createFakeBureau } from './bureau.ts';
import { runOf, startPayrollLine, type PayrollLine } from './line.ts';

const soon = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();

describe('The payroll of a pay period', function () {
  this.timeout(120_000);
  const bureau = createFakeBureau('payroll');
  let line: PayrollLine;
  before(async () => {
    line = await startPayrollLine(() => bureau.port);
  });
  after(async () => {
    await line.stop();
    await stopTemporalServer();
  });
  afterEach(() => {
    bureau.reset();
  });

  const sentHours = (code: string) => bureau.taken('US01').filter(({ payPeriod }) => payPeriod.code === code).map(({ number, totals }) => [number, totals.lines, totals.hours]);

  it('takes the hours at the cutoff, sends them once and ends when the bureau has acknowledged', async () => {
    const period = await line.period();
    await line.plan(period, [{ hours: '8' }, { person: BEN, hours: '7.5' }, { payCode: 'OT15', multiplier: '1.5', hours: '2' }]);
    await line.start(period);
    const outcome = await line.outcome(period);
    assert.equal(outcome.outcome, 'exported');
    assert.deepEqual(outcome.exports.map(({ exportId, lines, people, hours, state }) => ({ exportId, lines, people, hours, state })), [{ exportId: `US01.${period.code}.1`, lines: 3, people: 2, hours: '17.5', state: 'accepted' }]);
    assert.deepEqual(sentHours(period.code), [[1, 3, '17.5']]);
    const [reconciled] = await reconcilePayroll(line.store.db, { payPeriod: period.code });
    assert.deepEqual([reconciled?.accepted.hours, reconciled?.total.hours, reconciled?.balanced], ['17.5', '17.5', true]);
    assert.deepEqual((await auditOf(line.store.db, payrollExportId(runOf(period)))).map(({ action }) => action), ['payroll.planned', 'payroll.sent', 'payroll.accepted']);
    assert.deepEqual(await line.cases(period), []);
  });

  it('without hours has nothing to export', async () => {
    const period = await line.period();
    await line.start(period);
    assert.deepEqual(await line.outcome(period), { ...runOf(period), outcome: 'nothing_to_export', exports: [] });
  });

  it('started twice is one run', async () => {
    const period = await line.period({ cutoffAt: soon(2) });
    await line.plan(period, [{}]);
    const writes = bureau.writes();
    await Promise.all([line.start(period), line.start(period), line.start(period)]);
    const handle = line.client.workflow.getHandle(payrollExportId(runOf(period)));
    await handle.executeUpdate(exportNowUpdate, { args: [{ by: 'ines', reason: 'bank holiday' }] });
    await line.until('it is acknowledged', async () => (await handle.query(payrollProgressQuery)).exports[0]?.state === 'accepted');
    assert.equal(bureau.writes(), writes + 1);
    await handle.terminate('test');
  });

  for (const fault of [{ kind: 'transient' }, { kind: 'in_doubt', after: true }] as const) {
    it(`writes the hours once when ${'after' in fault ? 'the answer is lost after the write' : 'the bureau does not answer at first'}`, async () => {
      const period = await line.period();
      await line.plan(period, [{}]);
      const writes = bureau.writes();
      bureau.fail('send', { ...fault, times: 2 });
      bureau.fail('acknowledgement', { kind: 'transient', times: 2 });
      await line.start(period);
      assert.equal((await line.outcome(period)).exports[0]?.state, 'accepted');
      assert.equal(bureau.writes(), writes + 1);
      assert.deepEqual(await line.cases(period), []);
    });
  }

  it('waits for a person where sending fails for good, and goes on from there', async () => {
    const period = await line.period();
    await line.plan(period, [{}]);
    bureau.fail('send', { kind: 'contract', times: 1 });
    await line.start(period);
    const open = await line.openCase('BUREAU_FAILED', period);
    assert.ok(!open.permitted_actions.includes('abort'), 'payroll is never given up');
    await line.resolve(open, { action: 'retry' });
    assert.equal((await line.outcome(period)).exports[0]?.state, 'accepted');
  });

  it('goes on by itself when the configuration is corrected', async () => {
    const period = await line.period();
    await line.plan(period, [{}]);
    bureau.fail('send', { kind: 'configuration', times: 1 });
    await line.start(period);
    await line.openCase('BUREAU_FAILED', period);
    await line.activateAgain();
    assert.equal((await line.outcome(period)).exports[0]?.state, 'accepted');
    assert.deepEqual((await line.cases(period)).map(({ state }) => state), ['closed']);
  });

  it('keeps looking for the acknowledgement while a case tells of one that is not understood, and closes it when a right one comes', async () => {
    const period = await line.period();
    await line.plan(period, [{}]);
    bureau.fail('acknowledgement', { kind: 'contract', times: 2 });
    await line.start(period);
    await line.openCase('BUREAU_FAILED', period);
    assert.equal((await line.outcome(period)).exports[0]?.state, 'accepted');
    assert.deepEqual((await line.cases(period)).map(({ state }) => state), ['closed']);
  });

  it('gives rejected lines to a person, and then what was corrected to a supplementary export', async () => {
    const period = await line.period();
    await line.plan(period, [{ hours: '8' }, { person: BEN, hours: '6' }]);
    bureau.answer(({ number }) => (number === 1 ? { outcome: 'lines_rejected', rejected: [{ line: 2, reason: 'no bank account' }], reason: null } : { outcome: 'accepted', rejected: [], reason: null }));
    await line.start(period);
    const open = await line.openCase('PAYROLL_LINES_REJECTED', period);
    assert.match(open.message, /rejected 1 of 2 lines/);
    assert.match(JSON.stringify(open.context), /ben@northwind-consulting\.example, 2026-11-09, 6 h REG: no bank account/);
    await line.resolve(open, { action: 'retry' });
    const { exports } = await line.outcome(period);
    assert.deepEqual(exports.map(({ number, hours, state, rejected }) => [number, hours, state, rejected]), [[1, '14', 'lines_rejected', 1], [2, '6', 'accepted', 0]]);
    const [reconciled] = await reconcilePayroll(line.store.db, { payPeriod: period.code });
    assert.deepEqual([reconciled?.accepted.hours, reconciled?.rejected.hours], ['14', '0']);
  });

  it('takes the word of a person that rejected lines are paid by hand', async () => {
    const period = await line.period();
    await line.plan(period, [{}, { person: BEN }]);
    bureau.answer(() => ({ outcome: 'lines_rejected', rejected: [{ line: 1, reason: 'left the firm' }], reason: null }));
    await line.start(period);
    await line.resolve(await line.openCase('PAYROLL_LINES_REJECTED', period), { action: 'confirm_done', externalId: 'cheque 4711' });
    assert.equal((await line.outcome(period)).exports.length, 1);
    const [reconciled] = await reconcilePayroll(line.store.db, { payPeriod: period.code });
    assert.deepEqual([reconciled?.accepted.hours, reconciled?.byHand.hours, reconciled?.balanced], ['8', '8', true]);
  });

  it('sends a refused export again under the next number', async () => {
    const period = await line.period();
    await line.plan(period, [{}]);
    bureau.answer(({ number }) => (number === 1 ? { outcome: 'refused', rejected: [], reason: 'the period is not open yet' } : { outcome: 'accepted', rejected: [], reason: null }));
    await line.start(period);
    const open = await line.openCase('PAYROLL_EXPORT_REFUSED', period);
    assert.match(open.message, /the period is not open yet/);
    await line.resolve(open, { action: 'retry' });
    assert.deepEqual((await line.outcome(period)).exports.map(({ number, state }) => [number, state]), [[1, 'refused'], [2, 'accepted']]);
  });

  it('tells of time that would miss the cutoff, how much of whose, and closes the case at the cutoff', async () => {
    const period = await line.period({ legalEntity: 'SG01', cutoffAt: soon(4) });
    await receive(line.store.db, { id: `R-${period.code}`, person: ADA, legalEntity: 'SG01' });
    await receive(line.store.db, { id: `H-${period.code}`, person: BEN, legalEntity: 'SG01', state: 'decided', outcomes: ['held'] });
    await line.start(period);
    const open = await line.openCase('PAYROLL_CUTOFF_AT_RISK', period);
    assert.match(open.message, new RegExp(`2 timesheets of SG01 will miss the payroll of ${period.code} .*1 not decided yet, 1 held`));
    await line.until('the case is closed', async () => (await line.cases(period))[0]?.state === 'closed');
    await line.client.workflow.getHandle(payrollExportId(runOf(period))).terminate('test');
  });

  it('is started by the calendar near its cutoff, and a run under way is joined', async () => {
    const period = await line.period({ legalEntity: 'JP01' });
    await line.plan(period, [{}]);
    bureau.answer(() => null);
    const calendar = () => line.client.workflow.execute<typeof payrollCalendar>('payrollCalendar', { workflowId: `payroll-calendar/${period.code}`, taskQueue: LINE_QUEUE });
    assert.ok((await calendar()).started.some(({ payPeriod }) => payPeriod === period.code));
    assert.ok((await calendar()).underWay.some(({ payPeriod }) => payPeriod === period.code));
    bureau.reset();
    assert.equal((await line.outcome(period)).outcome, 'exported');
    assert.ok(!(await calendar()).started.some(({ payPeriod }) => payPeriod === period.code), 'what is done is not started again');
  });

  it('has a case raised for accepted time that is not in the ERP near the payroll cutoff', async () => {
    const period = await line.period({ legalEntity: 'NL01', cutoffAt: soon(120) });
    await receive(line.store.db, { id: `U-${period.code}`, person: ADA, legalEntity: 'NL01', state: 'decided', outcomes: ['accepted'] });
    await planLabor(line.store.db, { timesheet: `U-${period.code}`, state: 'not_done', legalEntity: 'NL01' });
    await line.start(period);
    const open = await line.openCase('LABOR_UNPOSTED_AT_CUTOFF', period);
    assert.match(open.message, new RegExp(`^1 accepted timesheets of NL01 are not in the ERP, and the payroll cutoff of ${period.code} is near`));
    assert.equal((await line.cases(period)).length, 1, 'payroll itself misses nothing');
    await line.client.workflow.getHandle(payrollExportId(runOf(period))).terminate('test');
  });

  it('has the calendar tell of labor that is in no ERP while its books close, once, until it is there', async () => {
    const { db } = line.store;
    await putAccountingPeriod(db, { legalEntity: 'IN01', code: '2026-11', closesAt: soon(3_600) });
    await receive(db, { id: 'books-1', person: ADA, legalEntity: 'IN01', state: 'decided', outcomes: ['accepted'] });
    const key = await planLabor(db, { timesheet: 'books-1', state: 'refused', legalEntity: 'IN01' });
    const calendar = (nth: number) => line.client.workflow.execute<typeof payrollCalendar>('payrollCalendar', { workflowId: `payroll-calendar/books-${nth}`, taskQueue: LINE_QUEUE });
    assert.deepEqual((await calendar(1)).books, [{ legalEntity: 'IN01', accountingPeriod: '2026-11' }]);
    const cases = () => casesOf(db, 'books/IN01/2026-11');
    const open = await line.until('a case is open', async () => (await cases()).find(({ state }) => state === 'open'));
    assert.equal(open.code, 'LABOR_UNPOSTED_AT_CLOSE');
    assert.match(open.message, /^The books of IN01 for 2026-11 close at .*, and 1 accepted lines of 1 timesheets are not in netsuite: 1 refused there, 0 in doubt/);
    await calendar(2);
    assert.equal((await cases()).length, 1);
    await sql`update labor_posting set state = 'done', done_at = now() where key = ${key}`.execute(db);
    const handle = line.client.workflow.getHandle('books/IN01/2026-11');
    assert.deepEqual((await calendar(3)).books, []);
    await handle.terminate('test');
  });

  it('refuses an export ahead of its cutoff without a name and a reason', async () => {
    const period = await line.period({ cutoffAt: soon(600) });
    await line.start(period);
    const handle = line.client.workflow.getHandle(payrollExportId(runOf(period)));
    await assert.rejects(handle.executeUpdate(exportNowUpdate, { args: [{ by: 'ines', reason: ' ' }] }));
    await line.until('it waits for the cutoff', async () => (await handle.query(payrollProgressQuery)).stage === 'waiting_for_cutoff');
    await handle.terminate('test');
  });
});
