import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { jira } from '../../../sandbox/jira/sandbox.ts';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';
import { testClock, type TestClock } from '../../connectors/conformance/timesheet-source.ts';

const issuesSchema = z.looseObject({ issues: z.array(z.looseObject({ id: z.string(), key: z.string() })).default([]), isLast: z.boolean().optional(), nextPageToken: z.string().optional() });
const errorSchema = z.object({ errorMessages: z.array(z.string()), errors: z.record(z.string(), z.string()) });
const doc = (text: string) => ({ version: 1, type: 'doc', content: [{ type: 'paragraph', content: [{ type: 'text', text }] }] });

describe('The Jira sandbox', () => {
  const login = { email: 'bot@northwind-consulting.example', apiToken: randomBytes(12).toString('hex') };
  let running: RunningSandbox;
  let clock: TestClock;
  const start = async (options: object = {}) => {
    clock = testClock('2026-11-21T12:00:00.000Z');
    running = await startSandbox(jira, { port: 0, options: { ...login, searchLagMs: 5000, ...options }, now: () => new Date(clock.now()) });
  };
  afterEach(async () => running?.close());
  const call = async (method: string, path: string, body?: unknown, authorization = `Basic ${Buffer.from(`${login.email}:${login.apiToken}`).toString('base64')}`) => {
    const answer = await fetch(`${running.url}/rest/api/3${path}`, { method, headers: { authorization, 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
  };
  const create = (fields: object = {}, more: object = {}) => call('POST', '/issue', { fields: { project: { key: 'FIN' }, issuetype: { name: 'Task' }, summary: 'Paper', ...fields }, ...more });
  const made = async (fields: object = {}, more: object = {}) => z.object({ id: z.string(), key: z.string() }).loose().parse((await create(fields, more)).body);
  const search = async (jql: string, more: object = {}) => issuesSchema.parse((await call('POST', '/search/jql', { jql, fields: ['labels'], ...more })).body);
  const errorsOf = async (answer: Promise<{ status: number; body: unknown }>) => {
    const { status, body } = await answer;
    assert.equal(status, 400, JSON.stringify(body));
    return errorSchema.parse(body);
  };

  it('lets nobody in without the right token, and a bearer token only through the gateway', async () => {
    await start({ clientId: 'c', clientSecret: 's', cloudId: 'cloud' });
    assert.equal((await call('GET', '/issue/FIN-1', undefined, 'Basic d3Jvbmc6d3Jvbmc=')).status, 401);
    const token = await fetch(`${running.url}/oauth/token`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ grant_type: 'client_credentials', client_id: 'c', client_secret: 's' }) });
    const { access_token: bearer } = z.looseObject({ access_token: z.string() }).parse(await token.json());
    assert.equal((await call('GET', '/issue/FIN-1', undefined, `Bearer ${bearer}`)).status, 401);
    assert.equal((await fetch(`${running.url}/ex/jira/cloud/rest/api/3/issue/FIN-1`, { headers: { authorization: `Bearer ${bearer}` } })).status, 404);
    clock.advance(3_600_001);
    assert.equal((await fetch(`${running.url}/ex/jira/cloud/rest/api/3/issue/FIN-1`, { headers: { authorization: `Bearer ${bearer}` } })).status, 401);
  });

  it('names every field that is wrong, and makes nothing', async () => {
    await start();
    const { errors } = await errorsOf(create({ summary: 'two\nlines', description: 'plain text', priority: { name: 'Urgent' }, duedate: '21.11.2026', labels: ['a b'], components: [{ name: 'None' }], nothing: 1, issuetype: { name: 'None' } }));
    assert.deepEqual(Object.keys(errors).toSorted(), ['components', 'description', 'duedate', 'issuetype', 'labels', 'nothing', 'priority', 'summary']);
    assert.match(errors['description'] ?? '', /Atlassian Document/);
    assert.match((await errorsOf(call('POST', '/issue', { fields: {} }))).errors['summary'] ?? '', /specify a summary/);
    assert.deepEqual(Object.keys((await errorsOf(create({ summary: 'x'.repeat(256), labels: ['x'.repeat(256)], description: doc('x'.repeat(32_768)) }))).errors).toSorted(), ['description', 'labels', 'summary']);
    assert.equal((await made()).key, 'FIN-1');
  });

  it('knows an issue by key at once, in the search only later, and in between where its ID is named', async () => {
    await start();
    const { id, key } = await made({ labels: ['q2c'] }, { properties: [{ key: 'q2c.case', value: { caseId: 'c' } }] });
    assert.equal((await search('labels = "q2c"')).issues.length, 0);
    assert.deepEqual((await search('labels = "q2c"', { reconcileIssues: [Number(id)] })).issues.map((each) => each.key), [key]);
    const fetched = issuesSchema.parse((await call('POST', '/issue/bulkfetch', { issueIdsOrKeys: [key, 'FIN-99', key.toLowerCase()], fields: ['labels'], properties: ['q2c.case'] })).body);
    assert.deepEqual(fetched.issues.map(({ fields, properties }) => [fields, properties]), [[{ labels: ['q2c'] }, { 'q2c.case': { caseId: 'c' } }]]);
    clock.advance(5000);
    assert.equal((await search('labels = "q2c"')).issues.length, 1);
    await call('PUT', `/issue/${id}`, { update: { labels: [{ remove: 'q2c' }, { add: 'other' }] } });
    assert.equal((await search('labels = "q2c"')).issues.length, 1);
    clock.advance(5000);
    assert.equal((await search('labels = "q2c"')).issues.length, 0);
  });

  it('searches what is restricted, in order and by pages, and no longer at the old address', async () => {
    await start({ searchLagMs: 0 });
    for (let index = 0; index < 12; index += 1) await made();
    const first = await search('project = "FIN" AND statusCategory != Done ORDER BY key DESC', { maxResults: 10 });
    const second = await search('project = "FIN" AND statusCategory != Done ORDER BY key DESC', { maxResults: 10, nextPageToken: first.nextPageToken });
    assert.deepEqual([...first.issues, ...second.issues].map(({ key }) => key), Array.from({ length: 12 }, (_, index) => `FIN-${12 - index}`));
    assert.deepEqual([first.isLast, second.isLast, second.nextPageToken], [false, true, undefined]);
    for (const jql of ['', 'ORDER BY key', 'nothing = 1', 'project FIN', 'project = FIN ORDER BY nothing', 'project = FIN AND', 'project = FIN OR key = FIN-1']) assert.equal((await call('POST', '/search/jql', { jql })).status, 400, jql);
    assert.deepEqual([(await call('GET', '/search?jql=project=FIN')).status, (await call('POST', '/search', { jql: 'project = FIN' })).status], [410, 410]);
  });

  it('takes comments as documents, shows their properties where asked, and says who does not see them', async () => {
    await start();
    const { id } = await made();
    for (const body of ['plain', doc(''), { version: 1, type: 'doc', content: [] }]) assert.deepEqual(Object.keys((await errorsOf(call('POST', `/issue/${id}/comment`, { body }))).errors), ['comment']);
    const internal = { key: 'sd.public.comment', value: { internal: true } };
    for (const properties of [[], [internal]]) assert.equal((await call('POST', `/issue/${id}/comment`, { body: doc('x'), properties })).status, 201);
    const page = z.looseObject({ total: z.number(), comments: z.array(z.looseObject({ id: z.string(), jsdPublic: z.boolean(), properties: z.unknown().optional() })) }).parse((await call('GET', `/issue/${id}/comment?orderBy=-created&maxResults=1`)).body);
    assert.deepEqual([page.total, page.comments.map(({ jsdPublic, properties }) => [jsdPublic, properties])], [2, [[false, undefined]]]);
    const list = z.looseObject({ values: z.array(z.looseObject({ properties: z.unknown() })) }).parse((await call('POST', '/comment/list?expand=properties', { ids: page.comments.map((each) => Number(each.id)) })).body);
    assert.deepEqual(list.values.map(({ properties }) => properties), [[internal]]);
  });

  it('moves an issue only as its workflow has it', async () => {
    await start();
    const { id } = await made();
    assert.equal((await errorsOf(call('POST', `/issue/${id}/transitions`, { transition: { id: '31' } }))).errors['resolution'], 'Resolution is required.');
    assert.match((await errorsOf(call('POST', `/issue/${id}/transitions`, { transition: { id: '11' }, fields: { resolution: { name: 'Done' } } }))).errors['resolution'] ?? '', /not on the appropriate screen/);
    assert.equal((await call('POST', `/issue/${id}/transitions`, { transition: { id: '31' }, fields: { resolution: { name: 'Done' } } })).status, 204);
    assert.match((await errorsOf(call('POST', `/issue/${id}/transitions`, { transition: { id: '31' }, fields: { resolution: { name: 'Done' } } }))).errorMessages[0] ?? '', /not valid for the current state/);
  });

  it('limits bursts to one endpoint and writes to one issue, and says which and for how long', async () => {
    await start({ requestsPerSecond: 2, issueWrites: 1 });
    const { id } = await made();
    const put = () => call('PUT', `/issue/${id}`, { fields: { summary: 'x' } });
    assert.equal((await put()).status, 204);
    const perIssue = await put();
    assert.deepEqual([perIssue.status, perIssue.headers.get('ratelimit-reason'), perIssue.headers.get('retry-after'), perIssue.headers.get('x-ratelimit-reset')], [429, 'jira-per-issue-on-write', '2', '2026-11-21T12:00:02.000Z']);
    const burst = await put();
    assert.deepEqual([burst.status, burst.headers.get('ratelimit-reason')], [429, 'jira-burst-based']);
    clock.advance(2000);
    assert.equal((await put()).status, 204);
  });
});
