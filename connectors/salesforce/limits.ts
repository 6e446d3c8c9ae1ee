import type { LimitReader } from '../http/vendor-windows.ts';

const DAY_MS = 86_400_000;
const WHILE_USED_UP_MS = 300_000;
/** Longer than a call may wait for its turn: it fails as transient and comes back, so that no worker's slot is held. */
const WHILE_NEAR_MS = 15_000;

/**
 * The organization's daily API allocation from `Sforce-Limit-Info: api-usage=10018/100000`, where Salesforce sends it also with
 * `per-app-api-usage=17/250(appName=…)`. Up to `ceiling` (a share of 1) it is ours; from there on one call in 15 seconds is let through, so that other
 * applications of the organization keep the rest, and once all is used one in five minutes. It is counted over the last 24 hours: it comes back by itself.
 * Source: REST API Developer Guide, "Limit Info Header".
 */
export function readSalesforceLimits(ceiling: number): LimitReader {
  return (headers) => {
    const info = headers['sforce-limit-info'];
    if (typeof info !== 'string') return {};
    const windows = [...info.matchAll(/(per-app-)?api-usage=(\d{1,15})\/(\d{1,15})/g)].flatMap(([, perApp, usedText, mostText]) => {
      const [used, most] = [Number(usedText), Number(mostText)];
      if (most <= 0) return [];
      const ours = most * ceiling;
      return [{ name: perApp === undefined ? 'day' : 'day of this app', limit: ours, remaining: Math.max(0, ours - used), resetsInMs: DAY_MS, moving: true, askAgainAfterMs: used >= most ? WHILE_USED_UP_MS : WHILE_NEAR_MS }];
    });
    return { windows };
  };
}
