import type { FastifyInstance } from 'fastify';
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { concurrencyExceeded, INVALID_LOGIN, Refusal } from './errors.ts';
import type { NetSuiteOptions } from './options.ts';
import { TOKEN_PATH, type Tokens } from './token.ts';

const LimitOrder = z.strictObject({ limit: z.int().min(1).optional(), latencyMs: z.int().min(0).optional() });

/**
 * Lets a request in: a valid token, and a free place among the account's concurrent requests. NetSuite refuses, it does not queue.
 * Each request counts, whoever sends it; jobs that run do not: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/subsect_1559222360.html
 * and chapter_161251386312.html. `GET /__admin/limits` tells how near the limit it came, `PUT` changes limit and latency.
 */
export function installGate(app: FastifyInstance, tokens: Tokens, options: NetSuiteOptions, onReset: (work: () => void) => void): void {
  const inside = new Set<IncomingMessage>();
  let limit = options.concurrencyLimit;
  let { latencyMs } = options;
  let peak = 0;
  let refused = 0;
  const forget = (): void => {
    peak = inside.size;
    refused = 0;
  };
  onReset(forget);

  app.addHook('onRequest', async (request) => {
    if (request.url.startsWith(TOKEN_PATH) || request.url.startsWith('/__admin')) return;
    if (!tokens.isValid(request.headers.authorization)) throw new Refusal(401, INVALID_LOGIN);
    if (inside.size >= limit) {
      refused += 1;
      throw concurrencyExceeded();
    }
    inside.add(request.raw);
    peak = Math.max(peak, inside.size);
    if (latencyMs > 0) await sleep(latencyMs);
  });
  // Free once the answer is ready: whoever reads it may come back before the last byte is acknowledged.
  app.addHook('onSend', async (request) => void inside.delete(request.raw));
  app.addHook('onResponse', async (request) => void inside.delete(request.raw));
  app.addHook('onRequestAbort', async (request) => void inside.delete(request.raw));

  app.get('/__admin/limits', (_request, reply) => reply.send({ limit, latencyMs, inside: inside.size, peak, refused }));
  app.put('/__admin/limits', (request, reply) => {
    const order = LimitOrder.parse(request.body);
    limit = order.limit ?? limit;
    latencyMs = order.latencyMs ?? latencyMs;
    forget();
    return reply.send({ limit, latencyMs });
  });
}
