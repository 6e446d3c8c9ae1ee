import type { Instant } from '../../domain/dates.ts';

const HOUR = 3_600_000;

/** A moment as SuiteQL writes and reads it, "2026-11-21 09:00:00", where it goes by the clock of a time zone rather than UTC. */
export function wallClock(zone: string) {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
  const offsetAt = (ms: number) => Date.parse(`${format.format(ms).replace(' ', 'T')}Z`) - Math.floor(ms / 1000) * 1000;
  const textOf = (ms: number) => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
  return {
    /** Nothing at or after the instant reads earlier than this, also where clocks are put back within the next hours. */
    notBefore(at: Instant): string {
      const ms = Math.floor(Date.parse(at) / 1000) * 1000;
      return textOf(ms + Math.min(offsetAt(ms), offsetAt(ms + 3 * HOUR)));
    },
    /** In an hour that is repeated, the first of the two. */
    instantOf(text: string): Instant {
      const asUtc = Date.parse(`${text.replace(' ', 'T')}Z`);
      const offsets = [offsetAt(asUtc - 24 * HOUR), offsetAt(asUtc + 24 * HOUR)].toSorted((left, right) => right - left);
      const offset = offsets.find((each) => offsetAt(asUtc - each) === each) ?? offsets[0] ?? 0;
      return new Date(asUtc - offset).toISOString();
    },
  };
}
