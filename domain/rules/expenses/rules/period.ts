import { bookingPeriod, type BookingPeriod } from '../../timesheet/booking-period.ts';
import { mustChange, notConfigured, type HoldReason } from '../finding.ts';
import type { ReportInReview, ReportRule } from '../review.ts';

/** A report is booked as a whole in the period of its last expense, or the next open one. */
export function bookedIn({ employer, index, lines }: ReportInReview): BookingPeriod | undefined {
  const last = lines.map(({ line }) => line.incurredOn).toSorted().at(-1);
  return employer === undefined || last === undefined ? undefined : bookingPeriod(index, employer.code, last);
}

export function periodHold(review: ReportInReview): HoldReason | undefined {
  const booking = bookedIn(review);
  if (booking?.outcome !== 'not_yet_open') return undefined;
  const name = `accounting period ${booking.period.code} of ${booking.period.legalEntity}`;
  return { code: 'PERIOD_NOT_YET_OPEN', message: `The ${name} opens at ${booking.period.opensAt}.`, waitsFor: name };
}

/** There is an open accounting period in the employer's books. */
export const periodRule: ReportRule = (review) => {
  const { report, employer } = review;
  const booking = bookedIn(review);
  if (booking?.outcome === 'unknown') {
    return [notConfigured({ report }, 'PERIOD_UNKNOWN', 'lines', { message: `${employer?.code ?? 'The employer'} has no accounting period for the last expense of the report.`, mend: 'Correct the date, or have the accounting period set up.' })];
  }
  if (booking?.outcome === 'closed') {
    return [mustChange({ report }, 'PERIOD_CLOSED', 'lines', { message: `Accounting period ${booking.period.code} of ${booking.period.legalEntity} is closed and no later one is open.`, mend: 'Ask finance to open the next period.' })];
  }
  return [];
};
