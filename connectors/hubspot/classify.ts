import { z } from 'zod';
import { meaningOfStatus, retryAfterMs, type Classifier, type Meaning } from '../http/classify.ts';

/** Every field of HubSpot's error body is optional. */
const errorSchema = z.object({
  category: z.string().default(''),
  message: z.string().default(''),
  correlationId: z.string().default(''),
  errorType: z.string().default(''),
  policyName: z.string().default(''),
  errors: z.array(z.looseObject({ message: z.string().default(''), code: z.string().default('') })).default([]),
});

type Row = Pick<Meaning, 'kind' | 'mend'>;
const AGAIN: Row = { kind: 'transient', mend: 'Nothing to do: it is tried again by itself.' };
const CORRECT: Row = { kind: 'business_rule', mend: 'Correct the record in HubSpot as the message says, then retry.' };
const GONE: Row = { kind: 'business_rule', mend: 'The record was deleted or never existed: restore it in HubSpot and retry, or abort the deal.' };
const SCOPES: Row = { kind: 'configuration', mend: 'Give the private app the scopes listed in connectors/hubspot/README.md, then retry.' };
const PROPERTY: Row = { kind: 'configuration', mend: 'Create the property named in the message (connectors/hubspot/README.md lists them), or name yours in the options of config/systems.yaml; then retry.' };

/** Milliseconds to wait by the name of the limit that was reached. Source: HubSpot, "API usage guidelines and limits". */
const LIMIT_WAITS: readonly (readonly [RegExp, number])[] = [
  [/TEN_SECONDLY/i, 10_000],
  [/SECONDLY/i, 1_000],
  [/DAILY/i, 3_600_000],
];

export const classifyHubSpot: Classifier = (answer, request) => {
  const { status } = answer;
  if (status === 401) return 'token_refused';
  const parsed = errorSchema.safeParse(answer.body);
  if (!parsed.success) return meaningOfStatus('HUBSPOT', answer, request);
  const { category, message, errors, policyName, errorType, correlationId } = parsed.data;
  const details = [message, ...errors.map((error) => error.message)].filter((text) => text !== '').join('; ').slice(0, 500);
  const said = {
    code: `HUBSPOT_${(category || errorType || `HTTP_${status}`).toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')}`,
    message: `HubSpot refused ${request.object}: ${details || `HTTP ${status}`}${correlationId === '' ? '' : ` (correlation ${correlationId})`}.`,
  };
  if (status === 429) {
    const wait = retryAfterMs(answer.headers) ?? LIMIT_WAITS.find(([pattern]) => pattern.test(`${policyName} ${message}`))?.[1] ?? 10_000;
    return { ...said, ...AGAIN, retryAfterMs: wait, ...(/DAILY/i.test(`${policyName} ${message}`) ? { sparesRate: true } : {}) };
  }
  // 423: too many changes of one object at once. 477: the account is being moved between data centers.
  if (status === 423 || status === 477 || status >= 500) {
    const wait = retryAfterMs(answer.headers);
    return { ...said, ...AGAIN, ...(wait === undefined ? {} : { retryAfterMs: wait }) };
  }
  if (status === 403) return { ...said, ...SCOPES };
  if (status === 404) return { ...said, ...GONE };
  if (/PROPERTY_DOESNT_EXIST|property .{0,120}(?:does not exist|is not a unique property)/i.test(answer.text)) return { ...said, ...PROPERTY };
  if (status === 409 || request.writes) return { ...said, ...CORRECT };
  return { ...said, kind: 'contract', mend: 'The request was not understood: compare connectors/hubspot/client.ts with HubSpot\'s documentation, then retry.' };
};
