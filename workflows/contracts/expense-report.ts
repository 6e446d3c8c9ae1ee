import { defineQuery } from '@temporalio/workflow';

export type ExpenseStage = 'deciding' | 'held' | 'posting' | 'publishing' | 'answering' | 'waiting' | 'done';

/** What a process of an expense report shows to whoever asks. */
export interface ExpenseProgress {
  readonly stage: ExpenseStage;
  readonly subject: string;
  /** What became of it so far, in words. */
  readonly outcome: string | null;
  /** "120.00 EUR"; null until it is judged. */
  readonly total: string | null;
  readonly remarks: readonly string[];
  readonly postings: readonly { readonly key: string; readonly system: string; readonly kind: 'original' | 'reversal'; readonly state: string; readonly externalId: string | null }[];
  readonly waitsFor: string | null;
  readonly openCases: readonly { readonly caseId: string; readonly code: string }[];
}

export interface ExpenseReportOutcome {
  /** posted: in the ERP · repeat: it was before · withdrawn: taken back · returned: given back to its submitter · superseded: a later document took its place */
  readonly outcome: 'posted' | 'repeat' | 'withdrawn' | 'returned' | 'superseded';
  readonly postings: number;
}

export const expenseProgressQuery = defineQuery<ExpenseProgress>('expenseProgress');
