/** Clockify's API v1 as far as a professional-services firm's deals and time need it. https://docs.clockify.me/ */
import { UnreadableBody } from '../kit/bodies.ts';
import type { FaultAnswers, SandboxContext, SandboxDefinition } from '../kit/sandbox.ts';
import { openAccount } from './account.ts';
import { approvalsOf, installApprovals, type Approvals } from './approvals.ts';
import { createClient, installClients } from './clients.ts';
import { accessDenied, noRoute, Refusal, tooMany, unknownKey } from './errors.ts';
import { installGate } from './gate.ts';
import type { Service } from './http.ts';
import { WEBHOOK_EVENTS, type WebhookEvent } from './model.ts';
import { ClockifyOptions } from './options.ts';
import { createUser, installPeople } from './people.ts';
import { createProject, installProjects } from './projects.ts';
import { emailOf, PEOPLE } from './reference-data.ts';
import { createTag, installTags } from './tags.ts';
import { createTask, installTasks } from './tasks.ts';
import { createTimeEntry, installTimeEntries } from './time-entries.ts';
import { announcing, installWebhooks } from './webhooks.ts';

interface Parts {
  readonly options: ClockifyOptions;
  readonly service: Service;
  readonly approvals: Approvals;
}

const parts = new WeakMap<SandboxContext, Parts>();

const faultAnswers: FaultAnswers = ({ status }) => {
  const refusals: Readonly<Record<number, Refusal>> = { 401: unknownKey(), 403: accessDenied(), 429: tooMany() };
  return { status, body: refusals[status]?.body ?? { message: status >= 500 ? 'Internal server error' : 'Error', code: status } };
};

export const clockify: SandboxDefinition = {
  name: 'clockify',
  title: 'Clockify (sandbox)',
  faultAnswers,

  register(context) {
    const { app } = context;
    const { options, service, approvals } = partsOf(context);
    app.setErrorHandler((error, _request, reply) => {
      const refusal = refusalFor(error);
      return reply.code(refusal.status).send(refusal.body);
    });
    app.setNotFoundHandler((request) => {
      throw noRoute(request.url);
    });
    const gate = installGate(app, options, context.now);
    context.onReset(gate.reset);
    for (const install of [installPeople, installClients, installProjects, installTasks, installTags, installTimeEntries, installWebhooks]) install(app, service);
    installApprovals(app, service, approvals);
  },

  initialRecords(context) {
    const { options, service } = partsOf(context);
    for (const [name, timeZone] of PEOPLE) createUser(service, { name, timeZone, email: emailOf(name) });
    const names: Readonly<Record<WebhookEvent, string>> = { NEW_APPROVAL_REQUEST: 'q2c: new requests', APPROVAL_REQUEST_STATUS_UPDATED: 'q2c: decisions' };
    for (const webhookEvent of WEBHOOK_EVENTS) {
      service.account.webhooks.insert({ name: names[webhookEvent], url: null, webhookEvent, authToken: options.webhookTokens[webhookEvent], enabled: true });
    }
  },

  seed(context, collection, record) {
    return seedRecord(partsOf(context), collection, record).id;
  },
};

/** A record with a known ID is changed as Clockify's own pages could; any other is made as over the API. `approvals` submits, and decides, a person's week. */
function seedRecord({ service, approvals }: Parts, collection: string, record: Record<string, unknown>): { readonly id: string } {
  const { account } = service;
  const text = (name: string) => String(record[name] ?? '');
  if (collection === 'approvals') return approvals.seed(record);
  switch (collection) {
    case 'users':
      return changed(account.users, record) ?? createUser(service, record);
    case 'clients':
      return changed(account.clients, record) ?? createClient(service, record);
    case 'projects':
      return changed(account.projects, record) ?? createProject(service, record);
    case 'tasks':
      return changed(account.tasks, record) ?? createTask(service, account.projects.need(text('projectId')), record);
    case 'tags':
      return changed(account.tags, record) ?? createTag(service, record);
    case 'time_entries':
      return changed(account.timeEntries, record) ?? createTimeEntry(service, text('userId'), record);
    default:
      throw new Error(`Clockify keeps no '${collection}' that can be seeded; it has users, clients, projects, tasks, tags, time_entries and approvals`);
  }
}

function changed<T extends { readonly id: string }>(table: { get(id: string): T | undefined; update(record: T, changes: Partial<T>): T }, record: Record<string, unknown>): T | undefined {
  const existing = typeof record['id'] === 'string' ? table.get(record['id']) : undefined;
  if (existing === undefined) return undefined;
  const known = Object.entries(record).filter(([name]) => name !== 'id' && Object.hasOwn(existing, name));
  return table.update(existing, Object.fromEntries(known) as Partial<T>);
}

function partsOf(context: SandboxContext): Parts {
  const known = parts.get(context);
  if (known !== undefined) return known;
  const options = ClockifyOptions.parse(context.options);
  const service: Service = { account: openAccount(context), workspaceId: options.workspaceId };
  const made = { options, service, approvals: approvalsOf(service, announcing(context, service)) };
  parts.set(context, made);
  return made;
}

function refusalFor(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof UnreadableBody) return new Refusal(400, 'Required request body is missing or unreadable', 3002);
  return new Refusal(500, error instanceof Error ? error.message : String(error), 500);
}
