import { createHash } from 'node:crypto';
import { addDays, type Instant, type LocalDate } from '../../domain/dates.ts';
import type { HarvestOptions } from './options.ts';
import type { TimeEntryRow } from './time-entries.ts';

export interface Recheck {
  /** The beginning of the present day (UTC). */
  readonly day: Instant;
  /** A day of each week to read again. */
  readonly weeks: readonly LocalDate[];
  /** Whether a week is not as it was at the last comparison. Also notes it down. */
  differs(key: string, rows: readonly TimeEntryRow[]): boolean;
  /** Everything was handed over. */
  done(): void;
}

/**
 * Time that is deleted, or moved to another week, leaves no trace in Harvest. So the latest weeks are read again with the first sweep of each day
 * (UTC), and their versions are at least that day: a version then grows although what is left of the week is older.
 * What the weeks were is remembered only to say less: after a restart they are all told again, which changes nothing.
 */
export function createRecheck({ recheckWeeks }: HarvestOptions) {
  let known: { readonly day: Instant; readonly signatures: ReadonlyMap<string, string>; readonly toldOf: number } | null = null;
  const dayOf = (at: Instant): Instant => `${at.slice(0, 10)}T00:00:00.000Z`;

  return {
    versionFloor(weekStart: LocalDate, at: Instant): Instant | null {
      return recheckWeeks > 0 && weekStart > addDays(at.slice(0, 10), -7 * recheckWeeks) ? dayOf(at) : null;
    },
    /** Null where the day's comparison is already behind `since`. */
    due(since: Instant, at: Instant): Recheck | null {
      const day = dayOf(at);
      if (recheckWeeks === 0 || Date.parse(since) >= Date.parse(day)) return null;
      if (known?.day === day && known.toldOf === 0) return null;
      // What an earlier comparison told of has arrived for certain only when the sweep has moved on past it.
      const arrived = known !== null && (known.toldOf === 0 || (known.day < day && Date.parse(since) >= Date.parse(known.day)));
      const before = arrived ? known?.signatures : undefined;
      const signatures = new Map<string, string>();
      let toldOf = 0;
      return {
        day,
        weeks: Array.from({ length: recheckWeeks }, (_, index) => addDays(at.slice(0, 10), -7 * index)),
        differs(key, rows) {
          const signature = signatureOf(rows);
          signatures.set(key, signature);
          const differs = before?.get(key) !== signature;
          if (differs) toldOf += 1;
          return differs;
        },
        done() {
          known = { day, signatures, toldOf };
        },
      };
    },
  };
}

function signatureOf(rows: readonly TimeEntryRow[]): string {
  const parts = rows.map((row) => `${row.id} ${row.updated_at} ${row.is_closed}`).toSorted();
  return createHash('sha256').update(parts.join('\n')).digest('base64url').slice(0, 22);
}
