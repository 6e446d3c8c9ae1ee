/** Kantata OX (formerly Mavenlink), API v1, as far as a professional-services firm's deals and time need it. https://developer.kantata.com/ */
import { UnreadableBody } from '../kit/bodies.ts';
import type { FaultAnswers, SandboxContext, SandboxDefinition } from '../kit/sandbox.ts';
import { openAccount } from './account.ts';
import { badRequest, forbidden, notFound, Refusal, tooMany, unauthorized, unavailable } from './errors.ts';
import { installExpenseReports, rightsOfReport, seedExpenseReport } from './expense-reports.ts';
import { createAttachment, createExpense, installExpenses } from './expenses.ts';
import { installGate } from './gate.ts';
import { createGroup, installGroups } from './groups.ts';
import { UNSTABLE_ORDER_MODE, type Service } from './lists.ts';
import { KantataOptions } from './options.ts';
import { createRole, createUser, installPeople } from './people.ts';
import { presentersOf } from './presenters.ts';
import { createDefaultSet, FUTURE_RATES_MODE, installRates } from './rates.ts';
import { CURRENCIES_IN_USE, emailOf, PEOPLE, ROLES } from './reference-data.ts';
import { installReferences } from './references.ts';
import { createResource, installResources } from './resources.ts';
import { createStory, installStories } from './stories.ts';
import { APPROVED_CANCELS_MODE, APPROVED_IS_FINAL_MODE, installSubmissions, rightsOf, seedSubmission } from './submissions.ts';
import { createTimeEntry, installTimeEntries } from './time-entries.ts';
import { createWorkspace, installWorkspaces, TIME_ALWAYS_MODE } from './workspaces.ts';

const services = new WeakMap<SandboxContext, Service>();

const faultAnswers: FaultAnswers = ({ status }) => {
  const refusals: Readonly<Record<number, Refusal>> = { 400: badRequest('Bad Request'), 401: unauthorized(), 403: forbidden(), 404: notFound(), 429: tooMany() };
  return { status, body: (refusals[status] ?? unavailable(status)).body };
};

export const kantata: SandboxDefinition = {
  name: 'kantata',
  title: 'Kantata OX (sandbox)',
  modes: [UNSTABLE_ORDER_MODE, TIME_ALWAYS_MODE, APPROVED_IS_FINAL_MODE, APPROVED_CANCELS_MODE, FUTURE_RATES_MODE],
  faultAnswers,

  register(context) {
    const { app } = context;
    const service = serviceOf(context);
    app.setErrorHandler((error, _request, reply) => {
      const refusal = refusalFor(error);
      return reply.code(refusal.status).send(refusal.body);
    });
    app.setNotFoundHandler(() => {
      throw notFound();
    });
    const gate = installGate(app, KantataOptions.parse(context.options), context.now);
    context.onReset(gate.reset);
    for (const install of [installPeople, installGroups, installWorkspaces, installStories, installRates, installResources, installReferences, installTimeEntries, installExpenses, installSubmissions, installExpenseReports]) install(app, service);
    app.get('/workspaces/*', (_request, reply) => reply.redirect('/'));
  },

  initialRecords(context) {
    const service = serviceOf(context);
    for (const name of PEOPLE) createUser(service, { full_name: name, email_address: emailOf(name) });
    for (const name of ROLES) createRole(service, { name });
    createDefaultSet(service, CURRENCIES_IN_USE);
  },

  seed(context, collection, record) {
    return seedRecord(serviceOf(context), collection, record).id;
  },
};

/** A record with a known ID is changed as Kantata's own pages could; any other is made as over the API. `timesheet_submissions` submits, and decides, a person's week of a project. */
function seedRecord(service: Service, collection: string, record: Record<string, unknown>): { readonly id: string } {
  const { account } = service;
  switch (collection) {
    case 'users':
      return changed(account.users, record) ?? createUser(service, record);
    case 'roles':
      return changed(account.roles, record) ?? createRole(service, record);
    case 'workspace_groups':
      return changed(account.groups, record) ?? createGroup(service, record);
    case 'workspaces':
      return changed(account.workspaces, record) ?? createWorkspace(service, record);
    case 'stories':
      return changed(account.stories, record) ?? createStory(service, record);
    case 'workspace_resources':
      return changed(account.resources, record) ?? createResource(service, record);
    case 'time_entries':
      return changed(account.timeEntries, record) ?? createTimeEntry(service, record, true);
    case 'expenses':
      return changed(account.expenses, record) ?? createExpense(service, { category: 'Travel', ...record, ...numbers(record, ['workspace_id', 'user_id', 'story_id', 'receipt_id']) });
    case 'attachments':
      return changed(account.attachments, record) ?? createAttachment(service, record);
    case 'timesheet_submissions':
      return changed(account.submissions, record) ?? seedSubmission(service, record);
    case 'expense_report_submissions':
      return changed(account.expenseReports, record) ?? seedExpenseReport(service, record);
    default:
      throw new Error(`Kantata keeps no '${collection}' that can be seeded; it has users, roles, workspace_groups, workspaces, stories, workspace_resources, time_entries, expenses, attachments, timesheet_submissions and expense_report_submissions`);
  }
}

/** The IDs a seed may give as text. */
function numbers(record: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.flatMap((name) => (record[name] == null ? [] : [[name, Number(record[name])]])));
}

function changed<T extends { readonly id: string }>(table: { get(id: string): T | undefined; update(record: T, changes: Partial<T>): T }, record: Record<string, unknown>): T | undefined {
  const existing = typeof record['id'] === 'string' ? table.get(record['id']) : undefined;
  if (existing === undefined) return undefined;
  const known = Object.entries(record).filter(([name]) => name !== 'id' && Object.hasOwn(existing, name));
  return table.update(existing, Object.fromEntries(known) as Partial<T>);
}

function serviceOf(context: SandboxContext): Service {
  const known = services.get(context);
  if (known !== undefined) return known;
  const account = openAccount(context);
  const { firstDayOfWeek } = KantataOptions.parse(context.options);
  const parts = { account, mode: context.mode, firstDayOfWeek };
  const service: Service = { ...parts, presenters: presentersOf(account, (submission) => rightsOf(parts, submission), (report) => rightsOfReport(parts, report)) };
  services.set(context, service);
  return service;
}

function refusalFor(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof UnreadableBody) return badRequest('The request could not be parsed');
  return new Refusal(500, { type: 'system', message: error instanceof Error ? error.message : String(error) });
}
