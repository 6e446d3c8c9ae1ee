import { z } from 'zod';

const DAY_MS = 86_400_000;

/** A calendar day without a time zone: work dates, effective dates, due dates. */
export const localDateSchema = z.iso.date();
export type LocalDate = z.infer<typeof localDateSchema>;

/** A moment in UTC: "2026-11-21T06:50:00.000Z". */
export const instantSchema = z.iso.datetime();
export type Instant = z.infer<typeof instantSchema>;

export function addDays(date: LocalDate, days: number): LocalDate {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** Adds calendar months; a day past the end of the month becomes its last day (31 January + 1 = 28 or 29 February). */
export function addMonths(date: LocalDate, months: number): LocalDate {
  const [year, month, day] = dateParts(date);
  const first = new Date(Date.UTC(year, month - 1 + months, 1));
  const lastDay = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  return new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth(), Math.min(day, lastDay))).toISOString().slice(0, 10);
}

export function endOfMonth(date: LocalDate): LocalDate {
  const [year, month] = dateParts(date);
  return new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10);
}

export function daysBetween(from: LocalDate, to: LocalDate): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY_MS);
}

/** True where the day lies in the range; both ends belong to it and an open end never closes. */
export function isWithin(date: LocalDate, from: LocalDate, to: LocalDate | null): boolean {
  return date >= from && (to === null || date <= to);
}

export function addMilliseconds(at: Instant, milliseconds: number): Instant {
  return new Date(Date.parse(at) + milliseconds).toISOString();
}

function dateParts(date: LocalDate): [number, number, number] {
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
  return [year, month, day];
}
