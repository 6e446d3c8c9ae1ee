import { STRIPE_EVENTS, stripeEventBodySchema, verifyStripeWebhook, type StripeWebhookSecret } from '../../connectors/stripe/webhook.ts';
import { billingEvent, billingSource, one, others, unread } from './billing.ts';
import { readJson } from './body.ts';
import type { EventSource, Intake, KeptEvent } from './intake.ts';
import { keptHeaders, refuse } from './intake.ts';
import { findingsOf } from './problem.ts';

const SYSTEM = 'stripe';

/** Why Stripe's own check refused, in the words of a problem. */
const REASONS = { unsigned: 'unsigned', bad_signature: 'bad_signature', too_old: 'outside_window', other_mode: 'wrong_sender' } as const;

/** Stripe's webhooks about invoices, credit notes, payments and refunds. They are hints: whoever acts on one reads the record by its ID. */
export function stripeSource(secret: StripeWebhookSecret): EventSource {
  return billingSource(SYSTEM, {
    open({ headers, rawBody, now, limits }) {
      const result = verifyStripeWebhook({ headers, rawBody }, secret, now.getTime());
      if (!result.ok && result.reason !== 'other_event' && result.reason !== 'malformed') return refuse({ reason: REASONS[result.reason], detail: result.detail, mend: result.mend });
      return read({ rawBody, headers: keptHeaders(headers) }, limits.nesting);
    },
    read,
  });
}

function read({ rawBody, headers }: Pick<KeptEvent, 'rawBody' | 'headers'>, nesting: number): Intake {
  const document = readJson(rawBody, nesting);
  if (!document.ok) return unread(SYSTEM, { rawBody, headers, payload: null }, [{ path: '', message: document.detail }]);
  const body = stripeEventBodySchema.safeParse(document.value);
  if (!body.success) return unread(SYSTEM, { rawBody, headers, payload: document.value }, findingsOf(body.error));
  const { id, type, created, data } = body.data;
  if (!STRIPE_EVENTS.some((event) => event === type)) return others();
  const occurredAt = new Date(created * 1000).toISOString();
  return one(billingEvent(SYSTEM, { eventId: id, businessKey: data.object.id, version: occurredAt, occurredAt, rawBody, headers, payload: body.data }));
}
