import type { FastifyInstance } from 'fastify';
import type { IncomingMessage } from 'node:http';
import type { Tokens } from '../dynamics/token.ts';
import { overLimit, unauthorized } from './errors.ts';
import type { ProjectOperationsOptions } from './options.ts';

const WINDOW_MS = 300_000;
export const BUSY_MODE = 'busy';

/**
 * Lets a request in: a valid token, and what service protection leaves (https://learn.microsoft.com/en-us/power-apps/developer/data-platform/api-limits).
 * In the mode "busy" every request is over the limit of execution time.
 */
export function installGate(app: FastifyInstance, tokens: Tokens, options: ProjectOperationsOptions, sandbox: { readonly mode: () => string; readonly now: () => Date; readonly onReset: (work: () => void) => void }): void {
  const inside = new Set<IncomingMessage>();
  let times: number[] = [];
  sandbox.onReset(() => {
    times = [];
  });
  app.addHook('onRequest', async (request, reply) => {
    if (!request.url.startsWith('/api/')) return;
    if (!tokens.isValid(request.headers.authorization)) throw unauthorized();
    const now = sandbox.now().getTime();
    times = times.filter((time) => time > now - WINDOW_MS);
    if (sandbox.mode() === BUSY_MODE) throw overLimit('time', 5);
    if (times.length >= options.requestsPerWindow) throw overLimit('count', Math.ceil(((times[0] ?? now) + WINDOW_MS - now) / 1000));
    if (inside.size >= options.concurrentRequests) throw overLimit('concurrency', 1);
    times.push(now);
    reply.header('x-ms-ratelimit-burst-remaining-xrm-requests', String(options.requestsPerWindow - times.length));
    inside.add(request.raw);
  });
  app.addHook('onSend', async (request) => void inside.delete(request.raw));
  app.addHook('onResponse', async (request) => void inside.delete(request.raw));
  app.addHook('onRequestAbort', async (request) => void inside.delete(request.raw));
}
