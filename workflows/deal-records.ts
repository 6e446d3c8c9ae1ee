import type { PlanOutline, ProjectOutline } from '../activities/contract.ts';
import type { RecordStep, StepName } from '../domain/process/deal-process.ts';

/** One record that a plan asks for in one system. */
export interface PlannedRecord {
  readonly key: string;
  readonly step: RecordStep;
  /** The canonical ID by which plan and store know it. */
  readonly subject: string;
  /** What people call it. */
  readonly label: string;
  readonly system: string;
  readonly legalEntity: string;
}

export function recordKey(step: StepName, subject: string, system: string): string {
  return `${step}/${subject}/${system}`;
}

export function customerRecords(plan: PlanOutline): PlannedRecord[] {
  return plan.customers.map((customer) => record('customer', customer.id, customer.name, customer.erp, legalEntityOf(plan, customer.id)));
}

export function contractRecord(contract: PlanOutline['contracts'][number]): PlannedRecord {
  return record('contract', contract.id, contract.id, contract.erp, contract.legalEntity);
}

export function projectRecords(project: ProjectOutline): Record<'project' | 'rateCard' | 'billingSchedule' | 'time', PlannedRecord> & { resources: PlannedRecord | null; reporting: PlannedRecord | null } {
  const of = (step: RecordStep, system: string) => record(step, project.id, project.number, system, project.legalEntity);
  const { erp, time, resources, reporting } = project.targets;
  return {
    project: of('project', erp),
    rateCard: of('rate-card', erp),
    billingSchedule: of('billing-schedule', erp),
    time: of('time-project', time),
    resources: resources === null ? null : of('resources', resources),
    reporting: reporting === null ? null : of('reporting', reporting),
  };
}

/** Everything a plan asks for, what others refer to first. */
export function recordsOf(plan: PlanOutline): PlannedRecord[] {
  return [
    ...customerRecords(plan),
    ...plan.contracts.map(contractRecord),
    ...plan.projects.flatMap((project) => Object.values(projectRecords(project)).filter((planned) => planned !== null)),
  ];
}

function record(step: RecordStep, subject: string, label: string, system: string, legalEntity: string): PlannedRecord {
  return { key: recordKey(step, subject, system), step, subject, label, system, legalEntity };
}

function legalEntityOf(plan: PlanOutline, customerId: string): string {
  return plan.projects.find((project) => project.customerId === customerId)?.legalEntity ?? plan.projects[0]?.legalEntity ?? '';
}
