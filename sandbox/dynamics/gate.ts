import type { FastifyInstance } from 'fastify';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { throttled, unauthorized } from './errors.ts';
import type { DynamicsOptions } from './options.ts';
import type { Tokens } from './token.ts';

const WINDOW_MS = 300_000;
export const BUSY_MODE = 'busy';
const LimitOrder = z.strictObject({ requests: z.int().min(1).nullable().optional(), concurrent: z.int().min(1).nullable().optional() });

/**
 * Lets a request in: a valid token, and what service protection leaves. In the mode "busy" every request is over the environment's resource limit.
 * Texts and limits: https://learn.microsoft.com/en-us/dynamics365/fin-ops-core/dev-itpro/data-entities/service-protection-api-limits; the limits of
 * a user are optional since version 10.0.35 and gone since 10.0.36. `GET /__admin/limits` tells how near the limit it came, `PUT` changes it.
 */
export function installGate(app: FastifyInstance, tokens: Tokens, options: DynamicsOptions, environment: { readonly mode: () => string; readonly now: () => Date; readonly onReset: (work: () => void) => void }): void {
  const inside = new Set<IncomingMessage>();
  let { requestsPerWindow: requests, concurrentRequests: concurrent } = options;
  let times: number[] = [];
  let peak = 0;
  let refused = 0;
  environment.onReset(() => {
    times = [];
    peak = inside.size;
    refused = 0;
  });

  const refuse = (message: string, retryAfterSeconds: number): Error => {
    refused += 1;
    return throttled(message, retryAfterSeconds);
  };

  app.addHook('onRequest', async (request) => {
    if (!request.url.startsWith('/data')) return;
    if (!tokens.isValid(request.headers.authorization)) throw unauthorized();
    const now = environment.now().getTime();
    times = times.filter((time) => time > now - WINDOW_MS);
    if (environment.mode() === BUSY_MODE) throw refuse('This request could not be processed at this time due to system experiencing high resource utilization.', 5);
    if (requests !== null && times.length >= requests) throw refuse(`Number of requests exceeded the limit of ${requests} over the time window of 300 seconds.`, Math.ceil(((times[0] ?? now) + WINDOW_MS - now) / 1000));
    if (concurrent !== null && inside.size >= concurrent) throw refuse(`Number of concurrent requests exceeded the limit of ${concurrent}.`, 1);
    if (requests !== null) times.push(now);
    inside.add(request.raw);
    peak = Math.max(peak, inside.size);
  });
  app.addHook('onSend', async (request) => void inside.delete(request.raw));
  app.addHook('onResponse', async (request) => void inside.delete(request.raw));
  app.addHook('onRequestAbort', async (request) => void inside.delete(request.raw));

  app.get('/__admin/limits', (_request, reply) => reply.send({ requests, concurrent, peak, refused }));
  app.put('/__admin/limits', (request, reply) => {
    const order = LimitOrder.parse(request.body);
    if (order.requests !== undefined) requests = order.requests;
    if (order.concurrent !== undefined) concurrent = order.concurrent;
    times = [];
    peak = inside.size;
    refused = 0;
    return reply.send({ requests, concurrent });
  });
}
