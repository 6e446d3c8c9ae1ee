import type { PostedEntry } from '../../model/time/enriched-entry.ts';
import type { RecordRef } from '../../model/time/record.ts';
import type { TimeEntry } from '../../model/time/time-entry.ts';
import { refKey, type ContextIndex } from './index-context.ts';

/** The one piece of work that an entry, its other versions and its corrections tell of: of all these one at most is in force, or it is billed and paid twice. */
export interface Place {
  /** The posting in force that the entry takes the place of. */
  readonly original: PostedEntry | undefined;
  /** Other postings in force of the same work: the entry cannot come into force beside them. */
  readonly others: readonly PostedEntry[];
  /** All IDs that the work was told under. */
  readonly ids: ReadonlySet<string>;
}

type InSheet = ReadonlyMap<string, TimeEntry>;

/** The entries of a timesheet by their version. */
export function byVersion(entries: readonly TimeEntry[]): InSheet {
  return new Map(entries.map((entry) => [refKey(entry), entry]));
}

/**
 * Finds the place of an entry. It takes that of what it names or of its own earlier version; where what it names was refused, taken back or came in
 * the same timesheet, of what that one would have replaced, and so on.
 */
export function placeOf(entry: TimeEntry, index: ContextIndex, inSheet: InSheet): Place {
  const { system, person } = entry;
  const inForce = (id: string) => index.postedVersions(system, id).filter(({ state, labor }) => state === 'in_force' && labor.entry.person === person);
  const ids = new Set([entry.id]);
  const seen = new Set<string>();
  let original: PostedEntry | undefined;
  for (let at: RecordRef | null = entry; at !== null && !seen.has(refKey({ system, ...at })); at = before(at, entry, index, inSheet)) {
    const { version } = at;
    seen.add(refKey({ system, ...at }));
    ids.add(at.id);
    original ??= inForce(at.id).filter(({ labor }) => labor.entry.version <= version).toSorted((left, right) => right.labor.entry.version - left.labor.entry.version)[0];
  }
  // A set tells what is added to it while it is gone through.
  for (const id of ids) for (const other of index.replacing(system, id)) ids.add(other);
  return { original, others: [...ids].flatMap(inForce).filter((one) => one !== original && refKey(one.labor.entry) !== refKey(entry)), ids };
}

/** What a version says it replaces, whatever became of it. */
function before(at: RecordRef, entry: TimeEntry, index: ContextIndex, inSheet: InSheet): RecordRef | null {
  if (at === entry) return entry.replaces;
  const { system } = entry;
  const key = { system, ...at };
  const posted = index.postedVersions(system, at.id).find(({ labor }) => labor.entry.version === at.version);
  return (posted?.labor.entry ?? inSheet.get(refKey(key)) ?? index.refusal(key))?.replaces ?? null;
}
