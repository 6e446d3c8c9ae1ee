import type { Finding } from '../../domain/findings.ts';
import type { RecordSelection } from '../../store/time/records.ts';

export type { RecordSelection };

/** A record some of whose entries somebody has to see to. */
export interface OpenRecord {
  readonly record: number;
  readonly system: string;
  readonly id: string;
  readonly version: number;
  readonly person: string;
  readonly legalEntity: string;
  /** Another document came before under the same ID and version: this one's process is named by its record. */
  readonly contested: boolean;
  /** Of the first finding. */
  readonly code: string;
  readonly kind: Finding['kind'];
  readonly message: string;
  readonly mend: string;
  readonly findings: readonly Finding[];
  readonly entries: number;
  /** Whether all that is wrong may be let pass. */
  readonly overridable: boolean;
}

export type ReleasedRecord = Pick<OpenRecord, 'record' | 'system' | 'id' | 'version' | 'person' | 'legalEntity' | 'contested'>;

export interface PageDecision {
  readonly records: number;
  readonly entries: number;
  readonly accepted: number;
  readonly repeats: number;
  readonly rejected: number;
  readonly held: number;
  readonly withdrawn: number;
  /** ERPs with postings to make for these records. */
  readonly targets: readonly { readonly system: string; readonly postings: number }[];
  readonly open: readonly OpenRecord[];
  /** Records held before that this decision brought free: their processes carry out what was decided. */
  readonly released: readonly ReleasedRecord[];
  /** Workflow IDs of earlier versions that need nobody any more, and of what tried to post lines that were taken back before they were in their ERP. */
  readonly superseded: readonly string[];
  /** Time systems to be told something. */
  readonly answers: readonly string[];
  readonly configHash: string;
}

export interface PostResult {
  readonly posted: number;
  /** Lines the ERP refused for good, by record. */
  readonly refused: readonly { readonly record: number; readonly key: string; readonly code: string; readonly kind: Finding['kind']; readonly message: string; readonly mend: string; /** Nobody can say whether it was written: it is settled by somebody who looks. */ readonly doubtful: boolean }[];
}

/** The activities of the time line. Each is idempotent; all throw ApplicationFailure with a Failure (domain/failure.ts) in its details. */
export interface TimeActivities {
  /** Judges what was not judged yet; with `again`, also what was refused or held. Nothing decided for good is decided twice. */
  decideTimesheets(input: { readonly process: string; readonly selection: RecordSelection; readonly again: boolean }): Promise<PageDecision>;
  /** A record that its page decided, with what is refused in it and whom it is to be told; null where nothing is refused any more. Its page posts what was accepted. */
  refusalOf(input: { readonly record: number }): Promise<PageDecision | null>;
  /** Posts what the decision planned for one ERP. */
  postLabor(input: { readonly process: string; readonly selection: RecordSelection; readonly system: string }): Promise<PostResult>;
  /** Brings the warehouse up to date with what these records changed. */
  publishTime(input: { readonly selection: RecordSelection }): Promise<{ readonly facts: number }>;
  /** Tells a time system what became of its timesheets, whatever of it the system will not take. */
  answerTimeSystem(input: { readonly process: string; readonly selection: RecordSelection; readonly system: string }): Promise<{ readonly rejected: number; readonly locked: number; readonly notOffered: number }>;
  /** Somebody told by hand what a time system would not take: it is not told any more. */
  giveUpAnswers(input: { readonly process: string; readonly selection: RecordSelection; readonly system: string; readonly by: string; readonly reason: string; readonly how: string | null }): Promise<void>;
  /** The page is through, but for what people have to see to. */
  finishPage(input: { readonly selection: RecordSelection; readonly summary: Readonly<Record<string, number>> }): Promise<void>;
  /** Lets findings pass that a person with the right role let pass. */
  waiveFindings(input: { readonly process: string; readonly record: number; readonly codes: readonly string[]; readonly by: string; readonly reason: string }): Promise<void>;
  /** Gives refused entries (or, with `held`, those that wait) back for good: their correction comes as a new version, or never. */
  returnTimesheet(input: { readonly process: string; readonly record: number; readonly by: string; readonly reason: string; readonly held?: boolean }): Promise<{ readonly system: string }>;
  /** Lines the ERP refused for good are tried again. */
  retryRefused(input: { readonly record: number }): Promise<void>;
  /** Somebody looked into the ERP: the lines of which nobody knew are there, or they are not and are posted again. */
  settleDoubtful(input: { readonly process: string; readonly record: number; readonly system: string; readonly outcome: 'done' | 'not_done'; readonly externalId: string | null; readonly by: string; readonly reason: string }): Promise<void>;
}

export interface TimeSourceActivities {
  /** Reads a timesheet that an event told of and takes it in, as a batch of its own. */
  fetchTimesheet(input: { readonly system: string; readonly timesheetId: string; readonly event: string }): Promise<{ readonly batch: string; readonly status: 'received' | 'known' } | { readonly ignored: string }>;
  /** Takes in what changed in a time system since the last sweep; a timesheet that cannot be read goes to quarantine by itself. Where the system fails on the way, what came until then is taken, and the next sweep begins where this one did. */
  sweepTimesheets(input: { readonly system: string }): Promise<{ readonly received: number; readonly known: number; readonly unreadable: number; readonly until: string } | { readonly notOffered: string }>;
  /** The open case of a time system's sweep, or the ID that the next one takes: the same until it is in the register, so that there is one at a time. */
  caseOfTimesheetSweep(input: { readonly system: string }): Promise<{ readonly process: string; readonly caseId: string; readonly open: boolean }>;
}
