import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { FirmConfig } from '../../../domain/config/schema.ts';
import { expenseContextSchema, type ExpenseContext } from '../../../domain/model/time/expense-context.ts';
import { expensePostingSchema, type ExpensePosting } from '../../../domain/model/time/expense-posting.ts';
import { expenseReportSchema, type ExpenseReport } from '../../../domain/model/time/expense-report.ts';
import { addMoney, money, sumMoney } from '../../../domain/money.ts';
import { validateExpenseReport, type ExpenseDecision } from '../../../domain/rules/expenses/validate.ts';
import { anyReport, reportLife, soundReport } from '../../builders/arbitrary-expenses.ts';
import { afterDecision, anExpenseContext } from '../../builders/expenses.ts';
import { theFirm } from '../../builders/firm.ts';

const RUNS = { numRuns: 200 };

interface Books {
  context: ExpenseContext;
  readonly postings: ExpensePosting[];
}

/** Tells a context of documents in an order, as the store does: what is held is judged again whenever something changed. */
function tell(context: ExpenseContext, documents: readonly ExpenseReport[]): Books {
  const books: Books = { context, postings: [] };
  let held: ExpenseReport[] = [];
  const judge = (report: ExpenseReport): ExpenseDecision => {
    const decision = validateExpenseReport(report, books.context);
    if (decision.outcome === 'accepted') books.postings.push(...(decision.reversal === null ? [] : [decision.reversal]), decision.posting);
    if (decision.outcome === 'withdrawn' && decision.reversal !== null) books.postings.push(decision.reversal);
    books.context = afterDecision(books.context, report, decision);
    return decision;
  };
  for (const document of documents) {
    held.push(document);
    for (let changed = true; changed;) {
      const waiting = held;
      held = [];
      for (const report of waiting) if (judge(report).outcome === 'held') held.push(report);
      changed = held.length < waiting.length;
    }
  }
  return books;
}

/** "v2 approved at 09:04, corrects v1, total wrong" */
const inWords = (documents: readonly ExpenseReport[]) => documents.map(({ version, approval, replaces, total, lines }) => `v${version} ${approval.status} at ${approval.decidedAt?.slice(11, 16)}${replaces === null ? '' : `, corrects v${replaces.version}`}${total.amount === lines[0]?.amount.amount ? '' : ', total wrong'}`);

const net = (postings: readonly ExpensePosting[]) => postings.map(({ total }) => total).reduce(addMoney, money('0', 'USD'));

describe('Every expense report, whatever its lines', function () {
  this.timeout(60_000);
  let config: FirmConfig;
  let context: ExpenseContext;

  before(async () => {
    ({ config } = await theFirm());
    context = expenseContextSchema.parse(anExpenseContext(config));
  });

  it('is judged without ever failing, and every finding can be acted on', () => {
    const codes = new Set<string>();
    const outcomes = new Set<string>();
    fc.assert(
      fc.property(anyReport, (report) => {
        const decision = validateExpenseReport(expenseReportSchema.parse(report), context);
        outcomes.add(decision.outcome);
        if (decision.outcome !== 'rejected') return;
        assert.ok(decision.findings.length > 0);
        for (const { code, message, mend, path, record } of decision.findings) {
          codes.add(code);
          assert.ok(message !== '' && mend !== '' && path !== '' && record.startsWith('canonical R-1 version 1'));
        }
      }),
      { numRuns: 1500 },
    );
    assert.ok(codes.size > 40, `many findings were tried: ${[...codes].toSorted().join(', ')}`);
    assert.deepEqual([...outcomes].toSorted(), ['accepted', 'held', 'rejected', 'withdrawn']);
  });

  it('is judged alike in any order of its lines', () => {
    fc.assert(
      fc.property(fc.oneof(anyReport, soundReport).chain((report) => fc.tuple(fc.constant(report), fc.shuffledSubarray(report.lines, { minLength: report.lines.length }))), ([report, lines]) => {
        const [first, second] = [validateExpenseReport({ ...report, lines }, context), validateExpenseReport(report, context)];
        assert.deepEqual(first, second);
      }),
      RUNS,
    );
  });

  it('is booked to the cent: the lines of the posting add up to the total of the report, recoverable tax and billing included', () => {
    let accepted = 0;
    fc.assert(
      fc.property(soundReport, (report) => {
        const decision = validateExpenseReport(report, context);
        if (decision.outcome !== 'accepted') return;
        accepted += 1;
        const posting = expensePostingSchema.parse(decision.posting);
        assert.equal(posting.lines.length, report.lines.length);
        assert.deepEqual(sumMoney(posting.lines.map(({ amount }) => amount), report.currency), posting.total);
        assert.deepEqual(posting.total, report.total);
      }),
      RUNS,
    );
    assert.ok(accepted > 50, `${accepted} reports were accepted`);
  });

  it('posted twice changes nothing', () => {
    fc.assert(
      fc.property(soundReport, (report) => {
        const first = validateExpenseReport(report, context);
        if (first.outcome !== 'accepted') return;
        assert.deepEqual(validateExpenseReport(report, afterDecision(context, report, first)), { outcome: 'repeat', approval: null });
      }),
      RUNS,
    );
  });

  it('is corrected and taken back to the cent: what is booked in sum is what is in force', () => {
    fc.assert(
      fc.property(reportLife, (life) => {
        const { context: after, postings } = tell(context, life);
        const inForce = after.posted.filter(({ state }) => state === 'in_force');
        assert.ok(inForce.length <= 1);
        assert.deepEqual(net(postings), net(inForce.map(({ posting }) => posting)));
        assert.equal(new Set(postings.map(({ key }) => key)).size, postings.length, 'each posting has a key of its own');
        for (const { kind, reverses } of postings) assert.equal(kind === 'reversal', reverses !== null);
      }),
      RUNS,
    );
  });

  it('ends alike in whatever order its versions and withdrawals arrive', () => {
    const ends = (books: Books) => ({ inForce: books.context.posted.filter(({ state }) => state === 'in_force').map(({ report }) => [report.id, report.version]), net: net(books.postings) });
    fc.assert(
      fc.property(reportLife.chain((life) => fc.tuple(fc.constant(life), fc.shuffledSubarray(life, { minLength: life.length }))), ([life, shuffled]) => {
        assert.deepEqual({ told: inWords(shuffled), ...ends(tell(context, shuffled)) }, { told: inWords(shuffled), ...ends(tell(context, life)) });
      }),
      { numRuns: 600 },
    );
  });
});
