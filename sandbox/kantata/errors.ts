/**
 * Refusals: `{errors: [{type, message, field?}]}`, with `type` oauth, system or validation. https://developer.kantata.com/ (Errors)
 * The texts beside those of the reference are (unverified).
 */
export interface VendorError {
  readonly type: 'oauth' | 'system' | 'validation';
  readonly message: string;
  readonly field?: string;
}

export class Refusal extends Error {
  readonly status: number;
  readonly body: { readonly errors: readonly VendorError[] };

  constructor(status: number, ...errors: VendorError[]) {
    super(errors.map(({ message }) => message).join(' '));
    this.name = 'Refusal';
    this.status = status;
    this.body = { errors };
  }
}

export const invalid = (message: string, field: string): Refusal => new Refusal(422, { type: 'validation', message, field });
export const badRequest = (message: string): Refusal => new Refusal(400, { type: 'system', message });
export const notFound = (): Refusal => new Refusal(404, { type: 'system', message: 'The requested resource could not be found' });
export const unauthorized = (): Refusal => new Refusal(401, { type: 'oauth', message: 'Invalid OAuth 2 Request' });
export const forbidden = (): Refusal => new Refusal(403, { type: 'system', message: 'You do not have permission to do this' });
export const tooMany = (): Refusal => new Refusal(429, { type: 'system', message: 'Too Many Requests' });
export const unavailable = (status: number): Refusal => new Refusal(status, { type: 'system', message: 'Service is unavailable' });
