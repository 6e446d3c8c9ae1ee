import { Decimal } from 'decimal.js';
import type { LocalDate } from '../../dates.ts';
import type { ReferenceRate } from '../../model/time/expense-context.ts';
import type { ExpenseLine, ExpenseReport } from '../../model/time/expense-report.ts';
import { minorDigits, money, sumMoney, type DecimalText, type Money } from '../../money.ts';

export const Exact = Decimal.clone({ precision: 80, toExpNeg: -60, toExpPos: 60 });

/** No expense of a person is as large; numbers beyond are typing errors or attacks. */
const ABSURD = new Exact('1e9');

export function isAbsurd(value: DecimalText): boolean {
  return new Exact(value).abs().greaterThanOrEqualTo(ABSURD);
}

/** Systems round a half either to the even digit or away from zero. */
const ROUNDINGS = [Decimal.ROUND_HALF_EVEN, Decimal.ROUND_HALF_UP] as const;
type Rounding = (typeof ROUNDINGS)[number];

function rounded(value: Decimal, currency: string, rounding: Rounding): Money {
  return { amount: new Exact(value).toFixed(minorDigits(currency), rounding), currency };
}

/** What one line pays back in the report's currency; null where its exchange rate is missing. */
function paidBack(line: ExpenseLine, currency: string, rounding: Rounding): Money | null {
  if (line.amount.currency === currency) return money(line.amount.amount, currency);
  return line.exchange === null ? null : rounded(new Exact(line.amount.amount).times(line.exchange.rate), currency, rounding);
}

/**
 * Every line's amount in the report's currency, by position: rounded as the report's total says its system rounds, half to even where it says neither.
 * Null for a line without the exchange rate it needs.
 */
export function amountsOf(report: ExpenseReport): readonly (Money | null)[] {
  const candidates = ROUNDINGS.map((rounding) => report.lines.map((line) => paidBack(line, report.currency, rounding)));
  const fits = candidates.find((amounts) => amounts.every((amount) => amount !== null) && new Exact(sumMoney(amounts.filter((amount) => amount !== null), report.currency).amount).equals(report.total.amount));
  return fits ?? candidates[0] ?? [];
}

/** Whether an amount is what it was calculated from, to the minor unit, however a half is rounded. */
export function isExactly(amount: Money, value: Decimal): boolean {
  return ROUNDINGS.some((rounding) => new Exact(rounded(value, amount.currency, rounding).amount).equals(amount.amount));
}

/** The newest reference rate on or up to `days` before a day, from either direction; undefined where there is none. */
export function referenceRate(rates: readonly ReferenceRate[], pair: { readonly from: string; readonly to: string }, on: LocalDate, earliest: LocalDate): Decimal | undefined {
  const usable = (from: string, to: string) => rates.filter((rate) => rate.from === from && rate.to === to && rate.on <= on && rate.on >= earliest && new Exact(rate.rate).greaterThan(0)).toSorted((left, right) => (left.on < right.on ? 1 : left.on > right.on ? -1 : left.source < right.source ? -1 : 1))[0];
  const direct = usable(pair.from, pair.to);
  if (direct !== undefined) return new Exact(direct.rate);
  const inverse = usable(pair.to, pair.from);
  return inverse === undefined ? undefined : new Exact(1).dividedBy(inverse.rate);
}

export function negatedMoney({ amount, currency }: Money): Money {
  return money(new Exact(amount).negated(), currency);
}
