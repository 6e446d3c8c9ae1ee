import type { Instant } from '../../domain/dates.ts';
import type { TimeEntry } from '../../domain/model/time/time-entry.ts';
import type { Timesheet } from '../../domain/model/time/timesheet.ts';
import { hoursText } from '../hours-text.ts';
import { versionOfInstant } from '../instant-version.ts';
import { storableText } from '../storable-text.ts';
import { folded, laborCategoryOf } from './names.ts';
import type { KantataOptions } from './options.ts';
import { addressOf } from './people.ts';
import type { Submission } from './submissions.ts';
import type { EntryRow } from './time-entries.ts';

const TEXT_LENGTH = 1000;
const CODE_LENGTH = 80;

/** What a submission of time or of expenses tells of where it stands. */
export type Decided = Pick<Submission, 'current_resolution_created_at_date' | 'updated_at'> & { readonly status: string };

/** When the submission came into its present state. */
export function decidedAtOf({ status, current_resolution_created_at_date: decidedAt, updated_at: updatedAt }: Decided): Instant {
  return status === 'pending' ? updatedAt : (decidedAt ?? updatedAt);
}

/**
 * Grows with each decision about a submission, and from a submission to the one its time is submitted with again; Kantata's instants have whole seconds, in which an
 * approval comes before what takes it back. As a 32-bit integer it lasts until the year 2042.
 */
export function versionOf(submission: Decided): number {
  return versionOfInstant(decidedAtOf(submission)) * 3 + (submission.status === 'approved' ? 1 : 2);
}

/** A submission that nobody ever decided about says nothing of approved time. */
export function wasDecided({ status, current_resolution_created_at_date: decidedAt }: Decided): boolean {
  return status !== 'pending' || decidedAt != null;
}

export interface SheetSetting {
  readonly system: string;
  readonly options: KantataOptions;
  readonly projectNumber: string;
  /** Addresses by user ID. */
  readonly emails: ReadonlyMap<string, string>;
}

/**
 * A submission as a timesheet: one person, one week and one project, approved together by one person. Its work is told while it is approved. Any other state is told
 * as a withdrawn approval without entries: if it was approved before, that takes its time back, and if it was not, it changes nothing.
 */
export function timesheetOf(submission: Submission, entries: readonly EntryRow[], setting: SheetSetting): Timesheet {
  const { id, status, start_date: weekStart, current_resolution_creator_id: creatorId } = submission;
  const version = versionOf(submission);
  const person = addressOf(submission.user_id, submission.email);
  const isApproved = status === 'approved';
  const reason = storableText(submission.current_resolution_description ?? '', TEXT_LENGTH);
  return {
    schema: 'timesheet',
    schemaVersion: 1,
    system: setting.system,
    id,
    version,
    replaces: { id, version: version - 1 },
    person,
    weekStart,
    approval: {
      schema: 'approval',
      schemaVersion: 1,
      of: { id, version },
      status: isApproved ? 'approved' : 'withdrawn',
      approver: creatorId == null ? null : addressOf(creatorId, setting.emails.get(creatorId)),
      decidedAt: decidedAtOf(submission),
      reason: reason === '' ? null : reason,
    },
    entries: isApproved ? entries.toSorted(inTime).map((entry) => entryOf(entry, { ...setting, person, version })) : [],
  };
}

/** One order whatever Kantata's is: the same timesheet is the same document. */
function inTime(left: EntryRow, right: EntryRow): number {
  return left.workDate === right.workDate ? Number(left.id) - Number(right.id) : left.workDate < right.workDate ? -1 : 1;
}

function entryOf(row: EntryRow, { system, options, projectNumber, person, version }: SheetSetting & { readonly person: string; readonly version: number }): TimeEntry {
  const role = row.role === null ? null : storableText(row.role, CODE_LENGTH) || null;
  const isPlain = role === null || options.plainRoles.some((name) => folded(name) === folded(role));
  return {
    schema: 'time-entry',
    schemaVersion: 1,
    system,
    id: row.id,
    // Entries are locked while they are approved, and their own time of change says nothing of approvals: each approval is a version of all of them.
    version,
    replaces: null,
    person,
    workDate: row.workDate,
    hours: hoursText(Math.round((row.minutes * 100) / 60) / 100),
    clock: null,
    projectNumber: storableText(projectNumber, CODE_LENGTH) || '(no project)',
    task: row.task === null ? null : storableText(row.task, CODE_LENGTH) || null,
    role: isPlain ? null : role,
    laborCategory: isPlain ? null : laborCategoryOf(role, options.roles),
    costCenter: null,
    billable: row.billable,
    notes: storableText(row.notes ?? '', TEXT_LENGTH),
  };
}
