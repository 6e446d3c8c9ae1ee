import { Decimal } from 'decimal.js';
import type { LocalDate } from '../../domain/dates.ts';
import type { PostedEntry } from '../../domain/model/time/enriched-entry.ts';
import type { DayOfCap } from '../../store/time/caps.ts';

interface Day {
  readonly day: LocalDate;
  readonly billed: Decimal;
  readonly writtenOff: Decimal;
}

export function isBilled({ state, labor }: PostedEntry): boolean {
  return state === 'in_force' && labor.billing.status === 'actuals';
}

/** Days of a project in their order, of what is stored and of what a decision has at hand. */
export function daysOfCap(stored: readonly DayOfCap[], atHand: readonly PostedEntry[]): Day[] {
  const parts = [
    ...stored.map(({ day, billed, writtenOff }) => ({ day, billed, writtenOff })),
    ...atHand.map(({ labor: { entry, billing } }) => ({ day: entry.workDate, billed: billing.amount.amount, writtenOff: billing.writtenOff.amount })),
  ];
  return [...Map.groupBy(parts, ({ day }) => day)]
    .map(([day, of]) => ({ day, billed: of.reduce((sum, { billed }) => sum.plus(billed), new Decimal(0)), writtenOff: of.reduce((sum, { writtenOff }) => sum.plus(writtenOff), new Decimal(0)) }))
    .toSorted((one, other) => (one.day < other.day ? -1 : 1));
}

/**
 * The days on which a cap, given out day by day, gives another amount than is billed, or ends; each with what is left of it then.
 * @param unused of the cap now, with a minus where more is billed
 */
export function sharesOf(days: readonly Day[], unused: Decimal): { readonly day: LocalDate; readonly left: Decimal }[] {
  let left = days.reduce((sum, { billed }) => sum.plus(billed), unused);
  return days.flatMap(({ day, billed, writtenOff }) => {
    const before = left;
    const worth = billed.plus(writtenOff);
    const given = Decimal.max(0, Decimal.min(worth, left));
    left = left.minus(given);
    return given.equals(billed) && (given.isZero() || given.equals(worth)) ? [] : [{ day, left: before }];
  });
}
