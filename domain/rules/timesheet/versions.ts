import type { PostedEntry } from '../../model/time/enriched-entry.ts';
import type { RecordRef } from '../../model/time/record.ts';
import type { TimeEntry } from '../../model/time/time-entry.ts';
import { mustChange, type HoldReason, type TimeFinding } from './finding.ts';
import { refKey, type ContextIndex } from './index-context.ts';
import { placeOf, type Place } from './place.ts';

/** What an entry is to what was posted before. */
export type Standing =
  | { readonly kind: 'new'; readonly place: Place }
  | { readonly kind: 'correction'; readonly original: PostedEntry; readonly place: Place }
  /** This very version was posted before: nothing more to do. */
  | { readonly kind: 'repeat'; readonly posted: PostedEntry }
  | { readonly kind: 'held'; readonly reason: HoldReason }
  | { readonly kind: 'refused'; readonly finding: TimeFinding };

/** Two entries with the same content, whatever their keys' order. */
export function sameEntry(left: TimeEntry, right: TimeEntry): boolean {
  return contentOf(left) === contentOf(right);
}

export function contentOf(entry: TimeEntry): string {
  const { clock, replaces } = entry;
  const parts = [entry.system, entry.id, entry.version, replaces?.id, replaces?.version, entry.person, entry.workDate, entry.hours, clock?.startedAt, clock?.endedAt, clock?.breakMinutes, entry.projectNumber, entry.task, entry.role, entry.laborCategory, entry.costCenter, entry.billable, entry.notes];
  return JSON.stringify(parts.map((part) => part ?? null));
}

/**
 * Where an entry stands. A correction whose original was not seen yet is held for it, so that nothing depends on which of the two arrives
 * first; the correction of an original that was refused, or that came in the same timesheet, takes the place of what that would have replaced, if
 * anything. Of an entry, its other versions and what replaces it one at most is in force, whatever was withdrawn and approved again meanwhile.
 */
export function standingOf(entry: TimeEntry, index: ContextIndex, inSheet: ReadonlyMap<string, TimeEntry>): Standing {
  const versions = index.postedVersions(entry.system, entry.id);
  const itself = versions.find(({ labor }) => labor.entry.version === entry.version);
  if (itself !== undefined) {
    if (!sameEntry(itself.labor.entry, entry)) return refusal(entry, 'VERSION_REUSED', 'version', 'This version was posted before with another content.', 'Raise the version with each change.');
    if (itself.state !== 'reversed') return { kind: 'repeat', posted: itself };
  }
  const newest = versions.filter(({ state }) => state === 'in_force').toSorted((left, right) => right.labor.entry.version - left.labor.entry.version)[0];
  if (newest !== undefined && newest.labor.entry.version > entry.version) {
    return refusal(entry, 'ENTRY_STALE', 'version', `Version ${newest.labor.entry.version} of this entry is posted already.`, 'Nothing, unless this older version is right: then enter it as a new version.');
  }
  const standing = itself === undefined && entry.replaces !== null ? unfit(entry, entry.replaces, index, inSheet) : undefined;
  if (standing !== undefined) return standing;
  const place = placeOf(entry, index, inSheet);
  if (place.others.length > 0) return { kind: 'refused', finding: placeTaken(entry, place) };
  return place.original === undefined ? { kind: 'new', place } : { kind: 'correction', original: place.original, place };
}

/** Why a correction cannot take the place of what it names, or not yet. */
function unfit(entry: TimeEntry, replaces: RecordRef, index: ContextIndex, inSheet: ReadonlyMap<string, TimeEntry>): Standing | undefined {
  if (replaces.id === entry.id && replaces.version >= entry.version) {
    return refusal(entry, 'CORRECTION_OF_ITSELF', 'replaces', `The entry says it replaces version ${replaces.version} of itself.`, 'Let the correction name the earlier version it replaces.');
  }
  const original = index.postedVersions(entry.system, replaces.id).find(({ labor }) => labor.entry.version === replaces.version);
  if (original === undefined) {
    if (inSheet.has(refKey({ system: entry.system, ...replaces })) || index.refusal({ system: entry.system, ...replaces }) !== undefined) return newerOf(entry, replaces, index);
    const waitsFor = `time entry ${replaces.id} version ${replaces.version}`;
    return { kind: 'held', reason: { code: 'ORIGINAL_NOT_SEEN', message: `The correction replaces ${waitsFor}, which has not arrived yet.`, waitsFor } };
  }
  if (original.labor.entry.person !== entry.person) {
    return refusal(entry, 'CORRECTION_OF_OTHER_PERSON', 'replaces', `The entry it replaces is of ${original.labor.entry.person}.`, "Take the other person's entry back and enter a new one.");
  }
  return original.state === 'superseded' ? supersededBefore(entry, replaces) : newerOf(entry, replaces, index);
}

function newerOf(entry: TimeEntry, replaces: RecordRef, index: ContextIndex): Standing | undefined {
  const newer = index.postedVersions(entry.system, replaces.id).some(({ state, labor }) => state === 'in_force' && labor.entry.person === entry.person && labor.entry.version > replaces.version);
  return newer ? supersededBefore(entry, replaces) : undefined;
}

function supersededBefore(entry: TimeEntry, { id, version }: RecordRef): Standing {
  return refusal(entry, 'ORIGINAL_SUPERSEDED', 'replaces', `Version ${version} of ${id} was replaced by another correction before.`, 'Look at the newest version and correct that one.');
}

/** The same work is in force under another entry: which of the two is right, nobody can tell. */
function placeTaken(entry: TimeEntry, { others }: Place): TimeFinding {
  const [other] = others.toSorted((left, right) => (refKey(left.labor.entry) < refKey(right.labor.entry) ? -1 : 1));
  const name = other === undefined ? 'Another entry' : `${other.labor.entry.id} version ${other.labor.entry.version}`;
  const { replaces } = entry;
  if (replaces === null || others.some(({ labor }) => labor.entry.replaces?.id === entry.id)) {
    return mustChange(entry, 'ENTRY_SUPERSEDED', 'version', { message: `${name} is posted in the place of this entry.`, mend: 'Nothing: the posted one is taken. Where this one is right, correct the posted one.' });
  }
  return mustChange(entry, 'ORIGINAL_SUPERSEDED', 'replaces', { message: `${name} is posted for the same work as ${replaces.id} version ${replaces.version}.`, mend: 'Look at the newest version and correct that one.' });
}

/** Another entry of the same timesheet takes the same place: which of the two is right, nobody can tell. */
export function correctedTwice(entry: TimeEntry, by: TimeEntry): TimeFinding {
  return mustChange(entry, 'ORIGINAL_SUPERSEDED', 'replaces', { message: `Entry ${by.id} version ${by.version} of the same timesheet takes the same place.`, mend: 'Let one entry take it, and enter the rest as new entries.' });
}

function refusal(entry: TimeEntry, code: string, path: string, message: string, mend: string): Standing {
  return { kind: 'refused', finding: mustChange(entry, code, path, { message, mend }) };
}

function isCircular(entry: TimeEntry, replacedBy: ReadonlyMap<string, TimeEntry>): boolean {
  const seen = new Set<TimeEntry>([entry]);
  for (let by = replacedBy.get(refKey(entry)); by !== undefined; by = replacedBy.get(refKey(by))) {
    if (by === entry) return entry.replaces === null || refKey({ system: entry.system, ...entry.replaces }) !== refKey(entry);
    if (seen.has(by)) return false;
    seen.add(by);
  }
  return false;
}

/** Of several versions in one timesheet only the last counts; the same version twice counts once, with two contents not at all. */
export function withinSheet(entries: readonly TimeEntry[]): Map<TimeEntry, TimeFinding> {
  const refused = new Map<TimeEntry, TimeFinding>();
  const replaced = new Map(entries.flatMap((entry) => (entry.replaces === null ? [] : [[refKey({ system: entry.system, ...entry.replaces }), entry] as const])));
  for (const versions of Map.groupBy(entries, (entry) => `${entry.system} ${entry.id}`).values()) {
    const last = Math.max(...versions.map(({ version }) => version));
    for (const same of Map.groupBy(versions, ({ version }) => version).values()) {
      const contents = new Set(same.map(contentOf));
      for (const [position, entry] of same.entries()) {
        const by = replaced.get(refKey(entry));
        if (contents.size > 1) refused.set(entry, mustChange(entry, 'VERSION_REUSED', 'version', { message: 'The timesheet holds this version twice with different content.', mend: 'Send the entry once, with a version of its own for each change.' }));
        else if (position > 0) refused.set(entry, mustChange(entry, 'ENTRY_REPEATED', 'id', { message: 'The timesheet holds this entry more than once.', mend: 'Nothing: it is counted once.' }));
        else if (isCircular(entry, replaced)) refused.set(entry, mustChange(entry, 'CORRECTION_IN_CIRCLE', 'replaces', { message: 'The entry replaces one that, in the end, replaces it.', mend: 'Let each correction name the earlier entry it replaces.' }));
        else if (entry.version < last || (by !== undefined && by !== entry)) {
          refused.set(entry, mustChange(entry, 'ENTRY_SUPERSEDED', 'version', { message: `The same timesheet holds a later version (${by === undefined ? `version ${last}` : `${by.id} version ${by.version}`}).`, mend: 'Nothing: the later version is taken.' }));
        }
      }
    }
  }
  return refused;
}
