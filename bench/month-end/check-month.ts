import { Decimal } from 'decimal.js';
import { z } from 'zod';
import { codeOf } from '../../starters/month-end/sample/index.ts';
import type { RunningEngine } from './engines/engine.ts';
import type { Erp } from './erp.ts';
import { withStore } from './line.ts';
import { distinctSheets, type MonthSheet } from './month.ts';
import type { Verdict } from './run.ts';

/** Refused for good: by the rules, given back, or of a timesheet whose approval was withdrawn. */
const REFUSED: ReadonlySet<string> = new Set(['rejected', 'returned', 'withdrawn']);
const decidedSchema = z.object({ name: z.string(), outcomes: z.array(z.string()), codes: z.array(z.string()) });
const sumSchema = z.object({ currency: z.string(), lines: z.number(), hours: z.string(), amount: z.string() });
/** Entries that are named; the others are counted. */
const MOST_NAMED = 10;

/**
 * A whole month: every entry by itself has the outcome it was made for, and where that is a refusal or a wait, the code of what is wrong with it; and the
 * ERP's own sums of lines, hours and money are exactly those of the ledger, with nothing left to post.
 */
export async function checkMonth(running: RunningEngine, erp: Erp, sheets: readonly MonthSheet[]): Promise<Verdict> {
  return await withStore(running.storeUrl, async (query) => {
    const wrong = differences(sheets, await query(decidedSchema, `
      select r.record_id || ' version ' || r.version || ' ' || (r.document->'approval'->>'status') as name,
        array_agg(o.outcome order by o.position) as outcomes, array_agg(array_to_string(o.codes, ' ') order by o.position) as codes
      from time_record r join time_outcome o on o.record = r.id where r.kind = 'timesheet' group by r.id`));
    const problems = [...wrong.slice(0, MOST_NAMED), ...(wrong.length > MOST_NAMED ? [`${wrong.length - MOST_NAMED} more entries otherwise than expected`] : [])];
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

const KNOWN: ReadonlySet<string> = new Set(['accepted', 'repeat']);

/** Entries that were decided otherwise than they were made for, each by name. Which of two equal tellings is called the repeat depends on the order in which they were decided. */
export function differences(sheets: readonly MonthSheet[], decided: readonly z.infer<typeof decidedSchema>[]): string[] {
  const found = Map.groupBy(decided, ({ name }) => name);
  const swapped = new Map<string, { readonly text: string; readonly should: string; readonly is: string }[]>();
  const wrong = distinctSheets(sheets).flatMap(({ sheet, expected, dirt }) => {
    const name = `${sheet.id} version ${sheet.version} ${sheet.approval.status}`;
    const [one, ...more] = found.get(name) ?? [];
    found.delete(name);
    if (one === undefined || more.length > 0) return [`timesheet ${name} was decided ${more.length + (one === undefined ? 0 : 1)} times`];
    if (one.outcomes.length !== expected.length) return [`${one.outcomes.length} entries of timesheet ${name} were decided, ${expected.length} were sent`];
    return expected.flatMap((should, position) => {
      const [outcome = '', codes = ''] = [one.outcomes[position], one.codes[position]];
      const is = REFUSED.has(outcome) ? 'rejected' : outcome;
      const isRight = is === should && (is === 'accepted' || is === 'repeat' || (dirt !== null && codes.split(' ').includes(codeOf(dirt))));
      if (isRight) return [];
      const text = `${`entry ${position} of timesheet ${name} (${dirt ?? 'clean'}) is ${outcome} ${codes}`.trimEnd()}, ${should} expected`;
      const entry = sheet.entries[position];
      if (entry === undefined || !KNOWN.has(is) || !KNOWN.has(should)) return [text];
      const key = `${entry.id}@${entry.version}`;
      swapped.set(key, [...(swapped.get(key) ?? []), { text, should, is }]);
      return [];
    });
  });
  const unequal = [...swapped.values()].filter((told) => told.filter(({ is }) => is === 'accepted').length !== told.filter(({ should }) => should === 'accepted').length);
  return [...wrong, ...unequal.flat().map(({ text }) => text), ...[...found.keys()].map((name) => `timesheet ${name} was decided and never sent`)];
}
