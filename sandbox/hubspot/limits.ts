import type { LimitPolicy } from './errors.ts';

/** Counts calls in a window that moves with the clock. */
interface RollingWindow {
  take(at: number): boolean;
  left(at: number): number;
  clear(): void;
}

export interface Limits {
  /** The policy that refuses a call now, or undefined when it is counted and may go on. */
  take(isSearch: boolean): LimitPolicy | undefined;
  headers(): Record<string, string>;
  clear(): void;
}

const DAY_MS = 86_400_000;

/** HubSpot's limits of a private app: calls in ten rolling seconds, searches in one second, calls a day. */
export function limitsOf(
  options: { requestsPerTenSeconds: number; searchesPerSecond: number; dailyRequests: number },
  now: () => Date,
): Limits {
  const burst = rollingWindow(options.requestsPerTenSeconds, 10_000);
  const search = rollingWindow(options.searchesPerSecond, 1000);
  let day = 0;
  let today = 0;

  return {
    take(isSearch) {
      const at = now().getTime();
      if (Math.floor(at / DAY_MS) !== day) {
        day = Math.floor(at / DAY_MS);
        today = 0;
      }
      if (today >= options.dailyRequests) return 'DAILY';
      if (isSearch && !search.take(at)) return 'SECONDLY';
      if (!burst.take(at)) return 'TEN_SECONDLY_ROLLING';
      today += 1;
      return undefined;
    },
    headers: () => ({
      'X-HubSpot-RateLimit-Daily': String(options.dailyRequests),
      'X-HubSpot-RateLimit-Daily-Remaining': String(options.dailyRequests - today),
      'X-HubSpot-RateLimit-Interval-Milliseconds': '10000',
      'X-HubSpot-RateLimit-Max': String(options.requestsPerTenSeconds),
      'X-HubSpot-RateLimit-Remaining': String(burst.left(now().getTime())),
      'X-HubSpot-RateLimit-Secondly': String(Math.floor(options.requestsPerTenSeconds / 10)),
      'X-HubSpot-RateLimit-Secondly-Remaining': String(
        Math.min(Math.floor(options.requestsPerTenSeconds / 10), burst.left(now().getTime())),
      ),
    }),
    clear() {
      burst.clear();
      search.clear();
      today = 0;
    },
  };
}

function rollingWindow(limit: number, lengthMs: number): RollingWindow {
  let calls: number[] = [];
  let first = 0;
  function forget(at: number): void {
    while (first < calls.length && (calls[first] ?? 0) <= at - lengthMs) first += 1;
    if (first > 1000 && first * 2 > calls.length) {
      calls = calls.slice(first);
      first = 0;
    }
  }
  return {
    take(at) {
      forget(at);
      if (calls.length - first >= limit) return false;
      calls.push(at);
      return true;
    },
    left(at) {
      forget(at);
      return limit - (calls.length - first);
    },
    clear() {
      calls = [];
      first = 0;
    },
  };
}
