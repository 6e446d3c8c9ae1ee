/** How each kind of object is shown: its own fields, and the IDs of associations only where `include` asks for them. */
import type { Account, Table } from './account.ts';
import { subunitsOf } from './currencies.ts';
import type { ExpenseReport, SubjectType, Submission } from './model.ts';

export interface Presenter {
  readonly collection: string;
  readonly includes: readonly string[];
  collectionsOf(include: string): readonly string[];
  show(id: string, include: readonly string[]): { readonly view: object; readonly beside: readonly { readonly collection: string; readonly id: string; readonly view: object }[] };
}

interface Association<T> {
  readonly field: string;
  readonly collection: CollectionName;
  readonly ids: (record: T) => string | null | readonly string[];
}

export type CollectionName =
  | 'users' | 'roles' | 'workspace_groups' | 'workspaces' | 'stories' | 'rate_card_sets' | 'rate_card_set_versions' | 'rate_cards' | 'rate_card_versions' | 'rate_card_roles'
  | 'participations' | 'workspace_resources' | 'workspace_allocations' | 'time_entries' | 'expenses' | 'attachments' | 'vendors' | 'timesheet_submissions' | 'expense_report_submissions' | 'external_references';
export type Presenters = Readonly<Record<CollectionName, Presenter>>;

export interface SubmissionRights {
  readonly can_approve_submission: boolean;
  readonly can_reject_submission: boolean;
  readonly can_cancel_submission: boolean;
  readonly can_resubmit_submission: boolean;
}

export function presentersOf(account: Account, rightsOf: (submission: Submission) => SubmissionRights, rightsOfReport: (report: ExpenseReport) => SubmissionRights): Presenters {
  const presenters = new Map<CollectionName, Presenter>();

  function present<T extends { readonly id: string }>(collection: CollectionName, table: Table<T>, own: (record: T) => object, associations: Readonly<Record<string, Association<T>>> = {}): Presenter {
    const presenter: Presenter = {
      collection,
      includes: Object.keys(associations),
      collectionsOf: (include) => (associations[include] === undefined ? [] : [associations[include].collection]),
      show(id, include) {
        const record = table.need(id);
        const fields: Record<string, unknown> = {};
        const beside: { collection: string; id: string; view: object }[] = [];
        for (const name of include) {
          const association = associations[name];
          if (association === undefined) continue;
          const ids = association.ids(record);
          fields[association.field] = ids;
          for (const other of ids === null ? [] : [ids].flat()) {
            const shown = presenters.get(association.collection);
            if (shown !== undefined) beside.push({ collection: association.collection, id: other, view: shown.show(other, []).view });
          }
        }
        return { view: { ...own(record), ...fields, id: record.id }, beside };
      },
    };
    presenters.set(collection, presenter);
    return presenter;
  }

  const references = (type: SubjectType) => ({ field: 'external_reference_ids', collection: 'external_references' as const, ids: ({ id }: { readonly id: string }) => account.referencesOf(type, id).map((reference) => reference.id) });
  const one = <T>(field: string, collection: CollectionName, ids: (record: T) => string | null): Association<T> => ({ field, collection, ids });

  return {
    users: present('users', account.users, ({ full_name, email_address, headline }) => ({ full_name, email_address, headline, photo_path: 'https://app.mavenlink.com/images/default_profile_photo.png' }), { external_references: references('User') }),
    roles: present('roles', account.roles, ({ name, deleted_at, created_at, updated_at }) => ({ name, deleted_at, created_at, updated_at }), { external_references: references('Role') }),
    workspace_groups: present('workspace_groups', account.groups, (group) => group, {
      external_references: references('WorkspaceGroup'),
      workspaces: { field: 'workspace_ids', collection: 'workspaces', ids: ({ id }) => account.workspaces.all().filter((workspace) => workspace.group_ids.includes(id)).map((workspace) => workspace.id) },
    }),
    workspaces: present('workspaces', account.workspaces, ({ group_ids: _groups, primary_group_id: _primary, project_code: _code, purchase_order: _order, status_key, price, rate_card_id, ...own }) => ({
      ...own,
      status: { key: status_key, message: 'Status', color: 'green' },
      price: price === null ? null : `${own.currency} ${price}`,
      price_in_cents: price === null ? null : price * subunitsOf(own.currency),
      currency_base_unit: subunitsOf(own.currency),
      rate_card_id: rate_card_id === null ? null : Number(rate_card_id),
    }), {
      external_references: references('Workspace'),
      workspace_groups: { field: 'workspace_group_ids', collection: 'workspace_groups', ids: ({ group_ids }) => group_ids },
      primary_workspace_group: one('primary_workspace_group_id', 'workspace_groups', ({ primary_group_id }) => primary_group_id),
      workspace_resources: { field: 'workspace_resource_ids', collection: 'workspace_resources', ids: ({ id }) => account.resourcesOf(id).filter(({ user_id }) => user_id !== null).map((resource) => resource.id) },
    }),
    stories: present('stories', account.stories, ({ workspace_id: _workspace, parent_id: _parent, ...own }) => own, {
      external_references: references('Story'),
      parent: one('parent_id', 'stories', ({ parent_id }) => parent_id),
      workspace: one('workspace_id', 'workspaces', ({ workspace_id }) => workspace_id),
    }),
    rate_card_sets: present('rate_card_sets', account.rateCardSets, ({ title, account_default, created_at, updated_at, id }) => ({ title, account_default, destroyable: !account_default && !isSetInUse(account, id), created_at, updated_at }), {
      rate_cards: { field: 'rate_card_ids', collection: 'rate_cards', ids: ({ id }) => account.rateCards.all().filter((card) => card.rate_card_set_id === id).map((card) => card.id) },
      rate_card_set_versions: { field: 'rate_card_set_version_ids', collection: 'rate_card_set_versions', ids: ({ id }) => account.rateCardSetVersions.all().filter((version) => version.rate_card_set_id === id).map((version) => version.id) },
    }),
    rate_card_set_versions: present('rate_card_set_versions', account.rateCardSetVersions, ({ rate_card_set_id: _set, ...own }) => own, { rate_card_set: one('rate_card_set_id', 'rate_card_sets', ({ rate_card_set_id }) => rate_card_set_id) }),
    rate_cards: present('rate_cards', account.rateCards, ({ rate_card_set_id: _set, ...own }) => own, {
      external_references: references('RateCard'),
      rate_card_set: one('rate_card_set_id', 'rate_card_sets', ({ rate_card_set_id }) => rate_card_set_id),
      rate_card_versions: { field: 'rate_card_version_ids', collection: 'rate_card_versions', ids: ({ id }) => account.versionsOfCard(id).map((version) => version.id) },
    }),
    rate_card_versions: present('rate_card_versions', account.rateCardVersions, ({ rate_card_id: _card, rate_card_set_version_id: _version, ...own }) => own, {
      rate_card: one('rate_card_id', 'rate_cards', ({ rate_card_id }) => rate_card_id),
      rate_card_set_version: one('rate_card_set_version_id', 'rate_card_set_versions', ({ rate_card_set_version_id }) => rate_card_set_version_id),
      rate_card_roles: { field: 'rate_card_role_ids', collection: 'rate_card_roles', ids: ({ id }) => account.rolesOfVersion(id).map((role) => role.id) },
    }),
    rate_card_roles: present('rate_card_roles', account.rateCardRoles, ({ rate, created_at, updated_at }) => ({ rate, created_at, updated_at }), {
      role: one('role_id', 'roles', ({ role_id }) => role_id),
      rate_card_version: one('rate_card_version_id', 'rate_card_versions', ({ rate_card_version_id }) => rate_card_version_id),
    }),
    participations: present('participations', account.participations, ({ role, created_at, updated_at }) => ({ role, created_at, updated_at }), {
      user: one('user_id', 'users', ({ user_id }) => user_id),
      workspace: one('workspace_id', 'workspaces', ({ workspace_id }) => workspace_id),
    }),
    workspace_resources: present('workspace_resources', account.resources, ({ label, workspace_id, role_id, user_id, created_at, updated_at }) => ({ label, display_label: label, workspace_id: Number(workspace_id), role_name: account.roles.get(role_id)?.name ?? null, full_name: account.users.get(user_id)?.full_name ?? null, created_at, updated_at }), {
      external_references: references('WorkspaceResource'),
      user: one('user_id', 'users', ({ user_id }) => user_id),
      role: one('role_id', 'roles', ({ role_id }) => role_id),
      participation: one('participation_id', 'participations', ({ participation_id }) => participation_id),
    }),
    workspace_allocations: present('workspace_allocations', account.allocations, ({ resource_id: _resource, ...own }) => own, {
      external_references: references('WorkspaceAllocation'),
      workspace_resource: one('workspace_resource_id', 'workspace_resources', ({ resource_id }) => resource_id),
    }),
    time_entries: present('time_entries', account.timeEntries, ({ date_performed, time_in_minutes, billable, notes, is_invoiced, active_submission_id, workspace_id, created_at, updated_at }) => ({
      date_performed, time_in_minutes, billable, notes, is_invoiced, taxable: false, rate_in_cents: 0, currency: account.workspaces.get(workspace_id)?.currency ?? 'USD', created_at, updated_at,
      approved: account.submissions.get(active_submission_id)?.status === 'approved',
    }), {
      external_references: references('TimeEntry'),
      active_submission: one('active_submission_id', 'timesheet_submissions', ({ active_submission_id }) => active_submission_id),
      recent_submission: one('recent_submission_id', 'timesheet_submissions', ({ recent_submission_id }) => recent_submission_id),
      role: one('role_id', 'roles', ({ role_id }) => role_id),
      story: one('story_id', 'stories', ({ story_id }) => story_id),
      user: one('user_id', 'users', ({ user_id }) => user_id),
      workspace: one('workspace_id', 'workspaces', ({ workspace_id }) => workspace_id),
    }),
    expenses: present('expenses', account.expenses, ({ workspace_id, user_id: _user, story_id: _story, receipt_id: _receipt, active_submission_id, ...own }) => {
      const currency = account.workspaces.get(workspace_id)?.currency ?? 'USD';
      return { ...own, currency, currency_symbol: currency, currency_base_unit: subunitsOf(currency), taxable: false, user_can_edit: active_submission_id === null };
    }, {
      active_submission: one('active_submission_id', 'expense_report_submissions', ({ active_submission_id }) => active_submission_id),
      receipt: one('receipt_id', 'attachments', ({ receipt_id }) => receipt_id),
      story: one('story_id', 'stories', ({ story_id }) => story_id),
      user: one('user_id', 'users', ({ user_id }) => user_id),
      vendor: one('vendor_id', 'vendors', () => null),
      workspace: one('workspace_id', 'workspaces', ({ workspace_id }) => workspace_id),
    }),
    attachments: present('attachments', account.attachments, ({ filename, filesize, created_at, updated_at }) => ({ filename, filesize, created_at, updated_at })),
    // Nobody has vendors here.
    vendors: present('vendors', account.attachments, () => ({})),
    timesheet_submissions: present('timesheet_submissions', account.submissions, (submission) => {
      const { title, comment, start_date, end_date, status, resolution, created_at, updated_at } = submission;
      return {
        title, comment, start_date, end_date, status, type: 'TimesheetSubmission', created_at, updated_at, resolution_description: resolution?.description ?? null, current_resolution_description: resolution?.description ?? null,
        current_resolution_creator_id: resolution === null ? null : Number(resolution.creator_id), current_resolution_created_at_date: resolution?.created_at ?? null, permissions: rightsOf(submission),
      };
    }, {
      external_references: references('Submission'),
      time_entries: { field: 'time_entry_ids', collection: 'time_entries', ids: ({ id, submitted_entry_ids }) => submitted_entry_ids.filter((entry) => account.timeEntries.get(entry)?.recent_submission_id === id) },
      user: one('user_id', 'users', ({ user_id }) => user_id),
      workspace: one('workspace_id', 'workspaces', ({ workspace_id }) => workspace_id),
    }),
    expense_report_submissions: present('expense_report_submissions', account.expenseReports, (report) => {
      const { title, status, resolution, created_at, updated_at } = report;
      return { title, status, type: 'ExpenseReportSubmission', created_at, updated_at, current_resolution_description: resolution?.description ?? null, current_resolution_creator_id: resolution === null ? null : Number(resolution.creator_id), current_resolution_created_at_date: resolution?.created_at ?? null, permissions: rightsOfReport(report) };
    }, {
      expenses: { field: 'expense_ids', collection: 'expenses', ids: ({ submitted_expense_ids }) => submitted_expense_ids.filter((id) => account.expenses.get(id) !== undefined) },
      user: one('user_id', 'users', ({ user_id }) => user_id),
      workspace: one('workspace_id', 'workspaces', ({ workspace_id }) => workspace_id),
    }),
    external_references: present('external_references', account.references, ({ subject_id, ...own }) => ({ ...own, subject_id: Number(subject_id) })),
  };
}

/** A set whose card a project has cannot be deleted. */
export function isSetInUse(account: Account, setId: string): boolean {
  const cards = new Set(account.rateCards.all().filter((card) => card.rate_card_set_id === setId).map((card) => card.id));
  return account.workspaces.all().some(({ rate_card_id }) => rate_card_id !== null && cards.has(rate_card_id));
}
