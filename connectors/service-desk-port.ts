import type { Instant } from '../domain/dates.ts';
import type { CallContext, RecordPort } from './ports.ts';

/** An exception case as a ticket of a service desk. */
export interface CaseTicket {
  /** The case's workflow ID: the ticket is found by it. */
  readonly caseId: string;
  readonly code: string;
  readonly summary: string;
  /** Plain text: what happened, to what, what to do, where to look. */
  readonly description: string;
  readonly severity: 'low' | 'medium' | 'high' | 'critical';
  /** The team, as the configuration names owners. */
  readonly owner: string;
  readonly dueAt: Instant | null;
  readonly link: string | null;
}

export interface TicketStanding {
  /** As people know it: "FIN-42". Null of one that is gone. */
  readonly number: string | null;
  /** gone: somebody deleted it, or hid it from us. */
  readonly state: 'open' | 'closed' | 'gone';
}

/** A service desk that shows our exception cases to people who live there. All throw SystemFailure only. */
export interface ServiceDeskPort {
  readonly kind: 'service_desk';
  readonly system: string;
  /** `undo` closes a ticket as not needed, never deletes it. */
  readonly ticket: RecordPort<CaseTicket>;
  /** Adds a comment once: the same key again adds none. */
  comment(ticket: { readonly externalId: string; readonly key: string; readonly text: string }, context: CallContext): Promise<void>;
  /** How tickets stand as people left them, by their IDs. One that cannot be read just now is left out. */
  standing(externalIds: readonly string[], context: CallContext): Promise<ReadonlyMap<string, TicketStanding>>;
  /** Closes it with how the case ended. Idempotent. */
  close(ticket: { readonly externalId: string; readonly resolution: string }, context: CallContext): Promise<void>;
}
