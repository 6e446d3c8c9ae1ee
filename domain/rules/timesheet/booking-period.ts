import { daysBetween, isWithin, type Instant, type LocalDate } from '../../dates.ts';
import type { AccountingPeriod, PayPeriod } from '../../model/time/periods.ts';
import type { ContextIndex } from './index-context.ts';

export type BookingPeriod =
  | { readonly outcome: 'open'; readonly period: AccountingPeriod; /** The work date's own period is closed. */ readonly late: boolean }
  | { readonly outcome: 'not_yet_open'; readonly period: AccountingPeriod }
  | { readonly outcome: 'closed'; readonly period: AccountingPeriod }
  | { readonly outcome: 'unknown' };

/** The accounting period of a legal entity that time of a work date is booked in at this moment: its own while open, else the next open one. */
export function bookingPeriod(index: ContextIndex, legalEntity: string, workDate: LocalDate, asOf: Instant = index.context.asOf): BookingPeriod {
  const periods = index.periods(legalEntity);
  const own = periods.find(({ from, to }) => isWithin(workDate, from, to));
  if (own === undefined) return { outcome: 'unknown' };
  const at = Date.parse(asOf);
  if (Date.parse(own.opensAt) > at && !own.closed) return { outcome: 'not_yet_open', period: own };
  const isOpen = (period: AccountingPeriod) => !period.closed && Date.parse(period.opensAt) <= at && at < Date.parse(period.closesAt);
  if (isOpen(own)) return { outcome: 'open', period: own, late: false };
  const next = periods.find((period) => period.from > own.from && isOpen(period));
  return next === undefined ? { outcome: 'closed', period: own } : { outcome: 'open', period: next, late: true };
}

/** The pay period that time of a work date is paid with: its own before the payroll cutoff, else the next whose cutoff is still to come. */
export function bookingPayPeriod(index: ContextIndex, legalEntity: string, workDate: LocalDate, asOf: Instant = index.context.asOf): PayPeriod | undefined {
  const at = Date.parse(asOf);
  return index.payPeriods(legalEntity).find((period) => period.to >= workDate && Date.parse(period.cutoffAt) > at);
}

/** Whether late time is too late to be booked in the next period. */
export function isTooLate(index: ContextIndex, legalEntity: string, workDate: LocalDate): boolean {
  const closing = index.context.closings.find((line) => line.legalEntity === legalEntity) ?? index.context.closings.find((line) => line.legalEntity === '*');
  const timeZone = index.entity(legalEntity)?.timeZone ?? 'UTC';
  return daysBetween(workDate, index.today(timeZone)) > (closing?.lateEntryDays ?? 0);
}
