import { addDays, addMonths, endOfMonth, type LocalDate } from '../../dates.ts';
import type { AccountingPeriod, PayPeriod } from '../../model/time/periods.ts';
import type { TimeClosing } from '../../model/time/regional-rule-set.ts';
import { instantOf, weekdayOf } from './hours.ts';

interface ClosingEntity {
  readonly code: string;
  readonly timeZone: string;
}

/** The closing terms of a legal entity: its own, else those of "*". */
export function closingOf(legalEntity: string, closings: readonly TimeClosing[]): TimeClosing | undefined {
  return closings.find((line) => line.legalEntity === legalEntity) ?? closings.find((line) => line.legalEntity === '*');
}

/** Accounting periods of a legal entity, one a month: open from the month's first moment to the end of the closing day in the next month, in its time zone. */
export function accountingPeriodsOf(entity: ClosingEntity, closing: TimeClosing, firstMonth: LocalDate, months: number): AccountingPeriod[] {
  const first = `${firstMonth.slice(0, 7)}-01`;
  return Array.from({ length: months }, (_, number): AccountingPeriod => {
    const from = addMonths(first, number);
    return {
      schema: 'accounting-period',
      schemaVersion: 1,
      legalEntity: entity.code,
      code: from.slice(0, 7),
      from,
      to: endOfMonth(from),
      opensAt: new Date(instantOf(from, '00:00', entity.timeZone)).toISOString(),
      closesAt: new Date(instantOf(addDays(workingDay(addMonths(from, 1), closing.closesOnWorkingDay), 1), '00:00', entity.timeZone)).toISOString(),
      closed: false,
    };
  });
}

/** Pay periods that begin in the given months; biweekly ones are counted from the anchor. */
export function payPeriodsOf(entity: ClosingEntity, closing: TimeClosing, firstMonth: LocalDate, months: number): PayPeriod[] {
  const first = `${firstMonth.slice(0, 7)}-01`;
  return payRanges(closing, first, addMonths(first, months)).map(({ code, from, to }) => ({
    schema: 'pay-period',
    schemaVersion: 1,
    legalEntity: entity.code,
    code,
    from,
    to,
    cutoffAt: new Date(instantOf(addDays(to, closing.payrollCutoff.daysAfterEnd), closing.payrollCutoff.at, entity.timeZone)).toISOString(),
    payDate: addDays(to, closing.payDaysAfterEnd),
  }));
}

function payRanges({ payFrequency, payAnchor }: TimeClosing, first: LocalDate, end: LocalDate): { code: string; from: LocalDate; to: LocalDate }[] {
  const ranges: { code: string; from: LocalDate; to: LocalDate }[] = [];
  if (payFrequency === 'biweekly') {
    const anchor = payAnchor ?? '2024-01-01';
    const sinceAnchor = Math.floor((Date.parse(first) - Date.parse(anchor)) / (14 * 86_400_000));
    for (let from = addDays(anchor, sinceAnchor * 14); from < end; from = addDays(from, 14)) ranges.push({ code: `B${from}`, from, to: addDays(from, 13) });
    return ranges;
  }
  for (let month = first; month < end; month = addMonths(month, 1)) {
    const label = month.slice(0, 7);
    if (payFrequency === 'monthly') ranges.push({ code: `M${label}`, from: month, to: endOfMonth(month) });
    else ranges.push({ code: `S${label}-1`, from: month, to: `${label}-15` }, { code: `S${label}-2`, from: `${label}-16`, to: endOfMonth(month) });
  }
  return ranges;
}

/** The n-th day from Monday to Friday of a month. */
function workingDay(monthStart: LocalDate, number: number): LocalDate {
  let day = monthStart;
  for (let counted = weekdayOf(day) <= 5 ? 1 : 0; counted < number; counted += weekdayOf(day) <= 5 ? 1 : 0) day = addDays(day, 1);
  return day;
}
