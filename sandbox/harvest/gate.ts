import type { FastifyInstance } from 'fastify';
import { setTimeout as sleep } from 'node:timers/promises';
import { INVALID_TOKEN, Refusal, tooMany } from './errors.ts';
import type { HarvestOptions } from './options.ts';

/**
 * Token, account and user agent, then the rate limits.
 * https://help.getharvest.com/api-v2/authentication-api/authentication/authentication/ (headers; the query string may carry them too)
 * https://help.getharvest.com/api-v2/introduction/overview/general/ (400 without User-Agent, 429 with Retry-After; reports have a limit of their own)
 * The texts, the 403 for another account's ID and that a refused request does not count are (unverified).
 */
export function installGate(app: FastifyInstance, options: HarvestOptions, now: () => Date): { reset: () => void } {
  const general = slidingWindow(options.requestsPerWindow, options.windowMs);
  const reports = slidingWindow(options.reportsPerWindow, options.reportsWindowMs);

  app.addHook('onRequest', async (request) => {
    const { headers, url } = request;
    if (headers['user-agent'] === undefined || headers['user-agent'] === '') throw new Refusal(400, { message: 'A User-Agent header is required.' });
    const query = url.includes('access_token=') ? new URL(url, 'http://harvest').searchParams : undefined;
    const token = headers.authorization?.startsWith('Bearer ') === true ? headers.authorization.slice(7) : query?.get('access_token');
    if (token !== options.accessToken) throw new Refusal(401, INVALID_TOKEN);
    const account = headers['harvest-account-id'] ?? query?.get('account_id');
    if (account === undefined || account === null) throw new Refusal(400, { message: 'A Harvest-Account-Id header is required.' });
    if (account !== options.accountId) throw new Refusal(403, { message: 'The access token does not have access to this account.' });
    const wait = (url.startsWith('/v2/reports/') ? reports : general).enter(now().getTime());
    if (wait > 0) throw tooMany(wait);
    if (options.latencyMs > 0) await sleep(options.latencyMs);
  });

  return {
    reset() {
      general.clear();
      reports.clear();
    },
  };
}

/** `enter` answers 0 or the seconds until there is room again. */
function slidingWindow(limit: number | null, windowMs: number): { enter(at: number): number; clear(): void } {
  const times: number[] = [];
  return {
    enter(at) {
      if (limit === null) return 0;
      while (times[0] !== undefined && times[0] <= at - windowMs) times.shift();
      if (times.length < limit) {
        times.push(at);
        return 0;
      }
      return Math.max(1, Math.ceil(((times[0] ?? at) + windowMs - at) / 1000));
    },
    clear: () => void times.splice(0),
  };
}
