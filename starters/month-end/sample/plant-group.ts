import { addDays } from '../../../domain/dates.ts';
import type { TimeEntry } from '../../../domain/model/time/time-entry.ts';
import { entryIdOf, hoursOf, quartersOf, sheetIdOf } from './clean-entries.ts';
import type { DirtKind } from './dirt.ts';
import { replaceLast, sameDay, spoil, type Draft } from './draft.ts';
import { clockFrom } from './local-clock.ts';
import type { SamplePerson } from './people.ts';
import { planOf } from './plan.ts';
import type { Plant } from './plant-entry.ts';
import { at } from './random.ts';

/** Gives the first entry of a day the hours that make the day so long, in quarters. */
function fillDay(draft: Draft, positions: readonly number[], quarters: number): void {
  const [first, ...others] = positions;
  if (first === undefined) return;
  const rest = others.reduce((sum, position) => sum + quartersOf(at(draft.entries, position).hours), 0);
  spoil(draft, first, { hours: hoursOf(quarters - rest) });
  for (const position of others) spoil(draft, position, {});
}

/** The clocks of a day's entries one after the other without a break, from a minute of the day on. */
function withoutBreak(draft: Draft, positions: readonly number[], startMinute: number): void {
  let minute = startMinute;
  for (const position of positions) {
    const { workDate, hours } = at(draft.entries, position);
    const minutes = quartersOf(hours) * 15;
    spoil(draft, position, { clock: clockFrom(workDate, draft.author.entity.timeZone, minute, minutes) });
    minute += minutes;
  }
}

/** Moves a day's clocks so that its last entry ends half an hour before midnight. */
function untilLate(draft: Draft, positions: readonly number[]): void {
  const { workDate } = at(draft.entries, at(positions, 0));
  const last = Math.max(...positions.map((position) => Date.parse(at(draft.entries, position).clock?.endedAt ?? '')));
  const late = Date.parse(clockFrom(workDate, draft.author.entity.timeZone, 23 * 60, 30).endedAt) - last;
  for (const position of positions) {
    const { clock } = at(draft.entries, position);
    spoil(draft, position, clock === null ? {} : { clock: { ...clock, startedAt: later(clock.startedAt, late), endedAt: later(clock.endedAt, late) } });
  }
}

function later(at: string, milliseconds: number): string {
  return new Date(Date.parse(at) + milliseconds).toISOString();
}

/** The first day that is followed by another working day: its first entry's position. */
function dayBeforeWork(draft: Draft): number {
  const dates = new Set(draft.entries.map(({ workDate }) => workDate));
  return Math.max(0, draft.entries.findIndex(({ workDate }) => dates.has(addDays(workDate, 1))));
}

const copyOfFirst = (draft: Draft, parts: Partial<TimeEntry>): TimeEntry => ({ ...at(draft.entries, 0), ...parts });
const anHourMore = ({ hours }: TimeEntry) => hoursOf(quartersOf(hours) + 4);

/** Kinds that show only with several entries, of one timesheet or of two. */
export const GROUP_PLANTS: Partial<Record<DirtKind, Plant>> = {
  day_hours_exceeded: (draft) => fillDay(draft, sameDay(draft, 0), 46),
  day_longer_than_clock: (draft) => {
    const [first = 0, second = 1] = sameDay(draft, 0);
    for (const position of sameDay(draft, 0)) spoil(draft, position, {});
    spoil(draft, first, { hours: '16' });
    spoil(draft, second, { hours: '10' });
  },
  week_hours_exceeded: (draft) => {
    const days = [...new Set(draft.entries.map(({ workDate }) => workDate))];
    for (const day of days) fillDay(draft, sameDay(draft, draft.entries.findIndex(({ workDate }) => workDate === day)), Math.ceil((51 * 4) / days.length));
  },
  break_too_short: (draft) => withoutBreak(draft, sameDay(draft, 0), 9 * 60),
  rest_too_short: (draft) => {
    const day = dayBeforeWork(draft);
    const { workDate } = at(draft.entries, day);
    const next = draft.entries.findIndex((entry) => entry.workDate === addDays(workDate, 1));
    untilLate(draft, sameDay(draft, day));
    for (const position of sameDay(draft, next)) spoil(draft, position, {});
  },
  entry_duplicated: (draft) => replaceLast(draft, copyOfFirst(draft, { id: `${at(draft.entries, 0).id}d` }), 'rejected'),
  entry_overlaps: (draft) => {
    const [first = 0, second = 1] = sameDay(draft, 0);
    const before = at(draft.entries, first).clock;
    const { clock, hours } = at(draft.entries, second);
    if (before === null || clock === null) return;
    const startedAt = later(before.endedAt, -15 * 60_000);
    spoil(draft, first, {});
    spoil(draft, second, { clock: { startedAt, endedAt: later(startedAt, quartersOf(hours) * 15 * 60_000), breakMinutes: 0 } });
  },
  entry_repeated: (draft) => replaceLast(draft, copyOfFirst(draft, {}), 'rejected'),
  entry_superseded: (draft) => {
    const first = at(draft.entries, 0);
    replaceLast(draft, copyOfFirst(draft, { version: 2, replaces: { id: first.id, version: 1 }, hours: hoursOf(quartersOf(first.hours) + 1) }), 'accepted');
    spoil(draft, 0, {});
  },
  version_reused: (draft) => {
    replaceLast(draft, copyOfFirst(draft, { hours: anHourMore(at(draft.entries, 0)) }), 'rejected');
    spoil(draft, 0, {});
  },
  correction_in_circle: (draft) => {
    const [first, second] = [at(draft.entries, 0), at(draft.entries, 1)];
    spoil(draft, 0, { replaces: { id: second.id, version: 1 } });
    spoil(draft, 1, { replaces: { id: first.id, version: 1 } });
  },
  correction_of_other_person: (draft) => {
    const week = at(draft.firm.calendar.weeks, 0);
    spoil(draft, 0, { replaces: { id: entryIdOf(sheetIdOf(draft.firm, withCleanWeek(draft, week), week), 0), version: 1 } });
  },
};

/** A colleague, else anybody, whose first timesheet to arrive is of the week and has nothing wrong. @throws RangeError where there is nobody */
function withCleanWeek({ firm, author }: Draft, week: string): SamplePerson {
  const { people, calendar } = firm;
  const isFit = (person: SamplePerson) => {
    const [first] = planOf(person, calendar);
    return person !== author && first?.weekStart === week && first.role === 'original' && first.dirt === null;
  };
  const found = people.find((person) => person.entity === author.entity && isFit(person)) ?? people.find(isFit);
  if (found === undefined) throw new RangeError(`nobody but ${author.email} has a timesheet in order in the week from ${week}`);
  return found;
}
