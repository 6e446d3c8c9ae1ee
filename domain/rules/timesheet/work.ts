import type { LocalDate } from '../../dates.ts';
import type { TimeEntry } from '../../model/time/time-entry.ts';
import { contentOf } from './versions.ts';

/** One stretch of a person's work, posted before or up for judgement. Hours in hundredths. */
export interface Work {
  readonly entry: TimeEntry;
  readonly date: LocalDate;
  readonly hours: number;
  readonly projectNumber: string;
  /** Vacation, sickness: no working time. */
  readonly absence: string | null;
  readonly candidate: boolean;
}

/** The same order for the same work, however it arrived: by day, start, ID, version. */
export function inOrder<T extends { readonly entry: TimeEntry }>(list: readonly T[]): T[] {
  return list.map((item) => ({ item, key: orderKey(item.entry) })).toSorted((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0)).map(({ item }) => item);
}

function orderKey(entry: TimeEntry): string {
  return [entry.workDate, entry.clock?.startedAt ?? '', entry.system, entry.id, String(entry.version).padStart(12, '0'), contentOf(entry)].join('\u0001');
}
