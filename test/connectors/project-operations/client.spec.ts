import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createProjectOperations } from '../../../connectors/project-operations/index.ts';
import { isUnsupported, type ErpPort, type Log } from '../../../connectors/ports.ts';
import { leadIdOf } from '../../../connectors/project-operations/labor-line.ts';
import { callContext, dealOf, silent, uniqueTag } from '../conformance/documents.ts';
import { laborLine } from '../conformance/labor-documents.ts';
import { failureOf } from '../conformance/records.ts';
import { NONE, OPTIONS, startEnvironment } from './environment.ts';

const tokenPath = /\/oauth2\/v2\.0\/token$/;
const look = (erp: ErpPort) => erp.customer.find({ document: dealOf(uniqueTag()).customer, references: NONE }, callContext());

describe('The way into Dataverse', function () {
  this.timeout(30_000);

  it('is one token for all calls that begin together, and one more where it expires in the middle', async () => {
    const environment = await startEnvironment();
    const tokens = async () => (await environment.admin.requests()).filter(({ url }) => tokenPath.test(url)).length;
    const erp = environment.connect();
    await Promise.all(Array.from({ length: 40 }, () => look(erp)));
    assert.equal(await tokens(), 1);
    await environment.admin.fault({ kind: 'expired-token', method: 'GET', path: 'accounts' });
    await Promise.all(Array.from({ length: 40 }, () => look(erp)));
    assert.equal(await tokens(), 2);
    await environment.close();
  });

  it('goes through where the token expires between two pages of 1,000 lines', async () => {
    const environment = await startEnvironment({ pageSize: 300 });
    const msdyn_journalid = crypto.randomUUID();
    await environment.admin.seed({ msdyn_journals: [{ msdyn_journalid, msdyn_description: 'Q2C US01 by hand', msdyn_isposted: true }] });
    const lines = Array.from({ length: 1000 }, (_, index) => ({ msdyn_description: `[${String(index).padStart(12, '0')}] Seeded`, msdyn_isposted: true, msdyn_startdatetime: '2026-11-16T12:00:00Z', msdyn_quantity: 0.1, msdyn_transactiontypecode: 192_350_000, 'msdyn_Journal@odata.bind': `/msdyn_journals(${msdyn_journalid})` }));
    await environment.admin.seed({ msdyn_journallines: lines });
    const { labor } = environment.connect();
    assert.ok(!isUnsupported(labor));
    await labor.totals({ legalEntity: 'US01', from: '2026-11-15', to: '2026-11-15' }, callContext());
    await environment.admin.fault({ kind: 'expired-token', method: 'GET', path: 'skiptoken=600' });
    assert.deepEqual(await labor.totals({ legalEntity: 'US01', from: '2026-11-16', to: '2026-11-16' }, callContext()), { legalEntity: 'US01', lines: 1000, hours: '100', billed: [] });
    await environment.close();
  });
});

describe('What Dataverse may answer', function () {
  this.timeout(30_000);
  let server: Server;
  let respond: (request: IncomingMessage, response: ServerResponse) => void;
  const seen: IncomingMessage[] = [];
  const told: string[] = [];
  const log: Log = { ...silent, debug: (fields, message) => void told.push(JSON.stringify({ fields, message })), warn: (fields, message) => void told.push(JSON.stringify({ fields, message })) };

  before(async () => {
    server = createServer((request, response) => {
      request.resume();
      seen.push(request);
      if (tokenPath.test(request.url ?? '')) json(response, 200, { access_token: 'the-access-token-7f3a', expires_in: 3600 });
      else respond(request, response);
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  });
  after(() => server?.close());

  const connect = () => {
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    return createProjectOperations({ system: 'project-operations', baseUrl: `http://127.0.0.1:${address.port}`, credentials: { tenantId: 'tenant', clientId: 'client', clientSecret: 'the-secret' }, options: OPTIONS, log, limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 5 } });
  };
  const json = (response: ServerResponse, status: number, body: object) => void response.writeHead(status, { 'content-type': 'application/json; odata.metadata=minimal' }).end(JSON.stringify(body));
  const totals = () => {
    const { labor } = connect();
    assert.ok(!isUnsupported(labor));
    return labor.totals({ legalEntity: 'US01', from: '2026-11-01', to: '2026-11-30' }, callContext());
  };

  it('has numbers as text: they are read as what they are', async () => {
    respond = ({ url = '' }, response) => json(response, 200, { value: url.includes('msdyn_journallines') ? [{ msdyn_description: '[0123456789AB] x', msdyn_quantity: '7.5', msdyn_transactiontypecode: '192350005', msdyn_amount: '1575.10', _transactioncurrencyid_value: 'c' }, { msdyn_description: '[0123456789AC] y', msdyn_quantity: 0.25, msdyn_transactiontypecode: 192_350_000 }] : [{ transactioncurrencyid: 'c', isocurrencycode: 'USD' }] });
    assert.deepEqual(await totals(), { legalEntity: 'US01', lines: 2, hours: '7.75', billed: [{ currency: 'USD', amount: '1575.1' }] });
  });

  it('may refuse a change set with status 200, as older servers do: nothing was written', async () => {
    respond = ({ method }, response) => {
      if (method === 'GET') json(response, 404, { error: { code: '0x80040217', message: "Entity 'account' With Id = 1 Does Not Exist" } });
      else response.writeHead(200, { 'content-type': 'multipart/mixed; boundary=batchresponse_1' }).end(['--batchresponse_1', 'Content-Type: application/http', '', 'HTTP/1.1 400 Bad Request', 'Content-Type: application/json', '', JSON.stringify({ error: { code: '0x80044331', message: "The length of 'name' exceeded the maximum." } }), '--batchresponse_1--', ''].join('\r\n'));
    };
    const { customer } = dealOf('a1b2c3d4');
    const failure = await failureOf(() => connect().customer.write({ document: { ...customer, currencies: [] }, references: NONE }, null, callContext()));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['business_rule', 'PROJECT_OPERATIONS_VALUE_INVALID', 'no']);
  });

  it('names a page as the next that was read already: reading ends there', async () => {
    let asked = 0;
    respond = ({ url = '' }, response) => {
      asked += 1;
      json(response, 200, { value: [], '@odata.nextLink': `/api/data/v9.2/msdyn_journallines?$skiptoken=${url.includes('skiptoken=1') ? 2 : asked > 20 ? 3 : 1}` });
    };
    const failure = await failureOf(totals);
    assert.deepEqual([failure.kind, failure.code, failure.written], ['contract', 'PAGES_REPEAT', 'no']);
    assert.ok(asked < 10, `${asked} pages were read`);
  });

  it('tells amounts by each currency of its own, inactive ones too, and has none of a currency that is not there', async () => {
    const line = (mark: string, currency: string) => ({ msdyn_description: `[${mark}] x`, msdyn_quantity: 1, msdyn_transactiontypecode: 192_350_005, msdyn_amount: 10, _transactioncurrencyid_value: currency });
    const codes = [{ transactioncurrencyid: 'C', isocurrencycode: 'DEM' }, { transactioncurrencyid: 'd', isocurrencycode: 'USD' }];
    let there = codes;
    // An inactive currency is left out where only active ones are asked for.
    respond = ({ url = '' }, response) => json(response, 200, { value: url.includes('journallines') ? [line('0123456789AB', 'c'), line('0123456789AC', 'd')] : url.includes('statecode') ? codes.slice(1) : there });
    assert.deepEqual((await totals()).billed, [{ currency: 'DEM', amount: '10' }, { currency: 'USD', amount: '10' }]);
    there = codes.slice(1);
    const failure = await failureOf(totals);
    assert.deepEqual([failure.kind, failure.code, failure.written], ['contract', 'PROJECT_OPERATIONS_CURRENCY', 'no']);
  });

  it('may not tell when a journal was changed: it is not confirmed again', async () => {
    const posting = laborLine({ system: 'project-operations', legalEntity: 'US01', currency: 'USD', costCenter: 'X1', people: ['ada@northwind-consulting.example'], projects: ['P1'], task: '1' });
    const { labor } = connect();
    assert.ok(!isUnsupported(labor));
    for (const modifiedon of [undefined, null, 'yesterday']) {
      const asked: string[] = [];
      respond = ({ method = '', url = '' }, response) => {
        asked.push(method);
        json(response, 200, url.includes('msdyn_journallines') ? { value: [{ msdyn_journallineid: leadIdOf(posting), _msdyn_journal_value: '712c0000-0000-8000-8000-000000000001', msdyn_isposted: false }] } : { '@odata.etag': 'W/"1"', msdyn_journalid: '712c0000-0000-8000-8000-000000000001', msdyn_isposted: false, modifiedon });
      };
      const failure = await failureOf(() => labor.post([posting], callContext()));
      assert.deepEqual([failure.kind, failure.code, failure.written, asked], ['transient', 'PROJECT_OPERATIONS_CONFIRMING', 'unknown', ['GET', 'GET']]);
    }
  });

  it('does not take the token to another host that a next page names', async () => {
    respond = (_request, response) => json(response, 200, { value: [], '@odata.nextLink': 'https://elsewhere.example/api/data/v9.2/msdyn_journallines?$skiptoken=1' });
    const failure = await failureOf(totals);
    assert.deepEqual([failure.kind, failure.code], ['contract', 'PROJECT_OPERATIONS_NEXT_LINK']);
  });

  it('is asked for a customer by its primary key, in OData 4.0', async () => {
    respond = (_request, response) => json(response, 404, { error: { code: '0x80040217', message: 'Does Not Exist' } });
    assert.equal(await look(connect()), null);
    const asked = seen.at(-1);
    assert.match(asked?.url ?? '', /^\/api\/data\/v9\.2\/accounts\(712c[0-9a-f-]{32}\)\?\$select=accountid$/);
    assert.deepEqual([asked?.headers['odata-version'], asked?.headers.authorization], ['4.0', 'Bearer the-access-token-7f3a']);
  });

  it('keeps token and secret out of logs and failures', async () => {
    respond = (_request, response) => json(response, 400, { error: { code: '0x80040265', message: 'Bearer the-access-token-7f3a is wrong, client_secret=the-secret' } });
    const failure = await failureOf(totals);
    assert.doesNotMatch(JSON.stringify({ ...failure, message: '' }) + told.join('\n'), /the-access-token|the-secret/);
  });
});
