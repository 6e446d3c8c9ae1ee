import { mayPass, mustChange, type TimeFinding } from '../finding.ts';
import type { Work } from '../work.ts';

/** Findings about several entries, each with the work it is about. */
export type GroupFinding = readonly [Work, TimeFinding];

/** The same work told twice under different IDs. The first in order stays, posted work before new. */
export function duplicateFindings(work: readonly Work[]): GroupFinding[] {
  const groups = Map.groupBy(work, ({ entry, hours, projectNumber }) => JSON.stringify([entry.person, entry.workDate, projectNumber, entry.task, hours, entry.clock?.startedAt ?? null, entry.notes.trim()]));
  return [...groups.values()].flatMap((same) => {
    const [kept, ...others] = [...same.filter(({ candidate }) => !candidate), ...same.filter(({ candidate }) => candidate)];
    if (kept === undefined) return [];
    return others
      .filter(({ candidate }) => candidate)
      .map((one): GroupFinding => [one, mayPass(one.entry, 'ENTRY_DUPLICATED', 'id', { message: `${one.entry.hours} hours on ${one.date} for project ${one.projectNumber} with the same notes stand in entry ${kept.entry.id} too.`, mend: 'Delete one of the two in the time system, or say in the notes what differs.' })]);
  });
}

/** Nobody works on two things at one time: entries whose clock times cross, on whichever days. */
export function overlapFindings(work: readonly Work[]): GroupFinding[] {
  const timed = work
    .flatMap((one) => (one.entry.clock === null || one.hours === 0 ? [] : [{ one, from: Date.parse(one.entry.clock.startedAt), to: Date.parse(one.entry.clock.endedAt) }]))
    .toSorted((left, right) => left.from - right.from || left.to - right.to);
  const crossing = new Map<Work, Work>();
  let longest: (typeof timed)[number] | undefined;
  for (const next of timed) {
    if (longest !== undefined && next.from < longest.to) {
      crossing.set(next.one, longest.one);
      crossing.set(longest.one, crossing.get(longest.one) ?? next.one);
    }
    if (longest === undefined || next.to > longest.to) longest = next;
  }
  return [...crossing]
    .filter(([one]) => one.candidate)
    .map(([one, other]): GroupFinding => [one, mustChange(one.entry, 'ENTRY_OVERLAPS', 'clock', { message: `The time from ${one.entry.clock?.startedAt} to ${one.entry.clock?.endedAt} crosses entry ${other.entry.id} (${other.entry.clock?.startedAt} to ${other.entry.clock?.endedAt}).`, mend: 'Correct the times of one of the two in the time system.' })]);
}
