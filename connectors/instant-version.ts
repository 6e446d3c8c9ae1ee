import type { Instant } from '../domain/dates.ts';

/** Versions are kept as 32-bit integers: seconds since this day fit until the year 2088. */
const EPOCH_MS = Date.UTC(2020, 0, 1);

/** A version for records of systems that number none: it grows with the instant of the last change. At least 1. */
export function versionOfInstant(at: Instant): number {
  return Math.max(1, Math.floor((Date.parse(at) - EPOCH_MS) / 1000));
}
