import { createHmac, timingSafeEqual } from 'node:crypto';

/** Seconds a message may be older or newer than now. Source: the Standard Webhooks specification. */
export const TOLERANCE_SECONDS = 300;

export interface SignedMessage {
  /** "whsec_" and base64; several while a secret is being replaced. */
  readonly secret: string | readonly string[];
  /** `webhook-id`: the same for each attempt to deliver one message. */
  readonly id: string;
  /** `webhook-timestamp`, seconds since 1970. */
  readonly timestamp: string;
  /** `webhook-signature`: "v1,<base64>", several separated by blanks. */
  readonly signature: string;
  readonly rawBody: Buffer;
  /** Milliseconds since 1970; left out where the caller checks the window itself. */
  readonly now?: number;
}

/**
 * True for a message signed as Standard Webhooks lays down, and sent within five minutes of `now`. Signatures are compared in constant time.
 * @throws TypeError for a secret of the wrong shape: a mistake of ours, not of the sender
 */
export function verifyCanonicalWebhook(message: SignedMessage): boolean {
  const { id, timestamp, now } = message;
  if (id === '' || !/^\d{1,12}$/.test(timestamp)) return false;
  if (now !== undefined && Math.abs(now / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  const secrets = typeof message.secret === 'string' ? [message.secret] : message.secret;
  const expected = secrets.map((secret) => createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.`).update(message.rawBody).digest());
  const given = message.signature.split(' ', 20).flatMap((entry) => (entry.startsWith('v1,') ? [Buffer.from(entry.slice(3), 'base64')] : []));
  return given.some((one) => expected.some((other) => one.length === other.length && timingSafeEqual(one, other)));
}

function keyOf(secret: string): Buffer {
  const match = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret);
  if (match?.[1] === undefined) throw new TypeError('a Standard Webhooks secret is "whsec_" followed by base64');
  return Buffer.from(match[1], 'base64');
}
