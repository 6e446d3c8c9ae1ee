import { z } from 'zod';
import { isSystemFailure } from '../../domain/failure.ts';
import { meaningOfStatus, retryAfterMs, type Classifier } from '../http/classify.ts';

const errorBody = z.object({ message: z.string(), code: z.number().optional() });
const REFUSED = 'CLOCKIFY_REFUSED';

/** The codes of Clockify's error bodies, which its documentation does not describe (README.md, "What is not verified"). */
const NO_SUCH_ROUTE = 3000;

export const NOT_OF_WORKSPACE = /doesn't belong to (Workspace|Project)/;

/** Clockify's table: what is wrong with the values, or is not of this workspace, comes as 400; limits as 429 before anything is done. */
export const classifyClockify: Classifier = (answer, request) => {
  const parsed = errorBody.safeParse(answer.body);
  const said = parsed.success ? parsed.data.message : '';
  switch (answer.status) {
    case 401:
      return 'token_refused';
    case 403:
      return { kind: 'configuration', code: 'CLOCKIFY_FORBIDDEN', message: `Clockify does not let our API key do this for ${request.object}: ${said}`, mend: 'Check the workspace ID, that the key is of an admin of the workspace, and its plan (approvals need Standard or higher; connectors/clockify/README.md), then retry.' };
    case 404:
    case 405:
      if (parsed.success && parsed.data.code === NO_SUCH_ROUTE) return { kind: 'contract', code: 'CLOCKIFY_NO_SUCH_ROUTE', message: `Clockify does not know the request for ${request.object}: ${said}`, mend: 'Check the address of the system in config/systems.yaml (without "/api/v1"); else the connector must be adapted to a new API.' };
      return meaningOfStatus('CLOCKIFY', answer, request);
    case 400:
      if (NOT_OF_WORKSPACE.test(said)) return { kind: 'business_rule', code: 'CLOCKIFY_NOT_FOUND', message: `Clockify no longer has what ${request.object} needs: ${said}.`, mend: 'Find out who deleted it in Clockify; abort, or retry to make it again.' };
      return { kind: 'business_rule', code: REFUSED, message: `Clockify refuses ${request.object}: ${said}`, mend: 'Correct what Clockify names, in the deal or in Clockify, then retry.' };
    case 429:
      return { kind: 'transient', code: 'CLOCKIFY_RATE_LIMIT', message: `Clockify's limit of requests per second is reached; nothing was done for ${request.object}.`, mend: 'Nothing to do: it is tried again by itself.', retryAfterMs: retryAfterMs(answer.headers) ?? 1000 };
    default:
      return meaningOfStatus('CLOCKIFY', answer, request);
  }
};

export function isRefused(error: unknown): boolean {
  return isSystemFailure(error) && error.failure.code === REFUSED;
}
