import { createHash, createHmac } from 'node:crypto';
import { z } from 'zod';
import type { SandboxContext } from '../kit/sandbox.ts';
import type { HubSpotOptions } from './options.ts';
import type { Change } from './store.ts';

const POLICY = 'webhooks-v3';
const DAY_MS = 86_400_000;
const FIRST_SUBSCRIPTION = 2_910_000;
const StoredEvent = z.looseObject({ eventId: z.number() });

/**
 * Webhooks v3: a JSON array of up to 100 events, signed anew for every attempt with its own timestamp, at most ten retries.
 * HubSpot spreads the retries over a day; the sandbox begins after one second so that tests need not wait.
 */
export function installWebhooks(context: SandboxContext, options: HubSpotOptions): (change: Change) => void {
  const subscriptions = ['deal.creation', 'deal.deletion', ...options.subscribedProperties.map((name) => `deal.propertyChange ${name}`)];

  context.deliveryPolicy(POLICY, {
    maxBatch: 100,
    windowMs: 10,
    firstRetryMs: 1000,
    maxRetryMs: 60_000,
    giveUpAfterMs: DAY_MS,
    maxAttempts: 11,
    assemble(bodies, attempt, at, url) {
      const body = JSON.stringify(bodies.map((text) => ({ ...StoredEvent.parse(JSON.parse(text)), attemptNumber: attempt })));
      const timestamp = String(at.getTime());
      const signature = createHmac('sha256', options.clientSecret).update(`POST${url}${body}${timestamp}`).digest('base64');
      return {
        headers: {
          'content-type': 'application/json',
          'x-hubspot-signature': createHash('sha256')
            .update(options.clientSecret + body)
            .digest('hex'),
          'x-hubspot-signature-version': 'v1',
          'x-hubspot-signature-v3': signature,
          'x-hubspot-request-timestamp': timestamp,
        },
        body,
      };
    },
    accepted: (status) => status >= 200 && status < 300,
  });

  return (change) => {
    if (change.object.name !== 'deals') return;
    const type = `deal.${change.kind}`;
    const subscription = subscriptions.indexOf(change.kind === 'propertyChange' ? `${type} ${change.property}` : type);
    if (subscription < 0) return;
    const eventId = 100_000_000 + context.records.nextId('event');
    const event = {
      eventId,
      subscriptionId: FIRST_SUBSCRIPTION + subscription,
      portalId: options.portalId,
      appId: options.appId,
      occurredAt: context.now().getTime(),
      subscriptionType: type,
      attemptNumber: 0,
      objectId: Number(change.record.id),
      ...(change.kind === 'propertyChange'
        ? { propertyName: change.property, propertyValue: change.record.properties[change.property] ?? '', isSensitive: false }
        : { changeFlag: change.kind === 'creation' ? 'CREATED' : 'DELETED' }),
      changeSource: change.author.changeSource,
      sourceId: change.author.sourceId,
    };
    context.deliver({ id: `event-${eventId}`, policy: POLICY, body: JSON.stringify(event) });
  };
}
