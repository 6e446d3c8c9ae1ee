import { addMonths, type Instant, type LocalDate } from '../../dates.ts';
import { endOfLocalDay } from '../exceptions/policy.ts';

/**
 * The invoice cutoff of an accounting period: the last moment at which its time can still go on that month's invoices. The end of the legal entity's
 * `invoiceCutoffDay` of the following month, in its time zone, or the close of the period's books where that is sooner.
 * @param period with its last day
 * @param entity undefined for a legal entity that the configuration does not know: the books alone count
 */
export function invoiceCutoffAt(period: { readonly to: LocalDate; readonly closesAt: Instant }, entity: { readonly invoiceCutoffDay: number; readonly timeZone: string } | undefined): Instant {
  if (entity === undefined) return period.closesAt;
  const following = addMonths(`${period.to.slice(0, 7)}-01`, 1);
  const invoicesOut = endOfLocalDay(`${following.slice(0, 7)}-${String(entity.invoiceCutoffDay).padStart(2, '0')}`, entity.timeZone);
  return Date.parse(invoicesOut) < Date.parse(period.closesAt) ? invoicesOut : period.closesAt;
}
