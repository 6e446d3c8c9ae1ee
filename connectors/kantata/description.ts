import type { Project } from '../../domain/model/project.ts';
import { ratesByHand } from './rates.ts';
import type { KantataOptions } from './options.ts';
import { budgetOf } from './budget.ts';

/** A project has one description. Ours are the lines that begin with one of these words; what people add stays. */
const ABOUT = 'Deal: ';
const BUDGET = 'Budget to watch by hand: ';
const RATES = 'Rate to invoice by hand: ';

export function descriptionOf(project: Project, before: string | null, options: KantataOptions): string {
  const others = (before ?? '').split('\n').filter((line) => line.trim() !== '' && ![ABOUT, BUDGET, RATES].some((word) => line.startsWith(word)));
  const order = project.purchaseOrder === null ? '' : `, purchase order ${project.purchaseOrder}`;
  const budget = budgetOf(project);
  return [
    `${ABOUT}contract ${project.contractId}, ${project.billingMethod.replaceAll('_', ' ')}, cost center ${project.costCenter}${order}`,
    ...(budget.byHand === null ? [] : [`${BUDGET}${budget.byHand.amount} ${budget.byHand.currency}`]),
    ...ratesByHand(project, options).map((rate) => `${RATES}${rate}`),
    ...others,
  ].join('\n');
}
