import type { BillingMethodRule } from '../../config/schema.ts';
import { addDays, addMonths, daysBetween, endOfMonth, type LocalDate } from '../../dates.ts';
import type { BillingItem, BillingSchedule } from '../../model/billing.ts';
import type { OpportunityLine } from '../../model/opportunity.ts';
import { allocateMoney, sumMoney, type Money } from '../../money.ts';

export interface BillingTerms {
  readonly projectNumber: string;
  readonly method: BillingMethodRule;
  readonly value: Money;
  readonly cap: Money | null;
  readonly startDate: LocalDate;
  readonly endDate: LocalDate;
  readonly paymentTermsDays: number;
  readonly lines: readonly OpportunityLine[];
}

type Item = Omit<BillingItem, 'sequence'>;

/** When what is billed. Fixed amounts add up to the project's value exactly; actuals have no amount until the work is done. */
export function planBilling(terms: BillingTerms): BillingSchedule {
  const { method, value, cap } = terms;
  return {
    schema: 'billing-schedule',
    schemaVersion: 1,
    code: `BS-${terms.projectNumber}`,
    method: method.code,
    currency: value.currency,
    paymentTermsDays: terms.paymentTermsDays,
    cap: method.requiresCap ? cap : null,
    items: itemsOf(terms).map((item, index) => ({ sequence: index + 1, ...item })),
  };
}

function itemsOf(terms: BillingTerms): Item[] {
  switch (terms.method.schedule) {
    case 'monthly_actuals':
      return monthlyActuals(terms);
    case 'instalments':
      return instalments(terms);
    case 'milestones':
      return milestones(terms);
    case 'monthly_fixed':
      return monthlyFixed(terms);
  }
}

function monthlyActuals({ startDate, endDate }: BillingTerms): Item[] {
  const items: Item[] = [];
  for (let month = startDate; month <= endDate; month = addDays(endOfMonth(month), 1)) {
    items.push({ kind: 'actuals', description: `Work done in ${month.slice(0, 7)}`, billOn: endOfMonth(month), amount: null });
  }
  return items;
}

function instalments({ method, value, startDate, endDate }: BillingTerms): Item[] {
  const amounts = allocateMoney(value, method.instalments.map(({ percent }) => percent));
  const days = daysBetween(startDate, endDate);
  return method.instalments.map(({ atPercentOfTime, description }, index) => ({
    kind: 'instalment',
    description,
    billOn: addDays(startDate, Math.round((days * atPercentOfTime) / 100)),
    amount: amounts[index] ?? null,
  }));
}

/** Lines that share a milestone's name and date are one item. */
function milestones({ lines, value, endDate }: BillingTerms): Item[] {
  const items = new Map<string, Item & { amount: Money }>();
  for (const { milestone, amount } of lines) {
    const description = milestone?.name ?? 'Completion';
    const billOn = milestone?.dueDate ?? endDate;
    const key = `${billOn} ${description}`;
    const before = items.get(key);
    items.set(key, { kind: 'milestone', description, billOn, amount: sumMoney([...(before === undefined ? [] : [before.amount]), amount], value.currency) });
  }
  return [...items].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([, item]) => item);
}

/** In advance, for each month of service from the start date on. */
function monthlyFixed({ value, startDate, endDate }: BillingTerms): Item[] {
  const months: LocalDate[] = [];
  for (let count = 0; addMonths(startDate, count) <= endDate; count += 1) months.push(addMonths(startDate, count));
  const amounts = allocateMoney(value, months.map(() => 1));
  return months.map((month, index) => ({ kind: 'instalment', description: `Retainer for the month from ${month}`, billOn: month, amount: amounts[index] ?? null }));
}
