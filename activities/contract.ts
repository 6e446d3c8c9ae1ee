import type { CaseInput, CaseTerms, Resolution } from '../domain/process/exception-case.ts';
import type { DealOutcome, DealReference, StepName } from '../domain/process/deal-process.ts';
import type { Instant } from '../domain/dates.ts';
import type { Finding } from '../domain/findings.ts';
import type { Money } from '../domain/money.ts';
import type { WriteBack } from '../connectors/ports.ts';

/** What a process needs to know of a plan to run its steps; the plan itself stays in the store (claim check). */
export interface PlanOutline {
  /** Content hash of the plan in the store. */
  readonly ref: string;
  readonly version: string;
  readonly amount: Money;
  readonly customers: readonly { readonly id: string; readonly name: string; readonly erp: string }[];
  readonly contracts: readonly { readonly id: string; readonly erp: string; readonly legalEntity: string; readonly customerId: string }[];
  readonly projects: readonly ProjectOutline[];
}

export interface ProjectOutline {
  readonly id: string;
  readonly number: string;
  readonly legalEntity: string;
  readonly region: string;
  readonly customerId: string;
  readonly contractId: string;
  readonly value: Money;
  readonly targets: { readonly erp: string; readonly time: string; readonly resources: string | null; readonly reporting: string | null };
}

export interface LoadedDeal {
  /** Content hash of the canonical opportunity in the store. */
  readonly ref: string;
  readonly version: string;
  /** Content hash without version and time: equal where nothing that matters changed. */
  readonly fingerprint: string;
  readonly name: string;
  readonly client: string;
  readonly amount: Money | null;
  readonly url: string | null;
  /** What an earlier process of this deal came to. */
  readonly prior: PriorOutcome | null;
}

export interface PriorOutcome {
  /** Of the content that was applied or aborted: the same content again (an echo of our own write-back) asks for nothing. */
  readonly fingerprints: readonly string[];
  /** The plan in force; null where none is. */
  readonly planRef: string | null;
  /** Where people sent its work instead of the routed systems. */
  readonly reroutes: Overrides['reroutes'];
}

export type Decision =
  | { readonly outcome: 'planned'; readonly plan: PlanOutline; readonly configHash: string; readonly transientSlaMinutes: number }
  | { readonly outcome: 'rejected'; readonly findings: readonly Finding[]; readonly configHash: string; readonly transientSlaMinutes: number };

/** Decisions of people that bind the next decision. */
export interface Overrides {
  /** Finding codes a person let pass, with who and why. */
  readonly findings: readonly { readonly code: string; readonly path: string; readonly by: string; readonly reason: string }[];
  /** Systems to use instead of the routed ones. */
  readonly reroutes: readonly { readonly from: string; readonly to: string; readonly by: string }[];
}

export interface StepInput {
  readonly process: string;
  readonly planRef: string;
  readonly version: string;
  readonly round: number;
  readonly subject: string;
  readonly system: string;
  /** External IDs of the records this one refers to, in this system. */
  readonly references: { readonly customers: Readonly<Record<string, string>>; readonly contracts: Readonly<Record<string, string>>; readonly projects: Readonly<Record<string, string>> };
}

export type StepResult =
  | { readonly state: 'done'; readonly externalId: string; readonly url: string | null; readonly created: boolean }
  | { readonly state: 'not_offered'; readonly note: string };

export interface UndoInput {
  readonly process: string;
  readonly step: StepName;
  readonly subject: string;
  readonly system: string;
  readonly reason: string;
  /** A person has undone it in the system: only the ledger is to be told. */
  readonly byHand?: { readonly by: string; readonly reason: string };
}

export interface UndoResult {
  readonly how: 'deleted' | 'deactivated' | 'cancelled' | 'kept' | 'not_found' | 'never_made';
  readonly detail: string;
}

export interface ActivationInput {
  readonly process: string;
  readonly planRef: string;
  readonly projectId: string;
  readonly system: string;
  readonly externalId: string;
  readonly status: 'active' | 'cancelled';
}

/** The activities of the deal line. Each is one idempotent step; all throw ApplicationFailure with a Failure (domain/failure.ts) in its details. */
export interface DealActivities {
  /** @param input.atLeast the newest version an event told of: an older answer is a stale read and is tried again */
  loadDeal(input: { readonly process: string; readonly deal: DealReference; readonly atLeast: string }): Promise<LoadedDeal>;
  decideDeal(input: { readonly process: string; readonly dealRef: string; readonly overrides: Overrides; readonly round: number }): Promise<Decision>;
  outlinePlan(input: { readonly planRef: string }): Promise<PlanOutline>;
  ensureCustomer(input: StepInput): Promise<StepResult>;
  ensureContract(input: StepInput): Promise<StepResult>;
  ensureProject(input: StepInput): Promise<StepResult>;
  ensureRateCard(input: StepInput): Promise<StepResult>;
  ensureBillingSchedule(input: StepInput): Promise<StepResult>;
  publishToTimeTracking(input: StepInput): Promise<StepResult>;
  publishToResourceManagement(input: StepInput): Promise<StepResult>;
  publishToReporting(input: StepInput): Promise<StepResult>;
  setProjectStatus(input: ActivationInput): Promise<{ readonly status: string }>;
  writeBackToCrm(input: { readonly process: string; readonly deal: DealReference; readonly status: WriteBack }): Promise<StepResult>;
  undoStep(input: UndoInput): Promise<UndoResult>;
  settlePosting(input: { readonly postingKey: string; readonly outcome: 'done' | 'not_done'; readonly externalId: string | null; readonly by: string; readonly reason: string; readonly process: string }): Promise<void>;
  recordOutcome(input: { readonly process: string; readonly deal: DealReference; readonly outcome: DealOutcome; readonly planRef: string | null; readonly loaded: { readonly version: string; readonly fingerprint: string } | null; readonly reroutes: Overrides['reroutes']; readonly at: Instant }): Promise<void>;
}

export interface CaseActivities {
  registerCase(input: { readonly caseId: string; readonly case: CaseInput }): Promise<CaseTerms>;
  notifyOwner(input: { readonly caseId: string; readonly owner: string; readonly occasion: 'opened' | 'reminder' | 'escalation' | 'second_person'; readonly message: string; readonly number: number }): Promise<void>;
  recordCaseChange(input: { readonly caseId: string; readonly change: 'escalated' | 'second_person' | 'refused'; readonly detail: string; readonly owner: string | null; /** Counts the escalations: told twice, it is one. */ readonly number: number }): Promise<void>;
  recordResolution(input: { readonly caseId: string; readonly process: string; readonly resolution: Resolution | null; readonly closedBecause: string | null }): Promise<void>;
}

export interface SweepActivities {
  /** Puts closed-won deals that changed since the last sweep, and that no webhook told of, into the inbox. */
  sweepMissedEvents(input: { readonly crm: string }): Promise<{ readonly looked: number; readonly missed: number; readonly until: Instant } | { readonly notOffered: string }>;
}
