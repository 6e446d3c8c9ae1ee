import { Decimal } from 'decimal.js';
import type { Reference } from '../../activities/time/reference.ts';
import type { Instant } from '../../domain/dates.ts';
import type { MonthSheet } from './month.ts';
import type { Verdict } from './run.ts';
import { judge } from './work.ts';

/** A line as it stands in the ERP's books. */
export interface Line {
  readonly key: string;
  readonly hours: string;
  readonly amount: string;
  readonly currency: string;
}

/** What the ERP must have of these timesheets, by the rules alone. */
export function expectedLines(sheets: readonly MonthSheet[], reference: Reference, asOf: Instant): Map<string, Line> {
  return new Map(sheets.flatMap(({ sheet }) => judge(sheet, reference, asOf).booking.postings.map(({ key, hours, billing: { amount } }) => [key, { key, hours, amount: amount.amount, currency: amount.currency }] as const)));
}

/** Compares line by line, hours and money exactly. */
export function compareLines(expected: ReadonlyMap<string, Line>, found: readonly Line[]): Verdict {
  const seen = new Map<string, number>();
  let [wrong, unknown] = [0, 0];
  for (const line of found) {
    seen.set(line.key, (seen.get(line.key) ?? 0) + 1);
    const should = expected.get(line.key);
    if (should === undefined) unknown += 1;
    else if (!new Decimal(should.hours).equals(line.hours) || !new Decimal(should.amount).equals(line.amount) || should.currency !== line.currency) wrong += 1;
  }
  const lost = [...expected.keys()].filter((key) => !seen.has(key)).length;
  const doubled = [...seen.values()].filter((times) => times > 1).length;
  return { exact: lost + doubled + wrong + unknown === 0, text: `${found.length} lines of ${expected.size} expected, ${lost} lost, ${doubled} doubled, ${wrong} wrong, ${unknown} unknown` };
}
