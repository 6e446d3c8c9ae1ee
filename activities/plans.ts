import { dealPlanSchema, type DealPlan } from '../domain/model/deal-plan.ts';
import { getDocument } from '../store/documents.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { PlanOutline } from './contract.ts';

const KEPT = 200;

/** Plans by their content hash: what a hash names never changes, so a plan once read need not be read again. */
export function createPlanReader(deps: Pick<ActivityDependencies, 'store'>) {
  const kept = new Map<string, DealPlan>();
  return async function readPlan(ref: string): Promise<DealPlan> {
    const known = kept.get(ref);
    if (known !== undefined) return known;
    const plan = dealPlanSchema.parse((await getDocument(deps.store.db, ref)).body);
    if (kept.size >= KEPT) kept.delete(kept.keys().next().value ?? '');
    kept.set(ref, plan);
    return plan;
  };
}

export function outlineOf(ref: string, plan: DealPlan): PlanOutline {
  return {
    ref,
    version: plan.deal.version,
    amount: plan.deal.amount,
    customers: plan.customers.map(({ id, name, erp }) => ({ id, name, erp })),
    contracts: plan.contracts.map(({ id, erp, legalEntity, customerId }) => ({ id, erp, legalEntity, customerId })),
    projects: plan.projects.map((project) => ({
      id: project.id,
      number: project.number,
      legalEntity: project.legalEntity.code,
      region: project.legalEntity.region,
      customerId: project.customerId,
      contractId: project.contractId,
      value: project.value,
      targets: project.targets,
    })),
  };
}
