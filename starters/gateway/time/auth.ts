import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { signatureRefusal } from '../canonical.ts';
import type { GatewayCredentials, GatewayLimits } from '../deps.ts';
import type { Refusal } from '../problem.ts';

type Credentials = NonNullable<GatewayCredentials['canonical']>;

export interface Proof {
  readonly headers: IncomingHttpHeaders;
  readonly now: Date;
  readonly limits: GatewayLimits;
  /** What a Standard Webhooks signature is made over. */
  readonly content: Buffer;
}

/** Why the sender is not proven: by a bearer token, or else by a signature over the content. */
export function senderRefusal(credentials: Credentials, { headers, now, limits, content }: Proof): Refusal | undefined {
  const [scheme = '', token = ''] = (headers.authorization ?? '').split(' ');
  if (scheme.toLowerCase() === 'bearer') {
    if (credentials.apiToken !== undefined && sameSecret(token, credentials.apiToken)) return undefined;
    return { reason: 'bad_signature', detail: 'the bearer token is not the one agreed', mend: 'Send apiToken from the gateway\'s credentials, or sign as Standard Webhooks describes.' };
  }
  const single = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value]));
  return signatureRefusal(credentials, { headers: single, now, limits }, content);
}

/**
 * What the signature of a streamed body is made over, since the body is not there yet: the digest header as sent, which ties the body to
 * it, or else the idempotency key, which leaves the body's integrity to TLS as a bearer token does.
 */
export function streamedContent(digest: string | undefined, idempotencyKey: string): Buffer {
  return Buffer.from(digest === undefined ? `key:${idempotencyKey}` : `digest:${digest}`);
}

/** Compares hashes, so that neither content nor length shows in the time it takes. */
function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
