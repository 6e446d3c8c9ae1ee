import { createHmac } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { SandboxContext } from '../kit/sandbox.ts';
import type { Account } from './account.ts';
import { badParameter } from './errors.ts';
import { get, pageOf, post, type Service } from './http.ts';
import type { StripeEvent } from './model.ts';
import { created, expand, isWithin, listing, text, timestamp } from './params.ts';

const POLICY = 'stripe-webhooks';
const DAY_S = 86_400;
/** The account's own version, older than any that integrations pin. */
const ACCOUNT_VERSION = '2025-03-31.basil';

const viewOf = (row: StripeEvent): object => ({ id: row.id, object: 'event', api_version: ACCOUNT_VERSION, created: row.created, data: { object: row.object }, livemode: false, pending_webhooks: 0, request: { id: null, idempotency_key: null }, type: row.type });

/**
 * Keeps an event of everything that happens and delivers it signed: `t=<seconds>,v1=<hex HMAC-SHA256 of "t.body">`, tried again for three days.
 * https://docs.stripe.com/webhooks#verify-manually, https://docs.stripe.com/webhooks#retries
 */
export function announcing(context: SandboxContext, account: Account, secret: string): Service['announce'] {
  context.deliveryPolicy(POLICY, {
    maxBatch: 1,
    windowMs: 10,
    firstRetryMs: 1000,
    maxRetryMs: 3_600_000,
    giveUpAfterMs: 3 * DAY_S * 1000,
    maxAttempts: 100,
    assemble([body = ''], _attempt, at) {
      const seconds = Math.floor(at.getTime() / 1000);
      const signature = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
      return { headers: { 'content-type': 'application/json; charset=utf-8', 'stripe-signature': `t=${seconds},v1=${signature}` }, body };
    },
    accepted: (status) => status >= 200 && status < 300,
  });
  return (type, object) => {
    const row = account.events.insert((head) => ({ ...head, type, object }));
    context.deliver({ id: row.id, policy: POLICY, body: JSON.stringify(viewOf(row), null, 2) });
  };
}

export function installEvents(app: FastifyInstance, service: Service): void {
  const { account } = service;
  get(app, '/v1/events', z.strictObject({ ...listing, created, type: text().optional(), types: z.array(text()).max(20).optional() }), (query) => {
    const since = account.seconds() - 30 * DAY_S;
    const fits = (row: StripeEvent) => row.created >= since && isWithin(row.created, query.created) && (query.type === undefined || row.type === query.type) && (query.types === undefined || query.types.includes(row.type));
    return pageOf('/v1/events', account.events.all().filter(fits), query, viewOf);
  });
  get(app, '/v1/events/:id', z.strictObject({ expand }), (_query, { id = '' }) => viewOf(account.events.need(id)));

  post(app, service, '/v1/billing/meter_events', z.strictObject({ event_name: text(100), identifier: text(100).optional(), payload: z.record(z.string(), text()), timestamp: timestamp.optional(), expand }), (params) => {
    const identifier = params.identifier ?? account.nextId('evtid');
    const now = account.seconds();
    const at = params.timestamp ?? now;
    if (at < now - 35 * DAY_S || at > now + 300) throw badParameter('timestamp_invalid', 'Timestamp must be within the past 35 days or up to 5 minutes in the future.', 'timestamp');
    if (account.meterEvents.by('identifier', identifier).some((row) => row.created > now - DAY_S)) throw badParameter('duplicate_meter_event', `An event already exists with identifier ${identifier}.`, 'identifier');
    const row = account.meterEvents.insert((head) => ({ ...head, event_name: params.event_name, identifier, timestamp: at, payload: params.payload }));
    return { object: 'billing.meter_event', created: row.created, event_name: row.event_name, identifier, livemode: false, payload: row.payload, timestamp: at };
  });
}
