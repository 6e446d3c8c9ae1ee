import assert from 'node:assert/strict';
import type { ExpenseContext } from '../../../domain/model/time/expense-context.ts';
import type { ExpenseReport } from '../../../domain/model/time/expense-report.ts';
import { validateExpenseReport } from '../../../domain/rules/expenses/validate.ts';
import { afterDecision, anExpenseContext, aReport, aTaxi } from '../../builders/expenses.ts';
import { theFirm } from '../../builders/firm.ts';
import { anApproval, aPerson, BOSS } from '../../builders/time.ts';

let start: ExpenseContext;
before(async () => {
  start = anExpenseContext((await theFirm()).config);
});

const usd = (amount: string) => ({ amount, currency: 'USD' });
const first = aReport([aTaxi()]);
const second = aReport([aTaxi({ amount: usd('40.00') })], { version: 2, replaces: { id: 'R-1', version: 1 } });

function after(...reports: ExpenseReport[]): ExpenseContext {
  return reports.reduce((context, report) => afterDecision(context, report, validateExpenseReport(report, context)), start);
}

function codesOf(report: ExpenseReport, context: ExpenseContext): string[] {
  const decision = validateExpenseReport(report, context);
  return decision.outcome === 'rejected' ? decision.findings.map(({ code }) => code) : [decision.outcome];
}

describe('A corrected expense report', () => {
  it('is booked as a reversal of what was posted and a posting of the new version', () => {
    const decision = validateExpenseReport(second, after(first));
    assert.ok(decision.outcome === 'accepted');
    assert.deepEqual(decision.corrects, { system: 'canonical', id: 'R-1', version: 1 });
    assert.deepEqual([decision.reversal?.kind, decision.reversal?.total, decision.reversal?.lines[0]?.amount, decision.reversal?.lines[0]?.billed], ['reversal', usd('-42.50'), usd('-42.50'), usd('-42.50')]);
    assert.deepEqual([decision.posting.kind, decision.posting.total], ['original', usd('40.00')]);
    assert.equal(decision.reversal?.reverses, decision.reversal?.key.replace(/-R$/, ''));
  });

  it('that arrives before its original waits for it, by name', () => {
    const decision = validateExpenseReport(second, start);
    assert.ok(decision.outcome === 'held');
    assert.equal(decision.reason.waitsFor, 'expense report R-1 version 1');
  });

  it('stands on its own where the original was refused', () => {
    const decision = validateExpenseReport(second, { ...start, refused: [{ system: 'canonical', id: 'R-1', version: 1 }] });
    assert.ok(decision.outcome === 'accepted');
    assert.equal(decision.reversal, null);
  });

  it('is reversed in the next open period where the books have closed', () => {
    const october = aReport([aTaxi({ incurredOn: '2026-10-30' })], { submittedOn: '2026-10-31', approval: anApproval({ of: { id: 'R-1', version: 1 }, decidedAt: '2026-11-01T09:00:00.000Z' }) });
    const inOctober = { ...start, time: { ...start.time, asOf: '2026-11-01T12:00:00.000Z' } };
    const before = afterDecision(inOctober, october, validateExpenseReport(october, inOctober));
    assert.equal(before.posted[0]?.posting.accountingPeriod, '2026-10');
    const correction = aReport([aTaxi({ incurredOn: '2026-10-30', amount: usd('40.00') })], { version: 2, submittedOn: '2026-11-14' });
    const decision = validateExpenseReport(correction, { ...before, time: start.time });
    assert.ok(decision.outcome === 'accepted');
    assert.deepEqual([decision.reversal?.accountingPeriod, decision.posting.accountingPeriod], ['2026-11', '2026-11']);
    assert.deepEqual(decision.remarks, ['LATE_REPORT']);
  });

  it('is refused where it is stale, where its version was used for something else, or where it replaces itself', () => {
    assert.deepEqual(codesOf(first, after(first, second)), ['repeat'], 'posted and superseded: nothing is done twice');
    assert.deepEqual(codesOf(first, after({ ...second, replaces: null })), ['REPORT_STALE']);
    assert.deepEqual(codesOf(aReport([aTaxi({ description: 'Elsewhere' })]), after(first)), ['VERSION_REUSED']);
    assert.deepEqual(codesOf({ ...second, replaces: { id: 'R-1', version: 2 } }, after(first)), ['CORRECTION_OF_ITSELF']);
  });

  it('may be another report, of the same person, of what nothing else has replaced', () => {
    const other = aReport([aTaxi({ amount: usd('40.00') })], { id: 'R-2', replaces: { id: 'R-1', version: 1 } });
    const decision = validateExpenseReport(other, after(first));
    assert.ok(decision.outcome === 'accepted');
    assert.equal(decision.reversal?.report.id, 'R-1');
    assert.deepEqual(codesOf({ ...first, version: 2, approval: anApproval({ of: { id: 'R-1', version: 2 } }) }, after(first, other)).includes('EXPENSE_RECEIPT_SEEN_BEFORE'), false);
    assert.deepEqual(codesOf({ ...other, id: 'R-3', approval: anApproval({ of: { id: 'R-3', version: 1 } }) }, after(first, other)), ['ORIGINAL_SUPERSEDED']);
    const context = after(first);
    const grace = { ...other, person: BOSS, approval: anApproval({ of: { id: 'R-2', version: 1 }, approver: 'x@northwind-consulting.example' }) };
    assert.deepEqual(codesOf(grace, { ...context, time: { ...context.time, people: [...context.time.people, aPerson({ email: BOSS })] } }), ['CORRECTION_OF_OTHER_PERSON']);
  });

  it('does not let the refused original in again once it is posted', () => {
    const dirty = aReport([aTaxi()], { total: usd('1.00') });
    const other = aReport([aTaxi()], { id: 'R-2', replaces: { id: 'R-1', version: 1 } });
    assert.deepEqual(codesOf(first, after(dirty, other)), ['REPORT_STALE']);
  });
});

describe('A withdrawn approval', () => {
  const withdrawn = (at: string) => aReport([aTaxi()], { approval: anApproval({ of: { id: 'R-1', version: 1 }, status: 'withdrawn', decidedAt: at }) });

  it('takes back what is posted, to the cent', () => {
    const decision = validateExpenseReport(withdrawn('2026-11-16T10:00:00.000Z'), after(first));
    assert.ok(decision.outcome === 'withdrawn');
    assert.deepEqual(decision.reversal?.total, usd('-42.50'));
    assert.equal(after(first, withdrawn('2026-11-16T10:00:00.000Z')).posted[0]?.state, 'reversed');
  });

  it('told twice, or before the report, takes nothing back and lets nothing in', () => {
    const twice = validateExpenseReport(withdrawn('2026-11-16T10:00:00.000Z'), after(first, withdrawn('2026-11-16T10:00:00.000Z')));
    assert.ok(twice.outcome === 'withdrawn');
    assert.equal(twice.reversal, null);
    assert.deepEqual(codesOf(first, after(withdrawn('2026-11-16T10:00:00.000Z'))), ['APPROVAL_WITHDRAWN']);
  });

  it('does not bar an approval given later: the report is booked anew under a key of its own', () => {
    const again = aReport([aTaxi()], { approval: anApproval({ of: { id: 'R-1', version: 1 }, decidedAt: '2026-11-16T11:00:00.000Z' }) });
    const context = after(first, withdrawn('2026-11-16T10:00:00.000Z'), again);
    assert.deepEqual(context.posted.map(({ state }) => state), ['reversed', 'in_force']);
    assert.equal(new Set(context.posted.map(({ posting }) => posting.key)).size, 2);
  });

  it('older than the approval in force changes nothing', () => {
    const decision = validateExpenseReport(withdrawn('2026-11-16T08:00:00.000Z'), after(first));
    assert.ok(decision.outcome === 'withdrawn');
    assert.equal(decision.reversal, null);
  });
});
