import type { Instant } from '../dates.ts';

// Workflows import this file: it stays free of the schema library.

/** The payroll of one legal entity for one pay period. ID: payrollExportId (time-process.ts). */
export interface PayrollRun {
  readonly legalEntity: string;
  readonly payPeriod: string;
}

export type PayrollStage = 'planning' | 'waiting_for_cutoff' | 'at_risk' | 'taking_hours' | 'sending' | 'waiting_for_bureau' | 'settling_rejected' | 'done';

export interface ExportProgress {
  readonly exportId: string;
  readonly number: number;
  readonly lines: number;
  readonly people: number;
  readonly hours: string;
  readonly state: 'taken' | 'sent' | 'accepted' | 'lines_rejected' | 'refused';
  /** Lines the bureau rejected. */
  readonly rejected: number;
}

export interface PayrollProgress extends PayrollRun {
  readonly stage: PayrollStage;
  readonly cutoffAt: Instant | null;
  readonly exports: readonly ExportProgress[];
  readonly openCases: readonly { readonly caseId: string; readonly code: string; readonly message: string }[];
}

export interface PayrollOutcome extends PayrollRun {
  readonly outcome: 'exported' | 'nothing_to_export';
  readonly exports: readonly ExportProgress[];
}

/** A person wants what is there now to be exported, before the cutoff; what comes until then goes into a supplementary export. */
export interface ExportNow {
  readonly by: string;
  readonly reason: string;
}
