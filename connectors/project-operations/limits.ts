import { numberOf, type LimitReader } from '../http/vendor-windows.ts';

const LIMIT = 6000;
const WINDOW_MS = 300_000;
/** Another web server of the environment may have room. */
const ASK_AGAIN_MS = 1000;

/**
 * Requests of our user in 300 moving seconds, as the web server that answered counts them; the limit itself is not told, but documented. Since the next
 * request may reach another server, it slows down what is not urgent near the end and decides nothing more: refusals do.
 * Source: https://learn.microsoft.com/en-us/power-apps/developer/data-platform/api-limits (response headers)
 */
export const readDataverseLimits: LimitReader = (headers) => {
  const remaining = numberOf(headers['x-ms-ratelimit-burst-remaining-xrm-requests']);
  return remaining === undefined ? {} : { windows: [{ name: '300 seconds', limit: Math.max(LIMIT, remaining), remaining: Math.max(0, remaining), resetsInMs: WINDOW_MS, moving: true, askAgainAfterMs: ASK_AGAIN_MS }] };
};
