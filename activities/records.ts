import { isUnsupported, type ErpPort, type RecordPort, type Unsupported } from '../connectors/ports.ts';
import type { DealPlan } from '../domain/model/deal-plan.ts';
import { SystemFailure } from '../domain/failure.ts';
import { datedRates } from '../domain/model/rate-card.ts';
import type { RecordStep } from '../domain/process/deal-process.ts';
import { publishProject, reportedProject, withdrawProject, type PublishedProject } from '../store/reporting.ts';
import type { StepInput } from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';

export type References = StepInput['references'];

/** A record a step writes: which port, what document, what people call it. */
export interface StepRecord {
  readonly objectType: string;
  readonly label: string;
  readonly document: unknown;
  readonly port: RecordPort<unknown> | Unsupported;
}

/** Finds in the plan what a step of a deal's process writes, and the port that writes it. @throws SystemFailure for a system that is not configured */
export function recordOfStep(deps: ActivityDependencies, plan: DealPlan, step: RecordStep, subject: string, system: string, references: References, process: string): StepRecord {
  const erp = (): ErpPort => deps.systems.erp(system);
  switch (step) {
    case 'customer': {
      const customer = pick(plan.customers, (candidate) => candidate.id === subject && candidate.erp === system, step, subject);
      return record('customer', `customer ${customer.name}`, { document: customer, references }, erp().customer);
    }
    case 'contract': {
      const contract = pick(plan.contracts, (candidate) => candidate.id === subject, step, subject);
      return record('contract', `contract ${contract.number}`, { document: contract, references }, erp().contract);
    }
    case 'project': {
      const project = projectOf(plan, subject, step);
      return record('project', `project ${project.number}`, { document: project, references }, erp().project);
    }
    case 'rate-card': {
      const project = projectOf(plan, subject, step);
      return record('rate_card', `rate card of ${project.number}`, { document: { project, rateCard: project.rateCard }, references }, erp().rateCard);
    }
    case 'billing-schedule': {
      const project = projectOf(plan, subject, step);
      return record('billing_schedule', `billing schedule of ${project.number}`, { document: { project, schedule: project.billingSchedule }, references }, erp().billingSchedule);
    }
    case 'time-project': {
      const project = projectOf(plan, subject, step);
      const customer = pick(plan.customers, (candidate) => candidate.id === project.customerId, step, subject);
      return record('project', `project ${project.number}`, { project, customer }, deps.systems.time(system).project);
    }
    case 'resources': {
      const project = projectOf(plan, subject, step);
      return record('assignments', `assignments of ${project.number}`, { project, timeProjectId: references.projects[project.id] ?? null }, deps.systems.resources(system).assignments);
    }
    case 'reporting': {
      const project = projectOf(plan, subject, step);
      return record('project', `project ${project.number}`, { plan, project }, reportingPort(deps, process));
    }
  }
}

/** The reporting store is our own PostgreSQL: written in one statement, so there is never doubt. */
function reportingPort(deps: ActivityDependencies, process: string): RecordPort<{ readonly plan: DealPlan; readonly project: DealPlan['projects'][number] }> {
  const { db } = deps.store;
  return {
    lookUp: 'key',
    find: async ({ project }) => {
      const reported = await reportedProject(db, project.id);
      return reported === undefined || reported.withdrawnAt !== null ? null : { externalId: reported.number, url: null };
    },
    write: async ({ plan, project }) => {
      await publishProject(db, publishedProject(plan, project, process));
      return { externalId: project.number, url: null, created: true };
    },
    undo: async ({ document }) => {
      await withdrawProject(db, { projectId: document.project.id, because: 'the deal was aborted or no longer asks for it' });
      return { how: 'deactivated', detail: 'withdrawn from reporting' };
    },
  };
}

/** Port and document come from the same branch above, so the port is given the very document type it takes. */
function record<Document>(objectType: string, label: string, document: Document, port: RecordPort<Document> | Unsupported): StepRecord {
  if (isUnsupported(port)) return { objectType, label, document, port };
  return {
    objectType,
    label,
    document,
    port: {
      lookUp: port.lookUp,
      find: (_document, context) => port.find(document, context),
      write: (_document, existing, context) => port.write(document, existing, context),
      undo: ({ externalId, created }, context) => port.undo({ document, externalId, created }, context),
    },
  };
}

function projectOf(plan: DealPlan, id: string, step: string): DealPlan['projects'][number] {
  return pick(plan.projects, (candidate) => candidate.id === id, step, id);
}

function pick<Item>(items: readonly Item[], isWanted: (item: Item) => boolean, step: string, subject: string): Item {
  const found = items.find(isWanted);
  if (found !== undefined) return found;
  throw new SystemFailure({ kind: 'contract', code: 'PLAN_WITHOUT_RECORD', message: `the plan has no ${step} ${subject}.`, mend: 'This is a defect in the process: report it to integration support.', system: 'q2c', object: `${step} ${subject}`, written: 'no' });
}

function publishedProject(plan: DealPlan, project: DealPlan['projects'][number], process: string): PublishedProject {
  const client = pick(plan.customers, (candidate) => candidate.id === project.customerId, 'reporting', project.id);
  const { id, number, name, serviceLine, billingMethod, startDate, endDate, rateCard } = project;
  return {
    client: { id: client.id, name: client.name, country: client.billingAddress.country, parentId: client.parentId },
    project: { id, number, name, legalEntity: project.legalEntity.code, region: project.legalEntity.region, serviceLine, billingMethod, currency: project.value.currency, startDate, endDate },
    deal: { crm: plan.deal.crm, opportunityId: plan.deal.id, version: plan.deal.version },
    process,
    rates: datedRates(rateCard),
    bookings: [{ amount: project.value.amount, currency: project.value.currency, bookedOn: startDate }],
  };
}
