import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isSystemFailure } from '../../domain/failure.ts';
import type { UsageEvent } from '../billing-port.ts';
import type { CallContext } from '../ports.ts';
import type { Stripe } from './client.ts';

const IDENTIFIER_LENGTH = 100;
const meterEvent = z.object({ identifier: z.string() });

/**
 * Usage as meter events: `subscription` is the customer's ID in Stripe, `metric` the meter's event name. Stripe takes an identifier once within a rolling
 * period of at least 24 hours, and only events of the last 35 days. https://docs.stripe.com/api/billing/meter-event/create
 */
export function createUsage(stripe: Stripe) {
  return async (events: readonly UsageEvent[], context: CallContext): Promise<void> => {
    for (const event of events) {
      const identifier = event.key.length <= IDENTIFIER_LENGTH ? event.key : createHash('sha256').update(event.key).digest('base64url');
      const params = { event_name: event.metric, identifier, timestamp: Math.floor(Date.parse(event.at) / 1000), payload: { stripe_customer_id: event.subscription, value: event.quantity } };
      try {
        await stripe.post('/billing/meter_events', params, meterEvent, { object: `usage ${event.key}`, context }, `usage/${identifier}`);
      } catch (error) {
        if (!isTaken(error)) throw error;
      }
    }
  };
}

/** The identifier was taken before: the event is there. */
function isTaken(error: unknown): boolean {
  return isSystemFailure(error) && error.failure.kind === 'business_rule' && /identifier/i.test(error.failure.message) && /already|duplicate/i.test(error.failure.message);
}
