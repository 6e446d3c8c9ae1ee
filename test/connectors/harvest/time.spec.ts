import assert from 'node:assert/strict';
import { z } from 'zod';
import { createHarvest, createHarvestAssignments } from '../../../connectors/harvest/index.ts';
import type { ResourcePort, TimePort } from '../../../connectors/ports.ts';
import type { Customer } from '../../../domain/model/customer.ts';
import type { Project } from '../../../domain/model/project.ts';
import { startSandboxes, type RunningSandboxes } from '../../../sandbox/all.ts';
import { callContext, dealOf, JP01, silent, uniqueTag, type DealTerms } from '../conformance/documents.ts';
import { others } from '../conformance/record-content.ts';
import { describeRecordPort, failureOf, type RecordCase } from '../conformance/records.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';

const row = z.record(z.string(), z.unknown());
type TimeDocument = { readonly project: Project; readonly customer: Customer };

describe('Harvest', function () {
  this.timeout(60_000);
  let sandboxes: RunningSandboxes;
  let time: TimePort;
  let resources: ResourcePort;
  const url = () => sandboxes.url('harvest');
  const settings = (options: unknown = {}, credentials: unknown = sandboxes.credentials.harvest) => ({
    system: 'harvest', baseUrl: url(), credentials, options, log: silent, limits: { concurrency: 8, requestsPerSecond: null, timeoutSeconds: 20 },
  });
  const faults = sandboxFaults(url);

  before(async () => {
    sandboxes = await startSandboxes({ only: ['harvest'], options: { harvest: { requestsPerWindow: null } } });
    time = createHarvest(settings());
    resources = createHarvestAssignments(settings());
  });
  after(async () => sandboxes?.close());

  const admin = async (path: string, body: object) => {
    const answer = await fetch(`${url()}/__admin/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    assert.ok(answer.ok, await answer.text());
  };
  /** Harvest as its own pages show it: every list, past the connector. */
  const listed = async (path: string, name: string): Promise<Record<string, unknown>[]> => {
    const { accountId, accessToken } = z.object({ accountId: z.string(), accessToken: z.string() }).parse(sandboxes.credentials.harvest);
    const answer = await fetch(`${url()}/v2/${path}`, { headers: { authorization: `Bearer ${accessToken}`, 'harvest-account-id': accountId, 'user-agent': 'test' } });
    return z.array(row).parse(row.parse(await answer.json())[name]);
  };
  const projectsOf = async (number: string) => (await listed('projects', 'projects')).filter((project) => project['code'] === number);
  const clientsNamed = async (name: string) => (await listed('clients', 'clients')).filter((client) => client['name'] === name);
  const fieldIn = (value: unknown, key: string) => Reflect.get(Object(value), key) as unknown;
  const bookTime = async (projectId: string) => {
    await admin('seed', { projects: [{ id: Number(projectId), is_active: true }] });
    const [assignment] = await listed(`projects/${projectId}/task_assignments`, 'task_assignments');
    await admin('seed', { user_assignments: [{ project_id: Number(projectId), user_id: await anyUser() }] }).catch(() => undefined);
    await admin('seed', { time_entries: [{ project_id: Number(projectId), task_id: fieldIn(assignment?.['task'], 'id'), user_id: await anyUser(), spent_date: '2026-12-02', hours: 2 }] });
  };
  const anyUser = async () => fieldIn((await listed('users', 'users')).find((user) => user['email'] === 'elise.tremblay@northwind-consulting.example'), 'id');

  const fresh = (terms: DealTerms = {}): TimeDocument => {
    const { project, customer } = dealOf(uniqueTag(), terms);
    return { project, customer };
  };
  const state = async () => (await fetch(`${url()}/__admin/state`)).json();
  const seedOthers = async (count: number) => {
    const name = `Somebody else ${uniqueTag()}`;
    await admin('seed', { clients: [{ name, currency: 'USD' }] });
    const [client] = await clientsNamed(name);
    await admin('seed', { projects: Array.from({ length: count }, () => ({ client_id: client?.['id'], name: `Somebody else's ${uniqueTag()}`, code: `BY-HAND-${uniqueTag()}`, is_billable: true, bill_by: 'Project', budget_by: 'none' })) });
  };
  const timeProject: Omit<RecordCase<TimeDocument>, 'name' | 'fresh'> = {
    port: () => time.project,
    amended: ({ project, customer }) => ({ customer, project: { ...project, name: 'Migração para a nuvem 株式会社', purchaseOrder: 'PO-78', endDate: '2027-08-31', rateCard: { ...project.rateCard, lines: [{ laborCategory: 'CONSULTANT', unit: 'hour' as const, rate: '181.25' }, { laborCategory: 'PARTNER', unit: 'day' as const, rate: '3999.99' }] } } }),
    count: async ({ project }) => (await projectsOf(project.number)).length,
    check: async ({ project, customer }, externalId) => {
      const [made] = await projectsOf(project.number);
      assert.equal(String(made?.['id']), externalId);
      assert.deepEqual([made?.['name'], made?.['is_active'], made?.['starts_on'], made?.['ends_on'], made?.['bill_by'], made?.['budget']], [project.name, false, project.startDate, project.endDate, 'Tasks', 100]);
      assert.match(String(made?.['notes']), new RegExp(project.purchaseOrder ?? ''));
      assert.equal((await clientsNamed(customer.name)).length, 1);
      assert.equal(fieldIn(made?.['client'], 'id'), (await clientsNamed(customer.name))[0]?.['id']);
      const assignments = (await listed(`projects/${externalId}/task_assignments`, 'task_assignments')).filter((assignment) => assignment['is_active'] === true);
      const wanted = project.rateCard.lines.map((line) => [line.laborCategory.replaceAll('_', ' ').toLowerCase(), line.unit === 'hour' ? Number(line.rate) : null]);
      assert.deepEqual(new Set(assignments.map((assignment) => JSON.stringify([String(fieldIn(assignment['task'], 'name')).toLowerCase(), assignment['hourly_rate']]))), new Set(wanted.map((line) => JSON.stringify(line))));
    },
    use: async (_document, externalId) => bookTime(externalId),
    writeMethod: 'POST',
    unknownId: '99999999',
    // Currencies that are none would make a client beside the one that is there.
    badAnswers: { every: { 'numbers-as-text': 'refused' }, find: { 'unknown-values': 'refused' }, write: { 'unknown-values': 'refused' } },
    content: { stored: state, money: true, seedOthers },
  };
  describeRecordPort({ ...timeProject, name: 'A project of a new client in Harvest', fresh: (terms) => Promise.resolve(fresh(terms)) }, faults);
  describeRecordPort({
    ...timeProject,
    name: 'A project of a known client in Harvest',
    badAnswers: { every: { 'numbers-as-text': 'refused' }, find: { 'unknown-values': 'refused' } },
    fresh: async (terms = {}) => {
      const document = fresh(terms);
      await admin('seed', { clients: [{ name: document.customer.name, currency: document.project.rateCard.currency }] });
      return document;
    },
  }, faults);

  describeRecordPort({
    name: 'The assignments of a project in Harvest',
    port: () => resources.assignments,
    fresh: async () => {
      const document = fresh();
      const { externalId } = await time.project.write(document, null, callContext());
      const [first, second] = document.project.assignments;
      assert.ok(first !== undefined && second !== undefined);
      return { timeProjectId: externalId, project: { ...document.project, assignments: [{ ...first, resourceEmail: 'Elise.Tremblay@northwind-consulting.example' }, { ...first, resourceEmail: 'jonas.weber@northwind-consulting.example' }, second] } };
    },
    amended: ({ project, timeProjectId }) => ({ timeProjectId, project: { ...project, assignments: project.assignments.slice(0, 1) } }),
    count: async ({ timeProjectId }) => ((await listed(`projects/${timeProjectId ?? ''}/user_assignments`, 'user_assignments')).length > 0 ? 1 : 0),
    check: async ({ project, timeProjectId }) => {
      const users = await listed('users', 'users');
      const assigned = (await listed(`projects/${timeProjectId ?? ''}/user_assignments`, 'user_assignments')).filter((assignment) => assignment['is_active'] === true);
      const emails = assigned.map((assignment) => users.find((user) => user['id'] === fieldIn(assignment['user'], 'id'))?.['email']);
      assert.deepEqual(new Set(emails), new Set(project.assignments.flatMap((assignment) => (assignment.resourceEmail === null ? [] : [assignment.resourceEmail.toLowerCase()]))));
      const [made] = await projectsOf(project.number);
      const open = project.assignments.filter((assignment) => assignment.resourceEmail === null);
      assert.equal(String(made?.['notes']).includes('open roles: CONSULTANT'), open.length > 0);
      assert.match(String(made?.['notes']), /^Deal: /, 'the notes of the project itself stay');
    },
    use: async (_document, externalId) => bookTime(externalId),
    writeMethod: 'POST',
    unknownId: '99999999',
    badAnswers: { every: { 'numbers-as-text': 'refused' } },
    content: { stored: state, textless: true, seedOthers: async (count) => await admin('seed', { users: others(count, () => ({ first_name: 'Somebody', last_name: 'Else', email: `by-hand-${uniqueTag()}@northwind-consulting.example` })) }) },
  }, faults);

  it('opens a project for time only while it is active', async () => {
    const document = fresh();
    const { externalId } = await time.project.write(document, null, callContext());
    for (const [status, open] of [['active', true], ['active', true], ['closed', false], ['pending', false], ['cancelled', false]] as const) {
      assert.equal(await time.setProjectStatus({ document: document.project, externalId }, status, callContext()), status);
      assert.equal((await projectsOf(document.project.number))[0]?.['is_active'], open);
    }
  });

  it('deletes the client it made with the last of its projects, whichever that is, and never one it found', async () => {
    const first = fresh();
    const second = { customer: first.customer, project: { ...fresh().project, customerId: first.customer.id } };
    const one = await time.project.write(first, null, callContext());
    const two = await time.project.write(second, null, callContext());
    assert.equal((await projectsOf(second.project.number))[0]?.['name'], `Cloud migration (${second.project.number})`, 'names are unique among the projects of a client');
    await time.project.undo({ document: first, externalId: one.externalId, created: true }, callContext());
    assert.equal((await clientsNamed(first.customer.name)).length, 1);
    await time.project.undo({ document: second, externalId: two.externalId, created: true }, callContext());
    assert.equal((await clientsNamed(first.customer.name)).length, 0);
    const known = fresh();
    await admin('seed', { clients: [{ name: known.customer.name, currency: 'USD' }] });
    const three = await time.project.write(known, null, callContext());
    await time.project.undo({ document: known, externalId: three.externalId, created: true }, callContext());
    assert.equal((await clientsNamed(known.customer.name)).length, 1);
  });

  it('keeps a client for each currency a customer is billed in', async () => {
    const dollars = fresh();
    const yen = { customer: dollars.customer, project: { ...fresh({ legalEntity: JP01, rate: '31250', billingMethod: 'fixed_fee' }).project, customerId: dollars.customer.id } };
    await time.project.write(dollars, null, callContext());
    await time.project.write(yen, null, callContext());
    const [made] = await projectsOf(yen.project.number);
    assert.deepEqual([fieldIn(made?.['client'], 'currency'), fieldIn(made?.['client'], 'name'), made?.['fee']], ['JPY', `${dollars.customer.name} (JPY)`, 3_125_000]);
    assert.equal((await time.project.find(yen, callContext()))?.externalId, String(made?.['id']));
  });

  it('sends amounts with exactly their digits', async () => {
    const exact = '98765432109876.543';
    const document = fresh({ currency: 'KWD', billingMethod: 'fixed_fee', project: { value: { amount: exact, currency: 'KWD' } } });
    const bodies: string[] = [];
    const { createServer } = await import('node:http');
    const relay = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        bodies.push(body);
        void fetch(`${url()}${request.url ?? ''}`, { method: request.method ?? 'GET', headers: z.record(z.string(), z.string()).parse(Object.fromEntries(Object.entries(request.headers).filter(([name]) => !['host', 'connection', 'content-length', 'transfer-encoding'].includes(name)))), ...(body === '' ? {} : { body }) })
          .then(async (answer) => response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text()));
      });
    });
    await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
    const { port } = z.object({ port: z.number() }).parse(relay.address());
    await createHarvest({ ...settings(), baseUrl: `http://127.0.0.1:${port}` }).project.write(document, null, callContext());
    relay.closeAllConnections();
    relay.close();
    assert.ok(bodies.some((body) => body.includes(`"fee":${exact},`)), 'the fee is a JSON number with every digit');
  });

  it('names the task, the person or the right that is missing as a configuration failure', async () => {
    const unknown = fresh();
    const noTask = await failureOf(() => time.project.write({ ...unknown, project: { ...unknown.project, rateCard: { ...unknown.project.rateCard, lines: [{ laborCategory: 'ASTRONAUT', unit: 'hour', rate: '1' }] } } }, null, callContext()));
    assert.deepEqual([noTask.kind, noTask.code, noTask.written], ['configuration', 'HARVEST_TASK_UNKNOWN', 'no']);
    assert.equal((await clientsNamed(unknown.customer.name)).length, 0, 'nothing was written');
    const { externalId } = await time.project.write(unknown, null, callContext());
    const nobody = await failureOf(() => resources.assignments.write({ project: unknown.project, timeProjectId: externalId }, null, callContext()));
    assert.deepEqual([nobody.kind, nobody.code, nobody.written], ['configuration', 'HARVEST_USER_UNKNOWN', 'no']);
    assert.match(nobody.mend, /ada@northwind-consulting.example/);
    const wrong = createHarvest(settings({}, { accountId: 'another', accessToken: z.object({ accessToken: z.string() }).parse(sandboxes.credentials.harvest).accessToken }));
    assert.equal((await failureOf(() => wrong.project.find(unknown, callContext()))).code, 'HARVEST_FORBIDDEN');
    const refused = createHarvest(settings({}, { ...sandboxes.credentials.harvest, accessToken: 'revoked' }));
    assert.equal((await failureOf(() => refused.project.find(unknown, callContext()))).kind, 'configuration');
  });

  it('never pretends to know where the account cannot be asked', async () => {
    const document = fresh();
    await admin('seed', { clients: [{ name: document.customer.name, currency: 'USD' }] });
    const clientId = String((await clientsNamed(document.customer.name))[0]?.['id']);
    await admin('mode', { mode: 'no-reference' });
    try {
      const blind = createHarvest(settings({ projectLookUp: 'none', clientIds: { [document.customer.id]: clientId } }));
      assert.equal(blind.project.lookUp, 'none');
      assert.deepEqual((await failureOf(() => blind.project.find(document, callContext()))).code, 'HARVEST_NO_LOOK_UP');
      await faults.next({ kind: 'cut-after', method: 'POST', path: '/v2/projects$' });
      const lost = await failureOf(() => blind.project.write(document, null, callContext()));
      assert.deepEqual([lost.kind, lost.written], ['in_doubt', 'unknown']);
      const { externalId } = await blind.project.write(document, null, callContext());
      const undone = await blind.project.undo({ document, externalId, created: true }, callContext());
      assert.equal(undone.how, 'deleted', undone.detail);
      const stranger = await failureOf(() => blind.project.write(fresh(), null, callContext()));
      assert.deepEqual([stranger.kind, stranger.code, stranger.written], ['configuration', 'HARVEST_CLIENT_NOT_MAPPED', 'no']);
    } finally {
      await faults.clear();
      await admin('mode', { mode: 'default' });
    }
  });

  it('waits as long as Harvest asks once the limit is reached', async () => {
    const strict = await startSandboxes({ only: ['harvest'], credentials: sandboxes.credentials, options: { harvest: { requestsPerWindow: 3, windowMs: 15_000 } } });
    try {
      const limited = createHarvest({ ...settings(), baseUrl: strict.url('harvest') });
      const failure = await failureOf(() => limited.project.write(fresh(), null, callContext()));
      assert.deepEqual([failure.kind, failure.code], ['transient', 'HARVEST_RATE_LIMIT']);
      assert.ok(failure.retryAfterMs !== undefined && failure.retryAfterMs > 10_000 && failure.retryAfterMs <= 15_000);
    } finally {
      await strict.close();
    }
  });
});
