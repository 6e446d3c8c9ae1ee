import { createHmac, timingSafeEqual } from 'node:crypto';

/** Seconds a message may be older or newer than now. Source: the Standard Webhooks specification. */
export const TOLERANCE_SECONDS = 300;

export interface StandardWebhook {
  /** Header names in lower case, as Node gives them. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly rawBody: Buffer;
  /** "whsec_" and base64; several while a secret is being replaced. */
  readonly secrets: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

export type StandardWebhookVerdict =
  | { readonly verified: true; /** `webhook-id`: the same for each attempt to deliver one message. */ readonly id: string; readonly sentAt: string }
  | { readonly verified: false; readonly problem: 'missing' | 'expired' | 'wrong'; readonly detail: string };

/**
 * Checks a message signed as Standard Webhooks lays down, in constant time for each signature given.
 * @throws TypeError for a secret of the wrong shape: a mistake of ours, not of the sender
 */
export function verifyStandardWebhook(message: StandardWebhook): StandardWebhookVerdict {
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => {
    const value = message.headers[name];
    return typeof value === 'string' ? value : '';
  });
  if (id === undefined || !/^[\x21-\x7E]{1,200}$/.test(id) || timestamp === undefined || !/^\d{1,12}$/.test(timestamp) || signatures === undefined || signatures === '') {
    return { verified: false, problem: 'missing', detail: 'The headers webhook-id, webhook-timestamp and webhook-signature are needed.' };
  }
  if (Math.abs(message.now / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) {
    return { verified: false, problem: 'expired', detail: 'webhook-timestamp is more than five minutes away from now.' };
  }
  const expected = message.secrets.map((secret) => createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.`).update(message.rawBody).digest());
  const given = signatures.split(' ', 20).flatMap((entry) => (entry.startsWith('v1,') ? [Buffer.from(entry.slice(3), 'base64')] : []));
  if (given.some((one) => expected.some((other) => one.length === other.length && timingSafeEqual(one, other)))) {
    return { verified: true, id, sentAt: new Date(Number(timestamp) * 1000).toISOString() };
  }
  return { verified: false, problem: 'wrong', detail: 'No signature of webhook-signature belongs to this message.' };
}

function keyOf(secret: string): Buffer {
  const match = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret);
  if (match?.[1] === undefined) throw new TypeError('a Standard Webhooks secret is "whsec_" followed by base64');
  return Buffer.from(match[1], 'base64');
}
