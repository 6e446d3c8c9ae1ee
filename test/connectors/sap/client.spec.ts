import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createSap } from '../../../connectors/sap/index.ts';
import { peopleAddressOf } from '../../../connectors/sap/references.ts';
import { isUnsupported, type ErpPort, type Log } from '../../../connectors/ports.ts';
import { callContext, dealOf, silent, uniqueTag } from '../conformance/documents.ts';
import { failureOf } from '../conformance/records.ts';
import { NONE, OPTIONS, startSystem, type TestSystem } from './environment.ts';

describe('The way into SAP', function () {
  this.timeout(30_000);
  let system: TestSystem;
  before(async () => {
    system = await startSystem();
  });
  after(async () => system?.close());
  afterEach(async () => system.admin.clearFaults());

  const look = (erp: ErpPort) => erp.customer.find({ document: dealOf(uniqueTag()).customer, references: NONE }, callContext());
  const write = (erp: ErpPort) => erp.customer.write({ document: dealOf(uniqueTag()).customer, references: NONE }, null, callContext());
  const asked = async (pattern: RegExp) => (await system.admin.requests()).filter(({ method, url }) => pattern.test(`${method} ${url}`)).length;
  const SESSION = /^GET \/sap\/opu\/odata\/sap\/API_BUSINESS_PARTNER\/$/;

  it('is a user with a password, or an OAuth 2.0 client at the system or elsewhere', async () => {
    const { user, password, clientId, clientSecret } = system.credentials;
    for (const credentials of [{ user, password }, { clientId, clientSecret }, { clientId, clientSecret, tokenUrl: `${system.url()}/sap/bc/sec/oauth2/token` }]) assert.equal((await write(system.connect({}, credentials))).created, true);
  });

  it('tries credentials that SAP does not know once only, so that the user is not locked, and never tells them', async () => {
    const { user, clientId } = system.credentials;
    for (const [credentials, reason] of [[{ user, password: 'an-old-password' }, /HTTP 401/], [{ user: 'NOBODY', password: 'an-old-password' }, /HTTP 401/], [{ clientId, clientSecret: 'an-old-password' }, /invalid_client/]] as const) {
      const before = (await system.admin.requests()).length;
      const failure = await failureOf(() => look(system.connect({}, credentials)));
      assert.deepEqual([failure.kind, failure.code, failure.written], ['configuration', 'SAP_LOGON_REFUSED', 'no']);
      assert.match(failure.message, reason);
      assert.doesNotMatch(JSON.stringify(failure), /an-old-password/);
      assert.equal((await system.admin.requests()).length - before, 1);
    }
    await system.admin.fault({ kind: 'status', status: 503, path: 'API_BUSINESS_PARTNER/$' });
    assert.equal((await failureOf(() => look(system.connect()))).kind, 'transient');
  });

  it('is one session for all calls that begin together, and one more where its CSRF token is refused in the middle', async () => {
    const erp = system.connect();
    const before = await asked(SESSION);
    await Promise.all(Array.from({ length: 20 }, () => look(erp)));
    assert.equal((await asked(SESSION)) - before, 1);
    await system.admin.fault({ kind: 'expired-token', method: 'POST', path: 'A_BusinessPartner$' });
    await Promise.all(Array.from({ length: 20 }, () => write(erp)));
    assert.equal((await asked(SESSION)) - before, 2);
  });

  it('begins a new session where SAP has ended the old one', async () => {
    const short = await startSystem();
    try {
      const erp = short.connect();
      await write(erp);
      // What happens when the session is lost: the cookie is known no more, and the token with it.
      await fetch(`${short.url()}/__admin/reset`, { method: 'POST' });
      assert.equal((await write(erp)).created, true);
    } finally {
      await short.close();
    }
  });

  it('goes through where the logon expires between two pages of 1,000 records', async () => {
    const paged = await startSystem({ pageSize: 300 });
    try {
      await paged.admin.seed({ TimeSheetEntryCollection: Array.from({ length: 1000 }, (_, index) => ({ PersonWorkAgreementExternalID: 'EMP1', CompanyCode: '1710', TimeSheetRecord: String(index), TimeSheetDate: '2026-11-16T00:00:00', TimeSheetStatus: '30', TimeSheetDataFields: { RecordedHours: '0.1', TimeSheetNote: `[q2c p-${String(index).padStart(8, '0')} US01] Seeded` } })) });
      const { labor } = paged.connect({ organizations: { US01: OPTIONS.organizations.US01 } });
      assert.ok(!isUnsupported(labor));
      await labor.totals({ legalEntity: 'US01', from: '2026-11-15', to: '2026-11-15' }, callContext());
      // The first page is let through by a fault that does nothing to it.
      await fetch(`${paged.url()}/__admin/faults`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ kind: 'slow', delayMs: 0, method: 'GET', path: 'TimeSheetEntryCollection' }) });
      await paged.admin.fault({ kind: 'expired-token', method: 'GET', path: 'TimeSheetEntryCollection' });
      assert.deepEqual(await labor.totals({ legalEntity: 'US01', from: '2026-11-16', to: '2026-11-16' }, callContext()), { legalEntity: 'US01', lines: 1000, hours: '100', billed: [] });
    } finally {
      await paged.close();
    }
  });
});

describe('What SAP may answer', function () {
  this.timeout(30_000);
  let server: Server;
  let respond: (request: IncomingMessage, response: ServerResponse) => void;
  let csrf = 'the-csrf-token';
  const seen: IncomingMessage[] = [];
  const lines: string[] = [];
  const note = (fields: object, message: string) => void lines.push(JSON.stringify({ fields, message }));
  const log: Log = { ...silent, debug: note, warn: note };

  before(async () => {
    server = createServer((request, response) => {
      request.resume();
      if (request.headers['x-csrf-token'] !== 'Fetch') {
        seen.push(request);
        respond(request, response);
      } else json(response, 200, { d: { EntitySets: [] } }, { 'x-csrf-token': csrf, 'set-cookie': ['sap-usercontext=sap-client=100; path=/', 'SAP_SESSIONID_ABC_100=the-session; path=/; secure; HttpOnly'] });
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  });
  after(() => server?.close());

  const connect = (options: object = {}) => {
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    return createSap({ system: 'sap', baseUrl: `http://127.0.0.1:${address.port}`, credentials: { user: 'Q2C', password: 'the-password' }, options: { ...OPTIONS, ...options }, log, limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 5 } });
  };
  const json = (response: ServerResponse, status: number, body: object, headers: Record<string, string | string[]> = {}) => void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  const raw = (status: number, body: string, headers: Record<string, string> = {}) => (_request: IncomingMessage, response: ServerResponse) => void response.writeHead(status, headers).end(body);
  const { customer, project } = dealOf('a1b2c3d4');
  const reading = () => failureOf(() => connect().customer.find({ document: customer, references: NONE }, callContext()));
  /** Reads are answered with an empty list, so that the write is what meets the answer. */
  const writing = (answer: typeof respond) => {
    respond = (request, response) => {
      if (request.method === 'GET') json(response, 200, { d: { results: [] } });
      else answer(request, response);
    };
    return failureOf(() => connect().customer.write({ document: customer, references: NONE }, null, callContext()));
  };

  it('is a web page, cut-off JSON, nothing or a redirect: each is named, whether it was read or written', async () => {
    const page = '<!DOCTYPE html><html><body>Sign in</body></html>';
    for (const [answer, onRead, onWrite] of [
      [raw(200, page, { 'content-type': 'text/html' }), ['contract', 'HTTP_HTML', 'no'], ['contract', 'HTTP_HTML', 'unknown']],
      [raw(502, page, { 'content-type': 'text/html' }), ['transient', 'SAP_HTTP_502', 'no'], ['in_doubt', 'SAP_HTTP_502', 'unknown']],
      [raw(302, '', { location: 'https://login.example/' }), ['configuration', 'SAP_HTTP_302', 'no'], ['configuration', 'SAP_HTTP_302', 'no']],
    ] as const) {
      respond = answer;
      for (const [failure, expected] of [[await reading(), onRead], [await writing(answer), onWrite]] as const) assert.deepEqual([failure.kind, failure.code, failure.written], expected);
    }
    for (const body of ['{"d":{"results":[{"Busin', '', 'null', '[]', '{"d":{"results":"none"}}', '{"d":{"results":[{"BusinessPartner":7}]}}', '{"value":[]}']) {
      respond = raw(200, body, { 'content-type': 'application/json' });
      const failure = await reading();
      assert.deepEqual([failure.kind, failure.code, failure.written], ['contract', 'ANSWER_SCHEMA', 'no'], body);
    }
  });

  it('is not taken for a record that was made where it names none', async () => {
    const failure = await writing((_request, response) => json(response, 201, { d: { BusinessPartner: '' } }));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['contract', 'ANSWER_SCHEMA', 'unknown']);
  });

  it('may lack a CSRF token, without which nothing can be changed', async () => {
    csrf = 'Required';
    const failure = await reading();
    csrf = 'the-csrf-token';
    assert.deepEqual([failure.kind, failure.code, failure.written], ['contract', 'SAP_NO_CSRF_TOKEN', 'no']);
  });

  it('does not take the session to another host that a next page names', async () => {
    respond = (_request, response) => json(response, 200, { d: { results: [], __next: 'https://elsewhere.example/sap/opu/odata/sap/API_BUSINESS_PARTNER/A_BusinessPartner?$skiptoken=1' } });
    const failure = await reading();
    assert.deepEqual([failure.kind, failure.code], ['contract', 'SAP_NEXT_LINK']);
  });

  it('is asked in English, with the session\'s cookies and token, quotes doubled and dates and decimals as version 2 has them', async () => {
    respond = (request, response) => {
      if (request.method === 'POST') json(response, 201, { d: { SalesOrder: '40001' } }, { 'sap-message': '{"code":"V1/555","message":"The order is incomplete","severity":"warning"}' });
      else json(response, 200, { d: request.url?.includes("A_BusinessPartner(") === true ? { Customer: '17' } : { results: [] } });
    };
    const { contract } = dealOf('a1b2c3d4');
    assert.ok(!isUnsupported(connect().contract));
    const port = connect().contract;
    assert.ok(!isUnsupported(port));
    await port.write({ document: contract, references: { ...NONE, customers: { [contract.customerId]: "O'Neill" } } }, null, callContext());
    const [look, partner, order] = seen.slice(-3);
    assert.match(look?.url ?? '', /^\/sap\/opu\/odata\/sap\/API_SALES_ORDER_SRV\/A_SalesOrder\?\$filter=PurchaseOrderByShipToParty%20eq%20(?:'|%27)K-[0-9A-Z]{16}(?:'|%27)&\$select=SalesOrder$/);
    assert.match(decodeURIComponent(partner?.url ?? ''), /A_BusinessPartner\('O''Neill'\)/);
    assert.deepEqual([order?.method, order?.headers['x-csrf-token'], order?.headers.cookie, order?.headers['accept-language']], ['POST', 'the-csrf-token', 'sap-usercontext=sap-client=100; SAP_SESSIONID_ABC_100=the-session', 'en']);
    assert.equal(order?.headers.authorization, `Basic ${Buffer.from('Q2C:the-password').toString('base64')}`);
    assert.ok(lines.some((line) => line.includes('The order is incomplete')), 'what SAP says beside a success is logged');
  });

  it('is asked in English, by which its messages are told apart, whatever the language of texts', async () => {
    respond = (_request, response) => json(response, 200, { d: { results: [] } });
    await connect({ language: 'DE' }).project.find({ document: dealOf('a1b2c3d4').project, references: NONE }, callContext());
    assert.equal(seen.at(-1)?.headers['accept-language'], 'en');
  });

  it('keeps password, cookie and token out of logs and failures', async () => {
    respond = raw(400, JSON.stringify({ error: { code: 'X/1', message: { lang: 'en', value: 'No' }, innererror: { password: 'the-password' } } }), { 'content-type': 'application/json' });
    const failure = await reading();
    const basic = Buffer.from('Q2C:the-password').toString('base64');
    assert.doesNotMatch(JSON.stringify(failure) + lines.join('\n'), new RegExp(`the-password|the-session|the-csrf-token|${basic}`));
  });

  it('is shown to people at the address without "-api"', () => {
    assert.deepEqual([peopleAddressOf('my301234-api.s4hana.cloud.sap'), peopleAddressOf('sap.internal.example')], ['https://my301234.s4hana.cloud.sap', undefined]);
    assert.equal(project.number, 'US01-TECH-A1B2C3D4');
  });
});
