import { Decimal } from 'decimal.js';
import type { PostedEntry } from '../../domain/model/time/enriched-entry.ts';
import { money, type Money } from '../../domain/money.ts';
import type { CapUse, DecisionRows } from '../../store/time/decide.ts';
import type { Reference } from './reference.ts';

/** A cap whose use is to be shared out anew among the entries from a day on. */
export interface CapToShare {
  readonly projectNumber: string;
  readonly from: string;
  readonly limit: Money;
}

/**
 * What the capped projects have used, kept up while a decision is made.
 * @param kept what they had used before
 */
export function createCapLedger(reference: Reference, kept: ReadonlyMap<string, CapUse>) {
  const used = new Map(kept);
  const changes = new Map<string, Decimal>();
  /** The first day on which something changed. */
  const touched = new Map<string, string>();
  const givenBack = new Map<string, true>();

  function capOf(projectNumber: string) {
    const project = reference.projectFamily(projectNumber).find(({ number }) => number === projectNumber);
    return project === undefined || project.cap === null || project.cap.limit.currency !== project.currency ? undefined : project.cap;
  }

  return {
    used: used as ReadonlyMap<string, CapUse>,
    /** All there is to remember. */
    maps: [used, changes, touched, givenBack],
    /** An entry comes into force, or with a minus goes out of it. */
    use({ labor }: PostedEntry, sign: 1 | -1): void {
      const { projectNumber, billing, entry } = labor;
      const project = reference.projectFamily(projectNumber).find(({ number }) => number === projectNumber);
      if (project === undefined || project.cap === null || billing.status !== 'actuals') return;
      const before = used.get(projectNumber) ?? { used: '0', currency: billing.amount.currency, writtenOffFrom: null };
      const billed = new Decimal(billing.amount.amount).times(sign);
      used.set(projectNumber, { ...before, used: money(new Decimal(before.used).plus(billed), before.currency).amount });
      changes.set(projectNumber, billed.plus(changes.get(projectNumber) ?? 0));
      if (entry.workDate < (touched.get(projectNumber) ?? '9999')) touched.set(projectNumber, entry.workDate);
      if (billed.lessThan(0)) givenBack.set(projectNumber, true);
    },
    /** Whether anything at all was given back, though other entries may have taken it since. */
    hasGivenBack: (): boolean => givenBack.size > 0,
    /** Projects that have used less than before. */
    lessened: (): string[] => [...changes].flatMap(([projectNumber, by]) => (by.lessThan(0) ? [projectNumber] : [])),
    /** Whether entries that did not fit are refused, and something might fit now. */
    hasRoom(projectNumber: string): boolean {
      const cap = capOf(projectNumber);
      return cap?.beyond === 'refuse' && new Decimal(cap.limit.amount).greaterThan(used.get(projectNumber)?.used ?? 0);
    },
    /** Caps that write off what lies beyond, and bite or have bitten. @param writtenOff projects of which something was written off in this decision */
    toShare: (writtenOff: ReadonlySet<string>): CapToShare[] =>
      [...touched].flatMap(([projectNumber, from]) => {
        const cap = capOf(projectNumber);
        if (cap?.beyond !== 'write_off') return [];
        const use = used.get(projectNumber);
        // What lies before the day has its share already.
        if (!new Decimal(use?.used ?? 0).lessThan(cap.limit.amount)) return [{ projectNumber, from, limit: cap.limit }];
        const since = use?.writtenOffFrom ?? null;
        return since !== null || writtenOff.has(projectNumber) ? [{ projectNumber, from: since !== null && since < from ? since : from, limit: cap.limit }] : [];
      }),
    rows: (): DecisionRows['caps'] =>
      [...changes].flatMap(([projectNumber, billed]) => {
        const cap = used.get(projectNumber);
        return cap === undefined || billed.isZero() ? [] : [{ projectNumber, currency: cap.currency, billed: billed.toFixed() }];
      }),
  };
}
