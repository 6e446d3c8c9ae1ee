import assert from 'node:assert/strict';
import { sql } from 'kysely';
import type { ExpenseReport } from '../../domain/model/time/expense-report.ts';
import { auditOf } from '../../store/audit-trail.ts';
import { listNotifications } from '../../store/notifications.ts';
import { aReceipt, aReport, aTaxi } from '../builders/expenses.ts';
import { anApproval } from '../builders/time.ts';
import { stopTemporalServer } from '../support/temporal.ts';
import { startExpenseLine, type ExpenseLine } from './line.ts';

const usd = (amount: string) => ({ amount, currency: 'USD' });

describe('The answer to an expense report', function () {
  this.timeout(90_000);
  let line: ExpenseLine;
  let reports = 0;

  before(async () => {
    line = await startExpenseLine();
  });

  after(async () => {
    await line.stop();
    await stopTemporalServer();
  });

  function from(system: string, parts: Partial<ExpenseReport> = {}, taxi: Parameters<typeof aTaxi>[0] = {}): ExpenseReport {
    reports += 1;
    const name = `A-${reports}`;
    return aReport([aTaxi({ merchant: `Cab of ${name}`, receipt: aReceipt(name), ...taxi })], { id: name, system, approval: anApproval({ of: { id: name, version: 1 } }), ...parts });
  }
  const rejectionsOf = ({ id }: ExpenseReport) => line.source.expenseRejections.filter(({ reportId }) => reportId === id);
  const locksOf = ({ id }: ExpenseReport) => line.source.expenseLocks.filter(({ reportId }) => reportId === id);
  const stored = async ({ id }: ExpenseReport) => (await sql<{ kind: string; state: string }>`select a.kind, a.state from time_answer a join time_record r on r.id = a.record where r.record_id = ${id} order by r.version, a.kind`.execute(line.store.db)).rows.map(({ kind, state }) => `${kind} ${state}`);

  it('goes back to the system it came from with every reason and how to mend it, while the case waits', async () => {
    const report = from('kantata', { total: usd('1.00') });
    const [id = ''] = await line.submit(report);
    const open = await line.openCase('EXPENSE_TOTAL_WRONG', id);
    const [told] = await line.until('its submitter is told', async () => (rejectionsOf(report).length > 0 ? rejectionsOf(report) : undefined));
    assert.deepEqual([told?.version, told?.person, told?.findings.map(({ code }) => code)], [1, report.person, ['EXPENSE_TOTAL_WRONG']]);
    assert.ok(told?.reason.includes(open.message) && told.reason.includes(open.mend), told?.reason);
    await line.until('that is written down', async () => (await stored(report)).includes('reject done'));
    await line.resolve(open, { action: 'return_to_submitter' });
    assert.equal((await line.outcome(id)).outcome, 'returned');
    assert.equal(rejectionsOf(report).length, 1, 'told once');
    assert.equal((await auditOf(line.store.db, id)).filter(({ action }) => action === 'expense.answered').length, 1);
  });

  it('locks there what is posted, with where it went, once', async () => {
    const report = from('kantata');
    line.breakStep({ step: 'tellExpenseAnswer', when: 'after' });
    const [id = ''] = await line.submit(report);
    assert.equal((await line.outcome(id)).outcome, 'posted');
    assert.deepEqual(locksOf(report).map(({ version, postings }) => [version, postings.map(({ postedIn, externalId }) => [postedIn, externalId])]), [[1, [['netsuite', line.erp.of(report.id)[0]?.externalId]]]]);
    assert.deepEqual(await stored(report), ['lock done']);
  });

  it('is told when a person gives back what was only waiting, with that person\'s reason', async () => {
    const approved = from('kantata');
    const report = { ...approved, approval: anApproval({ of: { id: approved.id, version: 1 }, status: 'submitted', approver: null, decidedAt: null }) };
    const [id = ''] = await line.submit(report);
    await line.until('it is held', async () => (await line.progress(id)).stage === 'held');
    const { rows } = await sql<{ id: number }>`select id from time_record where record_id = ${report.id}`.execute(line.store.db);
    await line.giveBack({ process: id, record: Number(rows[0]?.id), system: 'kantata', by: 'carla', reason: 'nobody approves this project any more' });
    await line.client.workflow.getHandle(id).signal('lookAgain', { reason: 'released' });
    assert.equal((await line.outcome(id)).outcome, 'returned');
    assert.match(rejectionsOf(report)[0]?.reason ?? '', /carla: nobody approves this project any more/);
  });

  it('is not given where only the firm can mend it: a mapping of ours is missing', async () => {
    const report = from('kantata', {}, { category: 'YACHT' });
    const [id = ''] = await line.submit(report);
    const open = await line.openCase('EXPENSE_CATEGORY_UNKNOWN', id);
    assert.deepEqual([open.kind, await stored(report)], ['configuration', []]);
    await line.resolve(open, { action: 'return_to_submitter', reason: 'we pay for no yachts' });
    assert.equal((await line.outcome(id)).outcome, 'returned');
    assert.deepEqual(rejectionsOf(report).map(({ reason }) => reason.includes('carla: we pay for no yachts')), [true]);
  });

  it('stands in the case where the system takes none, with what people do instead', async () => {
    for (const [system, note] of [['harvest', /is not told by harvest: Harvest takes nothing back: withdraw the approval there\.$/], ['canonical', /is not told by canonical: canonical sends its reports to \/v1\/expenses and takes no answers/]] as const) {
      const report = from(system, { total: usd('1.00') });
      const [id = ''] = await line.submit(report);
      const open = await line.openCase('EXPENSE_TOTAL_WRONG', id);
      assert.match(open.mend, note);
      assert.deepEqual(await stored(report), ['reject not_offered']);
      const told = async () => (await listNotifications(line.store.db, {})).filter(({ case_id: of }) => of === `expense/${system}/${report.id}/1`);
      // Who sends its reports itself asks what became of them, and tells its people.
      assert.deepEqual((await told()).map(({ recipient, message }) => [recipient, message.includes(open.message)]), system === 'harvest' ? [[report.person, true]] : []);
      await line.resolve(open, { action: 'return_to_submitter', reason: 'ask your lead' });
      await line.outcome(id);
      assert.deepEqual((await told()).map(({ message }) => message.includes('carla: ask your lead')), system === 'harvest' ? [true, false] : [], 'given back by a person, it is told with the reason of that person');
    }
  });

  it('does not keep the case waiting while the system is down, and is dropped when a later version has come meanwhile', async () => {
    const report = from('kantata', { total: usd('1.00') });
    line.source.fail('reject expenses kantata', { kind: 'transient', times: 1000 });
    const [id = ''] = await line.submit(report);
    await line.openCase('EXPENSE_TOTAL_WRONG', id);
    assert.deepEqual(await stored(report), ['reject planned']);
    const [second = ''] = await line.submit({ ...report, version: 2, total: usd('42.50'), approval: anApproval({ of: { id: report.id, version: 2 } }) });
    assert.equal((await line.outcome(second)).outcome, 'posted');
    assert.equal((await line.outcome(id)).outcome, 'superseded');
    line.source.fail('reject expenses kantata', { kind: 'transient', times: 0 });
    assert.deepEqual([rejectionsOf(report), await stored(report)], [[], ['lock done']]);
  });

  it('goes to a person where the system will not take it, who tells the submitter and says how', async () => {
    const report = from('kantata', { total: usd('1.00') });
    line.source.fail('reject expenses kantata', { kind: 'business_rule', code: 'KANTATA_APPROVAL_FINAL', times: 1 });
    const [id = ''] = await line.submit(report);
    const refusal = await line.openCase('KANTATA_APPROVAL_FINAL', id);
    assert.match(refusal.mend, /choose "confirm_done"/);
    assert.equal((await line.resolve(refusal, { action: 'confirm_done', externalId: 'by e-mail' })).accepted, true);
    await line.until('it is given up', async () => (await stored(report)).includes('reject failed'));
    await line.resolve(await line.openCase('EXPENSE_TOTAL_WRONG', id), { action: 'return_to_submitter' });
    assert.equal((await line.outcome(id)).outcome, 'returned');
  });
});
