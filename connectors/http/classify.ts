import type { IncomingHttpHeaders } from 'node:http';
import type { FailureKind } from '../../domain/failure.ts';
import { untilMs } from './clock-skew.ts';

/** What a vendor's answer means when it is not the answer that was asked for. */
export interface Meaning {
  readonly kind: FailureKind;
  /** Stable and short, in capitals, with the system's product first: "SALESFORCE_UNABLE_TO_LOCK_ROW". */
  readonly code: string;
  readonly message: string;
  readonly mend: string;
  readonly retryAfterMs?: number;
  /** Only for 5xx answers to a write: the vendor's body says that nothing was done, so no doubt is left. */
  readonly refused?: boolean;
  /** Refused because too many requests of the account were under way at once: fewer from now on (at-once.ts). */
  readonly tooManyAtOnce?: boolean;
  /** 429, but not for too many requests per second: a day's allowance, or the limit of one record or endpoint. Fewer per second would not help. */
  readonly sparesRate?: boolean;
}
export type Verdict = Meaning | 'token_refused';

export interface RefusedAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Parsed JSON; undefined where the body is empty or not JSON. */
  readonly body: unknown;
  readonly text: string;
}

/** A vendor's table: from an answer outside 2xx (and outside the request's `accept`) to what it means. */
export type Classifier = (answer: RefusedAnswer, request: { readonly object: string; readonly writes: boolean }) => Verdict;

/**
 * The vendor's wish from `Retry-After`: seconds or an HTTP date. Milliseconds, at most an hour; undefined where there is none.
 * Source: RFC 9110, section 10.2.3.
 */
export function retryAfterMs(headers: IncomingHttpHeaders, now: () => number = Date.now): number | undefined {
  const value = headers['retry-after'];
  if (value === undefined) return undefined;
  const milliseconds = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : untilMs(Date.parse(value), headers, now);
  return Number.isFinite(milliseconds) ? Math.min(Math.max(Math.round(milliseconds), 0), 3_600_000) : undefined;
}

/**
 * What a status alone says, for the rows a vendor's table does not know.
 * @param product - in capitals, the prefix of the code: "NETSUITE"
 */
export function meaningOfStatus(product: string, answer: RefusedAnswer, request: { readonly object: string }): Verdict {
  const { status } = answer;
  if (status === 401) return 'token_refused';
  const base = { code: `${product}_HTTP_${status}`, message: `HTTP ${status} for ${request.object}.` };
  if (status === 429 || status === 408 || status === 425 || status >= 500) {
    const wait = retryAfterMs(answer.headers);
    return { ...base, kind: 'transient', mend: 'Nothing to do: it is tried again by itself.', ...(wait === undefined ? {} : { retryAfterMs: wait }) };
  }
  if (status === 403) return { ...base, kind: 'configuration', mend: 'Grant the integration user the permissions listed in the connector\'s README, then retry.' };
  if (status >= 300 && status < 400) return { ...base, kind: 'configuration', mend: 'The address answers with a redirect: correct the system\'s address in config/systems.yaml.' };
  if (status === 404 || status === 409 || status === 422) return { ...base, kind: 'business_rule', mend: `Look at ${request.object} in the system, correct it, then retry.` };
  return { ...base, kind: 'contract', mend: 'The request was not understood: compare the connector\'s mapping with the vendor\'s documentation, then retry.' };
}
