import type { SandboxContext } from '../kit/sandbox.ts';
import { notFound } from './errors.ts';
import type { Allocation, Attachment, Expense, ExpenseReport, ExternalReference, Group, Participation, RateCard, RateCardRole, RateCardSet, RateCardSetVersion, RateCardVersion, Role, Story, Submission, SubjectType, TimeEntry, User, Workspace, WorkspaceResource } from './model.ts';

type Stamps = 'id' | 'created_at' | 'updated_at';

export interface Table<T extends { readonly id: string }> {
  get(id: string | null): T | undefined;
  /** @throws Refusal where there is none */
  need(id: string): T;
  /** In the order in which they were made. */
  all(): T[];
  insert(values: Omit<T, Stamps>): T;
  update(record: T, changes: Partial<T>): T;
  delete(id: string): void;
  indexBy(keyOf: (value: T) => string | undefined): (key: string) => T[];
}

/** Each kind's IDs begin at a number of their own. */
const FIRST_ID = {
  users: 9_100_000, roles: 310_000, workspace_groups: 1_200_000, workspaces: 41_000_000, stories: 880_000_000, rate_card_sets: 71_000, rate_card_set_versions: 72_000, rate_cards: 73_000,
  rate_card_versions: 74_000, rate_card_roles: 750_000, participations: 130_000_000, workspace_resources: 140_000_000, workspace_allocations: 15_000_000, time_entries: 1_400_000_000,
  expenses: 16_000_000, attachments: 190_000_000, timesheet_submissions: 170_000_000, expense_report_submissions: 180_000_000, external_references: 1_800_000_000,
} as const;

export function openAccount(context: SandboxContext) {
  const { records, now } = context;

  function table<T extends { readonly id: string }>(name: keyof typeof FIRST_ID): Table<T> {
    const collection = records.collection<T>(name);
    const get = (id: string | null) => (id === null ? undefined : collection.get(id));
    return {
      get,
      need(id) {
        const found = get(id);
        if (found === undefined) throw notFound();
        return found;
      },
      all: () => collection.all(),
      insert(values) {
        const at = stamp(now());
        const record = { ...values, id: String(FIRST_ID[name] + records.nextId(name)), created_at: at, updated_at: at } as unknown as T;
        collection.put(record.id, record);
        return record;
      },
      update(record, changes) {
        const changed = { ...record, ...changes, updated_at: stamp(now()) };
        collection.put(record.id, changed);
        return changed;
      },
      delete: (id) => void collection.delete(id),
      indexBy: (keyOf) => collection.indexBy(keyOf),
    };
  }

  const stories = table<Story>('stories');
  const timeEntries = table<TimeEntry>('time_entries');
  const submissions = table<Submission>('timesheet_submissions');
  const resources = table<WorkspaceResource>('workspace_resources');
  const allocations = table<Allocation>('workspace_allocations');
  const participations = table<Participation>('participations');
  const references = table<ExternalReference>('external_references');
  const rateCardVersions = table<RateCardVersion>('rate_card_versions');
  const rateCardRoles = table<RateCardRole>('rate_card_roles');
  const referencesBySubject = references.indexBy(({ subject_type, subject_id }) => `${subject_type} ${subject_id}`);
  return {
    now,
    users: table<User>('users'),
    roles: table<Role>('roles'),
    groups: table<Group>('workspace_groups'),
    workspaces: table<Workspace>('workspaces'),
    stories,
    rateCardSets: table<RateCardSet>('rate_card_sets'),
    rateCardSetVersions: table<RateCardSetVersion>('rate_card_set_versions'),
    rateCards: table<RateCard>('rate_cards'),
    rateCardVersions,
    rateCardRoles,
    participations,
    resources,
    allocations,
    timeEntries,
    expenses: table<Expense>('expenses'),
    attachments: table<Attachment>('attachments'),
    expenseReports: table<ExpenseReport>('expense_report_submissions'),
    submissions,
    references,
    storiesOf: stories.indexBy((story) => story.workspace_id),
    entriesOfWorkspace: timeEntries.indexBy((entry) => entry.workspace_id),
    entriesOfUser: timeEntries.indexBy((entry) => entry.user_id),
    resourcesOf: resources.indexBy((resource) => resource.workspace_id),
    allocationsOf: allocations.indexBy((allocation) => allocation.resource_id),
    participationsOf: participations.indexBy((participation) => participation.workspace_id),
    versionsOfCard: rateCardVersions.indexBy((version) => version.rate_card_id),
    rolesOfVersion: rateCardRoles.indexBy((role) => role.rate_card_version_id),
    referencesOf: (type: SubjectType, id: string) => referencesBySubject(`${type} ${id}`),
    transaction: <R>(work: () => R): R => records.transaction(work),
  };
}
export type Account = ReturnType<typeof openAccount>;

/** As the reference's examples show instants: whole seconds in Pacific time. */
export function stamp(at: Date): string {
  return `${new Date(at.getTime() - 7 * 3_600_000).toISOString().slice(0, 19)}-07:00`;
}
