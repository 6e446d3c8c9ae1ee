import type { ExceptionPolicy, FirmConfig } from '../../config/schema.ts';
import { addMilliseconds, addMonths, type Instant } from '../../dates.ts';
import type { Money } from '../../money.ts';
import { isAbove } from '../thresholds.ts';

const HOUR_MS = 3_600_000;
/** This long before an invoice cutoff a case has to be out of the way. */
const BEFORE_CUTOFF_MS = 4 * HOUR_MS;

/** The policy for a code: its own, else the longest prefix ending in "*", else "*". @throws RangeError where the configuration has no "*" policy. */
export function policyFor(code: string, config: Pick<FirmConfig, 'exceptionPolicies'>): ExceptionPolicy {
  const [best] = config.exceptionPolicies.filter((policy) => covers(policy.code, code)).toSorted((left, right) => exactness(right.code) - exactness(left.code));
  if (best === undefined) throw new RangeError(`No exception policy covers ${code}: give config/exception-policies.yaml one with the code "*".`);
  return best;
}

/**
 * When a case is due: after its SLA, but before the next invoice cutoff of its legal entity where that comes sooner, so that the month's
 * invoices are not held up. A case opened too near to the cutoff for that is due after a quarter of its SLA.
 */
export function dueAt(terms: { readonly openedAt: Instant; readonly slaHours: number; readonly legalEntity: string | null; readonly config: Pick<FirmConfig, 'legalEntities'> }): Instant {
  const { openedAt, slaHours } = terms;
  const bySla = addMilliseconds(openedAt, slaHours * HOUR_MS);
  const entity = terms.config.legalEntities.find((candidate) => candidate.code === terms.legalEntity);
  if (entity === undefined) return bySla;
  const beforeCutoff = addMilliseconds(nextCutoff(openedAt, entity.invoiceCutoffDay, entity.timeZone), -BEFORE_CUTOFF_MS);
  if (beforeCutoff >= bySla) return bySla;
  const soonest = addMilliseconds(openedAt, (slaHours * HOUR_MS) / 4);
  return beforeCutoff > soonest ? beforeCutoff : soonest;
}

/** Whether an override under this policy needs a second person, by the amount at stake. An unknown amount counts as above any limit. */
export function secondPersonNeeded(policy: ExceptionPolicy, amount: Money | null, config: Pick<FirmConfig, 'thresholdRates'>): boolean {
  const limit = policy.override?.secondPersonAbove ?? null;
  if (limit === null) return false;
  return amount === null || isAbove(amount, limit, config);
}

/** The end of the entity's next cutoff day, in its own time zone, as an instant. */
function nextCutoff(at: Instant, cutoffDay: number, timeZone: string): Instant {
  const firstOfMonth = `${localDay(at, timeZone).slice(0, 7)}-01`;
  const ends = [firstOfMonth, addMonths(firstOfMonth, 1)].map((month) => endOfLocalDay(`${month.slice(0, 7)}-${String(cutoffDay).padStart(2, '0')}`, timeZone));
  return ends.find((end) => end > at) ?? at;
}

/** The end of a local day of a time zone, as an instant. */
export function endOfLocalDay(day: string, timeZone: string): Instant {
  const utcMidnight = Date.parse(`${day}T24:00:00.000Z`);
  const local = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' }).format(utcMidnight);
  const offset = Date.parse(`${local.replace(' ', 'T')}.000Z`) - utcMidnight;
  return new Date(utcMidnight - offset).toISOString();
}

function localDay(at: Instant, timeZone: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(Date.parse(at));
}

function covers(pattern: string, code: string): boolean {
  return pattern.endsWith('*') ? code.startsWith(pattern.slice(0, -1)) : pattern === code;
}

/** A whole code goes before every prefix, a longer prefix before a shorter one. */
function exactness(pattern: string): number {
  return pattern.endsWith('*') ? pattern.length : Number.MAX_SAFE_INTEGER;
}
