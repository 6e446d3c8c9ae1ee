import type { LocalDate } from '../domain/dates.ts';
import type { Failure } from '../domain/failure.ts';
import type { LaborPosting } from '../domain/model/time/labor-posting.ts';
import type { Money } from '../domain/money.ts';
import type { CallContext, Found, LookUp } from './ports.ts';

/** What an ERP says to one line of a batch; the lines of a batch stand or fall one by one. */
export type LaborAnswer =
  | { readonly key: string; readonly outcome: 'posted'; readonly externalId: string; readonly url: string | null }
  /** Certainly not written. A transient failure is tried again, any other is for a person. */
  | { readonly key: string; readonly outcome: 'refused'; readonly failure: Failure };

export interface LaborTotal {
  readonly legalEntity: string;
  readonly lines: number;
  /** Sum of hours, with their sign. */
  readonly hours: string;
  /** What is to be billed, by currency, with its sign; empty where the ERP keeps no amount with its labor. */
  readonly billed: readonly Money[];
}

/**
 * Labor costing and billing lines of an ERP, many at once. Projects are found in the ERP by their number, people by their e-mail address, each
 * looked up once and kept; a line whose project or person the ERP does not know is refused (PROJECT_UNKNOWN, PERSON_UNKNOWN, kind configuration).
 */
export interface LaborPort {
  readonly lookUp: LookUp;
  /** The most lines one `post` takes. */
  readonly batchSize: number;
  /** The lines the ERP has, by key. Throws SystemFailure only. */
  find(postings: readonly LaborPosting[], context: CallContext): Promise<ReadonlyMap<string, Found>>;
  /**
   * Writes the lines, each under its own key as external ID: one that is there already is answered as posted and not written again. One answer
   * for each line. @throws SystemFailure where the call as a whole failed; `written: 'unknown'` where some lines may have been written
   */
  post(postings: readonly LaborPosting[], context: CallContext): Promise<readonly LaborAnswer[]>;
  /** What the ERP has of a legal entity in a range of work dates, asked from the ERP itself: for reconciliation. */
  totals(scope: { readonly legalEntity: string; readonly from: LocalDate; readonly to: LocalDate }, context: CallContext): Promise<LaborTotal>;
}
