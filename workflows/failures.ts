import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import type { Failure } from '../domain/failure.ts';

/** What a failed activity says went wrong, for the case that a person will read. */
export function failureOf(error: unknown, object: string): Failure {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) {
    const told = cause.details?.[0];
    if (isFailure(told)) return told;
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

const KINDS: Readonly<Record<Failure['kind'], true>> = { transient: true, in_doubt: true, business_rule: true, contract: true, configuration: true };
const TEXTS = ['code', 'message', 'mend', 'system', 'object', 'written'] as const;

/** Our own activities put a Failure there (activities/failures.ts); without the schema library, which every run would evaluate and keep (read-resolution.ts). */
function isFailure(value: unknown): value is Failure {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false;
  const told = new Map<string, unknown>(Object.entries(value));
  return typeof value.kind === 'string' && Object.hasOwn(KINDS, value.kind) && TEXTS.every((name) => typeof told.get(name) === 'string');
}
