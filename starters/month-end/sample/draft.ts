import type { Approval } from '../../../domain/model/time/approval.ts';
import type { TimeEntry } from '../../../domain/model/time/time-entry.ts';
import type { SampleFirm } from './firm.ts';
import type { SamplePerson } from './people.ts';
import type { SheetPlan } from './plan.ts';
import { at } from './random.ts';

export type Outcome = 'accepted' | 'rejected' | 'held' | 'repeat';

/** A timesheet in the making, with what must become of each entry. */
export interface Draft {
  readonly firm: SampleFirm;
  readonly author: SamplePerson;
  readonly plan: SheetPlan;
  readonly sheetId: string;
  /** Whose timesheet it says it is. */
  person: string;
  approval: Approval;
  readonly entries: TimeEntry[];
  readonly expected: Outcome[];
}

/** Changes an entry and says what becomes of it. */
export function spoil(draft: Draft, position: number, parts: Partial<TimeEntry>, outcome: Outcome = 'rejected'): void {
  draft.entries[position] = { ...at(draft.entries, position), ...parts };
  draft.expected[position] = outcome;
}

export function spoilAll(draft: Draft, change: (entry: TimeEntry, position: number) => Partial<TimeEntry>, outcome: Outcome = 'rejected'): void {
  for (const [position, entry] of draft.entries.entries()) spoil(draft, position, change(entry, position), outcome);
}

/** Puts an entry in place of the last one, so that the timesheet keeps its size. */
export function replaceLast(draft: Draft, entry: TimeEntry, outcome: Outcome): void {
  const last = draft.entries.length - 1;
  draft.entries[last] = entry;
  draft.expected[last] = outcome;
}

/** Positions of the entries of the same day as this one. */
export function sameDay(draft: Draft, position: number): number[] {
  const { workDate } = at(draft.entries, position);
  return draft.entries.flatMap((entry, other) => (entry.workDate === workDate ? [other] : []));
}
