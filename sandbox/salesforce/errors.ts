export interface ErrorItem {
  readonly message: string;
  readonly errorCode: string;
  readonly fields?: readonly string[];
}

/** A refusal in Salesforce's form: an HTTP status and a list of messages with codes. */
export class SalesforceError extends Error {
  readonly status: number;
  readonly items: readonly ErrorItem[];
  constructor(status: number, items: readonly ErrorItem[]) {
    super(items.map((item) => `${item.errorCode}: ${item.message}`).join('; '));
    this.name = 'SalesforceError';
    this.status = status;
    this.items = items;
  }
}

export function refuse(status: number, errorCode: string, message: string, fields?: readonly string[]): never {
  throw new SalesforceError(status, [{ message, errorCode, ...(fields === undefined ? {} : { fields }) }]);
}

export const notFound = (): never => refuse(404, 'NOT_FOUND', 'The requested resource does not exist');

export const invalidSession = (): SalesforceError =>
  new SalesforceError(401, [{ message: 'Session expired or invalid', errorCode: 'INVALID_SESSION_ID' }]);

export const limitExceeded = (): SalesforceError =>
  new SalesforceError(403, [{ message: 'TotalRequests Limit exceeded.', errorCode: 'REQUEST_LIMIT_EXCEEDED' }]);
