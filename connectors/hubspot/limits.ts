import { numberOf, type LimitReader, type VendorWindow } from '../http/vendor-windows.ts';

const DAY_MS = 86_400_000;
const ASK_AGAIN_MS = 300_000;

/**
 * The windows of a private app: ten seconds that move with the clock, and the account's day, whose end by the account's time zone is not told.
 * The headers of one second are still sent, but their limit is enforced no more; searches, which have one, carry no headers.
 * Source: https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines (response headers)
 */
export const readHubSpotLimits: LimitReader = (headers) => {
  const window = (name: string, limit: string, remaining: string, rest: Pick<VendorWindow, 'resetsInMs' | 'moving' | 'askAgainAfterMs'>): VendorWindow[] => {
    const most = numberOf(headers[limit]);
    const left = numberOf(headers[remaining]);
    return most === undefined || most <= 0 || left === undefined ? [] : [{ name, limit: most, remaining: Math.max(0, left), ...rest }];
  };
  const interval = numberOf(headers['x-hubspot-ratelimit-interval-milliseconds']) ?? 10_000;
  const isUsedUp = headers['x-hubspot-ratelimit-remaining'] === '0' && headers['x-hubspot-ratelimit-max'] === undefined;
  return {
    ...(isUsedUp ? { pauseMs: 10_000 } : {}),
    windows: [
      ...window('ten seconds', 'x-hubspot-ratelimit-max', 'x-hubspot-ratelimit-remaining', { resetsInMs: interval > 0 ? interval : 10_000, moving: true }),
      ...window('day', 'x-hubspot-ratelimit-daily', 'x-hubspot-ratelimit-daily-remaining', { resetsInMs: DAY_MS, askAgainAfterMs: ASK_AGAIN_MS }),
    ],
  };
};
