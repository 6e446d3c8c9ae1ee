import type { LocalDate } from '../../../domain/dates.ts';
import type { TimeEntry } from '../../../domain/model/time/time-entry.ts';
import { instantOf } from '../../../domain/rules/timesheet/hours.ts';

const midnights = new Map<string, number>();
const MOST_REMEMBERED = 5_000;

/** The clock of work that began so many minutes after local midnight and took so many, pauses included. */
export function clockFrom(date: LocalDate, timeZone: string, startMinute: number, minutes: number, breakMinutes = 0): NonNullable<TimeEntry['clock']> {
  const started = midnight(date, timeZone) + startMinute * 60_000;
  return { startedAt: new Date(started).toISOString(), endedAt: new Date(started + minutes * 60_000).toISOString(), breakMinutes };
}

function midnight(date: LocalDate, timeZone: string): number {
  const key = `${date} ${timeZone}`;
  const known = midnights.get(key);
  if (known !== undefined) return known;
  if (midnights.size >= MOST_REMEMBERED) midnights.clear();
  const at = instantOf(date, '00:00', timeZone);
  midnights.set(key, at);
  return at;
}
