import { untilMs } from '../http/clock-skew.ts';
import { windowOf, type LimitReader } from '../http/vendor-windows.ts';

/**
 * 200 requests a minute, of a window that opens with the first request; `X-RateLimit-Reset: 2025-07-08 15:35:40 -0700`.
 * Source: https://docs.gusto.com/embedded-payroll/docs/rate-limits
 */
export const readGustoLimits: LimitReader = (headers) => ({
  windows: windowOf('minute', headers, {
    limit: 'x-ratelimit-limit',
    remaining: 'x-ratelimit-remaining',
    resetsInMs: (all) => untilMs(Date.parse(String(all['x-ratelimit-reset'] ?? '')), all),
  }),
});
