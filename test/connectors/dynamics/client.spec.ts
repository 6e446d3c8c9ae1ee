import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createDynamics } from '../../../connectors/dynamics/index.ts';
import { isUnsupported, type ErpPort, type Log } from '../../../connectors/ports.ts';
import { callContext, dealOf, silent, uniqueTag } from '../conformance/documents.ts';
import { laborLine } from '../conformance/labor-documents.ts';
import { failureOf } from '../conformance/records.ts';
import { NONE, OPTIONS, startEnvironment, type TestEnvironment } from './environment.ts';

const tokenPath = /\/oauth2\/v2\.0\/token$/;

describe('The way into Dynamics 365', function () {
  this.timeout(30_000);
  let environment: TestEnvironment;
  before(async () => {
    environment = await startEnvironment();
  });
  after(async () => environment?.close());
  afterEach(async () => environment.admin.clearFaults());

  const look = (erp: ErpPort) => erp.customer.find({ document: dealOf(uniqueTag()).customer, references: NONE }, callContext());
  const tokens = async () => (await environment.admin.requests()).filter(({ url }) => tokenPath.test(url)).length;

  it('is a secret or a certificate of the app registration', async () => {
    const { tenantId, clientId, clientSecret, privateKeyPem, certificateThumbprint } = environment.credentials;
    for (const credentials of [{ tenantId, clientId, clientSecret }, { tenantId, clientId, privateKeyPem, certificateThumbprint }]) assert.equal(await look(environment.connect({}, credentials)), null);
  });

  it('tells credentials Entra does not know apart from a passing failure, and names its reason, never the secret', async () => {
    const { tenantId, clientId, clientSecret, privateKeyPem } = environment.credentials;
    for (const [credentials, reason] of [
      [{ tenantId, clientId, clientSecret: 'an-old-secret' }, /AADSTS7000215/],
      [{ tenantId: 'elsewhere', clientId, clientSecret }, /AADSTS90002/],
      [{ tenantId, clientId: 'nobody', clientSecret }, /AADSTS700016/],
      [{ tenantId, clientId, privateKeyPem, certificateThumbprint: 'of-another-certificate' }, /AADSTS700027/],
    ] as const) {
      const failure = await failureOf(() => look(environment.connect({}, credentials)));
      assert.deepEqual([failure.kind, failure.code, failure.written], ['configuration', 'DYNAMICS_LOGIN_REFUSED', 'no']);
      assert.match(failure.message, reason);
      assert.doesNotMatch(JSON.stringify(failure), /an-old-secret/);
    }
    await environment.admin.fault({ kind: 'status', status: 503, path: 'oauth2' });
    const passing = await failureOf(() => look(environment.connect()));
    assert.equal(passing.kind, 'transient');
  });

  it('is one token for all calls that begin together, and one more where it expires in the middle', async () => {
    const erp = environment.connect({}, undefined, { concurrency: null });
    const before = await tokens();
    await Promise.all(Array.from({ length: 40 }, () => look(erp)));
    assert.equal((await tokens()) - before, 1);
    await environment.admin.fault({ kind: 'expired-token', method: 'GET', path: 'CustomersV3' });
    await Promise.all(Array.from({ length: 40 }, () => look(erp)));
    assert.equal((await tokens()) - before, 2);
  });

  it('goes through where the token expires between two pages of 1,000 records', async () => {
    const paged = await startEnvironment({ pageSize: 300 });
    try {
      const records = Array.from({ length: 1000 }, (_, index) => ({ dataAreaId: 'us01', JournalId: 'J-1', LineNumber: index + 1, ProjectDate: '2026-11-16T12:00:00Z', Hours: 0.1, Description: `[${String(index).padStart(12, '0')}] Seeded` }));
      await paged.admin.seed({ JournalTrans: records });
      const { labor } = paged.connect();
      assert.ok(!isUnsupported(labor));
      await labor.totals({ legalEntity: 'US01', from: '2026-11-15', to: '2026-11-15' }, callContext());
      await paged.put('faults', { kind: 'slow', delayMs: 1, method: 'GET', path: 'JournalTrans' }, 'POST');
      await paged.admin.fault({ kind: 'expired-token', method: 'GET', path: 'JournalTrans' });
      assert.deepEqual(await labor.totals({ legalEntity: 'US01', from: '2026-11-16', to: '2026-11-16' }, callContext()), { legalEntity: 'US01', lines: 1000, hours: '100', billed: [] });
    } finally {
      await paged.close();
    }
  });
});

describe('What Dynamics 365 may answer', function () {
  this.timeout(30_000);
  let server: Server;
  let respond: (request: IncomingMessage, response: ServerResponse) => void;
  const seen: IncomingMessage[] = [];
  const lines: string[] = [];
  const log: Log = { ...silent, debug: (fields, message) => void lines.push(JSON.stringify({ fields, message })), warn: (fields, message) => void lines.push(JSON.stringify({ fields, message })) };

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
    return createDynamics({ system: 'dynamics', baseUrl: `http://127.0.0.1:${address.port}`, credentials: { tenantId: 'tenant', clientId: 'client', clientSecret: 'the-secret' }, options: OPTIONS, log, limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 5 } });
  };
  const json = (response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}) => void response.writeHead(status, { 'content-type': 'application/json; odata.metadata=minimal', ...headers }).end(JSON.stringify(body));
  const raw = (status: number, body: string, headers: Record<string, string> = {}) => (_request: IncomingMessage, response: ServerResponse) => void response.writeHead(status, headers).end(body);
  const reading = () => failureOf(() => connect().customer.find({ document: dealOf('a1b2c3d4').customer, references: NONE }, callContext()));
  const project = dealOf('a1b2c3d4').project;
  const writing = () => failureOf(() => connect().setProjectStatus({ document: project, externalId: project.number }, 'active', callContext()));

  it('is a web page, cut-off JSON, nothing or a redirect: each is named, whether it was read or written', async () => {
    const page = '<!DOCTYPE html><html><body>Sign in to your account</body></html>';
    for (const [answer, onRead, onWrite] of [
      [raw(200, page, { 'content-type': 'text/html' }), ['contract', 'HTTP_HTML', 'no'], ['contract', 'HTTP_HTML', 'unknown']],
      [raw(403, page, { 'content-type': 'text/html' }), ['contract', 'HTTP_HTML', 'no'], ['contract', 'HTTP_HTML', 'no']],
      [raw(502, page, { 'content-type': 'text/html' }), ['transient', 'DYNAMICS_HTTP_502', 'no'], ['in_doubt', 'DYNAMICS_HTTP_502', 'unknown']],
      [raw(302, '', { location: 'https://login.example/' }), ['configuration', 'DYNAMICS_HTTP_302', 'no'], ['configuration', 'DYNAMICS_HTTP_302', 'no']],
    ] as const) {
      respond = answer;
      for (const [failure, expected] of [[await reading(), onRead], [await writing(), onWrite]] as const) assert.deepEqual([failure.kind, failure.code, failure.written], expected);
    }
    for (const body of ['{"value":[{"dataAreaId":"us0', '', 'null', '[]', '{"value":"none"}', '{"value":[{"dataAreaId":7}]}']) {
      respond = raw(200, body, { 'content-type': 'application/json' });
      const failure = await reading();
      assert.deepEqual([failure.kind, failure.code, failure.written], ['contract', 'ANSWER_SCHEMA', 'no'], body);
    }
  });

  it('names an enum value nobody has heard of rather than take it for another', async () => {
    const place = { system: 'dynamics', legalEntity: 'US01', currency: 'USD', costCenter: 'X1', people: ['ada@northwind-consulting.example'], projects: ['P1'], task: '1' };
    respond = ({ url = '' }, response) => {
      if (url.includes('JournalTables')) json(response, 200, { Posted: 'PartlyPosted' });
      else if (url.includes('Workers')) json(response, 200, { value: [{ PersonnelNumber: '1', PrimaryContactEmail: 'ada@northwind-consulting.example' }] });
      else if (url.includes('ProjectResources')) json(response, 200, { value: [{ PersonnelNumber: '1', ResourceId: 'R1', ResourceCompanyId: 'us01' }] });
      else json(response, 200, { value: url.includes('Projects?') ? [{ ProjectID: 'P1' }] : [] });
    };
    const { labor } = connect();
    assert.ok(!isUnsupported(labor));
    const failure = await failureOf(() => labor.post([laborLine(place)], callContext()));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['contract', 'ANSWER_SCHEMA', 'no']);
    assert.match(failure.message, /Posted/);
  });

  it('reads numbers that came as text', async () => {
    respond = (_request, response) => json(response, 200, { value: [{ Hours: '7.5', Description: '[0123456789AB] x' }, { Hours: 0.25, Description: '[0123456789AC] y' }] });
    const { labor } = connect();
    assert.ok(!isUnsupported(labor));
    assert.equal((await labor.totals({ legalEntity: 'US01', from: '2026-11-01', to: '2026-11-30' }, callContext())).hours, '7.75');
  });

  it('names a page as the next that was read already: reading ends there', async () => {
    let asked = 0;
    respond = (_request, response) => {
      asked += 1;
      json(response, 200, { value: [], '@odata.nextLink': `/data/JournalTrans?$skiptoken=${asked > 20 ? asked : 1}` });
    };
    const { labor } = connect();
    assert.ok(!isUnsupported(labor));
    const failure = await failureOf(() => labor.totals({ legalEntity: 'US01', from: '2026-11-01', to: '2026-11-30' }, callContext()));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['contract', 'PAGES_REPEAT', 'no']);
    assert.ok(asked < 10, `${asked} pages were read`);
  });

  it('does not take the token to another host that a next page names', async () => {
    respond = (_request, response) => json(response, 200, { value: [], '@odata.nextLink': 'https://elsewhere.example/data/CustomersV3?$skip=1' });
    const failure = await reading();
    assert.deepEqual([failure.kind, failure.code], ['contract', 'DYNAMICS_NEXT_LINK']);
  });

  it('is asked across companies, with every key and in OData 4.0', async () => {
    respond = (_request, response) => json(response, 200, { value: [] });
    await connect().customer.find({ document: { ...dealOf('a1b2c3d4').customer, id: "o'neill" }, references: NONE }, callContext());
    const asked = seen.at(-1);
    assert.match(asked?.url ?? '', /^\/data\/CustomersV3\?cross-company=true&\$filter=CustomerAccount%20eq%20(?:'|%27)C-[0-9A-Z]{16}(?:'|%27)&\$select=/);
    assert.deepEqual([asked?.headers['odata-version'], asked?.headers.authorization], ['4.0', 'Bearer the-access-token-7f3a']);
  });

  it('keeps token and secret out of logs and failures', async () => {
    respond = (_request, response) => json(response, 400, { error: { code: '', message: 'Bearer the-access-token-7f3a is wrong', innererror: { message: 'client_secret=the-secret' } } });
    const failure = await reading();
    assert.doesNotMatch(JSON.stringify({ ...failure, message: '' }) + lines.join('\n'), /the-access-token|the-secret/);
  });
});
