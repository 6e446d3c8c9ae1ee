import type { Finding } from '../../domain/findings.ts';
import type { Money } from '../../domain/money.ts';

/** One posting to make in one ERP. */
export interface PlannedPosting {
  readonly key: string;
  readonly system: string;
  readonly kind: 'original' | 'reversal';
  readonly state: 'planned' | 'intent' | 'done' | 'refused' | 'cancelled';
}

/** What became of one received version of an expense report. */
export interface ExpenseDecisionView {
  readonly outcome: 'accepted' | 'repeat' | 'withdrawn' | 'rejected' | 'held' | 'returned' | 'superseded';
  readonly findings: readonly Finding[];
  /** Of a held report: what it waits for, in words. */
  readonly waits: { readonly code: string; readonly message: string } | null;
  readonly remarks: readonly string[];
  readonly total: Money;
  readonly lines: number;
  readonly postings: readonly PlannedPosting[];
  /** Workflow IDs of documents that need nobody any more or were taken back unposted, and of held ones whose wait may be over. */
  readonly superseded: readonly string[];
  readonly released: readonly string[];
  readonly configHash: string;
}

export type PostedExpenseReport =
  | { readonly state: 'done'; readonly externalId: string; readonly url: string | null }
  /** Taken back before anybody began it: nothing of it is in the ERP. */
  | { readonly state: 'cancelled' };

export interface ExpenseAnswerPlan {
  /** Something of it is still to be told to the system the report came from. */
  readonly toTell: boolean;
  /** Of a refused or held report that cannot be given back there: why, and what people do instead. */
  readonly note: string | null;
}

/** The activities of expense reports. Each is idempotent; all throw ApplicationFailure with a Failure (domain/failure.ts) in its details. */
export interface ExpenseActivities {
  /** Judges a received report; one that was refused or held is judged anew, nothing decided for good is decided twice. */
  decideExpenseReport(input: { readonly process: string; readonly record: number }): Promise<ExpenseDecisionView>;
  /** Writes one planned posting into its ERP, once. */
  postExpense(input: { readonly process: string; readonly key: string }): Promise<PostedExpenseReport>;
  /** A person says whether a posting is in the ERP: one in doubt, or one booked by hand. */
  settleExpense(input: { readonly process: string; readonly key: string; readonly outcome: 'done' | 'not_done'; readonly externalId: string | null; readonly by: string; readonly reason: string }): Promise<void>;
  /** Brings the warehouse up to date with what the decision changed. */
  publishExpense(input: { readonly record: number }): Promise<{ readonly facts: number }>;
  /** Plans what the submitter is told of a report that was refused, given back or posted. Runs of before answered nothing and told nobody. */
  answerExpense(input: { readonly record: number; readonly system: string }): Promise<ExpenseAnswerPlan | undefined>;
  /** Tells the system the report came from what is planned. */
  tellExpenseAnswer(input: { readonly process: string; readonly record: number; readonly system: string }): Promise<void>;
  /** Somebody told the submitter by hand what the system would not take. */
  giveUpExpenseAnswer(input: { readonly process: string; readonly record: number; readonly system: string; readonly by: string; readonly reason: string; readonly how: string | null }): Promise<void>;
  /** Lets findings pass that a person with the right role let pass. */
  waiveExpenseFindings(input: { readonly process: string; readonly record: number; readonly findings: readonly { readonly code: string; readonly path: string }[]; readonly by: string; readonly reason: string }): Promise<void>;
  /** Gives a refused report back for good: its correction comes as a new version, or never. `system`: where it came from; runs of before did not say. */
  returnExpenseReport(input: { readonly process: string; readonly record: number; readonly system?: string; readonly by: string; readonly reason: string }): Promise<void>;
}

export interface ExpenseSourceActivities {
  /**
   * Takes in the approved expense reports that changed in a time system since the last sweep, and once a day takes back those that are not there any more; one
   * that cannot be read goes to quarantine by itself. Where the system fails on the way, what came until then is taken, and the next sweep begins where this one did.
   */
  sweepExpenses(input: { readonly system: string }): Promise<{ readonly received: number; readonly known: number; readonly unreadable: number; readonly until: string } | { readonly notOffered: string }>;
  /** The open case of a time system's expense sweep, or the ID that the next one takes: the same until it is in the register, so that there is one at a time. */
  caseOfExpenseSweep(input: { readonly system: string }): Promise<{ readonly process: string; readonly caseId: string; readonly open: boolean }>;
}
