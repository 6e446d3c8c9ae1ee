import type { Instant } from '../dates.ts';
import type { Money } from '../money.ts';

// `closedWon` makes a deal's projects; `changeOrder` brings an amended deal's projects up to date. Both speak this contract.

export interface DealReference {
  readonly crm: string;
  readonly opportunityId: string;
}

export interface DealProcessInput {
  readonly deal: DealReference;
  /** The version the event told of; the process loads the newest there is. Empty where the CRM's event carries none. */
  readonly version: string;
  /** Who or what started it, for the audit trail: "webhook salesforce 04l…", "operator jane". */
  readonly startedBy: string;
  /** An operator wants it done although nothing has changed since the last outcome. */
  readonly force?: boolean;
  /** Cases that this process opened before it continued as new: their numbers are taken. */
  readonly casesOpened?: number;
}

export interface DealEvent {
  readonly version: string;
  readonly source: string;
}

export interface AbortRequest {
  readonly by: string;
  readonly reason: string;
}

/** One write in one system, as people see it. */
export interface StepStatus {
  readonly step: StepName;
  /** The canonical record: customer ID, contract ID or project number. */
  readonly subject: string;
  readonly system: string;
  readonly state: 'running' | 'done' | 'waiting' | 'not_offered' | 'undone' | 'not_undone';
  readonly externalId: string | null;
  readonly url: string | null;
  readonly note: string | null;
}

export const STEPS = ['load', 'decide', 'customer', 'contract', 'project', 'rate-card', 'billing-schedule', 'time-project', 'resources', 'reporting', 'activation', 'write-back', 'outcome'] as const;
export type StepName = (typeof STEPS)[number];
/** Steps that write a record of their own. */
export type RecordStep = Exclude<StepName, 'load' | 'decide' | 'activation' | 'write-back' | 'outcome'>;

export type DealStage = 'loading' | 'validating' | 'building' | 'activating' | 'waiting' | 'compensating' | 'activated' | 'aborted' | 'unchanged';

export interface DealProgress {
  readonly deal: DealReference & { readonly name: string | null; readonly client: string | null; readonly amount: Money | null; readonly version: string | null };
  readonly stage: DealStage;
  readonly summary: string;
  readonly steps: readonly StepStatus[];
  readonly openCases: readonly { readonly caseId: string; readonly code: string; readonly message: string }[];
  readonly round: number;
}

export type DealOutcome =
  | { readonly outcome: 'activated'; readonly version: string; readonly projects: readonly string[]; /** Records the deal no longer asks for that could not be undone. */ readonly notUndone: readonly string[] }
  | { readonly outcome: 'unchanged'; readonly version: string }
  | { readonly outcome: 'aborted'; readonly reason: string; readonly undone: readonly string[]; readonly notUndone: readonly string[] };

export interface ConfigActivated {
  readonly hash: string;
  readonly at: Instant;
}

export function dealKey(deal: DealReference): string {
  return `${deal.crm}/${deal.opportunityId}`;
}

export function closedWonId(deal: DealReference): string {
  return `closed-won/${dealKey(deal)}`;
}

/** One change order at a time for a deal: a change that comes while one runs joins it. */
export function changeOrderId(deal: DealReference): string {
  return `change-order/${dealKey(deal)}`;
}
