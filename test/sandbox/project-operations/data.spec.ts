import assert from 'node:assert/strict';
import { z } from 'zod';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';
import { projectOperations } from '../../../sandbox/project-operations/sandbox.ts';

const APP = { tenantId: 'tenant', clientId: 'client', clientSecret: 'secret' };
const page = z.object({ value: z.array(z.looseObject({ '@odata.etag': z.string() })), '@odata.nextLink': z.string().optional() });
const failed = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

describe('The Project Operations sandbox', function () {
  this.timeout(20_000);
  let sandbox: RunningSandbox;
  let authorization = '';
  before(async () => {
    sandbox = await startSandbox(projectOperations, { port: 0, options: { ...APP, pageSize: 3 } });
    const answer = await fetch(`${sandbox.url}/tenant/oauth2/v2.0/token`, { method: 'POST', body: new URLSearchParams({ grant_type: 'client_credentials', client_id: 'client', client_secret: 'secret', scope: `${sandbox.url}/.default` }) });
    authorization = `Bearer ${z.object({ access_token: z.string() }).parse(await answer.json()).access_token}`;
  });
  after(async () => sandbox?.close());

  const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    fetch(`${sandbox.url}/api/data/v9.2/${path}`, { method, headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers }, ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }) });
  const refusal = async (answer: Response) => {
    const { error } = failed.parse(await answer.json());
    return `${answer.status} ${error.code} ${error.message}`;
  };
  const account = async () => {
    const id = crypto.randomUUID();
    assert.equal((await call('PATCH', `accounts(${id})`, { name: 'Acme' })).status, 204);
    return id;
  };
  async function batch(parts: readonly string[]): Promise<Response> {
    const body = ['--b', 'Content-Type: multipart/mixed; boundary=c', '', ...parts.map((part) => `--c\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n${part}`), '--c--', '--b--', ''].join('\r\n');
    return await call('POST', '$batch', body, { 'content-type': 'multipart/mixed; boundary=b' });
  }
  const part = (id: number, request: string, body: object, header = '') => `Content-ID: ${id}\r\n\r\n${request} HTTP/1.1\r\n${header}Content-Type: application/json\r\n\r\n${JSON.stringify(body)}\r\n`;

  it('makes what is not there by PATCH and changes what is, unless a header says otherwise', async () => {
    assert.equal((await fetch(`${sandbox.url}/api/data/v9.2/accounts`)).status, 401);
    const id = crypto.randomUUID();
    assert.match(await refusal(await call('PATCH', `accounts(${id})`, { name: 'Acme' }, { 'if-match': '*' })), /^404 0x80040217 /);
    const made = await call('PATCH', `accounts(${id})`, { name: 'Acme' }, { 'if-none-match': '*' });
    assert.deepEqual([made.status, made.headers.get('odata-entityid')], [204, `${sandbox.url}/api/data/v9.2/accounts(${id})`]);
    assert.match(await refusal(await call('PATCH', `accounts(${id})`, { name: 'Acme' }, { 'if-none-match': '*' })), /^412 0x80040237 /);
    assert.match(await refusal(await call('PATCH', `accounts(${id})`, { name: 'Acme' }, { 'if-match': 'W/"1"' })), /^412 0x80060882 /);
    assert.equal((await call('DELETE', `accounts(${id})`)).status, 204);
    assert.match(await refusal(await call('GET', `accounts(${id})`)), /^404 0x80040217 /);
  });

  it('takes no column, text, choice, date or reference that is not its tables\'', async () => {
    const id = await account();
    for (const [body, expected] of [
      [{ colour: 'red' }, /0x80048d19 .*'colour' does not exist/], [{ name: 'x'.repeat(161) }, /0x80044331 .*maximum allowed length of '160'/], [{ statecode: 7 }, /0x80044331 .*outside the valid range/], [{ name: 1 }, /0x80048d19 .*Edm\.String/],
      [{ 'parentaccountid@odata.bind': '/contacts(00000000-0000-0000-0000-000000000000)' }, /0x80060888 /], [{ 'ParentAccountId@odata.bind': `/accounts(${id})` }, /undeclared property/], [{ 'parentaccountid@odata.bind': `/accounts(${crypto.randomUUID()})` }, /^404 0x80040217 /],
    ] as const) assert.match(await refusal(await call('PATCH', `accounts(${id})`, body)), expected);
    assert.match(await refusal(await call('POST', 'msdyn_projects', { msdyn_subject: 'P', msdyn_scheduledstart: '2026-02-30T12:00:00Z' })), /Edm\.DateTimeOffset/);
    assert.match(await refusal(await call('GET', 'accounts?$filter=colour eq 1')), /Could not find a property named 'colour'/);
    assert.match(await refusal(await call('GET', 'gadgets')), /^404 .*segment 'gadgets'/);
  });

  it('does a change set wholly or not at all, and answers with the status of what was refused', async () => {
    const [one, two] = [crypto.randomUUID(), crypto.randomUUID()];
    const refused = await batch([part(1, `PATCH /api/data/v9.2/accounts(${one})`, { name: 'One' }), part(2, `PATCH /api/data/v9.2/accounts(${two})`, { colour: 'red' })]);
    assert.equal(refused.status, 400);
    assert.match(await refused.text(), /HTTP\/1\.1 400[\s\S]*0x80048d19/);
    assert.equal((await call('GET', `accounts(${one})`)).status, 404);
    const done = await batch([part(1, `PATCH /api/data/v9.2/accounts(${one})`, { name: 'One' }), part(2, `PATCH /api/data/v9.2/accounts(${two})`, { name: 'Two', 'parentaccountid@odata.bind': `/accounts(${one})` }, 'If-None-Match: *\r\n')]);
    assert.deepEqual([done.status, (await done.text()).match(/HTTP\/1\.1 204/g)?.length], [200, 2]);
    const nameless = await batch([part(1, `PATCH /api/data/v9.2/accounts(${one})`, { name: 'One' }).replace('Content-ID: 1\r\n', '')]);
    assert.match(await nameless.text(), /Content-ID header not present/);
  });

  it('hands out pages, and finds by columns of its own and of rows that it refers to', async () => {
    const parent = await account();
    for (let count = 0; count < 5; count += 1) await call('POST', 'accounts', { name: `Child ${count}`, 'parentaccountid@odata.bind': `/accounts(${parent})` });
    const first = page.parse(await (await call('GET', `accounts?$filter=_parentaccountid_value eq ${parent}&$select=name`)).json());
    assert.equal(first.value.length, 3);
    const rest = page.parse(await (await fetch(first['@odata.nextLink'] ?? '', { headers: { authorization } })).json());
    assert.deepEqual([rest.value.length, rest['@odata.nextLink']], [2, undefined]);
    const found = page.parse(await (await call('GET', `accounts?$filter=startswith(parentaccountid/name,'ac') and (name eq 'child 1' or name eq 'Child 2')`)).json());
    assert.equal(found.value.length, 2);
  });

  it('keeps tasks to the schedule engine and actuals to journals, whoever asks', async () => {
    assert.match(await refusal(await call('POST', 'msdyn_projecttasks', { msdyn_subject: 'Design' })), /^400 0x80040265 You cannot directly do 'Create' operation to 'msdyn_projecttask'/);
    assert.match(await refusal(await call('POST', 'msdyn_actuals', { msdyn_description: 'x' })), /0x80040265 The product doesn't support creating actuals/);
  });

  it('makes actuals of a journal\'s lines when it is confirmed, once, and lets nobody change it after', async () => {
    const [project, journal, line] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()];
    const [hour] = page.parse(await (await call('GET', "uoms?$filter=name eq 'Hour'")).json()).value;
    await call('PATCH', `msdyn_projects(${project})`, { msdyn_subject: 'P' });
    await call('PATCH', `msdyn_journals(${journal})`, { msdyn_description: 'J', msdyn_journaltype: 192_350_000 });
    const body = { msdyn_transactionclassification: 192_350_000, msdyn_transactiontypecode: 192_350_005, msdyn_quantity: 7.5, msdyn_price: 210, 'msdyn_Journal@odata.bind': `/msdyn_journals(${journal})`, 'msdyn_Project@odata.bind': `/msdyn_projects(${project})`, 'msdyn_Unit@odata.bind': `/uoms(${String(hour?.['uomid'])})` };
    assert.equal((await call('PATCH', `msdyn_journallines(${line})`, body)).status, 204);
    const confirm = () => call('POST', `msdyn_journals(${journal})/Microsoft.Dynamics.CRM.msdyn_PostJournal`, {});
    assert.equal((await confirm()).status, 204);
    const actuals = page.parse(await (await call('GET', `msdyn_actuals?$filter=_msdyn_project_value eq ${project}`)).json()).value;
    assert.deepEqual(actuals.map((actual) => [actual['msdyn_amount'], actual['msdyn_quantity']]), [[1575, 7.5]]);
    for (const answer of [await confirm(), await call('PATCH', `msdyn_journallines(${line})`, { msdyn_quantity: 1 }), await call('DELETE', `msdyn_journallines(${line})`), await call('DELETE', `msdyn_projects(${project})`)]) assert.match(await refusal(answer), /0x80040265/);
  });
});
