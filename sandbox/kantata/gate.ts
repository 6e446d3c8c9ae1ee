import type { FastifyInstance } from 'fastify';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { tooMany, unauthorized } from './errors.ts';
import type { KantataOptions } from './options.ts';

/** The bearer token, then the rate limit. Answers of 429 carry no Retry-After and no limit headers: none are documented. */
export function installGate(app: FastifyInstance, options: KantataOptions, now: () => Date): { reset: () => void } {
  let second = 0;
  let used = 0;

  app.addHook('onRequest', async ({ headers, url }, reply) => {
    if (!url.startsWith('/api/')) return;
    reply.header('x-request-id', randomUUID());
    if (headers.authorization !== `Bearer ${options.accessToken}`) throw unauthorized();
    const at = Math.floor(now().getTime() / 1000);
    if (at !== second) {
      second = at;
      used = 0;
    }
    if (options.requestsPerSecond !== null && used >= options.requestsPerSecond) throw tooMany();
    used += 1;
    if (options.latencyMs > 0) await sleep(options.latencyMs);
  });

  return {
    reset() {
      second = 0;
      used = 0;
    },
  };
}
