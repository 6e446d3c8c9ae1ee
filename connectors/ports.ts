import type { BillingSchedule } from '../domain/model/billing.ts';
import type { Customer } from '../domain/model/customer.ts';
import type { Opportunity } from '../domain/model/opportunity.ts';
import type { Project, ProjectStatus } from '../domain/model/project.ts';
import type { ProjectRateCard } from '../domain/model/rate-card.ts';
import type { StatementOfWork } from '../domain/model/statement-of-work.ts';
import type { Instant } from '../domain/dates.ts';
import type { BillingPort } from './billing-port.ts';
import type { ExpenseAnswers } from './expense-answers.ts';
import type { ExpensePort } from './expense-port.ts';
import type { ExpenseSource } from './expense-source.ts';
import type { HrPort } from './hr-port.ts';
import type { LaborPort } from './labor-port.ts';
import type { PayrollPort } from './payroll-port.ts';
import type { ReceivablesPort } from './receivables-port.ts';
import type { ServiceDeskPort } from './service-desk-port.ts';
import type { TimesheetSource } from './timesheet-source.ts';
import type { WarehousePort } from './warehouse-port.ts';

/** What a call knows of the activity it runs in. */
export interface CallContext {
  /** Aborts when the activity is cancelled or its worker shuts down. */
  readonly signal: AbortSignal;
  readonly heartbeat: (detail: string) => void;
  readonly log: Log;
  /** Stable over retries: sent as the vendor's idempotency key where it has one. */
  readonly idempotencyKey: string;
  /** 1 the most urgent … 5; in the middle unless told. Of the calls that wait for a system's limits, the urgent go first. */
  readonly priority?: number;
}

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A record as a system has it. */
export interface Found {
  /** The system's own ID. */
  readonly externalId: string;
  /** Where a person can look at it; null where the system has no page for it. */
  readonly url: string | null;
}

export interface Written extends Found {
  /** False where the record existed before this write (it was updated). */
  readonly created: boolean;
}

export interface Undone {
  readonly how: 'deleted' | 'deactivated' | 'cancelled' | 'kept' | 'not_found';
  /** For the audit trail, in plain words. */
  readonly detail: string;
}

/**
 * How a lost answer is resolved for one kind of record:
 * `key`: `find` looks it up exactly, by external ID, reference or unique name;
 * `none`: the system cannot tell whether a write took effect, only a person can.
 */
export type LookUp = 'key' | 'none';

/**
 * One kind of record in one system: found, written and undone by its canonical key.
 *
 * `write` creates or updates so that the record equals the document; with `existing` it updates that record. It may run again for the same document after
 * a lost answer (`find` is asked first): parts of a record that need calls of their own must be looked up before they are made.
 * `undo` tolerates that the record is gone or was never made. What has been used is deactivated or cancelled, never deleted.
 * All three throw SystemFailure (domain/failure.ts) and nothing else for what the system does.
 */
export interface RecordPort<Document> {
  readonly lookUp: LookUp;
  find(document: Document, context: CallContext): Promise<Found | null>;
  write(document: Document, existing: Found | null, context: CallContext): Promise<Written>;
  undo(record: { readonly document: Document; readonly externalId: string; readonly created: boolean }, context: CallContext): Promise<Undone>;
}

/** A step a system does not offer, with what the process does instead; shown to people, never skipped in silence. */
export interface Unsupported {
  readonly unsupported: string;
}

/** The system's own IDs of records a document refers to, by canonical ID or number. */
export interface References {
  readonly customers: Readonly<Record<string, string>>;
  readonly contracts: Readonly<Record<string, string>>;
  readonly projects: Readonly<Record<string, string>>;
}

export interface WithReferences<Document> {
  readonly document: Document;
  readonly references: References;
}

export interface ErpPort {
  readonly kind: 'erp';
  readonly system: string;
  readonly customer: RecordPort<WithReferences<Customer>>;
  readonly contract: RecordPort<WithReferences<StatementOfWork>> | Unsupported;
  /** The project with its WBS. */
  readonly project: RecordPort<WithReferences<Project>>;
  readonly rateCard: RecordPort<WithReferences<{ readonly project: Project; readonly rateCard: ProjectRateCard }>> | Unsupported;
  readonly billingSchedule: RecordPort<WithReferences<{ readonly project: Project; readonly schedule: BillingSchedule }>> | Unsupported;
  readonly labor: LaborPort | Unsupported;
  readonly expenses: ExpensePort;
  readonly receivables: ReceivablesPort | Unsupported;
  /** Idempotent. Answers the status the system then has. */
  setProjectStatus(project: { readonly document: Project; readonly externalId: string }, status: ProjectStatus, context: CallContext): Promise<ProjectStatus>;
}

export interface TimePort {
  readonly kind: 'time';
  readonly system: string;
  /** The client, the project with its tasks and rates; made inactive until `setProjectStatus` opens it for time. */
  readonly project: RecordPort<{ readonly project: Project; readonly customer: Customer }>;
  readonly timesheets: TimesheetSource | Unsupported;
  /** Its approved expenses. */
  readonly expenses: ExpenseSource | Unsupported;
  /** The way back for expense reports that came from there. */
  readonly expenseReports: ExpenseAnswers | Unsupported;
  setProjectStatus(project: { readonly document: Project; readonly externalId: string }, status: ProjectStatus, context: CallContext): Promise<ProjectStatus>;
}

export interface ResourcePort {
  readonly kind: 'resources';
  readonly system: string;
  /** The named people and open roles of a project; `timeProjectId` is the project's ID in the same vendor's time system. */
  readonly assignments: RecordPort<{ readonly project: Project; readonly timeProjectId: string | null }>;
}

export interface WriteBack {
  readonly status: 'Waiting for a person' | 'Activated' | 'Aborted';
  readonly message: string;
  readonly projectNumbers: readonly string[];
  readonly at: Instant;
}

export interface ChangedDeal {
  readonly opportunityId: string;
  readonly version: string;
  readonly modifiedAt: Instant;
}

export interface CrmPort {
  readonly kind: 'crm';
  readonly system: string;
  /** Reads a deal with its lines, contract and account hierarchy as one canonical document. */
  loadOpportunity(opportunityId: string, context: CallContext): Promise<Opportunity>;
  /** Tells the seller where the deal stands; idempotent. */
  readonly writeBack: ((opportunityId: string, status: WriteBack, context: CallContext) => Promise<void>) | Unsupported;
  /** Closed-won deals changed at or after `since`, oldest first; the changes our own write-back made are left out where the CRM can tell. A record that cannot be read is told by a failure after all the others. */
  readonly changedClosedWon: ((since: Instant, context: CallContext) => AsyncIterable<ChangedDeal>) | Unsupported;
}

export type SystemPort = ErpPort | TimePort | ResourcePort | CrmPort | PayrollPort | BillingPort | HrPort | WarehousePort | ServiceDeskPort;

export function isUnsupported<Port extends object>(port: Port | Unsupported): port is Unsupported {
  return 'unsupported' in port;
}
