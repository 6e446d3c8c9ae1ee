/** Projects. One is made open for time unless told otherwise; deleting it takes all of it along, its time too. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { invalid } from './errors.ts';
import { bodyOf, idIn, idNumber, localDate, queryOf, readBody, sendObjects } from './http.ts';
import { byReference, byTime, flag, installList, matching, route, sortable, type Service } from './lists.ts';
import type { Workspace } from './model.ts';
import { tokenOwner } from './people.ts';
import { putReference, ReferenceValues } from './references.ts';

/** Account settings > Time & Expense: "Time tracking is always allowed": what a project says of it is ignored (unverified). */
export const TIME_ALWAYS_MODE = 'time-tracking-always-allowed';

const CURRENCIES = ['USD', 'GBP', 'CAD', 'EUR', 'AUD', 'SGD', 'JPY', 'INR', 'CHF', 'NZD', 'KWD'] as const;
const Values = {
  description: z.string().max(60_000).nullish(),
  start_date: localDate.nullish(),
  due_date: localDate.nullish(),
  currency: z.enum(CURRENCIES, 'is not a valid currency').optional(),
  budgeted: z.boolean().optional(),
  price: z.int().min(0).max(2_147_483_647).optional(),
  access_level: z.enum(['invitation', 'open', 'admins']).optional(),
  rate_card_id: idNumber.optional(),
  time_trackable: z.boolean().optional(),
  stories_are_fixed_fee_by_default: z.boolean().optional(),
  tasks_default_non_billable: z.boolean().optional(),
  change_orders_enabled: z.boolean().optional(),
  status_key: z.int().optional(),
  workspace_group_ids: z.array(idNumber).optional(),
  primary_workspace_group_id: idNumber.optional(),
  invoice_preference: z.strictObject({ client_invoice_name: z.string().optional(), client_invoice_address: z.string().optional(), consultant_invoice_name: z.string().optional(), consultant_invoice_address: z.string().optional(), project_code: z.string().optional(), purchase_order: z.string().optional() }).optional(),
  external_reference: ReferenceValues.optional(),
};
const title = z.string().min(1, 'Please give your project a title').max(255, 'is too long (maximum is 255 characters)');
const NewWorkspace = z.strictObject({ title: z.string('Please give your project a title').pipe(title), creator_role: z.enum(['maven', 'buyer', 'client', 'consultant']).optional(), require_time_approvals: z.boolean().optional(), require_expense_approvals: z.boolean().optional(), approver_id: idNumber.optional(), ...Values });
const Changes = z.strictObject({ title: title.optional(), archived: z.boolean().optional(), ...Values });

export function createWorkspace(service: Service, values: unknown): Workspace {
  const { account } = service;
  const given = readBody(NewWorkspace, values);
  const { budgeted = true, rate_card_id = null } = given;
  if (budgeted && given.price === undefined) throw invalid('Please enter a budget for this project', 'price');
  return account.transaction(() => {
    const workspace = account.workspaces.insert({
      title: given.title, description: given.description ?? null, archived: false, start_date: given.start_date ?? null, due_date: given.due_date ?? null, currency: given.currency ?? 'USD', budgeted,
      price: given.price ?? null, access_level: given.access_level ?? 'open', time_trackable: timeTrackable(service, given.time_trackable ?? true), require_time_approvals: given.require_time_approvals ?? false,
      stories_are_fixed_fee_by_default: given.stories_are_fixed_fee_by_default ?? false, change_orders_enabled: given.change_orders_enabled ?? true, status_key: given.status_key ?? 305, rate_card_id: null,
      group_ids: groupsOf(service, given), primary_group_id: given.primary_workspace_group_id ?? null, project_code: given.invoice_preference?.project_code ?? null, purchase_order: given.invoice_preference?.purchase_order ?? null,
    });
    account.participations.insert({ workspace_id: workspace.id, user_id: tokenOwner(service).id, role: 'maven' });
    if (given.external_reference !== undefined) putReference(service, 'Workspace', workspace.id, given.external_reference);
    return rate_card_id === null ? workspace : withRateCard(service, workspace, rate_card_id);
  });
}

function timeTrackable({ mode }: Service, wanted: boolean): boolean {
  return mode() === TIME_ALWAYS_MODE || wanted;
}

function groupsOf({ account }: Service, { workspace_group_ids = [], primary_workspace_group_id }: { readonly workspace_group_ids?: readonly string[] | undefined; readonly primary_workspace_group_id?: string | undefined }): string[] {
  const ids = [...new Set([...workspace_group_ids, ...(primary_workspace_group_id === undefined ? [] : [primary_workspace_group_id])])];
  for (const id of ids) if (account.groups.get(id) === undefined) throw invalid('is not a group of this account', 'workspace_group_ids');
  return ids;
}

function withRateCard({ account }: Service, workspace: Workspace, rateCardId: string): Workspace {
  const card = account.rateCards.get(rateCardId);
  if (card === undefined) throw invalid('is not a rate card of this account', 'rate_card_id');
  if (card.currency !== workspace.currency) throw invalid('The currency of the rate card must match the currency of the project', 'rate_card_id');
  const published = account.versionsOfCard(card.id).some((version) => account.rateCardSetVersions.get(version.rate_card_set_version_id)?.active === true);
  if (!published) throw invalid('The rate card has no published version', 'rate_card_id');
  return account.workspaces.update(workspace, { rate_card_id: rateCardId });
}

function changeWorkspace(service: Service, workspace: Workspace, values: z.infer<typeof Changes>): void {
  const { account } = service;
  const { external_reference: reference, rate_card_id: rateCardId, invoice_preference: invoice, workspace_group_ids: _groups, primary_workspace_group_id: primary, tasks_default_non_billable: _billable, ...own } = values;
  account.transaction(() => {
    const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
    const changed = account.workspaces.update(workspace, {
      ...given,
      ...(own.time_trackable === undefined ? {} : { time_trackable: timeTrackable(service, own.time_trackable) }),
      ...(values.workspace_group_ids === undefined ? {} : { group_ids: groupsOf(service, values) }),
      ...(primary === undefined ? {} : { primary_group_id: primary }),
      ...(invoice?.project_code === undefined ? {} : { project_code: invoice.project_code }),
      ...(invoice?.purchase_order === undefined ? {} : { purchase_order: invoice.purchase_order }),
    });
    if (rateCardId !== undefined) withRateCard(service, changed, rateCardId);
    if (reference !== undefined) putReference(service, 'Workspace', workspace.id, reference);
  });
}

export function installWorkspaces(app: FastifyInstance, service: Service): void {
  const { account, presenters } = service;
  const path = '/workspaces';
  installList(app, service, path, {
    table: account.workspaces,
    presenter: presenters.workspaces,
    filters: {
      ...byTime,
      ...byReference(service, 'Workspace'),
      matching: matching(({ title }) => title),
      workspace_groups: (value) => (workspace: Workspace) => value.split(',').some((id) => workspace.group_ids.includes(id)),
      require_time_approvals: flag(({ require_time_approvals }) => require_time_approvals),
    },
    hidden: { include_archived: ({ archived }) => archived },
    orders: { title: (workspace) => workspace.title, created_at: ({ created_at }) => sortable(created_at), updated_at: ({ updated_at }) => sortable(updated_at) },
    defaultOrder: 'updated_at:desc',
  });
  route(app, 'POST', path, (request, reply) => {
    const query = queryOf(request, []);
    return sendObjects(reply, presenters.workspaces, [createWorkspace(service, bodyOf('workspace', z.looseObject({}), request)).id], query);
  });
  route(app, 'PUT', `${path}/:id`, (request, reply) => {
    const query = queryOf(request, []);
    const workspace = account.workspaces.need(idIn(request));
    changeWorkspace(service, workspace, bodyOf('workspace', Changes, request));
    return sendObjects(reply, presenters.workspaces, [workspace.id], query);
  });
  route(app, 'DELETE', `${path}/:id`, (request, reply) => {
    const workspace = account.workspaces.need(idIn(request));
    account.transaction(() => {
      for (const entry of account.entriesOfWorkspace(workspace.id)) account.timeEntries.delete(entry.id);
      for (const story of account.storiesOf(workspace.id)) account.stories.delete(story.id);
      for (const resource of account.resourcesOf(workspace.id)) {
        for (const allocation of account.allocationsOf(resource.id)) account.allocations.delete(allocation.id);
        account.resources.delete(resource.id);
      }
      for (const participation of account.participationsOf(workspace.id)) account.participations.delete(participation.id);
      account.workspaces.delete(workspace.id);
    });
    return reply.code(204).send();
  });
}
