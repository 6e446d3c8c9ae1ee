import { addMilliseconds } from '../../domain/dates.ts';
import type { TimeEntry } from '../../domain/model/time/time-entry.ts';
import type { Timesheet } from '../../domain/model/time/timesheet.ts';
import { localDateOf } from '../../domain/rules/timesheet/hours.ts';
import { hoursText } from '../hours-text.ts';
import { versionOfInstant } from '../instant-version.ts';
import { storableText } from '../storable-text.ts';
import type { ApprovalDetails, ApprovedEntry } from './approval-requests.ts';
import { folded, laborCategoryOf, projectNumberIn } from './names.ts';
import type { ClockifyOptions } from './options.ts';

const TEXT_LENGTH = 1000;
const CODE_LENGTH = 80;
const HALF_A_DAY_MS = 43_200_000;
const ABSENCES = ['TIME_OFF', 'HOLIDAY'];

/** States that follow each other within a second, in the order in which they do. */
const RANK: Readonly<Record<string, number>> = { APPROVED: 1, WITHDRAWN_APPROVAL: 2 };

/** Grows with each change of an approval; Clockify's instants have whole seconds. As a 32-bit integer it lasts until the year 2042. */
export function versionOf({ status }: ApprovalDetails['approvalRequest']): number {
  return versionOfInstant(status.updatedAt) * 3 + (RANK[status.state] ?? 0);
}

export interface SheetSetting {
  readonly system: string;
  readonly options: ClockifyOptions;
  readonly emailOf: (userId: string) => string;
}

/**
 * An approval request as a timesheet: its work is told while it is approved. Any other state is told as a withdrawn approval without entries: if it
 * was approved before, that takes its time back, and if it was not, it changes nothing.
 */
export function timesheetOf({ approvalRequest, entries }: ApprovalDetails, setting: SheetSetting): Timesheet {
  const { id, owner, status, dateRange } = approvalRequest;
  const timeZone = knownZone(owner.timeZone) ?? 'UTC';
  const version = versionOf(approvalRequest);
  const approved = status.state === 'APPROVED';
  const person = setting.emailOf(owner.userId);
  const note = storableText(status.note ?? '', TEXT_LENGTH);
  return {
    schema: 'timesheet',
    schemaVersion: 1,
    system: setting.system,
    id,
    version,
    replaces: { id, version: version - 1 },
    person,
    // The range begins at midnight in the zone the person had then; half a day on it is the same day in nearly every other.
    weekStart: localDateOf(addMilliseconds(dateRange.start, HALF_A_DAY_MS), timeZone),
    approval: {
      schema: 'approval',
      schemaVersion: 1,
      of: { id, version },
      status: approved ? 'approved' : 'withdrawn',
      approver: status.updatedBy == null ? null : setting.emailOf(status.updatedBy),
      decidedAt: status.updatedAt,
      reason: note === '' ? null : note,
    },
    entries: approved ? (entries ?? []).toSorted(inTime).flatMap((entry) => entryOf(entry, { ...setting, person, version, timeZone })) : [],
  };
}

/** One order whatever Clockify's is: the same timesheet is the same document. */
function inTime(left: ApprovedEntry, right: ApprovedEntry): number {
  const [first, second] = [left, right].map(({ timeInterval, id }) => `${timeInterval.start} ${id}`);
  return (first ?? '') < (second ?? '') ? -1 : 1;
}

/** Breaks are no work, and a timer that still runs is not finished. */
function entryOf(row: ApprovedEntry, setting: SheetSetting & { readonly person: string; readonly version: number; readonly timeZone: string }): TimeEntry[] {
  const { system, options, person, version, timeZone } = setting;
  const { start, end } = row.timeInterval;
  const projectNumber = ABSENCES.includes(row.type ?? '') ? options.timeOffProject : (storableText(projectNumberIn(row.project?.name ?? ''), CODE_LENGTH) || '(no project)');
  if (end == null || row.type === 'BREAK' || projectNumber === undefined) return [];
  const task = row.task == null ? null : storableText(row.task.name, CODE_LENGTH);
  const isPlain = task !== null && options.plainTasks.some((name) => folded(name) === folded(task));
  return [
    {
      schema: 'time-entry',
      schemaVersion: 1,
      system,
      id: row.id,
      // Entries do not tell when they changed. They are locked while they are approved, so each approval is a version of all of them.
      version,
      replaces: null,
      person,
      workDate: localDateOf(start, timeZone),
      hours: hoursText(Math.round((Date.parse(end) - Date.parse(start)) / 36_000) / 100),
      clock: { startedAt: start, endedAt: end, breakMinutes: 0 },
      projectNumber,
      task: isPlain ? task : null,
      role: isPlain ? null : task,
      laborCategory: isPlain || task === null ? null : laborCategoryOf(task, options.tasks),
      costCenter: null,
      billable: row.billable,
      notes: storableText(row.description ?? '', TEXT_LENGTH),
    },
  ];
}

function knownZone(zone: string | null | undefined): string | null {
  if (zone == null) return null;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return null;
  }
}
