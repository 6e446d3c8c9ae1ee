import { isSystemFailure } from '../../domain/failure.ts';
import type { Customer } from '../../domain/model/customer.ts';
import type { Project, ProjectStatus } from '../../domain/model/project.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { CallContext, RecordPort } from '../ports.ts';
import { budgetOf } from './budget.ts';
import { isRefused } from './classify.ts';
import { idNumber, madeRow, type About, type Kantata } from './client.ts';
import { descriptionOf } from './description.ts';
import type { Groups } from './groups.ts';
import { titleOf } from './names.ts';
import type { KantataOptions } from './options.ts';
import type { RateCards } from './rate-card.ts';
import type { References } from './references.ts';
import type { Roles } from './roles.ts';
import type { Tasks } from './tasks.ts';
import { createWorkspaces, workspaceRow, type Workspace } from './workspaces.ts';

type Document = { readonly project: Project; readonly customer: Customer };

export interface ProjectParts {
  readonly references: References;
  readonly groups: Groups;
  readonly tasks: Tasks;
  readonly rateCards: RateCards;
  readonly roles: Roles;
}

const projectLabel = (project: Project) => `project ${project.number}`;

/** Projects, found by our reference. Made closed for time and by invitation only: nobody books on one before `setProjectStatus` opens it. */
export function createProjectPort(kantata: Kantata, { references, groups, tasks, rateCards, roles }: ProjectParts, options: KantataOptions): RecordPort<Document> {
  const workspaces = createWorkspaces(kantata, references);

  /** A group made for a project that Kantata then refuses goes again: nothing would lead back to it. */
  const orWithoutGroup = async <Made>(make: () => Promise<Made>, groupId: string, about: About): Promise<Made> => {
    try {
      return await make();
    } catch (error) {
      if (isSystemFailure(error) && error.failure.written === 'no' && error.failure.kind !== 'transient') await groups.removeIfEmpty(groupId, about);
      throw error;
    }
  };

  const complete = async (project: Project, workspace: Workspace, status: ProjectStatus, about: About): Promise<void> => {
    workspaces.assertSwitched(workspace, status === 'active', about);
    await tasks.assign(project, workspace, about);
    const rateCardId = await rateCards.ensure(project, about);
    if (rateCardId !== null && workspace.rate_card_id !== rateCardId) await kantata.write('PUT', `/workspaces/${workspace.id}`, 'workspace', { rate_card_id: idNumber(rateCardId) }, madeRow, about);
    await references.put('Workspace', workspace.id, 'project', project.number, { status: 'successful', external_status: status }, about);
  };

  return {
    lookUp: 'key',
    async find({ project }, context) {
      const about = { object: projectLabel(project), context };
      const found = await workspaces.byKey('project', project.number, about);
      return found === null ? null : kantata.found(found.id);
    },

    async write({ project, customer }, existing, context) {
      const about = { object: projectLabel(project), context };
      for (const line of project.rateCard.lines) await roles.idOf(line.laborCategory, about);
      if (existing !== null) {
        const now = await workspaces.show(existing.externalId, about);
        if (now === null) throw goneFailure(kantata, about, existing.externalId);
        const status = workspaces.statusOf(now);
        const { row } = now;
        const changed = await kantata.write('PUT', `/workspaces/${row.id}`, 'workspace', { ...valuesOf(project, row.description ?? null, options), time_trackable: status === 'active' }, workspaceRow, about);
        await afterFirstWrite(() => complete(project, changed, status, about));
        return { ...kantata.found(row.id), created: false };
      }
      const group = await groups.ensure(customer, about);
      const values = {
        ...valuesOf(project, null, options),
        currency: project.rateCard.currency,
        budgeted: true,
        access_level: 'invitation',
        time_trackable: false,
        require_time_approvals: true,
        workspace_group_ids: [idNumber(group.id)],
        primary_workspace_group_id: idNumber(group.id),
        external_reference: references.values('project', project.number, { status: 'pending', external_status: 'pending' }),
      };
      const make = () => kantata.write('POST', '/workspaces', 'workspace', values, workspaceRow, about);
      const made = await (group.fresh ? afterFirstWrite(() => orWithoutGroup(make, group.id, about)) : make());
      await afterFirstWrite(() => complete(project, made, 'pending', about));
      return { ...kantata.found(made.id), created: true };
    },

    async undo({ document: { project }, externalId, created }, context) {
      const about = { object: projectLabel(project), context };
      if (!created) return { how: 'kept', detail: `${about.object} stood before this deal` };
      const now = await workspaces.show(externalId, about);
      if (now === null) return { how: 'not_found', detail: `${about.object} is not in Kantata` };
      const { row } = now;
      const closed = () => kantata.write('PUT', `/workspaces/${row.id}`, 'workspace', { archived: true, time_trackable: false }, madeRow, about);
      // Kantata may delete a project's time and expenses with it, so they are counted first.
      const time = await workspaces.count('/time_entries', row.id, about);
      const expenses = await workspaces.count('/expenses', row.id, about);
      if (time > 0 || expenses > 0) {
        await closed();
        return { how: 'deactivated', detail: `${about.object} was archived in Kantata: ${time} time entries and ${expenses} expenses are on it` };
      }
      try {
        await kantata.remove(`/workspaces/${row.id}`, about);
      } catch (error) {
        if (!isRefused(error)) throw error;
        await closed();
        return { how: 'deactivated', detail: `${about.object} was archived in Kantata, which does not let it be deleted` };
      }
      const gone = await afterFirstWrite(async () => {
        const card = await rateCards.remove(project, about);
        const removed: string[] = card ? ['its rate card'] : [];
        for (const groupId of row.workspace_group_ids ?? []) if (await groups.removeIfEmpty(groupId, about)) removed.push('the company group made for it');
        return removed;
      });
      return { how: 'deleted', detail: `${about.object} was deleted from Kantata${gone.length === 0 ? '' : `, with ${gone.join(' and ')}`}` };
    },
  };
}

/** Only an active project is open for time; one that is over is archived, too. */
export function createStatusSetter(kantata: Kantata, references: References, options: KantataOptions) {
  const workspaces = createWorkspaces(kantata, references);
  return async ({ document, externalId }: { readonly document: Project; readonly externalId: string }, status: ProjectStatus, context: CallContext): Promise<ProjectStatus> => {
    const about = { object: projectLabel(document), context };
    const now = await workspaces.show(externalId, about);
    if (now === null) throw goneFailure(kantata, about, externalId);
    const { row } = now;
    const wanted = { time_trackable: status === 'active', archived: status === 'closed' || status === 'cancelled' };
    const key = options.statusKeys[status];
    const isAsWanted = row.time_trackable === wanted.time_trackable && row.archived === wanted.archived && (key === undefined || row.status?.key === String(key));
    if (!isAsWanted) {
      const changed = await kantata.write('PUT', `/workspaces/${row.id}`, 'workspace', { ...wanted, ...(key === undefined ? {} : { status_key: key }) }, workspaceRow, about);
      workspaces.assertSwitched(changed, wanted.time_trackable, about);
    }
    if (now.reference?.external_status !== status) await afterFirstWrite(() => references.put('Workspace', row.id, 'project', document.number, { status: 'successful', external_status: status }, about));
    return status;
  };
}

function goneFailure(kantata: Kantata, about: About, id: string) {
  return kantata.failure(about, { kind: 'business_rule', code: 'KANTATA_NOT_FOUND', message: `${about.object} is no longer in Kantata (ID ${id}).`, mend: 'Find out who deleted it in Kantata; abort the deal, or retry to make it again.' });
}

function valuesOf(project: Project, description: string | null, options: KantataOptions) {
  return {
    title: titleOf(project.number, project.name),
    description: descriptionOf(project, description, options),
    start_date: project.startDate,
    due_date: project.endDate,
    price: budgetOf(project).price,
    stories_are_fixed_fee_by_default: project.billingMethod !== 'time_and_materials' && project.billingMethod !== 'capped',
    // Else every later change of budget and dates would wait for somebody's approval in Kantata.
    change_orders_enabled: false,
    invoice_preference: { project_code: project.number, ...(project.purchaseOrder === null ? {} : { purchase_order: project.purchaseOrder }) },
  };
}
