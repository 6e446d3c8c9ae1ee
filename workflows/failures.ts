import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import { failureSchema, type Failure } from '../domain/failure.ts';

/** What a failed activity says went wrong, for the case that a person will read. */
export function failureOf(error: unknown, object: string): Failure {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) {
    const told = failureSchema.safeParse(cause.details?.[0]);
    if (told.success) return told.data;
  }
  return {
    kind: 'contract',
    code: cause instanceof TimeoutFailure ? 'STEP_TIMED_OUT' : 'STEP_FAILED_UNEXPECTEDLY',
    message: `${object}: ${cause instanceof Error ? cause.message : String(cause)}`,
    mend: 'Look at the failed activity in the Temporal UI; when its cause is mended, choose "retry".',
    system: 'q2c',
    object,
    written: 'unknown',
  };
}
