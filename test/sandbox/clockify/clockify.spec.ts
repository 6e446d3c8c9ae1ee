import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clockify } from '../../../sandbox/clockify/sandbox.ts';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';
import { clockifyCredentials } from '../../connectors/clockify/support.ts';

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

describe('Clockify sandbox', () => {
  const credentials = clockifyCredentials();
  const base = `/workspaces/${credentials.workspaceId}`;
  let sandbox: RunningSandbox;
  let at: string;
  beforeEach(async () => {
    at = '2026-06-10T12:00:00Z';
    sandbox = await startSandbox(clockify, { port: 0, options: { ...credentials, requestsPerSecond: 50 }, now: () => new Date(at) });
  });
  afterEach(() => sandbox.close());

  const exchange = async (method: string, url: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> => {
    const answer = await fetch(`${sandbox.url}${url}`, { method, headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === '' ? null : JSON.parse(text) };
  };
  const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = { 'x-api-key': credentials.apiKey }) => exchange(method, `/api/v1${path}`, body, headers);
  const field = (value: unknown, ...path: (string | number)[]): unknown => path.reduce<unknown>((inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined), value);
  const idOf = (reply: Reply) => String(field(reply.body, 'id'));
  const codeOf = (reply: Reply) => [reply.status, field(reply.body, 'code')];
  const textOf = (reply: Reply) => String(field(reply.body, 'message'));
  const anyUser = async () => String(field((await call('GET', `${base}/users?email=jonas.weber`)).body, 0, 'id'));

  const project = async () => {
    const clientId = idOf(await call('POST', `${base}/clients`, { name: 'Acme' }));
    return { clientId, projectId: idOf(await call('POST', `${base}/projects`, { name: 'Cloud migration', clientId })) };
  };
  const week = async () => {
    const userId = await anyUser();
    const { projectId } = await project();
    const entry = await call('POST', `${base}/user/${userId}/time-entries`, { start: '2026-06-01T07:00:00Z', end: '2026-06-01T14:30:00Z', projectId, description: 'interfaces' });
    const request = await call('POST', `${base}/approval-requests/users/${userId}`, { period: 'WEEKLY', periodStart: '2026-05-31T22:00:00Z' });
    return { userId, projectId, entryId: idOf(entry), requestId: idOf(request) };
  };
  const decide = (id: string, state: string, note?: string) => call('PATCH', `${base}/approval-requests/${id}`, { state, ...(note === undefined ? {} : { note }) });
  const listed = async (status: string) => (await call('GET', `${base}/approval-requests?status=${status}`)).body;

  it('takes exactly one key, which it knows, for its own workspace', async () => {
    assert.deepEqual(codeOf(await call('GET', '/user', undefined, {})), [401, 1000]);
    assert.deepEqual(codeOf(await call('GET', '/user', undefined, { 'x-api-key': credentials.apiKey, 'x-addon-token': 'x' })), [401, 1000]);
    assert.deepEqual(codeOf(await call('GET', '/user', undefined, { authorization: `Bearer ${credentials.apiKey}` })), [401, 1000]);
    assert.deepEqual(codeOf(await call('GET', '/user', undefined, { 'x-api-key': 'other' })), [401, 4003]);
    assert.equal((await call('GET', '/workspaces/0123456789abcdef01234567/users')).status, 403);
    assert.equal(field((await call('GET', '/user')).body, 'email'), 'ingrid.solberg@northwind-consulting.example');
  });

  it('answers 404 with its own code for a route that is not, and 400 for what is not of the workspace', async () => {
    assert.deepEqual(codeOf(await call('GET', `${base}/timesheets`)), [404, 3000]);
    const unknown = await call('GET', `${base}/projects/0123456789abcdef01234567`);
    assert.deepEqual([...codeOf(unknown), textOf(unknown)], [400, 501, "Project doesn't belong to Workspace"]);
    assert.deepEqual(codeOf(await call('GET', `${base}/approval-requests/567687e20000000000000001`)), [404, 3000]);
  });

  it('takes fifty requests a second', async () => {
    for (let index = 0; index < 50; index += 1) assert.equal((await call('GET', `${base}/tags`)).status, 200);
    const refused = await call('GET', `${base}/tags`);
    assert.deepEqual([refused.status, textOf(refused)], [429, 'Too many requests']);
    at = '2026-06-10T12:00:01Z';
    assert.equal((await call('GET', `${base}/tags`)).status, 200);
  });

  it('pages its lists and says which page is the last', async () => {
    for (let index = 0; index < 5; index += 1) await call('POST', `${base}/tags`, { name: `Sprint ${index}` });
    const pages = [];
    for (const number of [1, 2, 3, 4]) {
      const { body, headers } = await call('GET', `${base}/tags?page=${number}&page-size=2`);
      pages.push([Array.isArray(body) ? body.length : -1, headers.get('last-page')]);
    }
    assert.deepEqual(pages, [[2, 'false'], [2, 'false'], [1, 'true'], [0, 'true']]);
    assert.equal((await call('GET', `${base}/tags?page-size=0`)).status, 400);
  });

  it('gives a new client the workspace currency whatever is asked for, and another one with an update', async () => {
    const made = await call('POST', `${base}/clients`, { name: 'Acme', currencyCode: 'EUR', note: 'kept' });
    assert.deepEqual([made.status, field(made.body, 'currencyCode'), field(made.body, 'note')], [201, 'USD', 'kept']);
    const euro = field((await call('GET', base)).body, 'currencies', 3, 'id');
    const changed = await call('PUT', `${base}/clients/${idOf(made)}`, { name: 'Acme', currencyId: euro });
    assert.deepEqual([field(changed.body, 'currencyCode'), field(changed.body, 'note')], ['EUR', null], 'an update replaces what it leaves out');
    assert.deepEqual(codeOf(await call('POST', `${base}/clients`, { name: 'acme' })), [400, 501]);
  });

  it('deletes only what is archived or done', async () => {
    const { clientId, projectId } = await project();
    const task = idOf(await call('POST', `${base}/projects/${projectId}/tasks`, { name: 'Consultant' }));
    assert.match(textOf(await call('DELETE', `${base}/projects/${projectId}/tasks/${task}`)), /active task/);
    assert.match(textOf(await call('DELETE', `${base}/projects/${projectId}`)), /active project/);
    assert.match(textOf(await call('DELETE', `${base}/clients/${clientId}`)), /active client/);
    await call('PUT', `${base}/projects/${projectId}`, { name: 'Cloud migration', clientId, archived: true });
    assert.equal((await call('DELETE', `${base}/projects/${projectId}`)).status, 200);
    await call('PUT', `${base}/clients/${clientId}`, { name: 'Acme', archived: true });
    assert.equal((await call('DELETE', `${base}/clients/${clientId}`)).status, 200);
  });

  it('finds projects by a part of their name or by all of it', async () => {
    await project();
    const found = async (query: string) => field((await call('GET', `${base}/projects?${query}`)).body, 'length');
    assert.deepEqual([await found('name=migra'), await found('name=migra&strict-name-search=true'), await found('name=cloud%20migration&strict-name-search=true'), await found('archived=true')], [1, 0, 1, 0]);
  });

  it('keeps rates of tasks in whole hundredths', async () => {
    const { projectId } = await project();
    const task = idOf(await call('POST', `${base}/projects/${projectId}/tasks`, { name: 'Consultant' }));
    const path = `${base}/projects/${projectId}/tasks/${task}/hourly-rate`;
    assert.equal(field((await call('PUT', path, { amount: 18_125 })).body, 'hourlyRate', 'amount'), 18_125);
    assert.equal((await call('PUT', path, { amount: 181.25 })).status, 400);
    assert.match(textOf(await call('PUT', path, {})), /must not be null/);
  });

  it('books time only on open projects, on their own tasks', async () => {
    const userId = await anyUser();
    const { projectId, clientId } = await project();
    const other = idOf(await call('POST', `${base}/projects`, { name: 'Other', clientId }));
    const taskId = idOf(await call('POST', `${base}/projects/${other}/tasks`, { name: 'Consultant' }));
    const book = (changes: object) => call('POST', `${base}/user/${userId}/time-entries`, { start: '2026-06-01T07:00:00Z', end: '2026-06-01T08:00:00Z', projectId, ...changes });
    assert.deepEqual(field((await book({})).body, 'timeInterval'), { start: '2026-06-01T07:00:00Z', end: '2026-06-01T08:00:00Z', duration: 'PT1H' });
    assert.match(textOf(await book({ taskId })), /Task doesn't belong to Project/);
    assert.match(textOf(await book({ end: '2026-06-01T06:00:00Z' })), /greater than end/);
    await call('PUT', `${base}/projects/${projectId}`, { name: 'Cloud migration', clientId, archived: true });
    assert.match(textOf(await book({})), /archived/);
    assert.equal(field((await call('GET', `${base}/projects/${projectId}`)).body, 'duration'), 'PT1H');
  });

  it('lists a submitted week with its time, in the zone of its person', async () => {
    const { requestId, entryId, userId } = await week();
    const list = await listed('PENDING');
    assert.deepEqual(field(list, 0, 'approvalRequest', 'dateRange'), { start: '2026-05-31T22:00:00Z', end: '2026-06-07T21:59:59Z' });
    assert.deepEqual([field(list, 0, 'approvalRequest', 'id'), field(list, 0, 'approvalRequest', 'owner', 'userId'), field(list, 0, 'entries', 0, 'id'), field(list, 0, 'entries', 0, 'project', 'clientName'), field(list, 0, 'pendingTime')], [requestId, userId, entryId, 'Acme', 'PT7H30M']);
    assert.match(textOf(await call('POST', `${base}/approval-requests/users/${userId}`, { periodStart: '2026-06-01T10:00:00Z' })), /already exists/, 'the week is the same whatever instant of its first day is named');
    assert.match(textOf(await call('POST', `${base}/approval-requests/users/${userId}`, { periodStart: '2026-06-08T10:00:00Z' })), /no entries/);
  });

  it('lists three states only: what is rejected is gone, and can be submitted anew', async () => {
    const { requestId, userId } = await week();
    assert.equal((await call('GET', `${base}/approval-requests?status=REJECTED`)).status, 400);
    assert.equal((await decide(requestId, 'REJECTED', 'no')).status, 200);
    for (const status of ['PENDING', 'APPROVED', 'WITHDRAWN_APPROVAL']) assert.deepEqual(await listed(status), []);
    const again = await call('POST', `${base}/approval-requests/users/${userId}`, { periodStart: '2026-05-31T22:00:00Z' });
    assert.equal(again.status, 201);
    assert.notEqual(idOf(again), requestId);
  });

  it('locks approved time until the approval is withdrawn, and keeps the request when it is submitted again', async () => {
    const { requestId, entryId, userId, projectId } = await week();
    await decide(requestId, 'APPROVED');
    const change = () => call('PUT', `${base}/time-entries/${entryId}`, { start: '2026-06-01T07:00:00Z', end: '2026-06-01T10:00:00Z', projectId });
    assert.equal(field((await call('GET', `${base}/time-entries/${entryId}`)).body, 'isLocked'), true);
    assert.equal((await change()).status, 400);
    assert.equal((await call('DELETE', `${base}/time-entries/${entryId}`)).status, 400);
    assert.equal((await decide(requestId, 'REJECTED')).status, 400, 'an approval is withdrawn, not rejected');
    at = '2026-06-11T12:00:00Z';
    assert.equal(field((await decide(requestId, 'WITHDRAWN_APPROVAL', 'a day is missing')).body, 'status', 'updatedAt'), '2026-06-11T12:00:00Z');
    assert.equal(field(await listed('WITHDRAWN_APPROVAL'), 0, 'approvalRequest', 'status', 'note'), 'a day is missing');
    assert.equal((await change()).status, 200);
    assert.equal(idOf(await call('POST', `${base}/approval-requests/users/${userId}/resubmit-entries-for-approval`, { periodStart: '2026-05-31T22:00:00Z' })), requestId);
    assert.equal(field(await listed('PENDING'), 0, 'trackedTime'), 'PT3H');
  });

  it('marks time as invoiced also while it is locked', async () => {
    const { requestId, entryId } = await week();
    await decide(requestId, 'APPROVED');
    assert.equal((await call('PATCH', `${base}/time-entries/invoiced`, { timeEntryIds: [entryId], invoiced: true })).status, 200);
    assert.equal((await call('PATCH', `${base}/time-entries/invoiced`, { timeEntryIds: ['0123456789abcdef01234567'], invoiced: true })).status, 400);
  });

  it('gives each webhook a token of its own, and a new one when asked', async () => {
    const wanted = { url: 'https://example.com/hook', webhookEvent: 'NEW_APPROVAL_REQUEST', triggerSourceType: 'WORKSPACE_ID', triggerSource: [credentials.workspaceId] };
    const made = await call('POST', `${base}/webhooks`, wanted);
    const token = field(made.body, 'authToken');
    assert.equal(made.status, 201);
    assert.notEqual(field((await call('PATCH', `${base}/webhooks/${idOf(made)}/token`)).body, 'authToken'), token);
    assert.match(textOf(await call('POST', `${base}/webhooks`, wanted)), /already exists/);
    assert.equal(field((await call('GET', `${base}/webhooks`)).body, 'workspaceWebhookCount'), 3);
  });

  it('keeps what it holds when the process ends and starts again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'clockify-'));
    const dataFile = join(folder, 'clockify.sqlite');
    const first = await startSandbox(clockify, { port: 0, dataFile, options: credentials });
    await fetch(`${first.url}/__admin/seed`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ tags: [{ name: 'kept' }] }) });
    await first.close();
    const second = await startSandbox(clockify, { port: 0, dataFile, options: credentials });
    try {
      const state = await (await fetch(`${second.url}/__admin/state`)).json();
      assert.deepEqual([field(state, 'tags', 0, 'name'), field(state, 'users', 'length'), field(state, 'webhooks', 'length')], ['kept', 9, 2]);
    } finally {
      await second.close();
      rmSync(folder, { recursive: true });
    }
  });
});
