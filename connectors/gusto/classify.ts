import { z } from 'zod';
import { meaningOfStatus, retryAfterMs, type Classifier } from '../http/classify.ts';

/** "nested_errors" hold others. https://docs.gusto.com/embedded-payroll/docs/errors */
export interface GustoError {
  readonly error_key: string;
  readonly category: string;
  readonly message?: string | undefined;
  readonly errors?: readonly GustoError[] | undefined;
}
export const gustoError: z.ZodType<GustoError> = z.lazy(() => z.object({ error_key: z.string(), category: z.string(), message: z.string().optional(), errors: z.array(gustoError).optional() }));
const errorBody = z.object({ errors: z.array(gustoError).min(1) });

export const VERSION_CONFLICT = 'GUSTO_VERSION_CONFLICT';

/** Gusto's table, by status and error category: https://docs.gusto.com/embedded-payroll/docs/error-categories */
export const classifyGusto: Classifier = (answer, request) => {
  const parsed = errorBody.safeParse(answer.body);
  const errors = parsed.success ? parsed.data.errors : [];
  const said = inWords(errors);
  const has = (category: string) => errors.some((error) => error.category === category);
  if (answer.status === 401) return 'token_refused';
  if (answer.status === 409 || has('invalid_resource_version')) return { kind: 'transient', code: VERSION_CONFLICT, message: `Somebody changed the payroll in Gusto in the same moment; nothing was written for ${request.object}.`, mend: 'Nothing to do: it is read anew and tried again by itself.' };
  switch (answer.status) {
    case 403:
      return { kind: 'configuration', code: 'GUSTO_FORBIDDEN', message: `Gusto does not let our application do this for ${request.object}: ${said}`, mend: 'Grant the application the scopes that connectors/gusto/README.md lists and connect the company anew, then retry.' };
    case 404:
      if (has('deprecated_endpoint')) return { kind: 'contract', code: 'GUSTO_API_VERSION', message: `Gusto no longer has the request for ${request.object} in this version of its API: ${said}`, mend: 'Set options.apiVersion to one that has it; else the connector must be adapted.' };
      return { kind: 'business_rule', code: 'GUSTO_NOT_FOUND', message: `Gusto no longer has what ${request.object} needs: ${said}`, mend: 'Find out in Gusto who cancelled or deleted it, then retry.' };
    case 406:
      return { kind: 'configuration', code: 'GUSTO_API_VERSION', message: `Gusto does not know our API version for ${request.object}: ${said}`, mend: 'Correct options.apiVersion of the system in config/systems.yaml, then retry.' };
    case 422:
      if (!parsed.success) return meaningOfStatus('GUSTO', answer, request);
      return { kind: 'business_rule', code: has('payroll_blocker') ? 'GUSTO_PAYROLL_BLOCKED' : 'GUSTO_REFUSED', message: `Gusto refuses ${request.object}: ${said}`, mend: 'Settle in Gusto what it names, then retry.' };
    case 429:
      return { kind: 'transient', code: 'GUSTO_RATE_LIMIT', message: `Gusto's limit of 200 requests a minute is reached; nothing was done for ${request.object}.`, mend: 'Nothing to do: it is tried again by itself.', retryAfterMs: retryAfterMs(answer.headers) ?? 60_000 };
    default:
      return meaningOfStatus('GUSTO', answer, request);
  }
};

export function inWords(errors: readonly GustoError[]): string {
  return errors.map(({ error_key: key, category, message, errors: nested }) => (nested === undefined ? `${message ?? category}${key === 'base' || key === 'request' ? '' : ` (${key})`}` : inWords(nested))).join('; ').slice(0, 1000);
}
