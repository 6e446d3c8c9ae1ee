import type { CallContext, Unsupported } from './ports.ts';

export interface ExpenseRejection {
  /** As the expense system knows it. */
  readonly reportId: string;
  readonly version: number;
  readonly person: string;
  /** In words for whoever submitted it: what is wrong and how to mend it. */
  readonly reason: string;
  /** `path`: where in the report, such as "lines[2].receipt". */
  readonly findings: readonly { readonly code: string; readonly path: string; readonly message: string; readonly mend: string }[];
}

export interface PostedExpenses {
  readonly reportId: string;
  readonly version: number;
  readonly person: string;
  /** Where it was posted, for whoever submitted it. */
  readonly postings: readonly { readonly postedIn: string; readonly externalId: string | null }[];
}

/** The way back to the system an expense report came from. Both throw SystemFailure only. */
export interface ExpenseAnswers {
  /** Gives the report back to its submitter with the reasons. Idempotent. */
  readonly reject: ((rejection: ExpenseRejection, context: CallContext) => Promise<void>) | Unsupported;
  /** The posted report can no longer be changed there. Idempotent. */
  readonly lock: ((posted: PostedExpenses, context: CallContext) => Promise<void>) | Unsupported;
}
