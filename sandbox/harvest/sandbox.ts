/** Harvest's API v2 as far as a professional-services firm's deals and time need it. https://help.getharvest.com/api-v2/ */
import { UnreadableBody } from '../kit/bodies.ts';
import type { FaultAnswers, SandboxContext, SandboxDefinition } from '../kit/sandbox.ts';
import { openAccount, stamp, type Account } from './account.ts';
import { createTaskAssignment, createUserAssignment, installAssignments } from './assignments.ts';
import { createClient, createContact, installClients } from './clients.ts';
import { installCompany } from './company.ts';
import { INVALID_TOKEN, notFound, Refusal, tooMany } from './errors.ts';
import { createExpense, installExpenses } from './expenses.ts';
import { installGate } from './gate.ts';
import { found, type Service } from './http.ts';
import { HarvestOptions } from './options.ts';
import { createUser, installPeople } from './people.ts';
import { createProject, installProjects } from './projects.ts';
import { installRates } from './rates.ts';
import { emailOf, EXPENSE_CATEGORIES, PEOPLE, TASKS } from './reference-data.ts';
import { installReports } from './reports.ts';
import { createTask, installTasks } from './tasks.ts';
import { createTimeEntry, installTimeEntries, setApproval } from './time-entries.ts';

const accounts = new WeakMap<SandboxContext, Account>();

const faultAnswers: FaultAnswers = ({ status, retryAfterSeconds }) => {
  if (status === 401) return { status, body: INVALID_TOKEN };
  if (status === 429) return { status, body: tooMany(retryAfterSeconds ?? 1).body };
  return { status, body: { status, error: status >= 500 ? 'Internal Server Error' : 'Error' } };
};

export const harvest: SandboxDefinition = {
  name: 'harvest',
  title: 'Harvest (sandbox)',
  /** `no-reference`: the account keeps no project codes, lets names repeat and does not let the token list anything. `no-approval`: it does not approve timesheets. `member-token`: the token is of a member. */
  modes: ['no-reference', 'no-approval', 'member-token'],
  faultAnswers,

  register(context) {
    const { app } = context;
    const service = serviceOf(context);
    app.setErrorHandler((error, _request, reply) => {
      const refusal = refusalFor(error);
      return reply.code(refusal.status).headers(refusal.headers).send(refusal.body);
    });
    app.setNotFoundHandler(() => {
      throw notFound();
    });
    const gate = installGate(app, HarvestOptions.parse(context.options), context.now);
    context.onReset(gate.reset);
    for (const install of [installClients, installProjects, installAssignments, installTasks, installPeople, installRates, installTimeEntries, installExpenses, installReports]) {
      install(app, service);
    }
    installCompany(app, context.mode);
  },

  initialRecords(context) {
    const { account } = serviceOf(context);
    for (const name of TASKS) createTask(account, { name });
    for (const category of EXPENSE_CATEGORIES) account.expenseCategories.insert({ ...category, is_active: true });
    for (const { role, ...person } of PEOPLE) createUser(account, { ...person, email: emailOf(person), roles: [role] });
    for (const role of new Set(PEOPLE.map((person) => person.role))) {
      account.roles.insert({ name: role, user_ids: account.users.collection.filter((user) => user.roles.includes(role)).map((user) => user.id) });
    }
  },

  seed(context, collection, record) {
    return String(seedRecord(serviceOf(context), collection, record).id);
  },
};

/** `timesheet_approvals` are an administrator's approvals. A record with a known ID is changed as Harvest's own pages could (approval, invoicing); any other is made as over the API and then changed likewise. */
function seedRecord(service: Service, collection: string, record: Record<string, unknown>): { readonly id: number } {
  const { account } = service;
  if (collection === 'timesheet_approvals') return setApproval(account, record);
  const projectOf = () => found(account.projects.get(Number(record['project_id'])));
  const kinds: Readonly<Record<string, { get: (id: number) => { readonly id: number } | undefined; make: () => { readonly id: number } }>> = {
    clients: { get: account.clients.get, make: () => createClient(service, record) },
    contacts: { get: account.contacts.get, make: () => createContact(service, record) },
    projects: { get: account.projects.get, make: () => createProject(service, record) },
    tasks: { get: account.tasks.get, make: () => createTask(account, record) },
    users: { get: account.users.get, make: () => createUser(account, record) },
    task_assignments: { get: account.taskAssignments.get, make: () => createTaskAssignment(account, projectOf(), record) },
    user_assignments: { get: account.userAssignments.get, make: () => createUserAssignment(account, projectOf(), record) },
    time_entries: { get: account.timeEntries.get, make: () => createTimeEntry(account, record) },
    expenses: { get: account.expenses.get, make: () => createExpense(account, record) },
  };
  const kind = kinds[collection];
  if (kind === undefined) throw new Error(`Harvest keeps no '${collection}' that can be seeded; it has ${Object.keys(kinds).join(', ')}`);
  const existing = kind.get(Number(record['id'])) ?? kind.make();
  const known = Object.entries(record).filter(([name]) => name !== 'id' && Object.hasOwn(existing, name));
  const changed = { ...existing, ...Object.fromEntries(known), updated_at: stamp(account.now()) };
  service.records(collection).put(String(existing.id), changed);
  return changed;
}

function serviceOf(context: SandboxContext): Service {
  let account = accounts.get(context);
  if (account === undefined) {
    account = openAccount(context);
    accounts.set(context, account);
  }
  return { account, base: context.baseUrl, hidesReferences: () => context.mode() === 'no-reference', isMembers: () => context.mode() === 'member-token', records: (name) => context.records.collection<object>(name) };
}

function refusalFor(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof UnreadableBody) return new Refusal(400, { status: 400, error: 'Bad Request' });
  return new Refusal(500, { status: 500, error: 'Internal Server Error', message: error instanceof Error ? error.message : String(error) });
}
