/**
 * Refusals as the REST framework words them. Version 4 and later: application/vnd.oracle.adf.error+json with `o:errorDetails`; before, the message as
 * plain text. Texts of the framework (JBO-…) are its own; those of applications are (unverified) unless connectors/oracle/README.md names where they were seen.
 */
export interface Detail {
  readonly detail: string;
  readonly code?: string;
  readonly path?: string;
}

export class Refusal extends Error {
  readonly status: number;
  readonly details: readonly Detail[];
  constructor(status: number, details: readonly Detail[]) {
    super(details.map((each) => each.detail).join('; '));
    this.name = 'Refusal';
    this.status = status;
    this.details = details;
  }
}

const TITLES: Readonly<Record<number, string>> = { 400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found', 405: 'Method Not Allowed', 412: 'Precondition Failed', 415: 'Unsupported Media Type', 429: 'Too Many Requests', 500: 'Internal Server Error', 503: 'Service Unavailable' };

export interface ErrorAnswer {
  readonly contentType: string;
  readonly body: string;
}

export function errorAnswer(refusal: Pick<Refusal, 'status' | 'details'>, framework: number): ErrorAnswer {
  if (framework < 4) return { contentType: 'text/plain;charset=utf-8', body: refusal.details.map((each) => each.detail).join('\n') };
  return { contentType: 'application/vnd.oracle.adf.error+json', body: JSON.stringify(errorPayload(refusal)) };
}

export function errorPayload({ status, details }: Pick<Refusal, 'status' | 'details'>): object {
  return {
    title: TITLES[status] ?? 'Error', status: String(status),
    'o:errorDetails': details.map(({ detail, code, path }) => ({ detail, ...(code === undefined ? {} : { 'o:errorCode': code }), ...(path === undefined ? {} : { 'o:errorPath': path }) })),
  };
}

/** A rule of the business object, at an attribute. */
export function invalid(detail: string, path?: string, code = '27024'): Refusal {
  return new Refusal(400, [{ detail, code, ...(path === undefined ? {} : { path: `/${path}` }) }]);
}

export function badRequest(detail: string): Refusal {
  return new Refusal(400, [{ detail }]);
}

export function requiredAttribute(type: string, field: string): Refusal {
  return invalid(`JBO-27014: Attribute ${field} in ${type} is required.`, field, '27014');
}

export function keyExists(type: string, values: readonly unknown[]): Refusal {
  return invalid(`JBO-25013: Too many objects match the primary key oracle.jbo.Key[${values.map(String).join(' ')}] in ${type}.`, undefined, '25013');
}

export function notFound(): Refusal {
  return new Refusal(404, [{ detail: 'Not Found', code: '404' }]);
}

export function notAllowed(method: string): Refusal {
  return new Refusal(405, [{ detail: `Method ${method} is not allowed on this resource.` }]);
}

export function changedMeanwhile(): Refusal {
  return new Refusal(412, [{ detail: 'The resource was changed: its entity tag is not the one in If-Match.' }]);
}

export function unauthorized(): Refusal {
  return new Refusal(401, [{ detail: 'Unauthorized' }]);
}
