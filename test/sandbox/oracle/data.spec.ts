import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { z } from 'zod';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';
import { oracle } from '../../../sandbox/oracle/sandbox.ts';

const FSCM = '/fscmRestApi/resources/11.13.18.05';
const CRM = '/crmRestApi/resources/11.13.18.05';
const link = z.looseObject({ rel: z.string(), href: z.string(), properties: z.object({ changeIndicator: z.string() }).optional() });
const item = z.looseObject({ links: z.array(link) });
const page = z.looseObject({ items: z.array(z.looseObject({ links: z.array(link).optional() })), count: z.number(), hasMore: z.boolean(), limit: z.number(), offset: z.number(), totalResults: z.number().optional() });
const refused = z.object({ title: z.string(), status: z.string(), 'o:errorDetails': z.array(z.looseObject({ detail: z.string() })) });
const PROJECT = { ProjectStartDate: '2026-01-01', ProjectEndDate: '2026-12-31', BusinessUnitName: 'Northwind US01' };

describe('The Oracle Fusion sandbox', function () {
  this.timeout(20_000);
  let sandbox: RunningSandbox;
  const authorization = `Basic ${Buffer.from('user:password').toString('base64')}`;
  before(async () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
    sandbox = await startSandbox(oracle, { port: 0, options: { username: 'user', password: 'password', clientId: 'client', clientSecret: 'secret', certificateAlias: 'a', publicKeyPem: publicKey, pageSize: 3 } });
  });
  after(async () => sandbox?.close());

  const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    fetch(`${sandbox.url}${path}`, { method, headers: { authorization, 'rest-framework-version': '4', ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers }, ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }) });
  const refusal = async (answer: Response) => `${answer.status} ${refused.parse(await answer.json())['o:errorDetails'].map((each) => each.detail).join('; ')}`;
  const made = async (answer: Response) => {
    assert.equal(answer.status, 201, await answer.clone().text());
    const body = item.parse(await answer.json());
    return { body, self: new URL(body.links.find((each) => each.rel === 'self')?.href ?? '').pathname };
  };
  const project = (change: object = {}) => {
    const number = `P-${crypto.randomUUID().slice(0, 8)}`;
    return call('POST', `${FSCM}/projects`, { ProjectNumber: number, ProjectName: number, ...PROJECT, ...change });
  };

  it('lets nobody in without a token or the right password', async () => {
    for (const headers of [{ authorization: '' }, { authorization: 'Bearer guess' }, { authorization: `Basic ${Buffer.from('user:wrong').toString('base64')}` }]) {
      const answer = await call('GET', `${FSCM}/projects`, undefined, headers);
      assert.equal(answer.status, 401);
    }
    const form = (change: object) => fetch(`${sandbox.url}/oauth2/v1/token`, { method: 'POST', headers: { authorization: `Basic ${Buffer.from('client:secret').toString('base64')}` }, body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'urn:opc:resource:fa:instanceid=1urn:opc:resource:consumer::all', ...change }) });
    assert.deepEqual([(await form({})).status, (await form({ scope: 'x' })).status, (await form({ grant_type: 'password' })).status], [200, 400, 400]);
  });

  it('makes a record with 201 and links, changes it with 200 while its version is right, and deletes it with 204', async () => {
    const { body, self } = await made(await call('POST', `${CRM}/hubOrganizations`, { OrganizationName: 'Acme', PartyNumber: 'P-100' }));
    assert.equal(self, `${CRM}/hubOrganizations/P-100`);
    const indicator = body.links[0]?.properties?.changeIndicator ?? '';
    assert.equal((await call('GET', self)).headers.get('etag'), `"${indicator}"`);
    assert.equal((await call('PATCH', self, { OrganizationName: 'Acme 2' }, { 'if-match': `"${indicator}"` })).status, 200);
    assert.match(await refusal(await call('PATCH', self, { OrganizationName: 'Acme 3' }, { 'if-match': `"${indicator}"` })), /^412 /);
    assert.equal((await call('DELETE', self)).status, 204);
    assert.match(await refusal(await call('GET', self)), /^404 /);
  });

  it('knows resources without a key of their own by a hash that only links name', async () => {
    const { body: party } = await made(await call('POST', `${CRM}/hubOrganizations`, { OrganizationName: 'Acme' }));
    const contract = { ContractNumber: 'C-1', ContractTypeName: 'Sell: Project Lines', BuyOrSell: 'S', OrgName: 'Northwind US01', CurrencyCode: 'USD', StartDate: '2026-01-01', PrimaryPartyId: party['PartyId'] };
    const { body, self } = await made(await call('POST', `${FSCM}/contracts`, contract));
    assert.match(self, /contracts\/[0-9A-F]{40,}$/);
    assert.equal((await call('GET', `${FSCM}/contracts/${String(body['ContractId'])}`)).status, 404);
    assert.match(await refusal(await call('POST', `${FSCM}/contracts`, contract)), /^400 OKC-195788/);
    assert.match(await refusal(await call('PATCH', self, { ContractNumber: 'C-2' })), /can't be updated/);
  });

  it('makes or changes by Upsert-Mode', async () => {
    const upsert = (name: string) => call('POST', `${CRM}/hubOrganizations`, { OrganizationName: name, PartyNumber: 'P-UP' }, { 'upsert-mode': 'true' });
    assert.deepEqual([(await upsert('One')).status, (await upsert('Two')).status], [201, 200]);
    assert.match(await refusal(await call('POST', `${CRM}/hubOrganizations`, { OrganizationName: 'Three', PartyNumber: 'P-UP' })), /^400 JBO-25013/);
  });

  it('refuses what the description of the resource or a list of values does not have', async () => {
    for (const [change, expected] of [
      [{ Colour: 'red' }, /^400 JBO-27025: Attribute Colour/],
      [{ ProjectId: 7 }, /^400 JBO-27008/],
      [{ ProjectName: null }, /^400 JBO-27014: Attribute ProjectName/],
      [{ ProjectNumber: 'X'.repeat(26) }, /^400 JBO-27040/],
      [{ ProjectStartDate: '2026-02-30' }, /^400 JBO-25009/],
      [{ ProjectStartDate: '2027-01-01' }, /^400 The attribute ProjectEndDate can't be before/],
      [{ BusinessUnitName: 'Nowhere' }, /^400 The value of the attribute BusinessUnitName isn't valid: Nowhere/],
      [{ ProjectStatusCode: 'PERHAPS' }, /^400 .*ProjectStatusCode/],
    ] as const) assert.match(await refusal(await project(change)), expected);
    assert.match(await refusal(await call('POST', `${FSCM}/projects`, '{"ProjectNumber":')), /^400 The request body is not valid JSON/);
    assert.match(await refusal(await call('POST', `${FSCM}/projects`, 'ProjectNumber=1', { 'content-type': 'text/plain' })), /^415 /);
    const { self } = await made(await project());
    assert.match(await refusal(await call('DELETE', self)), /^405 /, 'projects are not deleted');
  });

  it('answers in plain text to clients of framework versions before 4', async () => {
    const answer = await call('POST', `${FSCM}/projects`, { Colour: 'red' }, { 'rest-framework-version': '3' });
    assert.deepEqual([answer.status, answer.headers.get('content-type'), (await answer.text()).startsWith('JBO-27025')], [400, 'text/plain;charset=utf-8', true]);
  });

  it('cuts a list into pages by limit and offset, and counts on request', async () => {
    const name = `Paged ${crypto.randomUUID().slice(0, 6)}`;
    for (let count = 0; count < 7; count += 1) await made(await call('POST', `${CRM}/hubOrganizations`, { OrganizationName: name }));
    const sizes: [number, boolean][] = [];
    for (let offset = 0, more = true; more; offset += 3) {
      const body = page.parse(await (await call('GET', `${CRM}/hubOrganizations?q=OrganizationName='${name}'&fields=PartyNumber&links=self&limit=500&offset=${offset}&totalResults=true`)).json());
      assert.deepEqual([body.limit, body.offset, body.totalResults, Object.keys(body.items[0] ?? {}).toSorted()], [3, offset, 7, ['PartyNumber', 'links']]);
      sizes.push([body.count, body.hasMore]);
      more = body.hasMore;
    }
    assert.deepEqual(sizes, [[3, true], [3, true], [1, false]]);
    const data = page.parse(await (await call('GET', `${CRM}/hubOrganizations?onlyData=true`)).json());
    assert.ok(data.items.every((each) => each.links === undefined));
    assert.match(await refusal(await call('GET', `${FSCM}/projects?colour=red`)), /^400 URL request parameter colour cannot be used/);
  });

  it('filters by the operators it has, and refuses what it cannot read', async () => {
    const run = crypto.randomUUID().slice(0, 6);
    for (const name of ['Alpha', 'Beta', "O'Neill"]) await made(await call('POST', `${CRM}/hubOrganizations`, { OrganizationName: name, SourceSystemReferenceValue: run }));
    const names = async (query: string) => page.parse(await (await call('GET', `${CRM}/hubOrganizations?q=${encodeURIComponent(`SourceSystemReferenceValue = '${run}' AND (${query})`)}&fields=OrganizationName`)).json()).items.map((each) => each['OrganizationName']);
    assert.deepEqual(await names("OrganizationName IN ('Alpha', 'O''Neill')"), ['Alpha', "O'Neill"]);
    assert.deepEqual(await names("OrganizationName LIKE 'A%' OR OrganizationName = 'Beta'"), ['Alpha', 'Beta']);
    assert.deepEqual(await names("not OrganizationName = 'Beta'; OrganizationName > 'B'"), ["O'Neill"]);
    assert.deepEqual(await names("OrganizationName BETWEEN 'Alpha' AND 'Beta' AND PartyUsageCode IS NULL"), ['Alpha', 'Beta']);
    for (const wrong of ['Colour = 1', 'OrganizationName = Alpha', "OrganizationName IN ('a'", "OrganizationName ~ 'a'", "PartyId = '7'", "(OrganizationName = 'a'", '']) {
      assert.equal((await call('GET', `${CRM}/hubOrganizations?q=${encodeURIComponent(wrong || '(')}`)).status, 400, wrong);
    }
  });

  it('lets only tasks at the lowest level take costs', async () => {
    const { self } = await made(await project());
    const task = (number: string, change: object = {}) => call('POST', `${self}/child/Tasks`, { TaskNumber: number, TaskName: number, ...change });
    const { body: parent, self: parentSelf } = await made(await task('1'));
    assert.match(await refusal(await task('1.1', { ParentTaskId: parent['TaskId'] })), /because it is chargeable/);
    assert.equal((await call('PATCH', parentSelf, { ChargeableFlag: false })).status, 200);
    await made(await task('1.1', { ParentTaskId: parent['TaskId'] }));
    assert.match(await refusal(await call('PATCH', parentSelf, { ChargeableFlag: true })), /lowest level/);
    assert.match(await refusal(await call('DELETE', parentSelf)), /in use/);
    assert.match(await refusal(await task('2', { TaskFinishDate: '2027-01-01' })), /between the start and finish dates/);
    assert.match(await refusal(await task('1')), /JBO-25013/);
  });

  describe('takes a batch', () => {
    const send = (parts: unknown, headers: Record<string, string> = {}) => call('POST', FSCM, { parts }, { 'content-type': 'application/vnd.oracle.adf.batch+json', ...headers });
    const part = (id: string, number: string) => ({ id, path: '/projects', operation: 'create', payload: { ProjectNumber: number, ProjectName: number, ...PROJECT } });
    const stands = async (number: string) => page.parse(await (await call('GET', `${FSCM}/projects?q=ProjectNumber='${number}'`)).json()).count === 1;

    it('that is done wholly', async () => {
      const answer = await send([part('part1', 'B-1'), part('part2', 'B-2')]);
      assert.equal(answer.status, 200);
      assert.deepEqual(z.looseObject({ parts: z.array(z.looseObject({ id: z.string() })) }).parse(await answer.json()).parts.map((each) => each.id), ['part1', 'part2']);
      assert.deepEqual([await stands('B-1'), await stands('B-2')], [true, true]);
    });

    it('or not at all, and names the part with the error', async () => {
      const answer = await send([part('part1', 'B-3'), part('part2', 'B-1')]);
      assert.equal(answer.status, 400);
      assert.equal(z.looseObject({ 'o:errorPath': z.string() }).parse(refused.parse(await answer.json())['o:errorDetails'][0])['o:errorPath'], '/parts/part2');
      assert.equal(await stands('B-3'), false);
    });

    it('only with its media type, and parts that have an ID, a path and an operation', async () => {
      assert.match(await refusal(await send([part('part1', 'B-9')], { 'content-type': 'application/json' })), /^415 /);
      for (const parts of [[], [{ id: 'part1', operation: 'create' }], [part('same', 'B-8'), part('same', 'B-9')], 'none']) assert.equal((await send(parts)).status, 400);
    });
  });
});
