import type { SandboxContext } from '../kit/sandbox.ts';
import { notOfWorkspace } from './errors.ts';
import type { ApprovalRequest, Client, Project, Tag, Task, TimeEntry, User, Webhook } from './model.ts';

/** One kind of object, by its ID of 24 hexadecimal digits. */
export interface Table<T extends { readonly id: string }> {
  get(id: string | null): T | undefined;
  /** @throws Refusal where there is none */
  need(id: string): T;
  /** In the order in which they were made. */
  all(): T[];
  insert(values: Omit<T, 'id'>): T;
  update(record: T, changes: Partial<T>): T;
  delete(id: string): void;
  indexBy(keyOf: (value: T) => string | undefined): (key: string) => T[];
}

/** Each kind's IDs begin with digits of their own. */
const KINDS = { users: ['5a0ab5ac', 'User'], clients: ['44a687e2', 'Client'], projects: ['5b641568', 'Project'], tasks: ['57a687e2', 'Task'], tags: ['321a77dd', 'Tag'], time_entries: ['64c777dd', 'Time entry'], approval_requests: ['567687e2', 'Approval request'], webhooks: ['76a687e2', 'Webhook'] } as const;

export function openAccount(context: SandboxContext) {
  const { records, now } = context;

  function table<T extends { readonly id: string }>(name: keyof typeof KINDS): Table<T> {
    const collection = records.collection<T>(name);
    const [prefix, kind] = KINDS[name];
    const get = (id: string | null) => (id === null ? undefined : collection.get(id));
    return {
      get,
      need(id) {
        const found = get(id);
        if (found === undefined) throw notOfWorkspace(kind);
        return found;
      },
      all: () => collection.all(),
      insert(values) {
        const record = { ...values, id: `${prefix}${records.nextId(name).toString(16).padStart(16, '0')}` } as T;
        collection.put(record.id, record);
        return record;
      },
      update(record, changes) {
        const changed = { ...record, ...changes };
        collection.put(record.id, changed);
        return changed;
      },
      delete: (id) => void collection.delete(id),
      indexBy: (keyOf) => collection.indexBy(keyOf),
    };
  }

  const timeEntries = table<TimeEntry>('time_entries');
  const tasks = table<Task>('tasks');
  const projects = table<Project>('projects');
  const approvals = table<ApprovalRequest>('approval_requests');
  return {
    now,
    users: table<User>('users'),
    clients: table<Client>('clients'),
    projects,
    tasks,
    tags: table<Tag>('tags'),
    timeEntries,
    approvals,
    webhooks: table<Webhook>('webhooks'),
    tasksOf: tasks.indexBy((task) => task.projectId),
    projectsOf: projects.indexBy((project) => project.clientId),
    entriesOfUser: timeEntries.indexBy((entry) => entry.userId),
    entriesOfProject: timeEntries.indexBy((entry) => entry.projectId ?? undefined),
    entriesOfRequest: timeEntries.indexBy((entry) => entry.approvalRequestId ?? undefined),
    approvalsOfUser: approvals.indexBy((approval) => approval.userId),
    transaction: <R>(work: () => R): R => records.transaction(work),
  };
}
export type Account = ReturnType<typeof openAccount>;

/** Clockify's instants have whole seconds. */
export function stamp(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}
