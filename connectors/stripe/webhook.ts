import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/** Older deliveries are refused, so that a recorded one cannot be replayed. Source: https://docs.stripe.com/webhooks#replay-attacks */
export const SIGNATURE_TOLERANCE_S = 300;

/** What the line takes notice of; a webhook endpoint may be sent more. */
export const STRIPE_EVENTS = [
  'invoice.finalized', 'invoice.paid', 'invoice.voided', 'invoice.marked_uncollectible', 'invoice.deleted', 'credit_note.created', 'credit_note.voided', 'invoice_payment.paid', 'refund.created', 'refund.updated', 'refund.failed',
] as const;
export type StripeEventType = (typeof STRIPE_EVENTS)[number];

/** What the secrets provider keeps for the gateway: the endpoint's signing secret, or two while it is being rolled. */
export const stripeWebhookSecretSchema = z.object({
  secretKey: z.string().regex(/^(sk|rk)_(test|live)_\w+$/),
  webhookSecret: z.union([z.string().startsWith('whsec_'), z.array(z.string().startsWith('whsec_')).min(1)]),
});
export type StripeWebhookSecret = z.infer<typeof stripeWebhookSecretSchema>;

/** The body of an event; what it is about is of the API version of the webhook endpoint, so only its ID and our marks are read. */
export const stripeEventBodySchema = z.looseObject({
  id: z.string().regex(/^evt_\w+$/),
  object: z.literal('event'),
  type: z.string().min(1),
  created: z.int().positive(),
  livemode: z.boolean(),
  data: z.looseObject({ object: z.looseObject({ id: z.string().min(1), metadata: z.record(z.string(), z.string()).nullish() }) }),
});
export type StripeEventBody = z.infer<typeof stripeEventBodySchema>;

export interface StripeWebhookEvent {
  readonly type: StripeEventType;
  /** The same for every delivery of one event. */
  readonly eventId: string;
  readonly occurredAt: string;
  /** What is to be read anew: an invoice or credit note by `standing`, a payment by `payments`. */
  readonly about: { readonly kind: 'invoice' | 'payment'; readonly externalId: string; readonly invoiceId: string | null };
  readonly body: StripeEventBody;
}

export type StripeWebhookResult =
  | { readonly ok: true; readonly event: StripeWebhookEvent }
  | {
      readonly ok: false;
      /** unsigned, bad_signature, too_old: not a delivery of Stripe's now · other_event: genuine, but of no concern · malformed, other_mode: genuine, but not what was agreed */
      readonly reason: 'unsigned' | 'bad_signature' | 'too_old' | 'other_event' | 'malformed' | 'other_mode';
      readonly detail: string;
      readonly mend: string;
    };

/**
 * Checks a delivery of Stripe: `Stripe-Signature: t=<seconds>,v1=<hex HMAC-SHA256 of "t.body">`, with a v1 for each secret in force. Compared in constant time.
 * https://docs.stripe.com/webhooks#verify-manually
 * @param delivery - headers with names in lower case
 * @param now - milliseconds since 1970; left out where the caller checks the time itself (a delivery that waits in the inbox)
 */
export function verifyStripeWebhook(delivery: { readonly headers: Readonly<Record<string, string | undefined>>; readonly rawBody: Buffer }, secret: StripeWebhookSecret, now?: number): StripeWebhookResult {
  const header = delivery.headers['stripe-signature'];
  const signed = header === undefined ? null : partsOf(header);
  if (signed === null) return refused('unsigned', 'the header stripe-signature is missing or has no t and v1', "Deliver by Stripe's own webhook endpoint.");
  const secrets = typeof secret.webhookSecret === 'string' ? [secret.webhookSecret] : secret.webhookSecret;
  // Every signature is compared with every secret, so that the time tells nothing.
  const matches = secrets.flatMap((each) => signed.signatures.map((given) => isSigned(each, signed.timestamp, delivery.rawBody, given))).filter(Boolean);
  if (matches.length === 0) return refused('bad_signature', 'stripe-signature is not made with our signing secret', 'Give the secrets provider the signing secret of this webhook endpoint (Workbench > Webhooks); while it is rolled, both.');
  if (now !== undefined && Math.abs(now / 1000 - Number(signed.timestamp)) > SIGNATURE_TOLERANCE_S) return refused('too_old', `the delivery was signed at ${signed.timestamp}, more than ${SIGNATURE_TOLERANCE_S} s from now`, 'Set the clock by NTP; Stripe signs each attempt anew.');
  const body = stripeEventBodySchema.safeParse(jsonOf(delivery.rawBody));
  if (!body.success) return refused('malformed', z.prettifyError(body.error), 'The body is not that of a snapshot event: choose the payload style "Snapshot" for the endpoint, or compare connectors/stripe/webhook.ts with the delivery in the quarantine.');
  const { id, type, created, livemode, data } = body.data;
  const known = STRIPE_EVENTS.find((event) => event === type);
  if (known === undefined) return refused('other_event', `the event ${type.slice(0, 80)}`, `Let the endpoint send ${STRIPE_EVENTS.join(', ')} only.`);
  if (livemode !== secret.secretKey.includes('_live_')) return refused('other_mode', `the event is of ${livemode ? 'live' : 'test'} mode, connected is the other`, 'Make the webhook endpoint in the mode that the key is of.');
  const kind = known.startsWith('invoice.') || known.startsWith('credit_note.') ? 'invoice' : 'payment';
  return { ok: true, event: { type: known, eventId: id, occurredAt: new Date(created * 1000).toISOString(), about: { kind, externalId: data.object.id, invoiceId: data.object.metadata?.['q2c_invoice'] ?? null }, body: body.data } };
}

function partsOf(header: string): { readonly timestamp: string; readonly signatures: readonly string[] } | null {
  const pairs = header.split(',').map((pair) => pair.split('=', 2));
  const timestamp = pairs.find(([name]) => name === 't')?.[1];
  const signatures = pairs.flatMap(([name, value]) => (name === 'v1' && value !== undefined ? [value] : []));
  return timestamp !== undefined && /^\d{1,12}$/.test(timestamp) && signatures.length > 0 ? { timestamp, signatures: signatures.slice(0, 10) } : null;
}

function isSigned(secret: string, timestamp: string, rawBody: Buffer, given: string): boolean {
  const expected = createHmac('sha256', secret).update(`${timestamp}.`).update(rawBody).digest();
  const bytes = Buffer.from(given, 'hex');
  return bytes.length === expected.length && timingSafeEqual(bytes, expected);
}

function refused(reason: Extract<StripeWebhookResult, { ok: false }>['reason'], detail: string, mend: string): StripeWebhookResult {
  return { ok: false, reason, detail, mend };
}

function jsonOf(rawBody: Buffer): unknown {
  try {
    return JSON.parse(rawBody.toString('utf8'));
  } catch {
    return undefined;
  }
}
