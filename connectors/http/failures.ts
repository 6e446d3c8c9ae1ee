import type { z } from 'zod';
import { SystemFailure, type Failure } from '../../domain/failure.ts';
import type { CircuitState } from './circuit.ts';
import type { Verdict } from './classify.ts';
import { evidenceOf } from './redact.ts';

export interface Asked {
  readonly system: string;
  readonly object: string;
  readonly writes: boolean;
}

interface Got {
  readonly status: number;
  readonly text: string;
  readonly html: boolean;
}

const WAIT = 'Nothing to do: it is tried again by itself.';
const LOOK_UP = 'Nothing to do: the record is looked up first, then it is tried again.';

/** Errors that come before the first byte of the request is sent. */
const UNSENT_CODES = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EADDRNOTAVAIL', 'CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'ERR_TLS_CERT_ALTNAME_INVALID', 'SELF_SIGNED_CERT_IN_CHAIN']);
const CERTIFICATE_CODES = /CERT|SIGNATURE|TLS/;

/** True where the request cannot have reached the system. A host that becomes unreachable may do so after the request: there only the failed connecting counts. */
export function isCertainlyUnsent(error: unknown): boolean {
  return UNSENT_CODES.has(codeOf(error)) || (error instanceof Error && typeof error.cause === 'object' && error.cause !== null && 'syscall' in error.cause && error.cause.syscall === 'connect');
}

/** The connection was refused, cut, or took too long. */
export function lostFailure(asked: Asked, error: unknown, unsent: boolean): SystemFailure {
  const code = codeOf(error);
  const reason = error instanceof Error ? error.message : String(error);
  if (unsent && CERTIFICATE_CODES.test(code)) {
    return failure(asked, { kind: 'configuration', code: 'HTTP_CERTIFICATE', message: `The certificate of the system was not accepted (${code}) for ${asked.object}.`, mend: 'Correct the system\'s address or give the worker the certificate authority, then retry.', written: 'no' });
  }
  const doubt = asked.writes && !unsent;
  return failure(asked, {
    kind: doubt ? 'in_doubt' : 'transient',
    code: code === 'ETIMEDOUT' ? 'HTTP_TIMEOUT' : unsent ? 'HTTP_UNREACHABLE' : 'HTTP_CONNECTION_LOST',
    message: doubt ? `No answer came for ${asked.object} (${reason}); the write may have taken effect.` : `No answer came for ${asked.object} (${reason}).`,
    mend: doubt ? LOOK_UP : WAIT,
    written: doubt ? 'unknown' : 'no',
  });
}

/** An answer that says no. */
export function refusedFailure(asked: Asked, got: Got, verdict: Verdict): SystemFailure {
  const evidence = evidenceOf(got.text);
  if (verdict === 'token_refused') {
    return failure(asked, {
      kind: 'configuration', code: 'CREDENTIALS_REFUSED', written: 'no', evidence,
      message: `The system refuses our credentials for ${asked.object}, even with a new token (HTTP ${got.status}).`,
      mend: 'Check that the credentials are valid and still granted, give new ones to the secrets provider, then retry.',
    });
  }
  // A redirect comes as a page too, but is a matter of the address.
  if (got.html && got.status >= 400 && got.status < 500 && got.status !== 429) {
    return failure(asked, { kind: 'contract', code: 'HTTP_HTML', written: 'no', evidence, message: `A web page came instead of an API answer for ${asked.object} (HTTP ${got.status}).`, mend: 'Check the system\'s address and whether a proxy or login page stands in between, then retry.' });
  }
  const { refused, retryAfterMs, tooManyAtOnce: _, sparesRate: __, ...meaning } = verdict;
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  const mayBeDone = asked.writes && refused !== true && (got.status >= 500 || got.status === 408);
  if (mayBeDone) {
    return failure(asked, { ...meaning, ...wait, kind: 'in_doubt', written: 'unknown', evidence, message: `${meaning.message} The write may have taken effect.`, mend: LOOK_UP });
  }
  return failure(asked, { ...meaning, ...wait, written: 'no', evidence });
}

/** An answer that is not what the vendor promised. */
export function schemaFailure(asked: Asked, got: Got, error: z.ZodError | undefined): SystemFailure {
  const issues = (error?.issues ?? []).slice(0, 5).map((issue) => `${issue.path.map(String).join('.') || 'the answer'}: ${issue.message}`).join('; ');
  return failure(asked, {
    kind: 'contract',
    code: got.html ? 'HTTP_HTML' : 'ANSWER_SCHEMA',
    message: got.html ? `A web page came instead of an API answer for ${asked.object} (HTTP ${got.status}).` : `The answer for ${asked.object} is not of the shape the vendor documents (HTTP ${got.status}): ${issues || 'the body is not JSON'}.`,
    mend: got.html ? 'Check the system\'s address and whether a proxy or login page stands in between, then retry.' : 'Compare the evidence with the vendor\'s documentation, correct the connector\'s schema, then retry.',
    // What is said not to be found was not changed.
    written: asked.writes && got.status !== 404 ? 'unknown' : 'no',
    evidence: evidenceOf(got.text),
  });
}

export function tooLargeFailure(asked: Asked, bytes: number): SystemFailure {
  return failure(asked, { kind: 'contract', code: 'ANSWER_TOO_LARGE', message: `The answer for ${asked.object} is larger than ${bytes} bytes.`, mend: 'Narrow what is asked for, or split the object, then retry.', written: asked.writes ? 'unknown' : 'no' });
}

export function circuitFailure(asked: Asked, state: CircuitState): SystemFailure {
  return failure(asked, { kind: 'transient', code: 'CIRCUIT_OPEN', message: `The system failed ${state.failures} times in a row; nothing was sent for ${asked.object}.`, mend: WAIT, written: 'no', retryAfterMs: Math.max(state.retryAfterMs, 1000) });
}

export function busyFailure(asked: Asked, waitMs: number): SystemFailure {
  return failure(asked, { kind: 'transient', code: 'REQUEST_BUDGET', message: `The system's request limit is used up; nothing was sent for ${asked.object}.`, mend: WAIT, written: 'no', retryAfterMs: waitMs });
}

function failure(asked: Asked, what: Omit<Failure, 'system' | 'object'>): SystemFailure {
  return new SystemFailure({ system: asked.system, object: asked.object, ...what });
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
}
