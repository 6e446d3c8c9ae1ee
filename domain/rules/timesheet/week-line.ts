import { addDays, type LocalDate } from '../../dates.ts';
import { isNegative } from '../../money.ts';
import type { TimeEntry } from '../../model/time/time-entry.ts';

/** A row of a weekly grid: hours of seven days for one project and task. */
export interface WeekLine {
  readonly weekStart: LocalDate;
  /** Hours of the seven days from `weekStart` on. */
  readonly hours: readonly string[];
  /** Everything the days have in common; `id` is the row's. */
  readonly entry: Omit<TimeEntry, 'workDate' | 'hours' | 'clock'>;
}

/**
 * Splits a weekly row into entries of one day, each judged by what is in force on its own day: rate, project code, assignment.
 * A day without hours makes no entry; each day's ID is the row's with the date, stable over versions.
 */
export function entriesOfWeekLine({ weekStart, hours, entry }: WeekLine): TimeEntry[] {
  return hours.slice(0, 7).flatMap((value, day) => {
    if (/^0(\.0+)?$/.test(value) && !isNegative(value)) return [];
    const workDate = addDays(weekStart, day);
    return [{ ...entry, id: `${entry.id}:${workDate}`, replaces: entry.replaces === null ? null : { ...entry.replaces, id: `${entry.replaces.id}:${workDate}` }, workDate, hours: value, clock: null }];
  });
}
