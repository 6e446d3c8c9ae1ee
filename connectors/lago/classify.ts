import { z } from 'zod';
import { isSystemFailure } from '../../domain/failure.ts';
import { meaningOfStatus, retryAfterMs, type Classifier } from '../http/classify.ts';

/** https://getlago.com/docs/api-reference/intro (errors): `error_details` names fields, each with codes. */
export const refusalBody = z.object({ status: z.number(), error: z.string(), code: z.string().optional(), error_details: z.record(z.string(), z.unknown()).nullish() });

const WAIT = 'Nothing to do: it is tried again by itself.';
const NOT_FOUND = 'LAGO_NOT_FOUND';
const NOT_ALLOWED = 'LAGO_NOT_ALLOWED';
/** What has to be set up in Lago before anything can be billed. */
const SET_UP = /^(add_on|tax|taxes|billing_entity|plan|billable_metric)_not_found$/;

export const classifyLago: Classifier = (answer, request) => {
  if (answer.status === 401) return 'token_refused';
  if (answer.status === 429) return { kind: 'transient', code: 'LAGO_RATE_LIMIT', message: `Lago takes no more requests for now; nothing was done for ${request.object}.`, mend: WAIT, retryAfterMs: retryAfterMs(answer.headers) ?? 1000 };
  const parsed = refusalBody.safeParse(answer.body);
  if (!parsed.success || answer.status >= 500) return meaningOfStatus('LAGO', answer, request);
  const { code = '', error, error_details: details } = parsed.data;
  const fields = Object.entries(details ?? {}).map(([field, codes]) => `${field}: ${JSON.stringify(codes)}`).join('; ');
  const message = `Lago refuses ${request.object}: ${[code === '' ? error : code, fields].filter((part) => part !== '').join(' — ')}`;
  switch (answer.status) {
    case 403:
      return { kind: 'configuration', code: 'LAGO_FORBIDDEN', message, mend: 'Give the API key read and write rights for customers, invoices, credit notes, payments and events (Developers > API keys); credit notes and several billing entities need a premium license. Then retry.' };
    case 404:
      if (SET_UP.test(code)) return { kind: 'configuration', code: 'LAGO_SET_UP', message, mend: 'Make the add-on, tax or billing entity in Lago, or correct the options addOns, taxCodes or billingEntities, then retry.' };
      return { kind: 'business_rule', code: NOT_FOUND, message, mend: 'Find out who deleted it in Lago; abort, or retry to make it again.' };
    case 405:
      return { kind: 'business_rule', code: NOT_ALLOWED, message, mend: 'Look at the state of the invoice or credit note in Lago, then decide.' };
    case 422:
      if (code.includes('lock')) return { kind: 'transient', code: 'LAGO_LOCKED', message, mend: WAIT };
      return { kind: 'business_rule', code: 'LAGO_REFUSED', message, mend: 'Correct what Lago names, in the invoice, the customer or Lago, then retry.' };
    default:
      return meaningOfStatus('LAGO', answer, request);
  }
};

export function isNotAllowed(error: unknown): boolean {
  return isSystemFailure(error) && error.failure.code === NOT_ALLOWED;
}
