import type { Instant } from '../domain/dates.ts';
import type { Failure } from '../domain/failure.ts';
import type { Timesheet } from '../domain/model/time/timesheet.ts';
import type { CallContext, Unsupported } from './ports.ts';

export interface TimesheetRejection {
  /** As the time system knows it. */
  readonly timesheetId: string;
  readonly version: number;
  readonly person: string;
  /** In words for the consultant: what is wrong, where, how to mend it. */
  readonly reason: string;
  readonly entries: readonly { readonly id: string; readonly version: number; readonly findings: readonly { readonly code: string; readonly message: string; readonly mend: string }[] }[];
}

export interface PostedTime {
  readonly timesheetId: string;
  readonly version: number;
  readonly entries: readonly { readonly id: string; readonly version: number }[];
  /** Where it was posted, for the consultant: "netsuite". */
  readonly postedIn: string;
}

/** A timesheet that is there and is no canonical document. */
export interface UnreadableTimesheet {
  /** As the time system knows it. */
  readonly id: string;
  readonly version: number | null;
  /** As far as it could be read, for the person who mends it. */
  readonly document: object;
  /** Why it could not be read, and what to do. */
  readonly failure: Failure;
}

export type ChangedTimesheet = { readonly changedAt: Instant; readonly sheet: Timesheet } | { readonly changedAt: Instant; readonly unreadable: UnreadableTimesheet };

/** Timesheets of a time system as canonical documents, and the way back to it. All throw SystemFailure only. */
export interface TimesheetSource {
  /** Timesheets that changed at or after `since` and are approved, or were approved before; oldest change first. One that cannot be read is told as such, and holds up no other. */
  changed(since: Instant, context: CallContext): AsyncIterable<ChangedTimesheet>;
  /** One timesheet as it is now; null where the system has none of this ID. Webhooks are hints: the process reads by ID. */
  load(timesheetId: string, context: CallContext): Promise<Timesheet | null>;
  /** Gives the timesheet back to its submitter with the reasons. Idempotent. */
  readonly reject: ((rejection: TimesheetRejection, context: CallContext) => Promise<void>) | Unsupported;
  /** Posted entries can no longer be changed in the time system. Idempotent. */
  readonly lock: ((posted: PostedTime, context: CallContext) => Promise<void>) | Unsupported;
  /** Marks entries as invoiced. Idempotent. */
  readonly markInvoiced: ((entries: readonly { readonly id: string }[], invoice: string, context: CallContext) => Promise<void>) | Unsupported;
}
