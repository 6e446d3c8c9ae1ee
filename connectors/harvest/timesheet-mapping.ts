import { addDays, type Instant, type LocalDate } from '../../domain/dates.ts';
import type { TimeEntry } from '../../domain/model/time/time-entry.ts';
import type { Timesheet } from '../../domain/model/time/timesheet.ts';
import { hoursText } from '../hours-text.ts';
import { versionOfInstant } from '../instant-version.ts';
import { storableText } from '../storable-text.ts';
import { folded } from './clients.ts';
import type { HarvestOptions } from './options.ts';
import type { PersonWeek, TimeEntryRow } from './time-entries.ts';
import { weekKey } from './time-entries.ts';

const NOTES_LENGTH = 1000;
const CODE_LENGTH = 80;
const WEEKDAYS: Readonly<Record<string, number>> = { Sunday: 0, Monday: 1, Saturday: 6 };

export interface SheetSetting {
  readonly system: string;
  readonly options: HarvestOptions;
  /** E-mail address of the person whose week it is, and the one that stands for the approver. */
  readonly person: string;
  readonly approver: string;
  /** The version is at least that of this instant; null: of the entries alone. */
  readonly atLeast: Instant | null;
}

/** The first day of the week a day is in. @param weekStartDay as `GET /v2/company` names it: Saturday, Sunday or Monday */
export function weekOf(date: LocalDate, weekStartDay: string): LocalDate {
  const first = WEEKDAYS[weekStartDay] ?? 1;
  const day = new Date(`${date}T00:00:00Z`).getUTCDay();
  return addDays(date, -((day - first + 7) % 7));
}

/**
 * A person's week as a timesheet: its approved entries. What Harvest shows no longer as approved is left out, so the new version takes it back;
 * a week without any approved entry is one whose approval is withdrawn, or was never given, which is the same without entries.
 * Null where nothing tells a version.
 */
export function timesheetOf(week: PersonWeek, rows: readonly TimeEntryRow[], setting: SheetSetting): Timesheet | null {
  const changedAt = latest(rows.map((row) => row.updated_at), setting.atLeast);
  if (changedAt === null) return null;
  const id = weekKey(week);
  const version = versionOfInstant(changedAt);
  const approved = rows.filter((row) => row.is_closed && !row.is_running).toSorted((left, right) => left.id - right.id);
  const decidedAt = approved.length === 0 ? changedAt : latest(approved.map((row) => row.updated_at), null);
  return {
    schema: 'timesheet',
    schemaVersion: 1,
    system: setting.system,
    id,
    version,
    replaces: version === 1 ? null : { id, version: version - 1 },
    person: setting.person,
    weekStart: week.weekStart,
    approval: {
      schema: 'approval',
      schemaVersion: 1,
      of: { id, version },
      status: approved.length === 0 ? 'withdrawn' : 'approved',
      approver: setting.approver,
      decidedAt,
      reason: null,
    },
    entries: approved.map((row) => entryOf(row, setting)),
  };
}

function entryOf(row: TimeEntryRow, { system, options, person }: SheetSetting): TimeEntry {
  const hours = options.hours === 'rounded' ? (row.rounded_hours ?? row.hours) : row.hours;
  const isPlain = options.plainTasks.some((name) => folded(name) === folded(row.task.name));
  const task = storableText(row.task.name, CODE_LENGTH);
  return {
    schema: 'time-entry',
    schemaVersion: 1,
    system,
    id: String(row.id),
    version: versionOfInstant(row.updated_at),
    replaces: null,
    person,
    workDate: row.spent_date,
    hours: hoursText(hours),
    clock: null,
    projectNumber: projectNumberOf(row),
    task: isPlain ? task : null,
    role: isPlain ? null : task,
    laborCategory: isPlain ? null : laborCategoryOf(row.task.name, options),
    costCenter: null,
    billable: row.billable,
    notes: storableText(row.notes ?? '', NOTES_LENGTH),
  };
}

/** The code that our projects carry; of a project without one its name, so that people see which was meant. */
function projectNumberOf({ project }: TimeEntryRow): string {
  const code = project.code?.trim() ?? '';
  return storableText(code !== '' ? code : project.name, CODE_LENGTH) || `Harvest project ${project.id}`;
}

/** The way back of the names under which `tasks.ts` finds the tasks; null where the name cannot be a category's. */
function laborCategoryOf(taskName: string, options: HarvestOptions): string | null {
  const named = Object.entries(options.tasks).find(([, name]) => folded(name) === folded(taskName));
  if (named !== undefined) return named[0];
  const category = folded(taskName).toUpperCase().replaceAll(' ', '_');
  return /^[A-Z0-9][A-Z0-9_-]{0,39}$/.test(category) ? category : null;
}

function latest(instants: readonly Instant[], atLeast: Instant | null): Instant | null {
  return instants.reduce<Instant | null>((newest, at) => (newest === null || at > newest ? at : newest), atLeast);
}
