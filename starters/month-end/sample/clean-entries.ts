import { addDays, daysBetween, type LocalDate } from '../../../domain/dates.ts';
import type { TimeEntry } from '../../../domain/model/time/time-entry.ts';
import { lengthOfDay, weekdayOf } from '../../../domain/rules/timesheet/hours.ts';
import { isHoliday } from './calendar.ts';
import type { SampleFirm } from './firm.ts';
import { clockFrom } from './local-clock.ts';
import type { SamplePerson } from './people.ts';
import type { SheetPlan } from './plan.ts';
import { laterNumber, type SampleProject } from './projects.ts';
import { at, randomOf, type Random } from './random.ts';
import { ROLES } from './rates.ts';
import { NOTES } from './words.ts';

const SALT = 0x65_6e;
const EPOCH = '2024-01-01';
const QUARTERS = 4;
const LUNCH_MINUTES = 60;
/** Hours of a day above and below the agreed ones, in quarters; within what every region allows. */
const DEVIATION = [-2, -1, 0, 0, 0, 0, 0, 1, 2, 4, 6] as const;
const NIGHT = { startMinute: 30, hours: 5 };

export function sheetIdOf(firm: SampleFirm, person: SamplePerson, weekStart: LocalDate): string {
  return `${firm.idPrefix}-${String(person.index + 1).padStart(5, '0')}-${weekStart.replaceAll('-', '')}`;
}

export function entryIdOf(sheetId: string, position: number): string {
  return `${sheetId}-${String(position + 1).padStart(2, '0')}`;
}

/** Somebody's entries of a week with nothing wrong. The first two are billable work on a plain project of their own legal entity. */
export function cleanEntries(firm: SampleFirm, person: SamplePerson, plan: SheetPlan): TimeEntry[] {
  const random = randomOf(firm.terms.seed, SALT, person.index, daysBetween(EPOCH, plan.weekStart));
  const days = workingDays(firm, person, plan.weekStart);
  const night = nightOfClockChange(person, plan);
  const absent = person.dirt === null && person.kind === 'employee' && days.length >= 3 && random.chance(0.08) ? 1 + random.int(days.length - 1) : -1;
  const rows = plan.entries - (absent < 0 ? 0 : 1) - (night === null ? 0 : 1);
  const firstNote = random.int(NOTES.length);
  const sheetId = sheetIdOf(firm, person, plan.weekStart);
  const entries: TimeEntry[] = [];
  const add = (parts: Parts) => entries.push(entryOf(firm, person, parts, entryIdOf(sheetId, entries.length), at(NOTES, (firstNote + entries.length) % NOTES.length), random));
  const perDay = shares(rows, days.length - (absent < 0 ? 0 : 1));
  let row = 0;
  for (const [position, date] of days.entries()) {
    const agreed = at(person.hours, weekdayOf(date) - 1);
    if (position === absent) {
      const use = random.chance(0.75) ? 'vacation' : 'sickness';
      add({ date, quarters: agreed * QUARTERS, clock: null, project: ownProject(firm, person, use), task: null });
      continue;
    }
    const parts = split(agreed * QUARTERS + random.pick(DEVIATION), perDay[absent >= 0 && position > absent ? position - 1 : position] ?? 1, random);
    const clocks = person.clock ? clocksOf(date, person.entity.timeZone, parts, random) : [];
    for (const [part, quarters] of parts.entries()) {
      add({ date, quarters, clock: clocks[part] ?? null, ...workOf(firm, person, date, row, rows, random) });
      row += 1;
    }
  }
  if (night !== null) {
    const project = at(person.projects, 0);
    add({ date: night, quarters: NIGHT.hours * QUARTERS, clock: clockFrom(night, person.entity.timeZone, NIGHT.startMinute, NIGHT.hours * 60), project, task: at(project.tasks, 0) });
  }
  return entries;
}

/** Days of agreed work that are no public holidays. The month's last week ends with the month; of the week in which it is processed only days of the new one that are past count. */
function workingDays({ calendar }: SampleFirm, person: SamplePerson, weekStart: LocalDate): LocalDate[] {
  const isTold = weekStart === calendar.currentWeek ? (date: LocalDate) => date >= calendar.nextMonth && date <= calendar.today : (date: LocalDate) => date < calendar.nextMonth;
  return person.hours.flatMap((hours, day) => (hours === 0 ? [] : [addDays(weekStart, day)])).filter((date) => isTold(date) && !isHoliday(person.entity.country, date));
}

function nightOfClockChange(person: SamplePerson, plan: SheetPlan): LocalDate | null {
  const sunday = addDays(plan.weekStart, 6);
  return person.onCall && lengthOfDay(sunday, person.entity.timeZone) !== 2400 ? sunday : null;
}

function ownProject({ projects }: SampleFirm, person: SamplePerson, use: SampleProject['use']): SampleProject {
  const found = projects.find((project) => project.entity === person.entity && project.use === use);
  if (found === undefined) throw new RangeError(`${person.entity.code} has no project for ${use}`);
  return found;
}

export function internalProject(firm: SampleFirm, person: SamplePerson): SampleProject {
  return ownProject(firm, person, 'internal');
}

type Task = SampleProject['tasks'][number] | null;

function workOf(firm: SampleFirm, person: SamplePerson, date: LocalDate, row: number, rows: number, random: Random): { readonly project: SampleProject; readonly task: Task } {
  const primary = at(person.projects, 0);
  if (row <= 1) return { project: primary, task: at(primary.tasks, row) };
  if (row === rows - 1) return { project: ownProject(firm, person, 'internal'), task: null };
  const drawn = random.chance(0.45) ? primary : random.pick(person.projects);
  const project = drawn.inactiveFrom !== null && date >= drawn.inactiveFrom ? primary : drawn;
  return { project, task: random.pick(project.tasks) };
}

interface Parts {
  readonly date: LocalDate;
  readonly quarters: number;
  readonly clock: TimeEntry['clock'];
  readonly project: SampleProject;
  readonly task: Task;
}

function entryOf(firm: SampleFirm, person: SamplePerson, { date, quarters, clock, project, task }: Parts, id: string, notes: string, random: Random): TimeEntry {
  const told = random.next();
  const changed = project.newCodeFrom !== null && date >= project.newCodeFrom && random.chance(0.5);
  const center = project.use === 'client' && random.chance(0.15) ? `${project.entity.code}-TECH` : null;
  return {
    schema: 'time-entry',
    schemaVersion: 1,
    system: firm.terms.system,
    id,
    version: 1,
    replaces: null,
    person: person.email,
    workDate: date,
    hours: hoursOf(quarters),
    clock,
    projectNumber: changed ? laterNumber(project) : project.number,
    task: task?.code ?? null,
    role: told >= 0.5 && told < 0.75 ? ROLES[person.category] : null,
    laborCategory: told < 0.5 ? person.category : null,
    costCenter: center,
    billable: task?.billable ?? false,
    notes,
  };
}

/** Quarters of an hour as a decimal number of hours. */
export function hoursOf(quarters: number): string {
  return String(quarters / QUARTERS);
}

export function quartersOf(hours: string): number {
  return Math.round(Number(hours) * QUARTERS);
}

/** A whole number in equal shares, the first ones one larger. */
function shares(total: number, parts: number): number[] {
  return Array.from({ length: parts }, (_, position) => Math.floor(total / parts) + (position < total % parts ? 1 : 0));
}

/** A day's quarters in so many parts, none empty. */
function split(total: number, parts: number, random: Random): number[] {
  let left = Math.max(0, total - parts);
  return Array.from({ length: parts }, (_, position) => {
    const share = position === parts - 1 ? left : Math.min(left, Math.floor((random.next() * 2 * left) / (parts - position)));
    left -= share;
    return share + 1;
  });
}

/** One after the other from the morning on, with an hour's break in the middle. */
function clocksOf(date: LocalDate, timeZone: string, parts: readonly number[], random: Random): NonNullable<TimeEntry['clock']>[] {
  let minute = 8 * 60 + random.int(7) * 15;
  if (parts.length === 1) return parts.map((quarters) => clockFrom(date, timeZone, minute, quarters * 15 + LUNCH_MINUTES, LUNCH_MINUTES));
  return parts.map((quarters, position) => {
    if (position === Math.ceil(parts.length / 2)) minute += LUNCH_MINUTES;
    const clock = clockFrom(date, timeZone, minute, quarters * 15);
    minute += quarters * 15;
    return clock;
  });
}
