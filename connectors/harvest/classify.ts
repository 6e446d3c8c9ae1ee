import { z } from 'zod';
import { isSystemFailure } from '../../domain/failure.ts';
import { meaningOfStatus, retryAfterMs, type Classifier } from '../http/classify.ts';

const errorBody = z.object({ message: z.string().optional(), error: z.string().optional(), error_description: z.string().optional() });
const REFUSED = 'HARVEST_REFUSED';

/**
 * Harvest's table. Rate limits answer 429 with Retry-After before anything is done; what is wrong with the values comes as 422.
 * Source: https://help.getharvest.com/api-v2/introduction/overview/general/
 */
export const classifyHarvest: Classifier = (answer, request) => {
  const parsed = errorBody.safeParse(answer.body);
  const said = parsed.success ? (parsed.data.message ?? parsed.data.error_description ?? parsed.data.error ?? '') : '';
  switch (answer.status) {
    case 401:
      return 'token_refused';
    case 403:
      return { kind: 'configuration', code: 'HARVEST_FORBIDDEN', message: `Harvest does not let our token do this for ${request.object}: ${said}`, mend: "Give the token's user the rights listed in connectors/harvest/README.md and check the account ID, then retry." };
    case 404:
      return { kind: 'business_rule', code: 'HARVEST_NOT_FOUND', message: `Harvest no longer has what ${request.object} needs.`, mend: 'Find out who deleted it in Harvest; abort the deal, or retry to make it again.' };
    case 422:
      return { kind: 'business_rule', code: REFUSED, message: `Harvest refuses ${request.object}: ${said}`, mend: 'Correct what Harvest names, in the deal or in Harvest, then retry.' };
    case 429:
      return { kind: 'transient', code: 'HARVEST_RATE_LIMIT', message: `Harvest's limit of 100 requests in 15 seconds is reached; nothing was done for ${request.object}.`, mend: 'Nothing to do: it is tried again by itself.', retryAfterMs: retryAfterMs(answer.headers) ?? 15_000 };
    default:
      return meaningOfStatus('HARVEST', answer, request);
  }
};

export function isRefused(error: unknown): boolean {
  return isSystemFailure(error) && error.failure.code === REFUSED;
}
