/** Refusals as https://docs.stripe.com/api/errors describes them; codes of https://docs.stripe.com/error-codes. Texts are our own where none is published. */
export class Refusal extends Error {
  readonly status: number;
  readonly body: { readonly error: { readonly type: string; readonly code?: string; readonly message: string; readonly param?: string; readonly doc_url?: string } };
  readonly headers: Readonly<Record<string, string>>;
  /** False for what is refused before the endpoint begins: Stripe keeps no such answer under an idempotency key. */
  readonly executed: boolean;

  constructor(status: number, error: Refusal['body']['error'], more: { readonly headers?: Readonly<Record<string, string>>; readonly executed?: boolean } = {}) {
    super(error.message);
    this.name = 'Refusal';
    this.status = status;
    this.body = { error };
    this.headers = more.headers ?? {};
    this.executed = more.executed ?? true;
  }
}

const invalid = (code: string, message: string, param?: string): Refusal['body']['error'] => ({ type: 'invalid_request_error', code, message, ...(param === undefined ? {} : { param }), doc_url: `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}` });

export const refused = (code: string, message: string, param?: string): Refusal => new Refusal(400, invalid(code, message, param));
export const badParameter = (code: string, message: string, param: string): Refusal => new Refusal(400, invalid(code, message, param), { executed: false });
export const missing = (kind: string, id: string, param = 'id'): Refusal => new Refusal(param === 'id' ? 404 : 400, invalid('resource_missing', `No such ${kind}: '${id}'`, param));
export const noKey = (): Refusal => new Refusal(401, { type: 'invalid_request_error', message: 'You did not provide an API key. Send it in the Authorization header, as a bearer token.' }, { executed: false });
export const wrongKey = (): Refusal => new Refusal(401, { type: 'invalid_request_error', message: 'Invalid API Key provided: sk_test_************' }, { executed: false });
export const noRoute = (method: string, url: string): Refusal => new Refusal(404, { type: 'invalid_request_error', message: `Unrecognized request URL (${method}: ${url}).` }, { executed: false });
export const tooMany = (): Refusal =>
  new Refusal(429, { type: 'invalid_request_error', code: 'rate_limit', message: 'Request rate limit exceeded.' }, { headers: { 'stripe-rate-limited-reason': 'global-rate' }, executed: false });
export const locked = (): Refusal => new Refusal(429, { type: 'invalid_request_error', code: 'lock_timeout', message: 'This object cannot be accessed right now because another API request is accessing it.' }, { headers: { 'stripe-rate-limited-reason': 'resource-specific' }, executed: false });
export const keyInUse = (): Refusal => new Refusal(409, { type: 'idempotency_error', code: 'idempotency_key_in_use', message: 'There is currently another in-progress request using this idempotent key.' }, { executed: false });
export const otherParameters = (key: string): Refusal => new Refusal(400, { type: 'idempotency_error', message: `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}'.` }, { executed: false });
export const serverError = (): Refusal => new Refusal(500, { type: 'api_error', message: 'An unknown error occurred.' }, { headers: { 'stripe-should-retry': 'true' } });
