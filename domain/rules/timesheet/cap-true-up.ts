import { addMoney, compareMoney, money, subtractMoney, type Money } from '../../money.ts';
import type { EnrichedEntry, PostedEntry } from '../../model/time/enriched-entry.ts';
import { inOrder } from './work.ts';

export interface BillingChange {
  readonly posted: PostedEntry;
  readonly labor: EnrichedEntry;
}

/**
 * Shares a project's cap out anew over what is posted for it, in the order of the work: what corrections gave back is billed to the entries
 * written off before, and what came late takes its place among what came before. Where the cap bites then depends on the work alone, not on the order
 * in which it arrived. Part of every decision that touches a cap that bites; each change is booked with `bookBillingChanges`.
 * @param limit of the cap, less what is billed of the project and not among these
 * @param all posted for the project, of all people, from some day on
 */
export function trueUpCap(limit: Money, all: readonly PostedEntry[]): BillingChange[] {
  const billed = all.filter(({ state, labor }) => state === 'in_force' && labor.billing.status === 'actuals' && labor.billing.amount.currency === limit.currency);
  const none = money('0', limit.currency);
  let left = limit;
  return inOrder(billed.map((posted) => ({ posted, entry: posted.labor.entry }))).flatMap(({ posted }): BillingChange[] => {
    const { billing, remarks } = posted.labor;
    const worth = addMoney(billing.amount, billing.writtenOff);
    const room = compareMoney(left, none) > 0 ? left : none;
    const amount = remarks.includes('WAIVED_CAP_EXCEEDED') || compareMoney(worth, room) <= 0 ? worth : room;
    left = subtractMoney(left, amount);
    if (compareMoney(amount, billing.amount) === 0) return [];
    return [{ posted, labor: { ...posted.labor, billing: { ...billing, amount, writtenOff: subtractMoney(worth, amount) } } }];
  });
}
