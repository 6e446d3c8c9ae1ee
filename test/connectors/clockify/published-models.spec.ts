import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { z } from 'zod';
import { isUnsupported } from '../../../connectors/ports.ts';
import { callContext, dealOf, uniqueTag } from '../conformance/documents.ts';
import { recordExchanges, type Exchange } from '../conformance/exchanges.ts';
import { startWorkspace } from './support.ts';

interface Operation {
  readonly method: string;
  /** Below the workspace. */
  readonly path: RegExp;
  readonly query?: readonly string[];
  readonly body?: string;
  /** What is answered; in brackets: a list of it. */
  readonly answer?: string;
  /** Parameters and fields (by their path) that the SDK does not have, or has otherwise: Clockify's own OpenAPI description has them so. */
  readonly beyond?: { readonly query?: readonly string[]; readonly body?: readonly string[]; readonly answer?: readonly string[] };
}
const PAGES = ['page', 'page-size'];
/** `estimate` is an object in the description, and a text in the SDK. */
const OF_A_PROJECT = { answer: ['clientName', 'template', 'duration', 'estimate'] };
const OF_A_TASK = { answer: ['billable', 'assigneeId', 'userGroupIds', 'budgetEstimate'] };
const OF_A_CLIENT = { answer: ['currencyCode'] };
const OPERATIONS: readonly Operation[] = [
  { method: 'GET', path: /^$/, answer: 'Workspace', beyond: { answer: ['featureSubscriptionType', 'workspaceSettings.timeTrackingMode'] } },
  { method: 'GET', path: /^\/clients$/, query: PAGES, answer: '[Client]', beyond: { ...OF_A_CLIENT, query: ['name'] } },
  { method: 'POST', path: /^\/clients$/, body: 'ClientCreate', answer: 'Client', beyond: OF_A_CLIENT },
  { method: 'GET', path: /^\/clients\/\w+$/, answer: 'Client', beyond: OF_A_CLIENT },
  { method: 'PUT', path: /^\/clients\/\w+$/, body: 'ClientUpdate', answer: 'Client', beyond: OF_A_CLIENT },
  { method: 'DELETE', path: /^\/clients\/\w+$/, answer: 'Client', beyond: OF_A_CLIENT },
  { method: 'GET', path: /^\/projects$/, query: PAGES, answer: '[Project]', beyond: { ...OF_A_PROJECT, query: ['name', 'clients'] } },
  { method: 'POST', path: /^\/projects$/, body: 'ProjectCreate', answer: 'Project', beyond: OF_A_PROJECT },
  { method: 'GET', path: /^\/projects\/\w+$/, answer: 'Project', beyond: OF_A_PROJECT },
  { method: 'PUT', path: /^\/projects\/\w+$/, body: 'ProjectUpdate', answer: 'Project', beyond: OF_A_PROJECT },
  { method: 'DELETE', path: /^\/projects\/\w+$/, answer: 'Project', beyond: OF_A_PROJECT },
  { method: 'GET', path: /^\/projects\/\w+\/tasks$/, query: PAGES, answer: '[Task]', beyond: OF_A_TASK },
  { method: 'POST', path: /^\/projects\/\w+\/tasks$/, body: 'TaskCreate', answer: 'Task', beyond: OF_A_TASK },
  { method: 'PUT', path: /^\/projects\/\w+\/tasks\/\w+$/, body: 'TaskUpdate', answer: 'Task', beyond: { ...OF_A_TASK, body: ['billable'] } },
  { method: 'PUT', path: /^\/projects\/\w+\/tasks\/\w+\/hourly-rate$/, body: 'Rate', answer: 'Task', beyond: OF_A_TASK },
  { method: 'GET', path: /^\/users$/, query: PAGES, answer: '[User]', beyond: { query: ['status', 'include-roles'], answer: ['memberships', 'profilePicture', 'settings', 'customFields'] } },
  { method: 'GET', path: /^\/approval-requests$/, query: [...PAGES, 'status', 'sort-column', 'sort-order'], answer: '[ApprovalDetails]', beyond: { answer: ['entries.timeInterval.timeZone'] } },
  { method: 'PATCH', path: /^\/approval-requests\/\w+$/, body: 'ApprovalRequestUpdate', answer: 'ApprovalRequest' },
  // The SDK does not have it; Clockify's reference does.
  { method: 'PATCH', path: /^\/time-entries\/invoiced$/, beyond: { body: ['timeEntryIds', 'invoiced'] } },
];
const schemas = z.object({ $defs: z.record(z.string(), z.looseObject({})) }).parse(JSON.parse(readFileSync(new URL('../../fixtures/vendors/clockify/models.json', import.meta.url), 'utf8')));

/** The models take any further field; here one is a mistake, at any depth. */
const closed = z.record(z.string(), z.looseObject({})).parse(JSON.parse(JSON.stringify(schemas.$defs), (_key, value: unknown) => {
  const model = z.looseObject({ type: z.literal('object'), properties: z.looseObject({}) }).safeParse(value);
  return model.success ? { ...model.data, additionalProperties: false } : value;
}));
const ajv = new Ajv({ strict: false, allErrors: true, formats: { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/, duration: /^PT(\d+H)?(\d+M)?(\d+(\.\d+)?S)?$/ } });
ajv.addSchema({ $id: 'models', $defs: closed });

/** @returns each mistake once, in words */
function mistakesIn(model: string, value: unknown, beyond: readonly string[] = []): string[] {
  const ref = { $ref: `models#/$defs/${model.replaceAll(/[[\]]/g, '')}` };
  const check = ajv.compile(model.startsWith('[') ? { type: 'array', items: ref } : ref);
  if (check(without(value, beyond))) return [];
  return [...new Set((check.errors ?? []).map(({ instancePath, message, params }) => `${model}${instancePath.replaceAll(/\/\d+/g, '/…')} ${message ?? ''} ${JSON.stringify(params)}`))];
}

/** The value, of a list each, without the fields of these paths. */
function without(value: unknown, paths: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => without(item, paths));
  const members = z.record(z.string(), z.unknown()).safeParse(value);
  if (!members.success) return value;
  return Object.fromEntries(Object.entries(members.data).filter(([name]) => !paths.includes(name)).map(([name, inner]) => [name, without(inner, paths.flatMap((path) => (path.startsWith(`${name}.`) ? [path.slice(name.length + 1)] : [])))]));
}

describe('Clockify, held against the models of a public SDK', function () {
  this.timeout(60_000);
  let exchanges: readonly { readonly exchange: Exchange; readonly operation: Operation | undefined; readonly name: string }[];

  before(async () => {
    const workspace = await startWorkspace();
    const recorder = await recordExchanges(workspace.sandbox.url);
    try {
      const time = workspace.port({}, { baseUrl: recorder.url });
      const { timesheets } = time;
      assert.ok(!isUnsupported(timesheets) && !isUnsupported(timesheets.reject) && !isUnsupported(timesheets.markInvoiced));
      const { project, customer } = dealOf(uniqueTag());
      assert.equal(await time.project.find({ project, customer }, callContext()), null);
      const made = await time.project.write({ project, customer }, null, callContext());
      const [first, ...others] = project.rateCard.lines;
      await time.project.write({ project: { ...project, purchaseOrder: 'PO-78', rateCard: { ...project.rateCard, lines: first === undefined ? others : [{ ...first, rate: '181.25' }] } }, customer }, made, callContext());
      await time.setProjectStatus({ document: project, externalId: made.externalId }, 'active', callContext());

      const userId = await workspace.seedOne('users', { name: 'Ada', email: 'ada@northwind-consulting.example', timeZone: 'Europe/Berlin' });
      const taskId = String((await workspace.rows(`/projects/${made.externalId}/tasks`))[0]?.['id']);
      await workspace.seedOne('time_entries', { userId, projectId: made.externalId, taskId, description: 'Workshop', start: '2026-06-01T09:00:00Z', end: '2026-06-01T11:30:00Z' });
      await workspace.seedOne('approvals', { userId, weekStart: '2026-06-01', state: 'APPROVED' });
      let sheets = 0;
      for await (const change of timesheets.changed('2020-01-01T00:00:00.000Z', callContext())) {
        assert.ok('sheet' in change);
        const { id, version, person, entries } = change.sheet;
        await timesheets.load(id, callContext());
        await timesheets.markInvoiced(entries, 'INV-1', callContext());
        await timesheets.reject({ timesheetId: id, version, person, reason: 'Pick the project again.', entries: entries.map((entry) => ({ id: entry.id, version: entry.version, findings: [{ code: 'PROJECT_UNKNOWN', message: 'There is no such project.', mend: 'Pick the project again.' }] })) }, callContext());
        sheets += 1;
      }
      assert.equal(sheets, 1);
      await time.project.undo({ document: { project, customer }, externalId: made.externalId, created: true }, callContext());
      const unused = dealOf(uniqueTag());
      const gone = await time.project.write(unused, null, callContext());
      await time.project.undo({ document: unused, externalId: gone.externalId, created: true }, callContext());
      const prefix = `/api/v1/workspaces/${workspace.credentials.workspaceId}`;
      exchanges = recorder.exchanges.map((exchange) => {
        assert.ok(exchange.path.startsWith(prefix), exchange.path);
        const below = exchange.path.slice(prefix.length).replace(/\/$/, '');
        return { exchange, operation: OPERATIONS.find(({ method, path }) => method === exchange.method && path.test(below)), name: `${exchange.method} ${below}` };
      });
    } finally {
      recorder.close();
      await workspace.sandbox.close();
    }
  });

  it('is asked for nothing that the SDK, or the list of what it lacks, does not name', () => {
    assert.deepEqual(exchanges.filter(({ operation }) => operation === undefined).map(({ name }) => name), []);
    assert.deepEqual(OPERATIONS.filter((each) => !exchanges.some(({ operation }) => operation === each)).map(({ method, path }) => `${method} ${path.source}`), [], 'every operation of the list is called');
    for (const { exchange, operation, name } of exchanges) {
      const known = [...(operation?.query ?? []), ...(operation?.beyond?.query ?? [])];
      assert.deepEqual([...exchange.query.keys()].filter((parameter) => !known.includes(parameter)), [], name);
    }
  });

  it('is sent bodies of its models', () => {
    const mistakes = exchanges.flatMap(({ exchange, operation, name }) => {
      if (operation?.body !== undefined) return mistakesIn(operation.body, exchange.body, operation.beyond?.body).map((mistake) => `${name}: ${mistake}`);
      return Object.keys(z.looseObject({}).parse(exchange.body ?? {})).filter((field) => operation?.beyond?.body?.includes(field) !== true).map((field) => `${name}: ${field}`);
    });
    assert.deepEqual([...new Set(mistakes)], []);
    assert.equal(mistakesIn('ProjectCreate', { name: 'A', client: 'c' }).length, 1);
    assert.equal(mistakesIn('ApprovalRequestUpdate', { state: 'WITHDRAWN' }).length, 1);
  });

  it('is answered by the sandbox in its models', () => {
    const mistakes = exchanges.flatMap(({ exchange, operation }) => (operation?.answer === undefined || exchange.status >= 300 ? [] : mistakesIn(operation.answer, exchange.answer, operation.beyond?.answer)));
    assert.deepEqual([...new Set(mistakes)], []);
    assert.equal(mistakesIn('[Task]', [{ id: 't', name: 'A', projectId: 'p', status: 'ACTIVE', rate: 1 }]).length, 1);
    assert.equal(mistakesIn('Client', { id: 'c', name: 7, workspaceId: 'w' }).length, 1);
  });
});
