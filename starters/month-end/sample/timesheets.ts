import { addDays, type Instant } from '../../../domain/dates.ts';
import type { Approval } from '../../../domain/model/time/approval.ts';
import type { TimeEntry } from '../../../domain/model/time/time-entry.ts';
import type { Timesheet } from '../../../domain/model/time/timesheet.ts';
import { cleanEntries, hoursOf, quartersOf, sheetIdOf } from './clean-entries.ts';
import type { DirtKind } from './dirt.ts';
import type { Draft, Outcome } from './draft.ts';
import type { SampleFirm } from './firm.ts';
import type { SamplePerson } from './people.ts';
import { CORRECTED, planOf, type SheetPlan } from './plan.ts';
import { plant } from './plant.ts';
import { at, mixed, randomOf } from './random.ts';
import { employerTold } from './second-self.ts';
import { SHEETS_EACH } from './terms.ts';

export interface SampleTimesheet {
  readonly sheet: Timesheet;
  /** Of the person it says it is of, by the reference data; "UNKNOWN" for somebody who is not in it. */
  readonly legalEntity: string;
  /** What must have become of each entry, by position, once the whole month is processed, in whatever order. Of two tellings alike either may be the repeat. */
  readonly expected: readonly Outcome[];
  /** What was planted in it, if anything. */
  readonly dirt: DirtKind | null;
}

const SALT = 0x61_72;
const CORRECTION_SALT = 0x63_6f;

/** Everybody's first timesheet to arrive, then everybody's second and so on, each time in another order. Made one at a time. */
export function* timesheetsOf(firm: SampleFirm): Generator<SampleTimesheet> {
  const { people, terms } = firm;
  for (let arrival = 0; arrival < SHEETS_EACH; arrival += 1) {
    const [start, step] = [mixed(terms.seed, SALT, arrival) % people.length, stepThrough(people.length, mixed(terms.seed, SALT, arrival, 1))];
    for (let position = 0; position < people.length; position += 1) {
      const person = at(people, (start + position * step) % people.length);
      const plan = planOf(person, firm.calendar);
      yield timesheetOf(firm, person, at(plan, arrival), plan);
    }
  }
}

/** A step that, repeated, comes to everybody once. */
function stepThrough(count: number, wanted: number): number {
  let step = 1 + (wanted % Math.max(1, count - 1));
  while (divisor(step, count) !== 1) step = step % count + 1;
  return step;
}

function divisor(left: number, right: number): number {
  return right === 0 ? left : divisor(right, left % right);
}

function timesheetOf(firm: SampleFirm, person: SamplePerson, plan: SheetPlan, all: readonly SheetPlan[]): SampleTimesheet {
  const sheetId = sheetIdOf(firm, person, plan.weekStart) + (plan.role === 'correction' ? '-C' : '');
  const entries = plan.role === 'correction' ? corrections(firm, person, at(all.filter(({ role, weekStart }) => role === 'original' && weekStart === plan.weekStart), 0)) : cleanEntries(firm, person, plan);
  const outcome = plan.role === 'early' || plan.role === 'copy' ? 'repeat' : 'accepted';
  const draft: Draft = { firm, author: person, plan, sheetId, person: person.email, approval: approvalOf(firm, person, plan, sheetId), entries, expected: entries.map(() => outcome) };
  if (plan.dirt !== null) plant(draft, plan.dirt);
  return {
    sheet: { schema: 'timesheet', schemaVersion: 1, system: firm.terms.system, id: sheetId, version: 1, replaces: null, person: draft.person, weekStart: plan.weekStart, approval: draft.approval, entries: draft.entries },
    legalEntity: employerTold(person, plan.dirt),
    expected: draft.expected,
    dirt: plan.dirt,
  };
}

function approvalOf(firm: SampleFirm, person: SamplePerson, plan: SheetPlan, sheetId: string): Approval {
  const approved = plan.role !== 'early';
  return {
    schema: 'approval',
    schemaVersion: 1,
    of: { id: sheetId, version: 1 },
    status: approved ? 'approved' : 'submitted',
    approver: approved ? person.approver : null,
    decidedAt: approved ? decidedAt(firm, person, plan) : null,
    reason: null,
  };
}

/** On the Monday after the week; late ones in the hours before the month is processed. */
function decidedAt({ calendar }: SampleFirm, person: SamplePerson, plan: SheetPlan): Instant {
  const minute = String(person.index % 60).padStart(2, '0');
  const monday = addDays(plan.weekStart, plan.role === 'correction' ? 14 : 7);
  return plan.approvedLate || monday >= calendar.today ? `${calendar.today}T${person.index % 2 === 0 ? '08' : '10'}:${minute}:00.000Z` : `${monday}T09:${minute}:00.000Z`;
}

/** Of the first two entries of a week: one a little longer, the other taken back or told for another task. */
function corrections(firm: SampleFirm, person: SamplePerson, original: SheetPlan): TimeEntry[] {
  const random = randomOf(firm.terms.seed, CORRECTION_SALT, person.index);
  const primary = at(person.projects, 0);
  return cleanEntries(firm, person, original)
    .slice(0, CORRECTED)
    .map((entry, position) => {
      const corrected = { ...entry, version: 2, replaces: { id: entry.id, version: 1 }, clock: null };
      if (position === 0) return { ...corrected, hours: hoursOf(quartersOf(entry.hours) + 1), notes: `${entry.notes} (corrected)` };
      return random.chance(0.4) ? { ...corrected, hours: '0' } : { ...corrected, task: at(primary.tasks, 2).code, notes: `${entry.notes} (other task)` };
    });
}
