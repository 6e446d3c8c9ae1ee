import type { Instant, LocalDate } from '../../domain/dates.ts';
import type { BooksRun } from '../../domain/process/books-close.ts';
import type { PayrollRun } from '../../domain/process/payroll-process.ts';

/** What a run works by, resolved when it began. */
export interface PayrollPlan {
  readonly from: LocalDate;
  readonly to: LocalDate;
  readonly cutoffAt: Instant;
  readonly payDate: LocalDate;
  /** The payroll bureau's system ID. */
  readonly system: string;
  readonly atRiskHoursBefore: number;
  readonly settleSeconds: number;
  readonly acknowledgedWithinHours: number;
  readonly transientSlaMinutes: number;
  readonly configHash: string | null;
}

export interface CutoffRisk {
  readonly waiting: number;
  readonly held: number;
  readonly rejected: number;
  /** Accepted and not in the ERP. Undefined from workers that did not count it. */
  readonly unposted?: number;
}

/** Labor that is in no ERP while its books close. */
export interface BooksRisk {
  readonly state: 'nothing' | 'near' | 'past';
  readonly closesAt: Instant | null;
  readonly timesheets: number;
  readonly lines: number;
  /** Of the lines. */
  readonly refused: number;
  readonly inDoubt: number;
  readonly systems: readonly string[];
}

/** An export without its lines: those stay in the store (claim check). */
export interface ExportOutline {
  readonly exportId: string;
  readonly number: number;
  readonly state: 'planned' | 'sent' | 'acknowledged' | 'rejected';
  readonly system: string;
  readonly payLines: number;
  readonly lines: number;
  readonly people: number;
  readonly hours: string;
}

export type AcknowledgementResult =
  | { readonly state: 'waiting' }
  | { readonly state: 'accepted'; readonly lines: number }
  | { readonly state: 'lines_rejected' | 'refused'; readonly rejected: number; readonly reason: string | null; /** The first of them, in words. */ readonly examples: readonly string[] };

/** The activities of payroll. Each is one idempotent step; all throw ApplicationFailure with a Failure (domain/failure.ts) in its details. */
export interface PayrollActivities {
  planPayroll(run: PayrollRun): Promise<PayrollPlan>;
  /**
   * Fails as transient, and so is tried again, as long as it is as `told`: something would be missed, or nothing; null: nothing was told yet. The
   * same for `toldUnposted` of what is not in the ERP; where that is left out it is not asked for.
   */
  cutoffRisk(run: PayrollRun & { readonly told: boolean | null; readonly toldUnposted?: boolean | null }): Promise<CutoffRisk>;
  /** Takes what no export has. Null where there is nothing. */
  claimHours(input: PayrollRun & { readonly process: string; readonly system: string; readonly by: string; readonly reason: string }): Promise<ExportOutline | null>;
  sendHours(input: { readonly exportId: string; readonly process: string }): Promise<{ readonly files: readonly string[]; readonly checksum: string }>;
  /**
   * Fails as transient, and so is tried again, as long as there is nothing new to say. `told`: code and message of the failure that a case tells of
   * already; "waiting" says that its reason is gone.
   */
  awaitAcknowledgement(input: { readonly exportId: string; readonly process: string; readonly told: string | null }): Promise<AcknowledgementResult>;
  /** A person has the bureau's word that it took everything. */
  acknowledgeByHand(input: { readonly exportId: string; readonly process: string; readonly by: string; readonly reason: string; readonly reference: string | null }): Promise<void>;
  settleRejectedHours(input: { readonly exportId: string; readonly process: string; readonly as: 'released' | 'by_hand'; readonly by: string; readonly reason: string }): Promise<{ readonly lines: number }>;
  payrollsDue(): Promise<readonly PayrollRun[]>;
  /** Accounting periods near their close, or past it, with labor that is in no ERP. */
  booksDue(): Promise<readonly BooksRun[]>;
  /** Fails as transient, and so is tried again, as long as it is as `told`. */
  booksRisk(run: BooksRun & { readonly told: BooksRisk['state'] | null }): Promise<BooksRisk>;
}
