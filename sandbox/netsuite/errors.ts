/**
 * Error bodies of SuiteTalk REST web services.
 * Shape, INVALID_LOGIN and INVALID_CONTENT: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156570709583.html
 * USER_ERROR and its "Please enter value(s) for" text: https://github.com/ehmad11/netsuite-rest/issues/26
 * The texts of the other codes are (unverified); a client should go by status and code.
 */
export interface ErrorDetail {
  readonly detail: string;
  readonly 'o:errorCode': string;
  readonly 'o:errorPath'?: string;
  readonly 'o:errorUrl'?: string;
  readonly 'o:errorQueryParam'?: string;
  readonly 'o:errorHeader'?: string;
}

export interface ErrorBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly 'o:errorDetails': readonly ErrorDetail[];
}

const RFC = 'https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html';
const KINDS: Readonly<Record<number, { title: string; section: string }>> = {
  400: { title: 'Bad Request', section: '#sec10.4.1' },
  401: { title: 'Unauthorized', section: '' },
  403: { title: 'Forbidden', section: '#sec10.4.4' },
  404: { title: 'Not Found', section: '#sec10.4.5' },
  405: { title: 'Method Not Allowed', section: '#sec10.4.6' },
  415: { title: 'Unsupported Media Type', section: '#sec10.4.16' },
  429: { title: 'Too Many Requests', section: '' },
  500: { title: 'Internal Server Error', section: '#sec10.5.1' },
  503: { title: 'Service Unavailable', section: '#sec10.5.4' },
};

/** Thrown to refuse a request the way NetSuite does. */
export class Refusal extends Error {
  readonly status: number;
  readonly details: readonly ErrorDetail[];
  readonly headers: Readonly<Record<string, string>>;
  readonly title: string | undefined;

  constructor(status: number, details: readonly ErrorDetail[], extra: { headers?: Readonly<Record<string, string>>; title?: string } = {}) {
    super(details.map((detail) => detail.detail).join(' '));
    this.name = 'Refusal';
    this.status = status;
    this.details = details;
    this.headers = extra.headers ?? {};
    this.title = extra.title;
  }
}

export function errorBody(status: number, details: readonly ErrorDetail[], title?: string): ErrorBody {
  const kind = KINDS[status] ?? { title: `HTTP ${status}`, section: '' };
  return { type: `${RFC}${kind.section}`, title: title ?? kind.title, status, 'o:errorDetails': details };
}

export function userError(text: string): Refusal {
  return new Refusal(400, [{ detail: `Error while accessing a resource. ${text}`, 'o:errorCode': 'USER_ERROR' }]);
}

export function missingValues(labels: readonly string[]): Refusal {
  return userError(`Please enter value(s) for: ${labels.join(', ')}.`);
}

export function invalidContent(path: string, text: string): Refusal {
  return new Refusal(400, [{ detail: `Error while accessing a resource. ${text}`, 'o:errorCode': 'INVALID_CONTENT', 'o:errorPath': path }]);
}

/** A value of the right form that names nothing, or nothing allowed here. */
export function invalidFieldValue(path: string, value: string): Refusal {
  const field = path.split('.').at(-1) ?? path;
  return invalidContent(path, `You have entered an Invalid Field Value ${value} for the following field: ${field}`);
}

export function malformedValue(path: string): Refusal {
  return invalidContent(path, `Invalid value for the resource or sub-resource field '${path}'. Provide a valid value.`);
}

export function invalidQuery(parameter: string, text: string): Refusal {
  return new Refusal(400, [{ detail: text, 'o:errorCode': 'INVALID_PARAMETER', 'o:errorQueryParam': parameter }]);
}

export function nonexistent(url: string, text = 'The record instance does not exist. Provide a valid record instance ID.'): Refusal {
  return new Refusal(404, [{ detail: text, 'o:errorCode': 'NONEXISTENT_ID', 'o:errorUrl': url }]);
}

export function methodNotAllowed(method: string, url: string): Refusal {
  return new Refusal(405, [{ detail: `The method ${method} is not supported for this resource.`, 'o:errorCode': 'METHOD_NOT_ALLOWED', 'o:errorUrl': url }]);
}

/** The integration's role may read the lists that an administrator keeps, not change them; text (unverified). */
export function permissionViolation(label: string): Refusal {
  return new Refusal(403, [
    { detail: `Permission Violation: The role of this token may not create, edit or delete a ${label}.`, 'o:errorCode': 'INSUFFICIENT_PERMISSION' },
  ]);
}

const LOGIN_AUDIT = 'Setup > Users/Roles > User Management > View Login Audit Trail';
export const INVALID_LOGIN: readonly ErrorDetail[] = [
  {
    detail: `Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at ${LOGIN_AUDIT}.`,
    'o:errorCode': 'INVALID_LOGIN',
  },
];

/** The title and code are those integrators report for REST; Oracle's help does not print this body (unverified). */
export function concurrencyExceeded(): Refusal {
  const text = 'Concurrent request limit exceeded. Request blocked.';
  return new Refusal(429, [{ detail: text, 'o:errorCode': 'CONCURRENCY_LIMIT_EXCEEDED' }], { title: text });
}
