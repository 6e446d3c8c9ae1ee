import { SystemFailure, type Failure } from '../../domain/failure.ts';
import { meaningOfStatus, retryAfterMs, type Classifier } from '../http/classify.ts';
import { evidenceOf } from '../http/redact.ts';

/** Our side of the mapping is missing or wrong: the process waits and resumes when it is mended. */
export function misconfigured(system: string, object: string, what: Pick<Failure, 'code' | 'message' | 'mend'>): SystemFailure {
  return new SystemFailure({ kind: 'configuration', system, object, written: 'no', ...what });
}

export function refusedByRule(system: string, object: string, what: Pick<Failure, 'code' | 'message' | 'mend'>): SystemFailure {
  return new SystemFailure({ kind: 'business_rule', system, object, written: 'no', ...what });
}

/**
 * Tryton's table of HTTP statuses. Business errors do not come here but in the answer's `error` (trytond/protocols/jsonrpc.py).
 * 503 is a database that is busy, its transaction rolled back; 504 its own timeout.
 */
export const classifyStatus: Classifier = (answer, request) => {
  const wait = retryAfterMs(answer.headers);
  switch (answer.status) {
    case 429:
      return { kind: 'transient', code: 'TRYTON_TOO_MANY_LOGINS', message: `Tryton slows down logins; nothing was done for ${request.object}.`, mend: 'Nothing to do: it is tried again by itself.', retryAfterMs: wait ?? 5_000, sparesRate: true };
    case 503:
      return { kind: 'transient', code: 'TRYTON_DATABASE_BUSY', message: `Tryton's database is busy; nothing was done for ${request.object}.`, mend: 'Nothing to do: it is tried again by itself.', refused: true };
    default:
      return meaningOfStatus('TRYTON', answer, request);
  }
};

const NO_ACCESS = /^You are not allowed to (access|create|read|write|modify|delete|call)/;
/** We never set this number: two works created at once drew the same one from Tryton's sequence (seen on its SQLite). */
const SAME_NUMBER_DRAWN = /^The number on work must be unique/;
const GONE = /that don't exist/;

/**
 * What the `error` of a JSON-RPC answer means: `[exception name, arguments]` for Tryton's own exceptions, `[text, trace]` for all others.
 * In each case Tryton has rolled its transaction back, so nothing was written. Messages are English because every call asks for that language.
 */
export function failureOfError(system: string, object: string, error: readonly unknown[]): SystemFailure {
  const [name, details] = error;
  const texts = (Array.isArray(details) ? details : [details]).filter((text) => typeof text === 'string' && text !== '').join(' ');
  const base = { system, object, written: 'no' as const, evidence: evidenceOf(JSON.stringify(error)) };
  if (name === 'UserError' && NO_ACCESS.test(texts)) {
    return new SystemFailure({ ...base, kind: 'configuration', code: 'TRYTON_ACCESS', message: `Tryton refuses our user for ${object}: ${texts}`, mend: 'Give the integration user the groups and companies listed in connectors/tryton/README.md, then retry.' });
  }
  if (name === 'UserError' && SAME_NUMBER_DRAWN.test(texts)) {
    return new SystemFailure({ ...base, kind: 'transient', code: 'TRYTON_CONCURRENCY', message: `Another record drew the same number as ${object} at the same moment.`, mend: 'Nothing to do: it is tried again by itself.' });
  }
  if (name === 'UserError' || name === 'UserWarning') {
    const code = GONE.test(texts) ? 'TRYTON_RECORD_GONE' : name === 'UserError' ? 'TRYTON_USER_ERROR' : 'TRYTON_USER_WARNING';
    return new SystemFailure({ ...base, kind: 'business_rule', code, message: `Tryton refuses ${object}: ${texts}`, mend: `Correct what Tryton names, in the deal or in Tryton, then retry.` });
  }
  if (name === 'ConcurrencyException') {
    return new SystemFailure({ ...base, kind: 'transient', code: 'TRYTON_CONCURRENCY', message: `${object} was changed by somebody else at the same moment.`, mend: 'Nothing to do: it is tried again by itself.' });
  }
  if (name === 'LoginException') {
    return new SystemFailure({ ...base, kind: 'configuration', code: 'TRYTON_LOGIN', message: `Tryton asks for more than a password to log in.`, mend: 'Let the integration user log in with its password alone, then retry.' });
  }
  return new SystemFailure({ ...base, kind: 'contract', code: 'TRYTON_FAULT', message: `Tryton failed on ${object}: ${String(name)}`, mend: "Compare the request with Tryton's version and modules (connectors/tryton/README.md), then retry." });
}

export function isGone(error: unknown): boolean {
  return error instanceof SystemFailure && error.failure.code === 'TRYTON_RECORD_GONE';
}

/** Tryton's ID of a record that must have been made before. @throws SystemFailure where it was not */
export function referredId(system: string, object: string, references: Readonly<Record<string, string>>, canonicalId: string, what: string): number {
  const id = Number(references[canonicalId]);
  if (Number.isInteger(id)) return id;
  throw new SystemFailure({ kind: 'contract', code: 'TRYTON_REFERENCE_MISSING', system, object, written: 'no', message: `The ${what} ${canonicalId} of ${object} has no ID in Tryton.`, mend: `Run the step that makes the ${what} first, then retry.` });
}
