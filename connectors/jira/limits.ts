import type { IncomingHttpHeaders } from 'node:http';
import { untilMs } from '../http/clock-skew.ts';
import { windowOf, type LimitReader } from '../http/vendor-windows.ts';

const LONGEST_PAUSE_MS = 60_000;
const SECOND_MS = 1000;

/**
 * Jira counts bursts per endpoint and second, and where an app has one its hourly allowance of points. When the limit is reset it tells with a
 * refusal only: until then what remains is taken for that of the second. Without the limit itself only "nothing is left" can be used: until the
 * reset, at most for a minute.
 * Source: https://developer.atlassian.com/cloud/jira/platform/rate-limiting (response headers)
 */
export const readJiraLimits: LimitReader = (headers) => {
  const windows = windowOf('second', headers, { limit: 'x-ratelimit-limit', remaining: 'x-ratelimit-remaining', resetsInMs: (all) => untilReset(all) ?? SECOND_MS });
  if (windows.length > 0) return { windows };
  return headers['x-ratelimit-remaining'] === '0' ? { pauseMs: Math.min(untilReset(headers) ?? 0, LONGEST_PAUSE_MS) } : {};
};

/** `X-RateLimit-Reset` is an instant. Milliseconds, at most an hour. */
export function untilReset(headers: IncomingHttpHeaders): number | undefined {
  const reset = headers['x-ratelimit-reset'];
  const at = typeof reset === 'string' ? Date.parse(reset) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.min(Math.max(0, untilMs(at, headers)), 3_600_000);
}
