import { Refusal } from '../kit/refusal.ts';

/**
 * Refusals of the Harvest API v2: 422 with a message, 403, 404, 429 with Retry-After.
 * https://help.getharvest.com/api-v2/introduction/overview/general/
 * The documentation names the statuses; the texts are Rails' own validation texts or (unverified).
 */
export { Refusal };

/** 422: what is wrong with the values, joined as Rails joins them. */
export function unprocessable(...messages: readonly string[]): Refusal {
  return new Refusal(422, { message: messages.join(', ') });
}

export const notFound = (): Refusal => new Refusal(404, { status: 404, error: 'Not Found' });

export const forbidden = (): Refusal => new Refusal(403, { message: "You don't have permission to perform this action." });

export const INVALID_TOKEN = {
  error: 'invalid_token',
  error_description: 'The access token provided is expired, revoked, malformed or invalid for other reasons.',
} as const;

export const tooMany = (retryAfterSeconds: number): Refusal =>
  new Refusal(429, { message: 'Too Many Requests. Please retry later.' }, { 'Retry-After': String(retryAfterSeconds) });
