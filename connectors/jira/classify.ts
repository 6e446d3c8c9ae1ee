import { z } from 'zod';
import { isSystemFailure } from '../../domain/failure.ts';
import { meaningOfStatus, retryAfterMs, type Classifier } from '../http/classify.ts';
import { untilReset } from './limits.ts';

/** https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/#status-codes (ErrorCollection) */
const errorBody = z.looseObject({ errorMessages: z.array(z.string()).default([]), errors: z.record(z.string(), z.string()).default({}) });
/** The reason of a 429 that fewer requests per second would not help: writes to one issue, and an app's hourly allowance of points. */
const OTHER_LIMITS = /per-issue|quota/;
const WAIT = 'Nothing to do: it is tried again by itself.';

/** Jira's table: what is wrong comes as 400 with the fields by name; limits as 429 with the reason in a header. */
export const classifyJira: Classifier = (answer, request) => {
  const parsed = errorBody.safeParse(answer.body);
  const { errorMessages, errors } = parsed.success ? parsed.data : { errorMessages: [], errors: {} };
  const said = [...errorMessages, ...Object.entries(errors).map(([field, error]) => `${field}: ${error}`)].join(' ') || `HTTP ${answer.status}`;
  switch (answer.status) {
    case 401:
      return 'token_refused';
    case 403:
      return { kind: 'configuration', code: 'JIRA_FORBIDDEN', message: `Jira does not let the integration user do this for ${request.object}: ${said}`, mend: 'Give it the role Service Desk Team in the project and the permissions listed in connectors/jira/README.md, then retry.' };
    case 404:
      return { kind: 'business_rule', code: 'JIRA_NOT_FOUND', message: `Jira has no ${request.object} that the integration user may see: ${said}`, mend: 'Find out who deleted the ticket or moved it to a project the integration user cannot see; else correct the system\'s address in config/systems.yaml.' };
    case 410:
      return { kind: 'contract', code: 'JIRA_GONE', message: `Jira no longer offers the request for ${request.object}: ${said}`, mend: 'The connector must be adapted to the new API (https://developer.atlassian.com/cloud/jira/platform/changelog/).' };
    case 400:
    case 422:
      return { kind: 'configuration', code: 'JIRA_REFUSED', message: `Jira refuses ${request.object}: ${said}`, mend: 'Compare the fields Jira names with the options of the service desk in config/systems.yaml and with the project\'s screens and required fields, then retry.' };
    case 409:
      return { kind: 'transient', code: 'JIRA_CONFLICT', message: `Somebody else changed ${request.object} at the same time.`, mend: WAIT };
    case 413:
      return { kind: 'business_rule', code: 'JIRA_ISSUE_FULL', message: `Jira takes no more for ${request.object}: ${said}`, mend: 'The ticket has as many comments as Jira keeps: go on in the exception case itself.' };
    case 429: {
      const reason = answer.headers['ratelimit-reason'];
      return { kind: 'transient', code: 'JIRA_RATE_LIMIT', message: `Jira's request limit is reached${typeof reason === 'string' ? ` (${reason})` : ''}; nothing was done for ${request.object}.`, mend: WAIT, retryAfterMs: retryAfterMs(answer.headers) ?? untilReset(answer.headers) ?? 5000, ...(typeof reason === 'string' && OTHER_LIMITS.test(reason) ? { sparesRate: true } : {}) };
    }
    default:
      return meaningOfStatus('JIRA', answer, request);
  }
};

export function isGone(error: unknown): boolean {
  return isSystemFailure(error) && error.failure.code === 'JIRA_NOT_FOUND';
}
