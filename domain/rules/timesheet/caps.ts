import { addMoney, compareMoney, money, subtractMoney, type Money } from '../../money.ts';
import { worthOf } from './enrich.ts';
import { mustChange, type TimeFinding } from './finding.ts';
import type { EntryInReview } from './review.ts';
import { capFinding } from './rules/billing.ts';

export type CapDecision = { readonly left: Money | null; /** Billed beyond the cap, as somebody let it pass. */ readonly waived: boolean } | { readonly finding: TimeFinding };

/**
 * Holds entries against their projects' caps as a running total, in the order given. A project either refuses what does not fit whole, or
 * bills up to the cap and writes the rest off; either way no more than the cap is ever billed, whatever the order of entries.
 * A correction first gives back what its original had billed.
 * @param isWaived whether somebody let this entry pass the cap: it is billed in full
 */
export function holdAgainstCaps(reviews: readonly EntryInReview[], isWaived: (review: EntryInReview) => boolean): Map<EntryInReview, CapDecision> {
  const used = new Map<string, Money>();
  const decisions = new Map<EntryInReview, CapDecision>();
  for (const review of reviews) {
    const { project, entry } = review;
    const worth = worthOf(review);
    if (project?.cap == null || (Number(worth.amount) === 0 && review.original === undefined)) {
      decisions.set(review, { left: null, waived: false });
      continue;
    }
    if (project.cap.limit.currency !== project.currency || project.cap.used.currency !== project.currency) {
      decisions.set(review, { finding: mustChange(entry, 'CAP_CURRENCY_DIFFERS', 'projectNumber', { message: `The cap of project ${project.number} is in ${project.cap.limit.currency}, the project in ${project.currency}.`, mend: "Have the project's cap corrected in the project's currency." }) });
      continue;
    }
    const before = used.get(project.number) ?? project.cap.used;
    const original = review.original?.labor;
    const released = original !== undefined && original.projectNumber === project.number && original.billing.amount.currency === project.currency ? subtractMoney(before, original.billing.amount) : before;
    const room = subtractMoney(project.cap.limit, released);
    const left = compareMoney(room, money('0', project.currency)) < 0 ? money('0', project.currency) : room;
    const fits = compareMoney(worth, left) <= 0;
    if (!fits && project.cap.beyond === 'refuse' && !isWaived(review)) {
      decisions.set(review, { finding: capFinding(entry, { project: project.number, amount: text(worth), left: text(left), limit: text(project.cap.limit) }) });
      continue;
    }
    const billsAll = fits || isWaived(review);
    decisions.set(review, { left: billsAll ? null : left, waived: billsAll && !fits });
    used.set(project.number, addMoney(released, billsAll ? worth : left));
  }
  return decisions;
}

function text({ amount, currency }: Money): string {
  return `${amount} ${currency}`;
}
