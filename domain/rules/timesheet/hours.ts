import { addDays, daysBetween, type Instant, type LocalDate } from '../../dates.ts';
import { decimalText, type DecimalText } from '../../money.ts';

// Hours are counted in whole hundredths, so that sums are exact.

/** Hundredths of an hour; null for what is finer than that or no sensible number of hours at all. */
export function hundredths(hours: DecimalText): number | null {
  if (!/^-?\d{1,6}(\.\d{1,2}0*)?$/.test(hours)) return null;
  return Math.round(Number(hours) * 100);
}

export function hoursText(inHundredths: number): DecimalText {
  return decimalText((inHundredths / 100).toFixed(2));
}

/** Hundredths of a limit that configuration gives as a number of hours. */
export function limitOf(hours: number): number {
  return Math.round(hours * 100);
}

const formatters = new Map<string, Intl.DateTimeFormat>();
const dayStarts = new Map<string, number>();
const MOST_REMEMBERED = 10_000;

function localText(at: number, timeZone: string): string {
  let format = formatters.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('sv-SE', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' });
    formatters.set(timeZone, format);
  }
  return format.format(at).replace(' ', 'T');
}

export function localDateOf(at: Instant, timeZone: string): LocalDate {
  return localText(Date.parse(at), timeZone).slice(0, 10);
}

/** The instant at which a local time of day is reached, milliseconds; a time that the clock skips is taken after the jump. */
export function instantOf(date: LocalDate, timeOfDay: string, timeZone: string): number {
  const wanted = Date.parse(`${date}T${timeOfDay}:00Z`);
  const offset = (at: number) => Date.parse(`${localText(at, timeZone)}Z`) - at;
  const first = wanted - offset(wanted);
  return wanted - offset(first);
}

/** Hundredths of an hour between one local midnight and the next: 2400, or 2300 and 2500 on the days the clock changes. */
export function lengthOfDay(date: LocalDate, timeZone: string): number {
  return Math.round((dayStart(addDays(date, 1), timeZone) - dayStart(date, timeZone)) / 36_000);
}

function dayStart(date: LocalDate, timeZone: string): number {
  const key = `${date} ${timeZone}`;
  const known = dayStarts.get(key);
  if (known !== undefined) return known;
  if (dayStarts.size >= MOST_REMEMBERED) dayStarts.clear();
  const start = instantOf(date, '00:00', timeZone);
  dayStarts.set(key, start);
  return start;
}

/** 1 Monday … 7 Sunday. */
export function weekdayOf(date: LocalDate): number {
  return ((daysBetween('2024-01-01', date) % 7) + 7) % 7 + 1;
}

export function weekOf(date: LocalDate, weekStartsOn: number): LocalDate {
  return addDays(date, -((weekdayOf(date) - weekStartsOn + 7) % 7));
}
