import { z } from 'zod';
import { isSystemFailure } from '../../domain/failure.ts';
import { meaningOfStatus, retryAfterMs, type Classifier } from '../http/classify.ts';

const errorsBody = z.object({ errors: z.array(z.object({ type: z.string().optional(), message: z.string().optional(), field: z.string().nullish() })).min(1) });
const REFUSED = 'KANTATA_REFUSED';
/** The reference asks for "a small delay" and names none. */
const SMALL_DELAY_MS = 5000;

/** Kantata's table, by status: errors have a text, and no code. https://developer.kantata.com/ (Errors, Rate Limits) */
export const classifyKantata: Classifier = (answer, request) => {
  const said = saidIn(answer.body);
  switch (answer.status) {
    case 401:
      return 'token_refused';
    case 403:
      return { kind: 'configuration', code: 'KANTATA_FORBIDDEN', message: `Kantata does not let our token do this for ${request.object}: ${said}`, mend: "Give the token's user the account permission Administrator and look at the state of the account (connectors/kantata/README.md), then retry." };
    case 404:
      return { kind: 'business_rule', code: 'KANTATA_NOT_FOUND', message: `Kantata no longer has what ${request.object} needs.`, mend: 'Find out who deleted it in Kantata; abort, or retry to make it again.' };
    case 422:
      return { kind: 'business_rule', code: REFUSED, message: `Kantata refuses ${request.object}: ${said}`, mend: 'Correct what Kantata names, in the deal or in Kantata, then retry.' };
    case 400:
      return { kind: 'contract', code: 'KANTATA_BAD_REQUEST', message: `Kantata does not understand the request for ${request.object}: ${said}`, mend: 'The connector must be adapted to the API: compare connectors/kantata with developer.kantata.com, then retry.' };
    case 429:
      return { kind: 'transient', code: 'KANTATA_RATE_LIMIT', message: `Kantata's limit of requests is reached; nothing was done for ${request.object}.`, mend: 'Nothing to do: it is tried again by itself.', retryAfterMs: retryAfterMs(answer.headers) ?? SMALL_DELAY_MS };
    default:
      return meaningOfStatus('KANTATA', answer, request);
  }
};

function saidIn(body: unknown): string {
  const parsed = errorsBody.safeParse(body);
  if (!parsed.success) return 'no reason is given.';
  return parsed.data.errors.map(({ field, message = '' }) => (field == null || field === '' ? message : `${field}: ${message}`)).join('; ');
}

export function isRefused(error: unknown): boolean {
  return isSystemFailure(error) && error.failure.code === REFUSED;
}
