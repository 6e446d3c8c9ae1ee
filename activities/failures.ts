import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { isSystemFailure, type Failure } from '../domain/failure.ts';

/**
 * Turns what a connector threw into what Temporal retries or hands to the workflow. The type is the failure's kind, the first detail the whole Failure.
 * Transient and in-doubt failures are retried (the posting ledger looks the target up before a second write); the others are for a person.
 * Anything else passes unchanged: Temporal retries it, and past the transient SLA a case tells integration support.
 */
export function toTemporal(error: unknown): unknown {
  return isSystemFailure(error) ? applicationFailure(error.failure, error) : error;
}

/** A write whose answer is lost in a system that cannot be asked: only a person can say whether it took effect. */
export function unresolvedDoubt(failure: Failure & { readonly postingKey: string }): ApplicationFailure {
  return ApplicationFailure.create({ message: failure.message, type: 'in_doubt_unresolved', nonRetryable: true, details: [failure], category: ApplicationFailureCategory.BENIGN });
}

function applicationFailure(failure: Failure, cause: Error): ApplicationFailure {
  const retryable = failure.kind === 'transient' || failure.kind === 'in_doubt';
  return ApplicationFailure.create({
    message: `${failure.message} ${failure.mend}`,
    type: failure.kind,
    nonRetryable: !retryable,
    details: [failure],
    ...(failure.retryAfterMs === undefined || !retryable ? {} : { nextRetryDelay: failure.retryAfterMs }),
    ...(failure.kind === 'contract' ? {} : { category: ApplicationFailureCategory.BENIGN }),
    cause,
  });
}
