import type { DealPlan } from '../../model/deal-plan.ts';
import type { Project } from '../../model/project.ts';
import type { Money } from '../../money.ts';

export interface PlanChange {
  /** The project's number, the customer's or contract's ID. */
  readonly subject: string;
  readonly what: 'added' | 'removed' | 'changed';
  /** For a change: which attribute. */
  readonly attribute: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly words: string;
}

/** What an amendment changes, in the words of those who read it. Empty where nothing that matters differs. */
export function diffPlans(before: DealPlan, after: DealPlan): PlanChange[] {
  return [
    ...attributes('deal', { amount: moneyText(before.deal.amount), name: before.deal.name }, { amount: moneyText(after.deal.amount), name: after.deal.name }),
    ...records(before.customers, after.customers, (customer) => `customer ${customer.name} in ${customer.erp}`, (customer) => `${customer.erp} ${customer.id}`, (customer) => ({
      name: customer.name,
      parent: customer.parentId,
      address: Object.values(customer.billingAddress).filter((part) => part !== null).join(', '),
      'tax registration': customer.taxRegistrationNumber,
    })),
    ...records(before.contracts, after.contracts, (contract) => `statement of work ${contract.number} of ${contract.legalEntity}`, (contract) => contract.id, (contract) => ({
      number: contract.number,
      total: moneyText(contract.total),
      'purchase order': contract.purchaseOrder,
    })),
    ...records(before.projects, after.projects, (project) => `project ${project.number}`, (project) => project.id, projectAttributes),
  ];
}

function projectAttributes(project: Project): Record<string, string | null> {
  const hours = project.wbs.map((element) => `${element.code} ${element.plannedHours ?? '-'}`).join(', ');
  const rates = project.rateCard.lines.map((line) => `${line.laborCategory} ${line.rate} a ${line.unit}${line.from === undefined ? '' : ` from ${line.from}`}`).join(', ');
  const billing = project.billingSchedule.items.map((item) => `${item.billOn} ${item.amount === null ? 'actuals' : moneyText(item.amount)}`).join(', ');
  const people = project.assignments.map((assignment) => `${assignment.resourceEmail ?? 'open'} as ${assignment.laborCategory}${assignment.plannedHours === null ? '' : ` for ${assignment.plannedHours} h`}`).join(', ');
  return {
    name: project.name,
    value: moneyText(project.value),
    cap: project.cap === null ? null : moneyText(project.cap),
    'start date': project.startDate,
    'end date': project.endDate,
    'purchase order': project.purchaseOrder,
    'tax treatment': project.tax.code,
    'cost center': project.costCenter,
    ERP: project.targets.erp,
    'time system': project.targets.time,
    'planned hours': hours,
    rates,
    'billing schedule': billing,
    assignments: people,
  };
}

function records<T>(before: readonly T[], after: readonly T[], name: (item: T) => string, key: (item: T) => string, describe: (item: T) => Record<string, string | null>): PlanChange[] {
  const [older, newer] = [before, after].map((list) => new Map(list.map((item) => [key(item), item])));
  return [
    ...before.filter((item) => newer?.has(key(item)) === false).map((item) => whole(name(item), 'removed')),
    ...after.flatMap((item) => {
      const was = older?.get(key(item));
      return was === undefined ? [whole(name(item), 'added')] : attributes(name(item), describe(was), describe(item));
    }),
  ];
}

function whole(subject: string, what: 'added' | 'removed'): PlanChange {
  return { subject, what, attribute: null, from: null, to: null, words: `${subject} is ${what}` };
}

function attributes(subject: string, before: Record<string, string | null>, after: Record<string, string | null>): PlanChange[] {
  return Object.entries(after).flatMap(([attribute, to]) => {
    const from = before[attribute] ?? null;
    return from === to ? [] : [{ subject, what: 'changed' as const, attribute, from, to, words: `${subject}: ${attribute} from ${from ?? 'nothing'} to ${to ?? 'nothing'}` }];
  });
}

function moneyText({ amount, currency }: Money): string {
  return `${amount} ${currency}`;
}
