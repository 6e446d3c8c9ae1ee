import { z } from 'zod';
import type { Customer } from '../../domain/model/customer.ts';
import type { Project, ProjectStatus } from '../../domain/model/project.ts';
import { isSystemFailure } from '../../domain/failure.ts';
import { addDecimal, compareDecimal } from '../../domain/money.ts';
import { exactNumber } from '../exact-number.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { CallContext, RecordPort } from '../ports.ts';
import type { About, Harvest } from './client.ts';
import { folded, projectRow, type Clients, type EnsuredClient, type HarvestProject } from './clients.ts';
import { noNotes, readNotes, writeNotes, type Notes } from './notes.ts';
import type { HarvestOptions } from './options.ts';
import type { createTasks } from './tasks.ts';

type Document = { readonly project: Project; readonly customer: Customer };

export const projectLabel = (project: Project) => `project ${project.number}`;

/** Projects, found by client and code (the project number). Made archived: nobody can book time before `setProjectStatus` opens them. */
export function createProjectPort(harvest: Harvest, clients: Clients, tasks: ReturnType<typeof createTasks>, options: HarvestOptions): RecordPort<Document> {
  const find = async (project: Project, customer: Customer, about: About): Promise<HarvestProject | null> => {
    const clientId = await clients.idOf(customer, project.rateCard.currency, about);
    if (clientId === null) return null;
    const same = (await clients.projectsOf(clientId, about)).filter((candidate) => candidate.code === project.number);
    if (same.length <= 1) return same[0] ?? null;
    throw harvest.failure(about, { kind: 'business_rule', code: 'HARVEST_PROJECT_AMBIGUOUS', message: `Harvest has ${same.length} projects with the code ${project.number} (IDs ${same.map(({ id }) => id).join(', ')}).`, mend: 'Change the code of those that are not ours in Harvest, then retry.' });
  };

  /** A client made for a project that Harvest then refuses goes again: nothing would lead back to it. */
  const orWithoutClient = async <Made>(make: () => Promise<Made>, clientId: number, about: About): Promise<Made> => {
    try {
      return await make();
    } catch (error) {
      if (isSystemFailure(error) && error.failure.written === 'no' && error.failure.kind !== 'transient') await clients.removeIfEmpty(clientId, about);
      throw error;
    }
  };

  return {
    lookUp: options.projectLookUp === 'code' ? 'key' : 'none',
    async find({ project, customer }, context) {
      const about = { object: projectLabel(project), context };
      if (options.projectLookUp === 'none') {
        throw harvest.failure(about, { kind: 'configuration', code: 'HARVEST_NO_LOOK_UP', message: `This Harvest account cannot be asked whether it has ${about.object}.`, mend: `Look in Harvest yourself; or let the token list projects, keep codes there, and set projectLookUp to "code" in the options of ${harvest.system}.` });
      }
      const found = await find(project, customer, about);
      return found === null ? null : harvest.found(found.id);
    },

    async write({ project, customer }, existing, context) {
      const about = { object: projectLabel(project), context };
      await tasks.check(project, about);
      if (existing !== null) {
        const id = Number(existing.externalId);
        const now = await harvest.read(`/projects/${id}`, projectRow, about);
        if (now === null) {
          throw harvest.failure(about, { kind: 'business_rule', code: 'HARVEST_NOT_FOUND', message: `${about.object} is no longer in Harvest (ID ${id}).`, mend: 'Find out who deleted it in Harvest; abort the deal, or retry to make it again.' });
        }
        const siblings = options.projectLookUp === 'none' ? [] : await clients.projectsOf(now.client.id, about);
        await harvest.update(`/projects/${id}`, { ...valuesOf(project, nameFor(project, siblings)), notes: notesOf(project, readNotes(now.notes)) }, about);
        await afterFirstWrite(() => tasks.assign(project, id, about));
        return { ...harvest.found(id), created: false };
      }
      const client: EnsuredClient = await clients.ensure(customer, project.rateCard.currency, about);
      const values = { client_id: client.id, ...valuesOf(project, nameFor(project, client.projects)), is_active: false, notes: notesOf(project, { ...noNotes, clientMade: client.ours }) };
      const make = () => harvest.create('/projects', values, projectRow, about);
      const made = await (client.ours && client.projects.length === 0 ? afterFirstWrite(() => orWithoutClient(make, client.id, about)) : make());
      await afterFirstWrite(() => tasks.assign(project, made.id, about));
      return { ...harvest.found(made.id), created: true };
    },

    async undo({ document: { project }, externalId, created }, context) {
      const about = { object: projectLabel(project), context };
      if (!created) return { how: 'kept', detail: `${about.object} stood before this deal` };
      const now = await harvest.read(`/projects/${externalId}`, projectRow, about);
      if (now === null) return { how: 'not_found', detail: `${about.object} is not in Harvest` };
      // Harvest deletes a project's time and expenses with it, so they are counted first.
      const time = await harvest.count('/time_entries', about, { project_id: externalId });
      const expenses = await harvest.count('/expenses', about, { project_id: externalId });
      if (time !== 0 || expenses !== 0) {
        await harvest.update(`/projects/${externalId}`, { is_active: false }, about);
        const why = time === null || expenses === null ? 'Harvest does not tell whether time was booked on it' : `${time} time entries and ${expenses} expenses are on it`;
        return { how: 'deactivated', detail: `${about.object} was archived in Harvest: ${why}` };
      }
      await harvest.remove(`/projects/${externalId}`, about);
      if (!readNotes(now.notes).clientMade || options.projectLookUp === 'none') return { how: 'deleted', detail: `${about.object} was deleted from Harvest` };
      const gone = await afterFirstWrite(() => clients.removeIfEmpty(now.client.id, about));
      return { how: 'deleted', detail: `${about.object} was deleted from Harvest${gone ? ', with the client made for it' : ''}` };
    },
  };
}

/** An archived project takes no time: only active ones are open. What Harvest answers is what it has. */
export function createStatusSetter(harvest: Harvest) {
  return async ({ document, externalId }: { readonly document: Project; readonly externalId: string }, status: ProjectStatus, context: CallContext): Promise<ProjectStatus> => {
    const isOpen = status === 'active';
    const now = await harvest.change(`/projects/${externalId}`, { is_active: isOpen }, z.object({ is_active: z.boolean() }), { object: projectLabel(document), context });
    if (now.is_active === isOpen) return status;
    return now.is_active ? 'active' : 'pending';
  };
}

function valuesOf(project: Project, name: string) {
  const isFixedFee = project.billingMethod !== 'time_and_materials' && project.billingMethod !== 'capped';
  const hours = project.wbs.reduce((sum, element) => (element.plannedHours === null ? sum : addDecimal(sum, element.plannedHours)), '0');
  const budget = project.cap !== null ? { budget_by: 'project_cost', cost_budget: exactNumber(project.cap.amount) } : compareDecimal(hours, '0') > 0 ? { budget_by: 'project', budget: exactNumber(hours) } : { budget_by: 'none' };
  return {
    name,
    code: project.number,
    is_billable: true,
    is_fixed_fee: isFixedFee,
    bill_by: 'Tasks',
    ...(isFixedFee ? { fee: exactNumber(project.value.amount) } : {}),
    ...budget,
    starts_on: project.startDate,
    ends_on: project.endDate,
  };
}

/** Names are unique among a client's projects: a second "Cloud migration" carries its number. */
function nameFor(project: Project, siblings: readonly HarvestProject[]): string {
  const taken = siblings.some((other) => other.code !== project.number && folded(other.name) === folded(project.name));
  return taken ? `${project.name} (${project.number})` : project.name;
}

function notesOf(project: Project, before: Notes): string {
  const ratesByHand = project.rateCard.lines.filter((line) => line.unit !== 'hour').map((line) => `${line.laborCategory} ${line.rate} ${project.rateCard.currency} per ${line.unit}`);
  return writeNotes({ ...before, ratesByHand, about: `contract ${project.contractId}, ${project.billingMethod.replaceAll('_', ' ')}, cost center ${project.costCenter}${project.purchaseOrder === null ? '' : `, purchase order ${project.purchaseOrder}`}` });
}
