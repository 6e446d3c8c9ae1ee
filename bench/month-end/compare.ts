import { Decimal } from 'decimal.js';
import type { LaborPosting } from '../../domain/model/time/labor-posting.ts';
import { judge } from './work.ts';
import type { Reference } from '../../activities/time/reference.ts';
import type { Instant } from '../../domain/dates.ts';
import type { MonthSheet } from './month.ts';

/** A line as it stands in the ERP's books. */
export interface Line {
  readonly key: string;
  readonly hours: string;
  readonly amount: string;
  readonly currency: string;
}

export interface Verdict {
  readonly expected: number;
  readonly found: number;
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  /** Known, with other hours or another amount. */
  readonly wrong: readonly string[];
  /** Nobody should have posted them. */
  readonly unknown: readonly string[];
}

/** What the ERP must have of these timesheets, by the rules alone. */
export function expectedLines(sheets: readonly MonthSheet[], reference: Reference, asOf: Instant): Map<string, Line> {
  return new Map(sheets.flatMap(({ sheet }) => judge(sheet, reference, asOf).postings.map((posting) => [posting.key, lineOf(posting)] as const)));
}

export function lineOf({ key, hours, billing }: LaborPosting): Line {
  return { key, hours, amount: billing.amount.amount, currency: billing.amount.currency };
}

/** Compares line by line, hours and money exactly. */
export function compare(expected: ReadonlyMap<string, Line>, found: readonly Line[]): Verdict {
  const seen = new Map<string, number>();
  const [wrong, unknown]: [string[], string[]] = [[], []];
  for (const line of found) {
    seen.set(line.key, (seen.get(line.key) ?? 0) + 1);
    const should = expected.get(line.key);
    if (should === undefined) unknown.push(line.key);
    else if (!new Decimal(should.hours).equals(line.hours) || !new Decimal(should.amount).equals(line.amount) || should.currency !== line.currency) wrong.push(line.key);
  }
  return {
    expected: expected.size,
    found: found.length,
    lost: [...expected.keys()].filter((key) => !seen.has(key)),
    doubled: [...seen].filter(([, times]) => times > 1).map(([key]) => key),
    wrong,
    unknown,
  };
}

export function isExact({ lost, doubled, wrong, unknown }: Verdict): boolean {
  return lost.length + doubled.length + wrong.length + unknown.length === 0;
}

export function verdictText({ expected, found, lost, doubled, wrong, unknown }: Verdict): string {
  return `${found} lines of ${expected} expected: ${lost.length} lost, ${doubled.length} doubled, ${wrong.length} wrong, ${unknown.length} unknown`;
}
