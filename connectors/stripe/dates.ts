import type { LocalDate } from '../../domain/dates.ts';

/** A day as Stripe's moment, in Unix seconds: noon UTC is the same day from UTC-12 to UTC+11, so invoices show the day that is meant. */
export function noon(day: LocalDate): number {
  return Date.parse(`${day}T12:00:00Z`) / 1000;
}

/** The last second of a day in a time zone, in Unix seconds. */
export function endOfDay(day: LocalDate, timeZone: string): number {
  const midnight = Date.parse(`${day}T24:00:00Z`);
  const clock = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  const offsetAt = (ms: number) => Date.parse(`${clock.format(ms).replace(' ', 'T')}Z`) - ms;
  return (midnight - offsetAt(midnight - offsetAt(midnight))) / 1000 - 1;
}

export function instantOf(unixSeconds: number): string {
  return new Date(unixSeconds * 1000).toISOString();
}
