import type { FastifyInstance } from 'fastify';
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { concurrencyExceeded, INVALID_LOGIN, Refusal } from './errors.ts';
import type { NetSuiteOptions } from './options.ts';
import { TOKEN_PATH, type Tokens } from './token.ts';

/**
 * Lets a request in: a valid token, and a free place among the account's concurrent requests. NetSuite refuses, it does not queue.
 * https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/subsect_1559222360.html
 */
export function installGate(app: FastifyInstance, tokens: Tokens, options: NetSuiteOptions): void {
  const inside = new Set<IncomingMessage>();

  app.addHook('onRequest', async (request) => {
    if (request.url.startsWith(TOKEN_PATH)) return;
    if (!tokens.isValid(request.headers.authorization)) throw new Refusal(401, INVALID_LOGIN);
    if (inside.size >= options.concurrencyLimit) throw concurrencyExceeded();
    inside.add(request.raw);
    if (options.latencyMs > 0) await sleep(options.latencyMs);
  });
  app.addHook('onResponse', async (request) => void inside.delete(request.raw));
  app.addHook('onRequestAbort', async (request) => void inside.delete(request.raw));
}
