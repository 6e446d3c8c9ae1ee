import { bookingPayPeriod, bookingPeriod, isTooLate } from '../booking-period.ts';
import { mayPass, mustChange, notConfigured, type HoldReason, type TimeFinding } from '../finding.ts';
import type { EntryInReview, EntryRule } from '../review.ts';

function entitiesOf({ person, project, original }: EntryInReview): string[] {
  const codes = [project?.legalEntity ?? original?.labor.legalEntity, person?.legalEntity].filter((code) => code !== undefined);
  return [...new Set(codes)];
}

export function periodHold(review: EntryInReview): HoldReason | undefined {
  for (const entity of entitiesOf(review)) {
    const booking = bookingPeriod(review.index, entity, review.entry.workDate);
    if (booking.outcome === 'not_yet_open') {
      return { code: 'PERIOD_NOT_YET_OPEN', message: `Accounting period ${booking.period.code} of ${entity} opens at ${booking.period.opensAt}.`, waitsFor: `accounting period ${booking.period.code} of ${entity}`, until: booking.period.opensAt };
    }
  }
  return undefined;
}

/** There is an open accounting period for the work, in the project's legal entity and the employer's, and for employees a pay period. Corrections may always go to the next open one. */
export const periodRule: EntryRule = (review) => {
  const { entry, person, index, original } = review;
  const findings = entitiesOf(review).flatMap((entity): TimeFinding[] => {
    const booking = bookingPeriod(index, entity, entry.workDate);
    switch (booking.outcome) {
      case 'unknown':
        return [notConfigured(entry, 'PERIOD_UNKNOWN', 'workDate', { message: `${entity} has no accounting period for ${entry.workDate}.`, mend: 'Correct the work date, or have the accounting period set up.' })];
      case 'closed':
        return [mustChange(entry, 'PERIOD_CLOSED', 'workDate', { message: `Accounting period ${booking.period.code} of ${entity} is closed and no later one is open.`, mend: 'Ask finance to open the next period.' })];
      case 'open':
        if (!booking.late || original !== undefined || !isTooLate(index, entity, entry.workDate)) return [];
        return [mayPass(entry, 'PERIOD_CLOSED', 'workDate', { message: `${entry.workDate} lies in a closed accounting period of ${entity}, too long ago to be booked in ${booking.period.code}.`, mend: 'Ask finance whether the time may still be booked in the current period.' })];
      default:
        return [];
    }
  });
  if (person?.kind === 'employee' && bookingPayPeriod(index, person.legalEntity, entry.workDate) === undefined) {
    findings.push(notConfigured(entry, 'PAY_PERIOD_UNKNOWN', 'workDate', { message: `${person.legalEntity} has no pay period whose cutoff is still to come for ${entry.workDate}.`, mend: 'Have the next pay periods set up.' }));
  }
  return findings;
};
