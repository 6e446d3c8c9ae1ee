import type { IncomingHttpHeaders } from 'node:http';

const WHILE_USED_UP_MS = 300_000;
/** Longer than a call may wait for its turn: it fails as transient and comes back, so that no worker's slot is held. */
const WHILE_NEAR_MS = 15_000;

/**
 * Feeds the organization's daily API allocation into the request budget, from `Sforce-Limit-Info: api-usage=10018/100000`, where Salesforce sends it also with
 * `per-app-api-usage=17/250(appName=…)`. From `ceiling` (a share of 1) on one call in 15 seconds is let through, so that other applications of the organization keep
 * the rest; once all is used, one in five minutes. The allocation is counted over the last 24 hours: it comes back by itself.
 * Source: REST API Developer Guide, "Limit Info Header".
 */
export function pauseForSalesforce(ceiling: number): (headers: IncomingHttpHeaders) => number {
  return (headers) => {
    const info = headers['sforce-limit-info'];
    if (typeof info !== 'string') return 0;
    const shares = [...info.matchAll(/api-usage=(\d{1,15})\/(\d{1,15})/g)].map(([, used, most]) => (Number(most) > 0 ? Number(used) / Number(most) : 0));
    const highest = Math.max(0, ...shares);
    if (highest >= 1) return WHILE_USED_UP_MS;
    return highest >= ceiling ? WHILE_NEAR_MS : 0;
  };
}
