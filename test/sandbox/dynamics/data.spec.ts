import assert from 'node:assert/strict';
import { z } from 'zod';
import { dynamics } from '../../../sandbox/dynamics/sandbox.ts';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';

const APP = { tenantId: 'tenant', clientId: 'client', clientSecret: 'secret' };
const row = z.looseObject({ '@odata.etag': z.string() });
const page = z.object({ value: z.array(row), '@odata.nextLink': z.string().optional(), '@odata.count': z.number().optional() });
const failed = z.object({ error: z.object({ message: z.string(), innererror: z.object({ message: z.string() }).optional() }) });
const CUSTOMER = { dataAreaId: 'us01', CustomerAccount: 'C-1', PartyType: 'Organization', OrganizationName: 'Acme', CustomerGroupId: '10', SalesCurrencyCode: 'USD' };

describe('The Dynamics 365 sandbox', function () {
  this.timeout(20_000);
  let sandbox: RunningSandbox;
  let authorization = '';
  before(async () => {
    sandbox = await startSandbox(dynamics, { port: 0, options: { ...APP, pageSize: 3, defaultCompany: 'us01' } });
    const answer = await fetch(`${sandbox.url}/tenant/oauth2/v2.0/token`, { method: 'POST', body: new URLSearchParams({ grant_type: 'client_credentials', client_id: 'client', client_secret: 'secret', scope: `${sandbox.url}/.default` }) });
    authorization = `Bearer ${z.object({ access_token: z.string() }).parse(await answer.json()).access_token}`;
  });
  after(async () => sandbox?.close());

  const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    fetch(`${sandbox.url}/data/${path}`, { method, headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers }, ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }) });
  const refusal = async (answer: Response) => {
    const { error } = failed.parse(await answer.json());
    return `${answer.status} ${error.innererror?.message ?? error.message}`;
  };
  const customer = async (change: object = {}) => call('POST', 'CustomersV3', { ...CUSTOMER, CustomerAccount: `C-${crypto.randomUUID().slice(0, 8)}`, ...change });

  it('lets nobody in without a token, whose request must be right', async () => {
    assert.equal((await fetch(`${sandbox.url}/data/CustomersV3`)).status, 401);
    for (const wrong of [{ scope: 'https://elsewhere/.default' }, { client_secret: 'wrong' }, { grant_type: 'password' }, { client_id: 'other' }]) {
      const answer = await fetch(`${sandbox.url}/tenant/oauth2/v2.0/token`, { method: 'POST', body: new URLSearchParams({ grant_type: 'client_credentials', client_id: 'client', client_secret: 'secret', scope: `${sandbox.url}/.default`, ...wrong }) });
      assert.ok(answer.status >= 400, JSON.stringify(wrong));
      assert.match(z.object({ error_description: z.string() }).parse(await answer.json()).error_description, /^AADSTS\d+:/);
    }
  });

  it('makes a record with 201, changes it with 204 and deletes it with 204', async () => {
    const made = await call('POST', 'CustomersV3', CUSTOMER);
    assert.equal(made.status, 201);
    assert.match(made.headers.get('location') ?? '', /CustomersV3\(dataAreaId='us01',CustomerAccount='C-1'\)$/);
    const path = "CustomersV3(dataAreaId='us01',CustomerAccount='C-1')";
    const before = row.parse(await (await call('GET', path)).json());
    assert.equal((await call('PATCH', path, { OrganizationName: 'Acme 2' }, { 'if-match': before['@odata.etag'] })).status, 204);
    assert.match(await refusal(await call('PATCH', path, { OrganizationName: 'Acme 3' }, { 'if-match': before['@odata.etag'] })), /^412 /);
    assert.equal((await call('PATCH', path, { OrganizationName: 'Acme 3' }, { 'if-match': '*' })).status, 204);
    assert.equal((await call('DELETE', path)).status, 204);
    assert.equal((await call('GET', path)).status, 404);
  });

  it('needs all key fields of an entity, in whichever order', async () => {
    await customer({ CustomerAccount: 'C-KEYS' });
    assert.equal((await call('GET', "CustomersV3(CustomerAccount='c-keys',dataAreaId='US01')")).status, 200);
    for (const key of ["CustomerAccount='C-KEYS'", "'C-KEYS'", "dataAreaId='us01',CustomerAccount='C-KEYS',PartyNumber='1'"]) assert.match(await refusal(await call('GET', `CustomersV3(${key})`)), /^400 The number of keys/);
  });

  it('refuses what the table refuses, by the Infolog', async () => {
    for (const [change, expected] of [
      [{ CustomerGroupId: 'Local' }, /^400 .*'Local' in field 'Customer group' is not found in the related table/],
      [{ OrganizationName: '' }, /^400 .*Field 'Name' must be filled in/],
      [{ CustomerAccount: 'X'.repeat(21) }, /^400 .*21 characters/],
      [{ Colour: 'red' }, /^400 The property 'Colour' does not exist/],
      [{ OnHoldStatus: 'Perhaps' }, /^400 Cannot convert the literal 'Perhaps'/],
      [{ OrganizationName: 7 }, /^400 Cannot convert/],
      [{ dataAreaId: 'zz99' }, /^400 .*company 'zz99' does not exist/],
      [{ PartyNumber: '999' }, /^400 .*Party number/],
    ] as const) assert.match(await refusal(await customer(change)), expected);
    await customer({ CustomerAccount: 'C-TWICE' });
    assert.match(await refusal(await customer({ CustomerAccount: 'c-twice' })), /^400 .*The record already exists/s);
    assert.match(await refusal(await call('PATCH', "CustomersV3(dataAreaId='us01',CustomerAccount='C-TWICE')", { CustomerAccount: 'C-3' })), /^400 The key property/);
    assert.match(await refusal(await call('POST', 'CustomersV3', '{"dataAreaId":')), /^400 The body is not valid JSON/);
    assert.match(await refusal(await call('GET', 'CustomersV9')), /^404 Resource not found for the segment 'CustomersV9'/);
  });

  it('shows only the user\'s own company unless it is asked across companies', async () => {
    const account = `C-${crypto.randomUUID().slice(0, 8)}`;
    await customer({ CustomerAccount: account, dataAreaId: 'de01' });
    const filter = `$filter=CustomerAccount eq '${account}'`;
    assert.equal(page.parse(await (await call('GET', `CustomersV3?${filter}`)).json()).value.length, 0);
    assert.equal(page.parse(await (await call('GET', `CustomersV3?${filter}&cross-company=true`)).json()).value.length, 1);
    assert.equal((await call('GET', `CustomersV3(dataAreaId='de01',CustomerAccount='${account}')`)).status, 404);
    assert.equal((await call('GET', `CustomersV3(dataAreaId='de01',CustomerAccount='${account}')?cross-company=true`)).status, 200);
  });

  it('cuts a list into pages, each naming the next', async () => {
    const group = { CustomerGroupId: '10', NameAlias: 'paged' };
    for (let count = 0; count < 7; count += 1) await customer(group);
    let path: string | undefined = "CustomersV3?$filter=NameAlias eq 'paged'&$select=CustomerAccount&$count=true&cross-company=true";
    const sizes: number[] = [];
    while (path !== undefined) {
      const { value, '@odata.nextLink': next, '@odata.count': count } = page.parse(await (await call('GET', path)).json());
      assert.equal(count, 7);
      assert.deepEqual(Object.keys(value[0] ?? {}), ['@odata.etag', 'CustomerAccount']);
      sizes.push(value.length);
      path = next?.replace(`${sandbox.url}/data/`, '');
    }
    assert.deepEqual(sizes, [3, 3, 1]);
  });

  it('filters by the operators it has, and refuses those it has not', async () => {
    for (const [index, name] of ['Alpha', 'Beta', "O'Neill"].entries()) await customer({ NameAlias: name, OrganizationName: `Filter ${index}` });
    const names = async (filter: string) => page.parse(await (await call('GET', `CustomersV3?$filter=${encodeURIComponent(`OrganizationName eq 'Filter*' and (${filter})`)}&$select=NameAlias`)).json()).value.map((each) => each['NameAlias']);
    assert.deepEqual(await names("NameAlias eq 'alpha' or NameAlias eq 'Beta'"), ['Alpha', 'Beta']);
    assert.deepEqual(await names("NameAlias eq 'O''Neill'"), ["O'Neill"]);
    assert.deepEqual(await names("NameAlias eq '*ET*'"), ['Beta']);
    assert.deepEqual(await names("not NameAlias eq 'Beta' and NameAlias gt 'b'"), ["O'Neill"]);
    assert.deepEqual(await names("OnHoldStatus ne Microsoft.Dynamics.DataEntities.CustVendorBlocked'No'"), []);
    for (const wrong of ["NameAlias in ('a')", 'Colour eq 1', "OnHoldStatus eq 'No'", "OnHoldStatus gt Microsoft.Dynamics.DataEntities.CustVendorBlocked'No'", "NameAlias eq 1", "(NameAlias eq 'a'", "NameAlias eq 'a' and"]) {
      assert.equal((await call('GET', `CustomersV3?$filter=${encodeURIComponent(wrong)}`)).status, 400, wrong);
    }
  });

  it('describes its entities with their keys', async () => {
    const text = await (await call('GET', '$metadata')).text();
    assert.match(text, /<EntityType Name="JournalTrans"><Key><PropertyRef Name="dataAreaId"\/><PropertyRef Name="LineNumber"\/><PropertyRef Name="JournalId"\/><\/Key>/);
    assert.match(text, /<EntitySet Name="CustomersV3" EntityType="Microsoft\.Dynamics\.DataEntities\.CustomerV3"\/>/);
  });

  describe('takes a batch', () => {
    const part = (id: number, body: object) => `--changeset_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: ${id}\r\n\r\nPOST ${sandbox.url}/data/CustomersV3?cross-company=true HTTP/1.1\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(body)}\r\n`;
    const batch = (parts: readonly string[], end = '--batch_1--') => `--batch_1\r\nContent-Type: multipart/mixed; boundary=changeset_1\r\n\r\n${parts.join('')}--changeset_1--\r\n${end}`;
    const send = (text: string) => fetch(`${sandbox.url}/data/$batch`, { method: 'POST', headers: { authorization, 'content-type': 'multipart/mixed; boundary=batch_1' }, body: text });
    const stands = async (account: string) => (await call('GET', `CustomersV3(dataAreaId='us01',CustomerAccount='${account}')`)).status === 200;

    it('whose change set is done wholly', async () => {
      const answer = await send(batch([part(1, { ...CUSTOMER, CustomerAccount: 'B-1' }), part(2, { ...CUSTOMER, CustomerAccount: 'B-2' })]));
      assert.equal(answer.status, 200);
      assert.equal((await answer.text()).match(/HTTP\/1\.1 201/g)?.length, 2);
      assert.deepEqual([await stands('B-1'), await stands('B-2')], [true, true]);
    });

    it('or not at all, with one part that says why', async () => {
      const answer = await send(batch([part(1, { ...CUSTOMER, CustomerAccount: 'B-3' }), part(2, { ...CUSTOMER, CustomerAccount: 'B-1' })]));
      const text = await answer.text();
      assert.equal(answer.status, 200);
      assert.deepEqual([text.match(/HTTP\/1\.1 /g)?.length, /HTTP\/1\.1 500/.test(text), /The record already exists/.test(text)], [1, true, true]);
      assert.equal(await stands('B-3'), false);
    });

    it('only whole and as multipart', async () => {
      assert.match(await refusal(await send(batch([part(1, CUSTOMER)], ''))), /^400 .*closing boundary/);
      assert.match(await refusal(await call('POST', '$batch', { requests: [] })), /^400 .*multipart/);
    });
  });

  it('refuses what is over the limits of a user, and says for how long', async () => {
    const limits = (body: object) => fetch(`${sandbox.url}/__admin/limits`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    await limits({ requests: 2 });
    const statuses = [(await call('GET', 'Currencies')).status, (await call('GET', 'Currencies')).status];
    const third = await call('GET', 'Currencies');
    await limits({ requests: null });
    assert.deepEqual([...statuses, third.status], [200, 200, 429]);
    assert.ok(Number(third.headers.get('retry-after')) > 250);
    assert.match(await refusal(third), /Number of requests exceeded the limit of 2/);
  });
});
