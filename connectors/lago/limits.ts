import { numberOf, windowOf, type LimitReader } from '../http/vendor-windows.ts';

/**
 * Lago's cloud counts per organization and second: events, current usage and all else apart, told apart by their limits. `X-RateLimit-Reset` is in
 * seconds from now. A server of one's own sends nothing. Source: https://docs.getlago.com/api-reference/rate-limits
 */
export const readLagoLimits: LimitReader = (headers) => ({
  windows: windowOf(`${String(headers['x-ratelimit-limit'])} a second`, headers, {
    limit: 'x-ratelimit-limit',
    remaining: 'x-ratelimit-remaining',
    resetsInMs: (all) => (numberOf(all['x-ratelimit-reset']) ?? Number.NaN) * 1000,
  }),
});
