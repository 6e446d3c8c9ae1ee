import type { Collection, SandboxContext } from '../kit/sandbox.ts';
import type { Client, Contact, Expense, ExpenseCategory, Project, Rate, Role, Task, TaskAssignment, TimeEntry, User, UserAssignment } from './model.ts';

/** One kind of object: kept by its number, with what an endpoint needs of it. */
export interface Table<T extends { readonly id: number }> {
  readonly get: (id: number) => T | undefined;
  /** In the order in which they were made. */
  all(): T[];
  insert(values: Omit<T, 'id' | 'created_at' | 'updated_at'>): T;
  /** Keeps what is not named, and stamps the change. */
  update(record: T, changes: Partial<T>): T;
  /** Keeps the record as it is, timestamps included. */
  put(record: T): void;
  delete(id: number): void;
  collection: Collection<T>;
}

export interface Account {
  readonly now: () => Date;
  readonly clients: Table<Client>;
  readonly contacts: Table<Contact>;
  readonly projects: Table<Project>;
  readonly tasks: Table<Task>;
  readonly taskAssignments: Table<TaskAssignment>;
  readonly userAssignments: Table<UserAssignment>;
  readonly users: Table<User>;
  readonly billableRates: Table<Rate>;
  readonly costRates: Table<Rate>;
  readonly roles: Table<Role>;
  readonly timeEntries: Table<TimeEntry>;
  readonly expenseCategories: Table<ExpenseCategory>;
  readonly expenses: Table<Expense>;
  clientsNamed(name: string): Client[];
  projectsOf(clientId: number): Project[];
  taskAssignmentsOf(projectId: number): TaskAssignment[];
  userAssignmentsOf(projectId: number): UserAssignment[];
  entriesOfProject(projectId: number): TimeEntry[];
  entriesOfUser(userId: number): TimeEntry[];
  entriesOfDay(spentDate: string): TimeEntry[];
  expensesOfProject(projectId: number): Expense[];
  expensesOfUser(userId: number): Expense[];
  entriesReferring(externalReferenceId: string): TimeEntry[];
  transaction<R>(work: () => R): R;
}

/** Harvest's own objects have long numbers; each kind begins at its own. */
const FIRST = {
  clients: 5_735_000,
  contacts: 4_706_000,
  projects: 14_307_000,
  tasks: 8_083_000,
  task_assignments: 155_502_000,
  user_assignments: 125_063_000,
  users: 1_782_000,
  billable_rates: 1_836_000,
  cost_rates: 825_000,
  roles: 617_000,
  time_entries: 636_707_000,
  expense_categories: 4_195_000,
  expenses: 15_296_000,
} as const;

export function openAccount(context: SandboxContext): Account {
  const { records, now } = context;

  function table<T extends { readonly id: number; readonly created_at: string; readonly updated_at: string }>(name: keyof typeof FIRST): Table<T> {
    const collection = records.collection<T>(name);
    return {
      collection,
      get: (id) => collection.get(String(id)),
      all: () => collection.all(),
      insert(values) {
        const at = stamp(now());
        const record = { ...values, id: FIRST[name] + records.nextId(name), created_at: at, updated_at: at } as T;
        collection.put(String(record.id), record);
        return record;
      },
      update(record, changes) {
        const changed = { ...record, ...changes, updated_at: stamp(now()) };
        collection.put(String(record.id), changed);
        return changed;
      },
      put: (record) => collection.put(String(record.id), record),
      delete: (id) => void collection.delete(String(id)),
    };
  }

  const clients = table<Client>('clients');
  const projects = table<Project>('projects');
  const taskAssignments = table<TaskAssignment>('task_assignments');
  const userAssignments = table<UserAssignment>('user_assignments');
  const timeEntries = table<TimeEntry>('time_entries');
  const expenses = table<Expense>('expenses');
  const clientsNamed = clients.collection.indexBy((client) => client.name.toLowerCase());
  const projectsOf = projects.collection.indexBy((project) => String(project.client_id));
  const taskAssignmentsOf = taskAssignments.collection.indexBy((assignment) => String(assignment.project_id));
  const userAssignmentsOf = userAssignments.collection.indexBy((assignment) => String(assignment.project_id));
  const entriesOfProject = timeEntries.collection.indexBy((entry) => String(entry.project_id));
  const entriesOfUser = timeEntries.collection.indexBy((entry) => String(entry.user_id));
  const entriesOfDay = timeEntries.collection.indexBy((entry) => entry.spent_date);
  const expensesOfUser = expenses.collection.indexBy((expense) => String(expense.user_id));
  const expensesOfProject = expenses.collection.indexBy((expense) => String(expense.project_id));
  const entriesReferring = timeEntries.collection.indexBy((entry) => entry.external_reference?.id);

  return {
    now,
    clients,
    contacts: table<Contact>('contacts'),
    projects,
    tasks: table<Task>('tasks'),
    taskAssignments,
    userAssignments,
    users: table<User>('users'),
    billableRates: table<Rate>('billable_rates'),
    costRates: table<Rate>('cost_rates'),
    roles: table<Role>('roles'),
    timeEntries,
    expenseCategories: table<ExpenseCategory>('expense_categories'),
    expenses,
    clientsNamed: (name) => clientsNamed(name.toLowerCase()),
    projectsOf: (id) => projectsOf(String(id)),
    taskAssignmentsOf: (id) => taskAssignmentsOf(String(id)),
    userAssignmentsOf: (id) => userAssignmentsOf(String(id)),
    entriesOfProject: (id) => entriesOfProject(String(id)),
    entriesOfUser: (id) => entriesOfUser(String(id)),
    entriesOfDay,
    expensesOfProject: (id) => expensesOfProject(String(id)),
    expensesOfUser: (id) => expensesOfUser(String(id)),
    entriesReferring,
    transaction: (work) => records.transaction(work),
  };
}

/** Harvest's instants have whole seconds. */
export function stamp(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}
