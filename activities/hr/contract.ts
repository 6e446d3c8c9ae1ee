import type { Instant } from '../../domain/dates.ts';
import type { Finding } from '../../domain/findings.ts';

export interface NotTaken {
  /** HR's own ID. */
  readonly externalId: string;
  readonly findings: readonly Pick<Finding, 'code' | 'message' | 'mend'>[];
}

export interface PeopleSynced {
  /** People that HR told of. */
  readonly looked: number;
  /** Rows of reference data that are new or changed. */
  readonly changed: number;
  /** The first fifty that could not be taken; they are asked for again until they can. */
  readonly notTaken: readonly NotTaken[];
  readonly notTakenInAll: number;
  /** Workflow IDs of what waits for reference data and should look again; named anew until `waitingTold`. */
  readonly waiting: readonly string[];
  /** For `waitingTold`, once all of `waiting` have been told; null where there is nothing to be told, or more than are named. */
  readonly changedAt: Instant | null;
}

/** Reference data from HR. All throw ApplicationFailure with a Failure in its details. */
export interface ReferenceSyncActivities {
  /** Takes over who changed in HR since the last run that took everybody. Idempotent. */
  syncPeople(input: { readonly hr: string }): Promise<PeopleSynced>;
  /** Notes that what waited has been told of all changes up to this one. Idempotent. */
  waitingTold(input: { readonly hr: string; readonly changedAt: Instant }): Promise<void>;
  /** The open case of the system's sync, or the ID that its next one takes. */
  caseOfReferenceSync(input: { readonly hr: string }): Promise<{ readonly process: string; readonly caseId: string; readonly open: boolean }>;
}
