import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createOracle } from '../../../connectors/oracle/index.ts';
import { isUnsupported, type ErpPort, type Log } from '../../../connectors/ports.ts';
import { callContext, dealOf, silent, uniqueTag } from '../conformance/documents.ts';
import { laborLine } from '../conformance/labor-documents.ts';
import { failureOf } from '../conformance/records.ts';
import { NONE, OPTIONS, startEnvironment, type TestEnvironment } from './environment.ts';

describe('The way into Oracle Fusion', function () {
  this.timeout(30_000);
  let environment: TestEnvironment;
  before(async () => {
    environment = await startEnvironment();
  });
  after(async () => environment?.close());
  afterEach(async () => environment.admin.clearFaults());

  const look = (erp: ErpPort) => erp.customer.find({ document: dealOf(uniqueTag()).customer, references: NONE }, callContext());
  const tokens = async () => (await environment.admin.requests()).filter(({ url }) => url === '/oauth2/v1/token').length;

  it('is a password, an application\'s secret, or an assertion for the user with a secret or a certificate, told by the shape of the credentials', async () => {
    const { username, password, clientId, clientSecret, certificateAlias, privateKeyPem } = environment.credentials;
    for (const [credentials, asked] of [
      [{ username, password }, 0], [{ clientId, clientSecret }, 1], [{ username, clientId, clientSecret, certificateAlias, privateKeyPem }, 1], [{ username, clientId, certificateAlias, privateKeyPem }, 1],
    ] as const) {
      const before = await tokens();
      assert.equal(await look(environment.connect({}, credentials)), null);
      assert.equal((await tokens()) - before, asked);
    }
  });

  it('tells credentials that are not known apart from a passing failure, and names the reason, never the secret', async () => {
    const { username, clientId, clientSecret, certificateAlias, privateKeyPem } = environment.credentials;
    for (const [credentials, options, reason] of [
      [{ clientId, clientSecret: 'an-old-secret' }, {}, /invalid_client/],
      [{ clientId: 'nobody', clientSecret }, {}, /invalid_client/],
      [{ username: 'somebody.else', clientId, clientSecret, certificateAlias, privateKeyPem }, {}, /invalid_grant/],
      [{ username, clientId, clientSecret, certificateAlias: 'of-last-year', privateKeyPem }, {}, /no certificate of the application/i],
      [{ clientId, clientSecret }, { scope: 'urn:opc:resource:elsewhere' }, /invalid_scope/],
    ] as const) {
      const failure = await failureOf(() => look(environment.connect(options, credentials)));
      assert.deepEqual([failure.kind, failure.code, failure.written], ['configuration', 'ORACLE_LOGIN_REFUSED', 'no']);
      assert.match(failure.message, reason);
      assert.doesNotMatch(JSON.stringify(failure), /an-old-secret/);
    }
    const wrong = await failureOf(() => look(environment.connect({}, { username, password: 'a-wrong-password' })));
    assert.deepEqual([wrong.kind, wrong.code], ['configuration', 'CREDENTIALS_REFUSED']);
    await environment.admin.fault({ kind: 'status', status: 503, path: 'oauth2' });
    assert.equal((await failureOf(() => look(environment.connect()))).kind, 'transient');
  });

  it('says what the options lack for OAuth', () => {
    const { clientId, clientSecret } = environment.credentials;
    assert.throws(() => environment.connect({ scope: undefined }, { clientId, clientSecret }), /identityDomain and scope/);
    assert.throws(() => environment.connect({ businessUnit: {} }), /businessUnit/);
    assert.throws(() => environment.connect({}, { username: 'only' }));
  });

  it('is one token for all calls that begin together, and one more where it expires in the middle', async () => {
    const erp = environment.connect({}, undefined, { concurrency: null });
    const before = await tokens();
    await Promise.all(Array.from({ length: 40 }, () => look(erp)));
    assert.equal((await tokens()) - before, 1);
    await environment.admin.fault({ kind: 'expired-token', method: 'GET', path: 'hubOrganizations' });
    await Promise.all(Array.from({ length: 40 }, () => look(erp)));
    assert.equal((await tokens()) - before, 2);
  });

  it('goes through where the token expires between two pages of 1,000 records', async () => {
    const paged = await startEnvironment({ pageSize: 300 });
    try {
      const costs = Array.from({ length: 1000 }, (_, index) => ({ TransactionSource: 'Q2C', OriginalTransactionReference: `US01:seeded-${index}`, ExpenditureBusinessUnit: 'Northwind US01', ExpenditureItemDate: '2026-11-16', Quantity: 0.1 }));
      await paged.admin.seed({ projectCosts: costs });
      const { labor } = paged.connect();
      assert.ok(!isUnsupported(labor));
      await paged.order({ kind: 'slow', delayMs: 1, method: 'GET', path: 'projectCosts' });
      await paged.admin.fault({ kind: 'expired-token', method: 'GET', path: 'projectCosts' });
      assert.deepEqual(await labor.totals({ legalEntity: 'US01', from: '2026-11-16', to: '2026-11-16' }, callContext()), { legalEntity: 'US01', lines: 1000, hours: '100', billed: [] });
    } finally {
      await paged.close();
    }
  });
});

describe('What Oracle Fusion may answer', function () {
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
      if (request.url === '/oauth2/v1/token') json(response, 200, { access_token: 'the-access-token-7f3a', expires_in: '3600' });
      else respond(request, response);
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  });
  after(() => server?.close());

  const connect = () => {
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    return createOracle({ system: 'oracle', baseUrl: `http://127.0.0.1:${address.port}`, credentials: { clientId: 'client', clientSecret: 'the-secret' }, options: OPTIONS, log, limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 5 } });
  };
  const json = (response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}) => void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  const raw = (status: number, body: string, headers: Record<string, string> = {}) => (_request: IncomingMessage, response: ServerResponse) => void response.writeHead(status, headers).end(body);
  const linked = (path: string) => [{ rel: 'self', href: `https://fusion.example:443${path}`, name: 'x', kind: 'item', properties: { changeIndicator: 'ACED01' } }];
  const project = dealOf('a1b2c3d4').project;
  const PROJECT = { ProjectId: 300_100_000_000_001, ProjectNumber: project.number, ProjectStatusCode: 'SUBMITTED', links: linked('/fscmRestApi/resources/11.13.18.05/projects/300100000000001') };
  const page = (...items: readonly object[]) => ({ items, count: items.length, hasMore: false, limit: 500, offset: 0, links: [] });
  const reading = () => failureOf(() => connect().project.find({ document: project, references: NONE }, callContext()));
  const activate = () => connect().setProjectStatus({ document: project, externalId: project.number }, 'active', callContext());
  const onWrite = (answer: typeof respond): typeof respond => (request, response) => (request.method === 'PATCH' ? answer(request, response) : json(response, 200, page(PROJECT)));

  it('is a web page, a redirect or a gateway\'s failure: each is named, whether it was read or written', async () => {
    const body = '<!DOCTYPE html><html><body>Sign In</body></html>';
    for (const [answer, read, written] of [
      [raw(200, body, { 'content-type': 'text/html' }), ['contract', 'HTTP_HTML', 'no'], ['contract', 'HTTP_HTML', 'unknown']],
      [raw(403, body, { 'content-type': 'text/html' }), ['contract', 'HTTP_HTML', 'no'], ['contract', 'HTTP_HTML', 'no']],
      [raw(502, body, { 'content-type': 'text/html' }), ['transient', 'ORACLE_HTTP_502', 'no'], ['in_doubt', 'ORACLE_HTTP_502', 'unknown']],
      [raw(302, '', { location: 'https://login.example/' }), ['configuration', 'ORACLE_HTTP_302', 'no'], ['configuration', 'ORACLE_HTTP_302', 'no']],
      [raw(400, 'The attribute is wrong.', { 'content-type': 'text/plain' }), ['business_rule', 'ORACLE_REFUSED', 'no'], ['business_rule', 'ORACLE_REFUSED', 'no']],
    ] as const) {
      respond = answer;
      const first = await reading();
      assert.deepEqual([first.kind, first.code, first.written], read);
      respond = onWrite(answer);
      const second = await failureOf(activate);
      assert.deepEqual([second.kind, second.code, second.written], written);
    }
  });

  it('is cut-off JSON, nothing, or a record without a link to itself: none is taken for an answer', async () => {
    for (const body of ['{"items":[{"ProjectId":1', '', 'null', '[]', '{"items":"none","hasMore":false}', JSON.stringify({ ...page({ ProjectId: 1, ProjectNumber: 'P1' }) }), JSON.stringify(page({ ...PROJECT, links: linked('/elsewhere/projects/1') })), JSON.stringify(page({ ...PROJECT, ProjectId: 'seven' }))]) {
      respond = raw(200, body, { 'content-type': 'application/json' });
      const failure = await reading();
      assert.deepEqual([failure.kind, failure.code, failure.written], ['contract', 'ANSWER_SCHEMA', 'no'], body);
    }
  });

  it('is two records where there can be one, or a page that never ends: neither is guessed at', async () => {
    respond = (_request, response) => json(response, 200, page(PROJECT, PROJECT));
    assert.equal((await reading()).code, 'ORACLE_AMBIGUOUS');
    respond = (_request, response) => json(response, 200, { ...page(), hasMore: true });
    assert.equal((await reading()).code, 'PAGES_EMPTY');
  });

  it('is followed by its path only: the token stays with the configured address, whatever host a link names', async () => {
    respond = onWrite((_request, response) => json(response, 200, PROJECT));
    assert.equal(await activate(), 'active');
    const patched = seen.at(-1);
    assert.deepEqual([patched?.method, patched?.url, patched?.headers.authorization], ['PATCH', '/fscmRestApi/resources/11.13.18.05/projects/300100000000001', 'Bearer the-access-token-7f3a']);
  });

  it('is that somebody else changed the record in the same moment: it is left as it is, and tried again', async () => {
    respond = ({ method, headers }, response) => {
      if (method === 'GET') json(response, 200, { PartyNumber: 'P1', PartyId: 7, links: linked('/crmRestApi/resources/11.13.18.05/hubOrganizations/P1') });
      else json(response, headers['if-match'] === '"ACED01"' ? 412 : 500, { title: 'Precondition Failed', status: '412' });
    };
    const failure = await failureOf(() => connect().customer.write({ document: dealOf('a1b2c3d4').customer, references: NONE }, null, callContext()));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['transient', 'ORACLE_CHANGED_MEANWHILE', 'no']);
  });

  it('is asked with a pinned framework version, quoted values, named fields and pages of 500', async () => {
    respond = (_request, response) => json(response, 200, page());
    await connect().project.find({ document: { ...project, number: "O'NEILL-1" }, references: NONE }, callContext());
    const asked = seen.at(-1);
    const { pathname, searchParams } = new URL(asked?.url ?? '', 'http://oracle');
    assert.equal(pathname, '/fscmRestApi/resources/11.13.18.05/projects');
    assert.deepEqual([searchParams.get('q'), searchParams.get('fields'), searchParams.get('links'), searchParams.get('limit'), searchParams.get('offset')], ["ProjectNumber = 'O''NEILL-1'", 'ProjectId,ProjectNumber,ProjectStatusCode', 'self', '500', '0']);
    assert.equal(asked?.headers['rest-framework-version'], '4');
  });

  it('has numbers as text and IDs larger than a double holds, and keeps both', async () => {
    const cost = (reference: string, Quantity: unknown) => ({ OriginalTransactionReference: reference, Quantity, links: linked('/fscmRestApi/resources/11.13.18.05/projectCosts/1') });
    respond = ({ url = '' }, response) => json(response, 200, url.includes('unprocessed') ? page(cost('US01:a', '7.5'), cost('US01:b', 0.25), cost('DE01:c', 4)) : page());
    const { labor } = connect();
    assert.ok(!isUnsupported(labor));
    assert.deepEqual(await labor.totals({ legalEntity: 'US01', from: '2026-11-01', to: '2026-11-30' }, callContext()), { legalEntity: 'US01', lines: 2, hours: '7.75', billed: [] });
    respond = (_request, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(page(PROJECT)).replace('300100000000001,', '999999999999999999,'));
    assert.equal((await connect().project.find({ document: project, references: NONE }, callContext()))?.externalId, project.number);
  });

  it('counts a line once that was imported while its total was read', async () => {
    const cost = { OriginalTransactionReference: 'US01:a', Quantity: 8, links: linked('/fscmRestApi/resources/11.13.18.05/projectCosts/1') };
    respond = (_request, response) => json(response, 200, page(cost));
    const { labor } = connect();
    assert.ok(!isUnsupported(labor));
    assert.deepEqual(await labor.totals({ legalEntity: 'US01', from: '2026-11-01', to: '2026-11-30' }, callContext()), { legalEntity: 'US01', lines: 1, hours: '8', billed: [] });
  });

  it('keeps token and secret out of logs and failures', async () => {
    const place = { system: 'oracle', legalEntity: 'US01', currency: 'USD', costCenter: 'X1', people: ['ada@northwind-consulting.example'], projects: ['P1'], task: '1' };
    respond = (_request, response) => json(response, 400, { title: 'Bad Request', status: '400', 'o:errorDetails': [{ detail: 'Bearer the-access-token-7f3a and client_secret=the-secret are wrong' }] });
    const { labor } = connect();
    assert.ok(!isUnsupported(labor));
    const failure = await failureOf(() => labor.post([laborLine(place)], callContext()));
    assert.doesNotMatch(JSON.stringify({ ...failure, message: '' }) + lines.join('\n'), /the-access-token|the-secret/);
  });
});
