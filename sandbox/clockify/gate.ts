import type { FastifyInstance } from 'fastify';
import { setTimeout as sleep } from 'node:timers/promises';
import { accessDenied, noKey, tooMany, unknownKey } from './errors.ts';
import type { ClockifyOptions } from './options.ts';

/**
 * The key, the workspace, then the rate limit. https://docs.clockify.me/ (Authentication, Rate limiting: 50 requests a second for an add-on; that API keys have
 * the same is (unverified)). There is no Retry-After (unverified).
 */
export function installGate(app: FastifyInstance, options: ClockifyOptions, now: () => Date): { reset: () => void } {
  let second = 0;
  let used = 0;

  app.addHook('onRequest', async ({ headers, url }) => {
    const key = headers['x-api-key'];
    if (key === undefined || headers['x-addon-token'] !== undefined) throw noKey();
    if (key !== options.apiKey) throw unknownKey();
    const workspace = /^\/api\/v1\/workspaces\/([^/?]+)/.exec(url)?.[1];
    if (workspace !== undefined && workspace !== options.workspaceId) throw accessDenied();
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
