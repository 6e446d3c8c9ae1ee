/**
 * Webhooks: one for each event, with a token of its own that is sent as it is in `clockify-signature`; the body is not signed.
 * https://docs.clockify.me/ (Webhooks), https://dev-docs.marketplace.cake.com/documentation/build/manifest/webhooks.html (headers).
 * Bodies as in Clockify's own samples, where the owner's zone is called `timezone`. How often a delivery is tried again is (unverified).
 */
import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { SandboxContext } from '../kit/sandbox.ts';
import type { Announce } from './approvals.ts';
import { refused } from './errors.ts';
import { bodyOf, idIn, WORKSPACE, type Service } from './http.ts';
import { WEBHOOK_EVENTS, type Webhook } from './model.ts';
import { keyOwner } from './people.ts';

const POLICY = 'clockify-webhooks';
const MOST_WEBHOOKS = 100;
const NewWebhook = z.object({ name: z.string().min(2).max(30).default('webhook'), url: z.url(), webhookEvent: z.enum(WEBHOOK_EVENTS), triggerSourceType: z.string(), triggerSource: z.array(z.string()) });
const Queued = z.object({ webhook: z.string(), body: z.string() });

export function announcing(context: SandboxContext, service: Service): Announce {
  const { account, workspaceId } = service;
  context.deliveryPolicy(POLICY, {
    maxBatch: 1,
    windowMs: 10,
    firstRetryMs: 1000,
    maxRetryMs: 60_000,
    giveUpAfterMs: 3_600_000,
    maxAttempts: 5,
    assemble([queued = '']) {
      const { webhook, body } = Queued.parse(JSON.parse(queued));
      const { authToken, webhookEvent } = account.webhooks.need(webhook);
      return { headers: { 'content-type': 'application/json', 'clockify-signature': authToken, 'clockify-webhook-event-type': webhookEvent }, body };
    },
    accepted: (status) => status >= 200 && status < 300,
  });

  return (event, request, user) => {
    const body = JSON.stringify({
      id: request.id,
      workspaceId,
      dateRange: { start: request.start, end: request.end },
      owner: { userId: user.id, userName: user.name, timezone: user.timeZone, startOfWeek: user.weekStart },
      status: { state: request.state, updatedBy: request.updatedBy, updatedByUserName: account.users.get(request.updatedBy)?.name ?? '', updatedAt: request.updatedAt, note: request.note },
    });
    for (const webhook of account.webhooks.all()) {
      if (webhook.webhookEvent !== event || !webhook.enabled) continue;
      context.deliver({ id: `event-${context.records.nextId('event')}`, policy: POLICY, body: JSON.stringify({ webhook: webhook.id, body }), ...(webhook.url === null ? {} : { url: webhook.url }) });
    }
  };
}

export function installWebhooks(app: FastifyInstance, service: Service): void {
  const { account, workspaceId } = service;
  const view = (webhook: Webhook) => ({ ...webhook, url: webhook.url ?? '', workspaceId, userId: keyOwner(service).id, triggerSourceType: 'WORKSPACE_ID', triggerSource: [workspaceId], deliveryEnabled: true, planEnabled: true });
  const token = () => randomBytes(24).toString('base64url');

  app.get(`${WORKSPACE}/webhooks`, (_request, reply) => {
    const webhooks = account.webhooks.all().map(view);
    return reply.send({ webhooks, workspaceWebhookCount: webhooks.length });
  });
  app.post(`${WORKSPACE}/webhooks`, (request, reply) => {
    const { name, url, webhookEvent } = bodyOf(NewWebhook, request);
    if (account.webhooks.all().length >= MOST_WEBHOOKS) throw refused('Webhook limit reached');
    if (account.webhooks.all().some((each) => each.url === url && each.webhookEvent === webhookEvent)) throw refused('Webhook already exists');
    return reply.code(201).send(view(account.webhooks.insert({ name, url, webhookEvent, authToken: token(), enabled: true })));
  });
  app.get(`${WORKSPACE}/webhooks/:id`, (request, reply) => reply.send(view(account.webhooks.need(idIn(request)))));
  app.patch(`${WORKSPACE}/webhooks/:id/token`, (request, reply) => reply.send(view(account.webhooks.update(account.webhooks.need(idIn(request)), { authToken: token() }))));
  app.delete(`${WORKSPACE}/webhooks/:id`, (request, reply) => {
    account.webhooks.delete(account.webhooks.need(idIn(request)).id);
    return reply.code(200).send();
  });
}
