import type { Instant } from '../../domain/dates.ts';
import type { Failure } from '../../domain/failure.ts';

export interface TicketWork {
  /** Cases whose ticket is to be made, changed or closed, the longest waiting first. */
  readonly caseIds: readonly string[];
  /** Since when the first of them waits; null where there are none. */
  readonly waitingSince: Instant | null;
}

export interface TicketsBrought {
  readonly opened: number;
  readonly changed: number;
  readonly closed: number;
  /** What could not be brought now; a later run tries again. */
  readonly failures: readonly Failure[];
}

/** Exception cases as tickets of a service desk. Each is one idempotent step; all throw ApplicationFailure with a Failure in its details. */
export interface CaseTicketActivities {
  ticketWork(input: { readonly desk: string; readonly limit: number }): Promise<TicketWork>;
  /** Makes each case's ticket what the case is: opened once, changed, closed with how the case ended. One that fails keeps none of the others back. */
  bringTickets(input: { readonly desk: string; readonly caseIds: readonly string[] }): Promise<TicketsBrought>;
  /** Sees which tickets people closed at the desk while the case is open, and says there that it still is. */
  lookAtTickets(input: { readonly desk: string }): Promise<{ readonly open: number; readonly closedByHand: number; readonly failures: readonly Failure[] }>;
  /** The open case of the desk's tickets, or the ID that its next one takes. */
  caseOfTickets(input: { readonly desk: string }): Promise<{ readonly process: string; readonly caseId: string; readonly open: boolean }>;
}
