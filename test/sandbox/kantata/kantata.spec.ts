import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { kantata } from '../../../sandbox/kantata/sandbox.ts';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';

type Row = Record<string, unknown>;
const envelope = z.looseObject({ count: z.number(), meta: z.record(z.string(), z.number()), results: z.array(z.object({ key: z.string(), id: z.string() })) });
const refusal = z.object({ errors: z.array(z.object({ type: z.string(), message: z.string(), field: z.string().optional() })).min(1) });
const objects = z.record(z.string(), z.record(z.string(), z.unknown()));
const seeded = z.record(z.string(), z.array(z.string()));

describe('The Kantata sandbox', () => {
  const accessToken = randomBytes(16).toString('hex');
  let running: RunningSandbox;
  let at = Date.parse('2026-06-10T08:00:00Z');
  const start = async (options: Row = {}) => {
    running = await startSandbox(kantata, { port: 0, options: { accessToken, requestsPerSecond: null, ...options }, now: () => new Date(at) });
  };
  afterEach(async () => running?.close());

  const call = async (method: string, path: string, body?: unknown, token = accessToken) => {
    const answer = await fetch(`${running.url}/api/v1${path}`, { method, headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
  };
  const rows = async (path: string): Promise<Row[]> => {
    const { status, body } = await call('GET', path);
    assert.equal(status, 200, JSON.stringify(body));
    const read = envelope.parse(body);
    return read.results.map(({ key, id }) => objects.parse(read[key])[id] ?? {});
  };
  const refused = async (status: number, method: string, path: string, body?: unknown) => {
    const answer = await call(method, path, body);
    assert.equal(answer.status, status, JSON.stringify(answer.body));
    const [first] = refusal.parse(answer.body).errors;
    return [first?.type, first?.field ?? first?.message];
  };
  const make = async (path: string, name: string, values: Row): Promise<string> => {
    const { status, body } = await call('POST', path, { [name]: values });
    assert.equal(status, 200, JSON.stringify(body));
    return envelope.parse(body).results[0]?.id ?? '';
  };
  const seed = async (collection: string, record: Row): Promise<string> => {
    const answer = await fetch(`${running.url}/__admin/seed`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ [collection]: [record] }) });
    assert.ok(answer.ok, await answer.clone().text());
    return seeded.parse(await answer.json())[collection]?.[0] ?? '';
  };
  const project = (values: Row = {}) => make('/workspaces', 'workspace', { title: 'Migration', price: 1000, time_trackable: true, require_time_approvals: true, ...values });
  const reference = (values: Row) => call('POST', '/external_references/create_or_update', { external_reference: { service_name: 'q2c', service_model: 'project', ...values } });

  it('lets nobody in without the token, and says so as the reference has it', async () => {
    await start();
    const { status, body } = await call('GET', '/users/me', undefined, 'wrong');
    assert.deepEqual([status, body], [401, { errors: [{ type: 'oauth', message: 'Invalid OAuth 2 Request' }] }]);
    assert.equal((await call('GET', '/users/me.json')).status, 200);
  });

  it('answers in one envelope: objects under their IDs as text, associations only where they are asked for', async () => {
    await start();
    const id = await project({ external_reference: { service_name: 'q2c', service_model: 'project', service_model_ref: 'US01-X' } });
    const plain = envelope.parse((await call('GET', `/workspaces/${id}`)).body);
    assert.deepEqual([plain.count, plain.results, Object.keys(plain)], [1, [{ key: 'workspaces', id }], ['count', 'meta', 'results', 'workspaces']]);
    const [bare] = await rows(`/workspaces?only=${id}`);
    assert.ok(bare !== undefined && !('external_reference_ids' in bare));
    assert.match(String(bare['updated_at']), /^2026-06-10T01:00:00-07:00$/);
    const full = envelope.parse((await call('GET', `/workspaces?only=${id}&include=external_references`)).body);
    const [referenceId = ''] = z.array(z.string()).parse(objects.parse(full['workspaces'])[id]?.['external_reference_ids']);
    assert.equal(objects.parse(full['external_references'])[referenceId]?.['service_model_ref'], 'US01-X');
    assert.equal((await refused(400, 'GET', '/workspaces?include=everything'))[0], 'system');
  });

  it('pages with at most 200, knows its parameters and orders, and counts all', async () => {
    await start();
    for (const [path, name] of [['per_page=201', 'too many'], ['per_page=0', 'none'], ['page=x', 'no number'], ['colour=red', 'unknown'], ['order=colour:asc', 'unknown order'], ['updated_after=yesterday', 'no instant']] as const) await refused(400, 'GET', `/users?${path}`).catch((error: unknown) => assert.fail(`${name}: ${String(error)}`));
    const first = envelope.parse((await call('GET', '/users?per_page=5')).body);
    assert.deepEqual([first.results.length, first.meta['page_count'], first.meta['page_size']], [5, Math.ceil(first.count / 5), 5]);
    const everybody = new Set((await Promise.all([1, 2, 3].map((page) => rows(`/users?per_page=5&page=${page}`)))).flat().map(({ id }) => id));
    assert.equal(everybody.size, first.count);
    assert.deepEqual(await rows('/users?only=999'), []);
    assert.equal((await call('GET', '/users/999')).status, 404);
  });

  it('refuses bodies that are not as documented, each field by its name', async () => {
    await start();
    assert.deepEqual(await refused(400, 'POST', '/workspaces', { title: 'not under its name' }), ['system', 'param is missing or the value is empty: workspace']);
    assert.deepEqual(await refused(422, 'POST', '/workspaces', { workspace: { title: 'X', price: 1, colour: 'red' } }), ['validation', 'colour']);
    assert.deepEqual(await refused(422, 'POST', '/workspaces', { workspace: { title: 'X', price: '1000' } }), ['validation', 'price']);
    assert.deepEqual(await refused(422, 'POST', '/workspaces', { workspace: { title: 'X' } }), ['validation', 'price'], 'a budgeted project needs its budget');
    assert.deepEqual(await refused(422, 'POST', '/stories', { story: { workspace_id: String(await project()), title: 'Task', story_type: 'task' } }), ['validation', 'workspace_id'], 'IDs are numbers in bodies');
  });

  it('hides what is archived unless it is asked for, also by its ID', async () => {
    await start();
    const id = await project();
    const task = await make('/stories', 'story', { workspace_id: Number(id), title: 'Build', story_type: 'task' });
    await call('PUT', `/workspaces/${id}`, { workspace: { archived: true } });
    assert.equal((await call('GET', `/workspaces/${id}`)).status, 404);
    assert.equal((await call('GET', `/workspaces/${id}?include_archived=true`)).status, 200);
    assert.deepEqual([(await rows(`/stories?only=${task}`)).length, (await rows(`/stories?only=${task}&show_from_archived_workspaces=true`)).length], [0, 1]);
  });

  it('knows a company group by one name in the account, and searches names by how their words begin', async () => {
    await start();
    await make('/workspace_groups', 'workspace_group', { name: 'The Acme Group', company: true });
    assert.deepEqual(await refused(422, 'POST', '/workspace_groups', { workspace_group: { name: 'the ACME group' } }), ['validation', 'name']);
    const found = async (text: string) => (await rows(`/workspace_groups?matching=${encodeURIComponent(text)}`)).length;
    assert.deepEqual([await found('the acme group'), await found('gro ac'), await found('cme'), await found('the')], [1, 1, 0, 0]);
  });

  it('keeps one external reference of a service for an object, and those whose object is gone', async () => {
    await start();
    const id = await project();
    const values = { subject_type: 'Workspace', subject_id: Number(id) };
    assert.equal((await reference({ ...values, service_model_ref: 'A' })).status, 200);
    assert.equal((await reference({ ...values, service_model_ref: 'B', status: 'failed' })).status, 200);
    assert.deepEqual((await rows('/external_references?subject_type=Workspace&service_name=q2c')).map((each) => [each['service_model_ref'], each['status'], each['subject_id']]), [['B', 'failed', Number(id)]]);
    assert.equal((await refused(400, 'GET', '/external_references?service_name=q2c'))[1], 'subject_type is required');
    assert.equal((await call('DELETE', `/workspaces/${id}`)).status, 204);
    assert.equal((await rows('/external_references?subject_type=Workspace&service_name=q2c')).length, 1);
    assert.equal((await reference({ ...values, service_model_ref: 'C' })).status, 404);
  });

  it('prices projects by published rate cards only, whose rates then stand for ever', async () => {
    await start();
    const set = Number(await make('/rate_card_sets', 'rate_card_set', { title: 'US01-X-RATES' }));
    const version = await make('/rate_card_set_versions', 'rate_card_set_version', { rate_card_set_id: set, effective_date: '2026-06-01' });
    const given = { rate_card_set_id: set, rate_card_set_version_id: Number(version) };
    assert.deepEqual(await refused(422, 'POST', '/rate_cards', { rate_card: { ...given, currency: 'KWD' } }), ['validation', 'currency']);
    const card = Number(await make('/rate_cards', 'rate_card', { ...given, currency: 'USD' }));
    const [cardVersion] = await rows(`/rate_card_versions?rate_card_id=${card}`);
    const [role] = await rows('/roles');
    const priced = { rate_card_version_id: Number(cardVersion?.['id']), role_id: Number(role?.['id']), rate: 26_000 };
    const rate = await make('/rate_card_roles', 'rate_card_role', priced);
    assert.deepEqual(await refused(422, 'POST', '/rate_card_roles', { rate_card_role: priced }), ['validation', 'role_id']);
    const id = await project();
    assert.deepEqual(await refused(422, 'PUT', `/workspaces/${id}`, { workspace: { rate_card_id: card } }), ['validation', 'rate_card_id']);
    assert.equal((await call('PUT', `/rate_card_set_versions/${version}/publish`, {})).status, 200);
    assert.equal((await call('PUT', `/workspaces/${id}`, { workspace: { rate_card_id: card } })).status, 200);
    assert.deepEqual(await refused(422, 'PUT', `/rate_card_roles/${rate}`, { rate_card_role: { rate: 1 } }), ['validation', 'base']);
    assert.deepEqual(await refused(422, 'PUT', `/rate_card_set_versions/${version}`, { rate_card_set_version: { effective_date: '2026-07-01' } }), ['validation', 'base']);
    assert.deepEqual(await refused(422, 'DELETE', `/rate_card_sets/${set}`), ['validation', 'base']);
    assert.deepEqual(await refused(422, 'PUT', `/workspaces/${await project({ currency: 'EUR' })}`, { workspace: { rate_card_id: card } }), ['validation', 'rate_card_id']);
  });

  it('keeps a person\'s last resource, and lets only people be allocated firmly', async () => {
    await start();
    const workspace_id = Number(await project());
    const [role, other] = (await rows('/roles')).map(({ id }) => Number(id));
    const [, person] = (await rows('/users?per_page=5')).map(({ id }) => Number(id));
    assert.deepEqual(await refused(422, 'POST', '/workspace_resources', { workspace_resource: { workspace_id } }), ['validation', 'role_id']);
    const first = await make('/workspace_resources', 'workspace_resource', { workspace_id, user_id: person, role_id: role });
    const second = await make('/workspace_resources', 'workspace_resource', { workspace_id, user_id: person, role_id: other });
    const unnamed = await make('/workspace_resources', 'workspace_resource', { workspace_id, role_id: role });
    assert.deepEqual([(await rows(`/workspace_resources?workspace_id=${workspace_id}`)).some(({ id }) => id === unnamed), (await rows(`/workspace_resources?workspace_id=${workspace_id}&include_unnamed=true`)).some(({ id }) => id === unnamed)], [false, true]);
    const week = { start_date: '2026-06-01', end_date: '2026-06-05', minutes: 600 };
    assert.deepEqual(await refused(422, 'POST', '/workspace_allocations', { workspace_allocation: { resource_id: Number(unnamed), ...week, hard: true } }), ['validation', 'hard']);
    assert.deepEqual(await refused(422, 'POST', '/workspace_allocations', { workspace_allocation: { resource_id: Number(first), ...week, end_date: '2026-05-01' } }), ['validation', 'end_date']);
    assert.equal((await call('DELETE', `/workspace_resources/${second}`)).status, 204);
    assert.deepEqual(await refused(422, 'DELETE', `/workspace_resources/${first}`), ['validation', 'base']);
  });

  it('takes time of people who take part in an open project, one project and one week a timesheet, and locks it', async () => {
    await start();
    const [one, two] = [Number(await project()), Number(await project())];
    const person = Number(await seed('users', { full_name: 'Test Person', email_address: 'test@northwind-consulting.example' }));
    const entry = { workspace_id: one, user_id: person, date_performed: '2026-06-02', time_in_minutes: 60 };
    assert.deepEqual(await refused(422, 'POST', '/time_entries', { time_entry: entry }), ['validation', 'user_id']);
    const book = async (values: Row) => Number(await seed('time_entries', { ...entry, ...values }));
    const [here, there, later] = [await book({}), await book({ workspace_id: two }), await book({ date_performed: '2026-06-09' })];
    const sheet = (...line_item_ids: unknown[]) => ({ timesheet_submission: { title: 'A week', workspace_id: one, user_id: person, line_item_ids } });
    assert.deepEqual([await refused(422, 'POST', '/timesheet_submissions', sheet(here, there)), await refused(422, 'POST', '/timesheet_submissions', sheet(here, later)), await refused(422, 'POST', '/timesheet_submissions', sheet())], Array.from({ length: 3 }, () => ['validation', 'line_item_ids']));
    const id = await make('/timesheet_submissions', 'timesheet_submission', sheet(here).timesheet_submission);
    assert.deepEqual(await refused(422, 'PUT', `/time_entries/${here}`, { time_entry: { time_in_minutes: 30 } }), ['validation', 'base']);
    assert.deepEqual(await refused(422, 'POST', '/timesheet_submissions', sheet(here)), ['validation', 'line_item_ids']);
    const shown = async () => (await rows(`/timesheet_submissions?workspace_id=${one}&include=time_entries`)).map((each) => [each['status'], each['current_resolution_description'], each['time_entry_ids']]);
    const approvedEntry = async () => (await rows(`/time_entries?only=${here}`))[0]?.['approved'];
    assert.deepEqual([await shown(), await approvedEntry()], [[['pending', null, [String(here)]]], false]);
    at += 60_000;
    assert.equal((await call('PUT', `/timesheet_submissions/${id}/approve`, { resolution: {} })).status, 200);
    assert.equal(await approvedEntry(), true);
    assert.deepEqual(await refused(422, 'PUT', `/timesheet_submissions/${id}/approve`, { resolution: {} }), ['validation', 'base']);
    at += 60_000;
    assert.equal((await call('PUT', `/timesheet_submissions/${id}/reject`, { resolution: { description: 'Wrong week.' } })).status, 200);
    assert.deepEqual([await shown(), await approvedEntry()], [[['rejected', 'Wrong week.', [String(here)]]], false]);
    assert.equal((await call('PUT', `/time_entries/${here}`, { time_entry: { time_in_minutes: 30 } })).status, 200);
    const again = await make('/timesheet_submissions', 'timesheet_submission', sheet(here).timesheet_submission);
    assert.notEqual(again, id, 'what is submitted again is a new submission');
    assert.deepEqual((await rows(`/timesheet_submissions?only=${id}&include=time_entries`))[0]?.['time_entry_ids'], []);
    assert.deepEqual((await rows('/timesheet_submissions?updated_after=2026-06-10T08:01:30Z&order=date:asc')).map((each) => each['id']).toSorted(), [id, again].toSorted());
  });

  it('lets an approval stand, or be cancelled only, where the account has it so', async () => {
    await start();
    const workspace = Number(await project());
    const approved = async (date: string) => {
      const person = Number(await seed('users', { full_name: 'Test Person', email_address: `${randomBytes(4).toString('hex')}@northwind-consulting.example` }));
      await seed('time_entries', { workspace_id: workspace, user_id: person, date_performed: date, time_in_minutes: 60 });
      return seed('timesheet_submissions', { user_id: String(person), workspace_id: String(workspace), week_start: date, status: 'approved' });
    };
    const mode = (name: string) => fetch(`${running.url}/__admin/mode`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ mode: name }) });
    const id = await approved('2026-06-01');
    await mode('approved-is-final');
    for (const action of ['reject', 'cancel']) assert.deepEqual(await refused(422, 'PUT', `/timesheet_submissions/${id}/${action}`, { resolution: {} }), ['validation', 'base']);
    await mode('approved-can-be-cancelled-only');
    assert.deepEqual(await refused(422, 'PUT', `/timesheet_submissions/${id}/reject`, { resolution: {} }), ['validation', 'base']);
    assert.equal((await call('PUT', `/timesheet_submissions/${id}/cancel`, { resolution: {} })).status, 200);
  });

  it('has a limit of requests that says nothing of how long to wait', async () => {
    await start({ requestsPerSecond: 2 });
    const statuses = [];
    for (let nth = 0; nth < 3; nth += 1) statuses.push(await call('GET', '/users/me'));
    assert.deepEqual(statuses.map(({ status }) => status), [200, 200, 429]);
    assert.equal(statuses[2]?.headers.get('retry-after'), null);
    at += 1000;
    assert.equal((await call('GET', '/users/me')).status, 200);
  });
});
