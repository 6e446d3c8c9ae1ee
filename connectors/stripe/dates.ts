import type { LocalDate } from '../../domain/dates.ts';

/** A day as Stripe's moment, in Unix seconds: noon UTC is the same day from UTC-12 to UTC+11, so invoices show the day that is meant. */
export function noon(day: LocalDate): number {
  return Date.parse(`${day}T12:00:00Z`) / 1000;
}

export function instantOf(unixSeconds: number): string {
  return new Date(unixSeconds * 1000).toISOString();
}
