import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { isSystemFailure } from '../../domain/failure.ts';
import { meaningOfStatus, retryAfterMs, type Classifier, type Meaning } from '../http/classify.ts';

/** https://docs.stripe.com/api/errors; new types and codes may come at any time. */
const errorBody = z.object({ error: z.looseObject({ type: z.string(), code: z.string().optional(), message: z.string().default(''), param: z.string().optional() }) });
type Said = z.infer<typeof errorBody>['error'];

const WAIT = 'Nothing to do: it is tried again by itself.';
const NOT_FOUND = 'STRIPE_RESOURCE_MISSING';
const REPLAYED = '_REPLAYED';
const OTHER_MODE = /exists in (test|live) mode/i;
const NO_EMAIL = /missing email|must have a valid email/i;

type Row = (said: Said, object: string) => Pick<Meaning, 'kind' | 'mend'> & { readonly code?: string };

/** By error code; what is not here is a rule of Stripe's that a person has to look at. https://docs.stripe.com/error-codes */
const CODES: Readonly<Record<string, Row>> = {
  resource_missing: ({ message }, object) =>
    OTHER_MODE.test(message)
      ? { kind: 'configuration', code: 'STRIPE_OTHER_MODE', mend: 'The key is of the test mode and the record of the live mode, or the other way round: give the secrets provider the right key, then retry.' }
      : { kind: 'business_rule', mend: `Find out who deleted it in Stripe; abort, or retry to make ${object} again.` },
  lock_timeout: () => ({ kind: 'transient', mend: WAIT }),
  rate_limit: () => ({ kind: 'transient', mend: WAIT }),
  idempotency_key_in_use: () => ({ kind: 'transient', mend: WAIT }),
  api_key_expired: () => ({ kind: 'configuration', mend: 'Make a new key (Developers > API keys), give it to the secrets provider, then retry.' }),
  parameter_unknown: () => ({ kind: 'contract', mend: 'The connector sends what Stripe does not know: compare connectors/stripe with the API version it pins, correct it, then retry.' }),
  parameter_missing: ({ param, message }) =>
    NO_EMAIL.test(`${param ?? ''} ${message}`)
      ? { kind: 'business_rule', code: 'STRIPE_CUSTOMER_EMAIL', mend: "Enter the customer's e-mail address in Stripe, or set the option fallbackEmail, then retry." }
      : { kind: 'contract', mend: 'The connector leaves out what Stripe needs: compare connectors/stripe with the API version it pins, correct it, then retry.' },
  tax_id_invalid: () => ({ kind: 'business_rule', mend: "Correct the customer's tax registration number in the CRM, or take its country out of the option taxIdTypes, then retry." }),
  invoice_not_editable: () => ({ kind: 'business_rule', mend: 'The invoice is issued: take it back by a credit note or void it, and bill anew.' }),
};

/**
 * Stripe's table. A 4xx other than 409 and 429 was judged and nothing was done. `Stripe-Should-Retry` overrules the status.
 * https://docs.stripe.com/error-low-level, https://docs.stripe.com/rate-limits
 */
export const classifyStripe: Classifier = (answer, request) => {
  if (answer.status === 401) return 'token_refused';
  const parsed = errorBody.safeParse(answer.body);
  if (!parsed.success) return meaningOfStatus('STRIPE', answer, request);
  const said = parsed.data.error;
  const code = `STRIPE_${(said.code ?? said.type).toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')}${isReplay(answer.headers) ? REPLAYED : ''}`;
  const message = `Stripe refuses ${request.object}: ${said.message}${said.param === undefined ? '' : ` (${said.param})`}`;
  if (answer.status >= 500) return meaningOf(answer.headers, { kind: 'transient', code, message: `Stripe could not do ${request.object}: ${said.message}`, mend: WAIT });
  if (answer.status === 429 || answer.status === 409 || answer.headers['stripe-should-retry'] === 'true') {
    return meaningOf(answer.headers, { kind: 'transient', code, message: `Stripe takes no more of this for now; nothing was done for ${request.object}: ${said.message}`, mend: WAIT, retryAfterMs: retryAfterMs(answer.headers) ?? 1000, ...limitOf(answer.headers) });
  }
  if (answer.status === 403) return { kind: 'configuration', code, message, mend: "Give the restricted key the permissions listed in connectors/stripe/README.md, then retry." };
  if (said.type === 'idempotency_error') return { kind: 'contract', code, message, mend: 'The connector used an idempotency key twice for different requests: correct it, then retry.' };
  if (NO_EMAIL.test(said.message)) return { message, ...CODES['parameter_missing']?.(said, request.object), kind: 'business_rule', code: 'STRIPE_CUSTOMER_EMAIL', mend: "Enter the customer's e-mail address in Stripe, or set the option fallbackEmail, then retry." };
  const row = said.code === undefined ? undefined : CODES[said.code];
  if (row !== undefined) return { code, message, ...row(said, request.object) };
  if (said.code?.startsWith('parameter_invalid') === true && said.param?.startsWith('metadata') === true) return { kind: 'contract', code, message, mend: 'Correct connectors/stripe, then retry.' };
  return { kind: 'business_rule', code, message, mend: 'Correct what Stripe names, in the invoice, the customer or Stripe, then retry.' };
};

/** Stripe answers again what it answered to this key before. */
export function isReplay(headers: IncomingHttpHeaders): boolean {
  return headers['idempotent-replayed'] === 'true';
}

/** Which limiter refused; a lock and a limit of one record's own come without one or as "resource-specific". https://docs.stripe.com/rate-limits */
function limitOf(headers: IncomingHttpHeaders): Pick<Meaning, 'tooManyAtOnce' | 'sparesRate'> {
  switch (headers['stripe-rate-limited-reason']) {
    case 'global-concurrency':
    case 'endpoint-concurrency':
      return { tooManyAtOnce: true };
    case 'global-rate':
    case 'endpoint-rate':
      return {};
    default:
      return { sparesRate: true };
  }
}

function meaningOf(headers: IncomingHttpHeaders, meaning: Meaning): Meaning {
  const wait = meaning.retryAfterMs ?? retryAfterMs(headers);
  return { ...meaning, ...(wait === undefined ? {} : { retryAfterMs: wait }) };
}

/** The refusal is that of an earlier request with the same key: it says nothing of how things stand now. */
export function isReplayed(error: unknown): boolean {
  return isSystemFailure(error) && error.failure.code.startsWith('STRIPE_') && error.failure.code.endsWith(REPLAYED);
}

export function isMissing(error: unknown): boolean {
  return isSystemFailure(error) && error.failure.code.startsWith(NOT_FOUND);
}
