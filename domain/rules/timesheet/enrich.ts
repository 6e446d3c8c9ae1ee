import { Decimal } from 'decimal.js';
import { money, subtractMoney, type Money } from '../../money.ts';
import type { EnrichedEntry, PayPart } from '../../model/time/enriched-entry.ts';
import { bookingPayPeriod, bookingPeriod } from './booking-period.ts';
import { billingStatus, costRateOf, isIntercompany, projectRates, transferRateOf } from './rates-in-force.ts';
import type { EntryInReview } from './review.ts';
import { isInactive } from './rules/project.ts';

const Exact = Decimal.clone({ precision: 60 });

export interface Decided {
  /** Of the cap, what is left to this entry; null: no cap. */
  readonly capLeft: Money | null;
  readonly pay: readonly PayPart[];
  /** Codes of the findings that somebody let pass. */
  readonly waived: readonly string[];
}

/** Hours times the rate in force on the work date, rounded once to the currency's minor unit; zero where nothing is billed by time. */
export function worthOf(review: EntryInReview): Money {
  const currency = review.project?.currency ?? review.original?.labor.billing.amount.currency ?? 'USD';
  const rate = billingStatus(review) === 'actuals' ? projectRates(review).inForce[0] : undefined;
  if (rate === undefined) return money('0', currency);
  const hourly = new Exact(rate.rate).dividedBy(rate.unit === 'day' ? review.index.context.hoursPerDay : 1);
  return money(hourly.times(review.entry.hours), currency);
}

/**
 * An entry that passed every rule, with what its postings need: the rate in force on the work date, exact amounts, cost center, periods, pay codes.
 * @throws RangeError for an entry that did not pass (no project, person or labor category).
 */
export function enrichEntry(review: EntryInReview, decided: Decided): EnrichedEntry {
  const { entry, sheet, person, project, original, index, laborCategory } = review;
  const projectNumber = project?.number ?? original?.labor.projectNumber;
  const legalEntity = project?.legalEntity ?? original?.labor.legalEntity;
  const category = laborCategory ?? original?.labor.laborCategory;
  const costCenter = entry.costCenter ?? project?.costCenter ?? original?.labor.costCenter;
  const employer = person?.legalEntity;
  const home = employer === undefined ? undefined : bookingPeriod(index, employer, entry.workDate);
  const booked = legalEntity === undefined ? undefined : bookingPeriod(index, legalEntity, entry.workDate);
  if (projectNumber === undefined || legalEntity === undefined || category === undefined || costCenter === undefined || person === undefined || home?.outcome !== 'open' || booked?.outcome !== 'open') {
    throw new RangeError(`time entry ${entry.id} version ${entry.version} cannot be enriched: it has findings; validate it first`);
  }
  const worth = worthOf(review);
  const amount = decided.capLeft !== null && isMore(worth, decided.capLeft) ? decided.capLeft : worth;
  const status = billingStatus(review);
  const rate = status === 'none' ? undefined : projectRates(review).inForce[0];
  return {
    schema: 'enriched-time-entry',
    schemaVersion: 1,
    entry,
    timesheet: { id: sheet.id, version: sheet.version },
    outcome: original === undefined ? 'new' : 'correction',
    projectNumber,
    legalEntity,
    employer: person.legalEntity,
    costCenter,
    laborCategory: category,
    accountingPeriod: booked.period.code,
    employerPeriod: home.period.code,
    payPeriod: person.kind === 'employee' ? (bookingPayPeriod(index, person.legalEntity, entry.workDate)?.code ?? null) : null,
    billing: {
      status,
      rate: rate === undefined ? null : { laborCategory: rate.laborCategory, unit: rate.unit, rate: rate.rate, currency: rate.currency, from: rate.from, to: rate.to },
      amount,
      writtenOff: subtractMoney(worth, amount),
    },
    pay: [...decided.pay],
    cost: costOf(review, decided.pay),
    transfer: transferOf(review),
    remarks: [
      ...(isInactive(review) ? ['INACTIVE_PROJECT_GRACE'] : []),
      ...(booked.late || home.late ? ['LATE_ENTRY'] : []),
      ...(projectNumber === entry.projectNumber ? [] : ['PROJECT_CODE_CHANGED']),
      ...decided.waived.map((code) => `WAIVED_${code}`),
    ],
  };
}

/** What the hours cost the employer: its cost rate times the multiplier of each pay code, rounded once. */
export function costOf(review: Pick<EntryInReview, 'index' | 'person' | 'laborCategory' | 'entry'>, pay: readonly PayPart[]): Money | null {
  const { rate } = costRateOf(review);
  if (rate === undefined) return null;
  const paid = pay.length === 0 ? new Exact(review.entry.hours) : pay.reduce((sum, part) => sum.plus(new Exact(part.hours).times(part.multiplier)), new Exact(0));
  return money(paid.times(rate.rate), rate.currency);
}

function transferOf(review: EntryInReview): EnrichedEntry['transfer'] {
  const rate = isIntercompany(review) ? transferRateOf(review) : undefined;
  return rate === undefined ? null : { rate: rate.rate, amount: money(new Exact(rate.rate).times(review.entry.hours), rate.currency) };
}

function isMore(left: Money, right: Money): boolean {
  return new Exact(left.amount).greaterThan(right.amount);
}
