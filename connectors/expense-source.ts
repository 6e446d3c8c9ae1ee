import type { Instant } from '../domain/dates.ts';
import type { Failure } from '../domain/failure.ts';
import type { ExpenseReport } from '../domain/model/time/expense-report.ts';
import type { CallContext } from './ports.ts';

/** An expense report that is there and is no canonical document. */
export interface UnreadableReport {
  /** As the expense system knows it. */
  readonly id: string;
  readonly version: number | null;
  /** As far as it could be read, for the person who mends it. */
  readonly document: object;
  /** Why it could not be read, and what to do. */
  readonly failure: Failure;
}

export type ReadReport = { readonly report: ExpenseReport } | { readonly unreadable: UnreadableReport };

/** Approved expenses of a time system as canonical expense reports. Both throw SystemFailure only. */
export interface ExpenseSource {
  /**
   * Reports that changed at or after `since` and are approved, or were approved before; oldest change first. One whose approval is gone is told as withdrawn,
   * without lines; one that cannot be read is told as such, and holds up no other.
   */
  changed(since: Instant, context: CallContext): AsyncIterable<{ readonly changedAt: Instant } & ReadReport>;
  /** These reports as they are now; one that is not told does not exist any more. What is deleted leaves no change behind: who took a report in asks again for a while. */
  current(reportIds: readonly string[], context: CallContext): AsyncIterable<ReadReport>;
}
