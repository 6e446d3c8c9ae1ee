import { Decimal } from 'decimal.js';
import { z } from 'zod';
import type { RunningEngine } from './engines/engine.ts';
import type { Erp } from './erp.ts';
import { withStore } from './line.ts';
import { distinctSheets, type MonthSheet } from './month.ts';
import type { Verdict } from './run.ts';

const OUTCOMES = ['accepted', 'repeat', 'rejected', 'held'] as const;
/** Refused for good: by the rules, given back, or of a timesheet whose approval was withdrawn. */
const REFUSED: ReadonlySet<string> = new Set(['rejected', 'returned', 'withdrawn']);
const outcomeSchema = z.object({ outcome: z.string(), entries: z.number() });
const sumSchema = z.object({ currency: z.string(), lines: z.number(), hours: z.string(), amount: z.string() });

/**
 * A whole month: every entry has the outcome it was made for, counted by kind; and the ERP's own sums of lines, hours and money are exactly those of the
 * ledger, with nothing left to post.
 */
export async function checkMonth(running: RunningEngine, erp: Erp, sheets: readonly MonthSheet[]): Promise<Verdict> {
  return await withStore(running.storeUrl, async (query) => {
    const problems: string[] = [];
    const expected = new Map<string, number>();
    for (const { expected: outcomes } of distinctSheets(sheets)) for (const outcome of outcomes) expected.set(outcome, (expected.get(outcome) ?? 0) + 1);
    const found = new Map<string, number>();
    for (const { outcome, entries } of await query(outcomeSchema, 'select outcome, count(*)::int as entries from time_outcome group by outcome')) {
      const kind = REFUSED.has(outcome) ? 'rejected' : outcome;
      found.set(kind, (found.get(kind) ?? 0) + entries);
    }
    for (const outcome of new Set([...OUTCOMES, ...found.keys()])) {
      const [should, is] = [expected.get(outcome) ?? 0, found.get(outcome) ?? 0];
      if (should !== is) problems.push(`${is} entries ${outcome}, ${should} expected`);
    }
    const open = (await query(z.object({ open: z.number() }), `select count(*)::int as open from labor_posting where state not in ('done', 'cancelled')`))[0]?.open ?? 0;
    if (open > 0) problems.push(`${open} lines of the ledger are not posted`);

    const ledger = await query(sumSchema, `select currency, count(*)::int as lines, sum(hours)::text as hours, sum(amount)::text as amount from labor_posting where state <> 'cancelled' group by currency order by currency`);
    const books = await erp.sums();
    const lines = ledger.reduce((sum, row) => sum + row.lines, 0);
    const hours = ledger.reduce((sum, row) => sum.plus(row.hours), new Decimal(0));
    if (books.lines !== lines) problems.push(`${books.lines} lines in the ERP, ${lines} in the ledger`);
    if (!books.hours.equals(hours)) problems.push(`${books.hours.toString()} hours in the ERP, ${hours.toString()} in the ledger`);
    for (const { currency, amount } of ledger) {
      const billed = books.billed.get(currency) ?? new Decimal(0);
      if (!billed.equals(amount)) problems.push(`${billed.toString()} ${currency} in the ERP, ${amount} in the ledger`);
    }
    return { exact: problems.length === 0, text: problems.length === 0 ? `${lines} lines in the ERP, every sum as it should be` : problems.join('; ') };
  });
}
