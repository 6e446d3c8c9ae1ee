import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, afterEach, before, describe, it } from 'mocha';
import { createSalesforce } from '../../../connectors/salesforce/index.ts';
import { isUnsupported, type CrmPort, type WriteBack } from '../../../connectors/ports.ts';
import { generateCredentials } from '../../../sandbox/credentials.ts';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';
import { salesforce } from '../../../sandbox/salesforce/sandbox.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import { answerJson, callContext, failureOf, memoryLog, testServer, type Received, type TestServer } from '../http/support.ts';

const credentials = { ...generateCredentials().salesforce, clientSecret: randomBytes(18).toString('base64url') };
const bySecret = { clientId: credentials.clientId, clientSecret: credentials.clientSecret };
const context = callContext();

function connect(baseUrl: string, options: object = {}): CrmPort {
  return createSalesforce({ system: 'crm', baseUrl, credentials: bySecret, limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 5 }, options, log: memoryLog() });
}

function status(projectNumbers: readonly string[]): WriteBack {
  return { status: 'Activated', message: 'All systems confirmed.', projectNumbers, at: '2026-11-21T08:00:00.000Z' };
}

async function writeBack(port: CrmPort, id: string, projectNumbers: readonly string[]): Promise<void> {
  assert.ok(!isUnsupported(port.writeBack));
  await port.writeBack(id, status(projectNumbers), context);
}

describe('Salesforce in as few calls as it allows', function () {
  this.timeout(20_000);
  let sandbox: RunningSandbox;
  const admin = sandboxAdmin(() => sandbox.url);
  before(async () => {
    sandbox = await startSandbox(salesforce, { port: 0, options: { ...credentials } });
  });
  after(() => sandbox.close());
  afterEach(() => admin.clearFaults());

  const calls = async () => (await admin.requests()).filter(({ url }) => url.startsWith('/services/data')).map(({ method, url }) => `${method} ${url.split('?')[0] ?? ''}`);
  const during = async (work: () => Promise<unknown>) => {
    const already = (await calls()).length;
    await work();
    return (await calls()).slice(already);
  };
  const deal = async (levels = 1): Promise<string> => {
    let parent: string | null = null;
    for (let level = 0; level < levels; level += 1) parent = (await admin.seed({ Account: [{ Name: `Level ${level}`, ParentId: parent, CurrencyIsoCode: 'EUR' }] }))['Account']?.[0] ?? null;
    const [id = ''] = (await admin.seed({ Opportunity: [{ Name: 'Deal', AccountId: parent, StageName: 'Closed Won', CloseDate: '2026-11-20', CurrencyIsoCode: 'EUR' }] }))['Opportunity'] ?? [];
    return id;
  };
  const records = async () => (await admin.state())['Delivery__c'] ?? [];

  it('reads a deal with four accounts in one call, and with twenty in two', async () => {
    const [shallow, deep] = [await deal(4), await deal(20)];
    const port = connect(sandbox.url);
    assert.deepEqual(await during(() => port.loadOpportunity(shallow, context)), ['GET /services/data/v64.0/query']);
    assert.deepEqual(
      await during(async () => assert.equal((await port.loadOpportunity(deep, context)).accounts.length, 20)),
      ['GET /services/data/v64.0/query', 'POST /services/data/v64.0/composite'],
    );
  });

  it('writes the deal and the records of its projects in one call; a second time finds the records again', async () => {
    const id = await deal();
    const port = connect(sandbox.url, { deliveryRecords: {} });
    const numbers = ['DE01-TECH-AAAA0001', 'DE01-TECH-AAAA0002'];
    assert.deepEqual(await during(() => writeBack(port, id, numbers)), ['POST /services/data/v64.0/composite']);
    await writeBack(port, id, numbers);
    const made = (await records()).filter((record) => record['Opportunity__c'] === id);
    assert.deepEqual(made.map((record) => [record['Delivery_Key__c'], record['Status__c']]), numbers.map((number) => [number, 'Activated']));
  });

  it('writes the deal alone where it has no project yet', async () => {
    const id = await deal();
    assert.deepEqual(await during(() => writeBack(connect(sandbox.url, { deliveryRecords: {} }), id, [])), [`PATCH /services/data/v64.0/sobjects/Opportunity/${id}`]);
  });

  it('writes more projects than a composite request holds two hundred a call', async () => {
    const id = await deal();
    const numbers = Array.from({ length: 230 }, (_, n) => `DE01-MANY-${String(n).padStart(4, '0')}`);
    const port = connect(sandbox.url, { deliveryRecords: {} });
    const collection = 'PATCH /services/data/v64.0/composite/sobjects/Delivery__c/Delivery_Key__c';
    assert.deepEqual(await during(() => writeBack(port, id, numbers)), [collection, collection, `PATCH /services/data/v64.0/sobjects/Opportunity/${id}`]);
    await writeBack(port, id, numbers);
    assert.equal((await records()).filter((record) => record['Opportunity__c'] === id).length, 230);
  });

  it('undoes the whole write where one part is refused, and names the part that was', async () => {
    const id = await deal();
    const refusedKey = 'X'.repeat(81);
    const failure = await failureOf(writeBack(connect(sandbox.url, { deliveryRecords: {} }), id, ['DE01-TECH-BBBB0001', refusedKey]));
    assert.deepEqual([failure.system, failure.kind, failure.code, failure.written], ['crm', 'business_rule', 'SALESFORCE_STRING_TOO_LONG', 'no']);
    assert.ok(!(await records()).some((record) => record['Delivery_Key__c'] === 'DE01-TECH-BBBB0001'), 'the other project\'s record was undone');
    const kept = (await admin.state())['Opportunity']?.find((record) => record['Id'] === id);
    assert.equal(kept?.['Delivery_Status__c'], null);
  });

  it('leaves it to a person where several records have the external ID', async () => {
    const id = await deal();
    await admin.seed({ Delivery__c: [{ Delivery_Key__c: 'DE01-TWICE' }, { Delivery_Key__c: 'DE01-TWICE' }] });
    const failure = await failureOf(writeBack(connect(sandbox.url, { deliveryRecords: {} }), id, ['DE01-TWICE']));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['business_rule', 'SALESFORCE_EXTERNAL_ID_NOT_UNIQUE', 'no']);
    assert.match(failure.message, /a015g/);
    const many = Array.from({ length: 30 }, (_, n) => (n === 0 ? 'DE01-TWICE' : `DE01-OTHER-${n}`));
    const ofMany = await failureOf(writeBack(connect(sandbox.url, { deliveryRecords: {} }), id, many));
    assert.match(ofMany.message, /DE01-TWICE/);
    assert.equal(ofMany.written, 'unknown', 'the others of the collection are written');
  });

  it('calls a missing object of the firm a matter of configuration', async () => {
    const failure = await failureOf(writeBack(connect(sandbox.url, { deliveryRecords: { externalId: 'No_Such_Key__c' } }), await deal(), ['DE01-TECH-1']));
    assert.match(failure.message, /external ID field/);
    assert.deepEqual([failure.kind, failure.written], ['configuration', 'no']);
  });
});

describe('what a part of a composite answer means', () => {
  let server: TestServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });
  const halted = { status: 400, body: [{ errorCode: 'PROCESSING_HALTED', message: 'The transaction was rolled back since another operation in the same transaction failed.' }] };

  async function answering(parts: (request: Received) => readonly { readonly status: number; readonly body: unknown }[], headers: Record<string, string> = {}): Promise<TestServer> {
    server = await testServer((request, response) => {
      if (request.url === '/services/oauth2/token') return answerJson(response, 200, { access_token: 'token', instance_url: 'https://x.my.salesforce.com', id: 'https://login.salesforce.com/id/00D5g000004C8XbEAK/0055g000000000BAAQ' });
      const references = [...request.body.matchAll(/"referenceId":"(\w+)"/g)].map(([, reference]) => reference);
      return answerJson(response, 200, { compositeResponse: parts(request).map(({ status: httpStatusCode, body }, index) => ({ referenceId: references[index], httpStatusCode, body, httpHeaders: {} })) }, headers);
    });
    return server;
  }

  it('signs in with the consumer\'s key and secret, and marks its own changes', async () => {
    const { received, url } = await answering(() => [{ status: 204, body: null }, { status: 201, body: { id: 'a01', success: true } }]);
    await writeBack(connect(url, { deliveryRecords: {} }), '0065g00000ABCDEAA4', ['P/1 €']);
    assert.deepEqual(Object.fromEntries(new URLSearchParams(received[0]?.body)), { grant_type: 'client_credentials', client_id: bySecret.clientId, client_secret: bySecret.clientSecret });
    assert.equal(received[1]?.headers['sforce-call-options'], 'client=q2c');
    const body = JSON.parse(received[1]?.body ?? '{}');
    assert.equal(body.allOrNone, true);
    assert.equal(body.compositeRequest[1].url, '/services/data/v64.0/sobjects/Delivery__c/Delivery_Key__c/P%2F1%20%E2%82%AC');
    assert.ok(!('Delivery_Key__c' in body.compositeRequest[1].body), 'Salesforce refuses the external ID among the fields');
  });

  it('looks behind the halted parts for the one that failed: a locked record is tried again', async () => {
    const locked = { status: 400, body: [{ errorCode: 'UNABLE_TO_LOCK_ROW', message: 'unable to obtain exclusive access to this record' }] };
    const { url } = await answering(() => [halted, locked, halted]);
    const failure = await failureOf(writeBack(connect(url, { deliveryRecords: {} }), '0065g00000ABCDEAA4', ['P1', 'P2']));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['transient', 'SALESFORCE_UNABLE_TO_LOCK_ROW', 'no']);
  });

  it('is certain that nothing was written where a part broke inside Salesforce', async () => {
    const { url } = await answering(() => [{ status: 500, body: [{ errorCode: 'UNKNOWN_EXCEPTION', message: 'An unexpected error occurred' }] }, halted]);
    const failure = await failureOf(writeBack(connect(url, { deliveryRecords: {} }), '0065g00000ABCDEAA4', ['P1']));
    assert.deepEqual([failure.kind, failure.written], ['transient', 'no']);
  });

  it('takes any answer for the part after the top of a hierarchy, and none for one before it', async () => {
    const node = (n: number, parent: object | null): object => ({ Id: `0015g0000000${String(n).padStart(3, '0')}AAA`, Name: `Level ${n}`, ParentId: `0015g0000000${String(n + 1).padStart(3, '0')}AAA`, Parent: parent });
    const chain = (from: number, levels: number): object => node(from, levels === 1 ? null : chain(from + 1, levels - 1));
    const page = (account: object) => ({ status: 200, body: { totalSize: 1, done: true, records: [account] } });
    const top = { Id: '0015g0000000010AAA', Name: 'Top', ParentId: null, Parent: null };
    const odd = { status: 400, body: [{ errorCode: 'MALFORMED_QUERY', message: "invalid ID field: ''" }] };
    const load = async (parts: readonly { readonly status: number; readonly body: unknown }[]) => {
      server = await testServer((request, response) => {
        if (request.url === '/services/oauth2/token') return answerJson(response, 200, { access_token: 'token' });
        if (request.method === 'GET') return answerJson(response, 200, { totalSize: 1, done: true, records: [{ Id: '0065g00000ABCDEAA4', Name: 'Deal', IsClosed: true, IsWon: true, CurrencyIsoCode: 'EUR', SystemModstamp: '2026-11-21T06:50:00.000+0000', Account: chain(1, 4) }] });
        return answerJson(response, 200, { compositeResponse: parts.map(({ status: httpStatusCode, body }, index) => ({ referenceId: `accounts${index}`, httpStatusCode, body, httpHeaders: {} })) });
      });
      return await connect(server.url).loadOpportunity('0065g00000ABCDEAA4', context).finally(() => server?.close());
    };
    assert.equal((await load([page(chain(5, 5)), page(top), odd, odd])).accounts.length, 10);
    const failure = await failureOf(load([page(chain(5, 5)), odd, odd, odd]));
    assert.deepEqual([failure.kind, failure.written], ['contract', 'no']);
  });

  it('does not take an answer for done that leaves a part out', async () => {
    const { url } = await answering(() => [{ status: 204, body: null }]);
    const failure = await failureOf(writeBack(connect(url, { deliveryRecords: {} }), '0065g00000ABCDEAA4', ['P1']));
    assert.deepEqual([failure.kind, failure.written], ['contract', 'unknown']);
  });

  it('holds back once the organization\'s daily requests are nearly used', async () => {
    const { url, received } = await answering(() => [{ status: 204, body: null }, { status: 204, body: null }], { 'sforce-limit-info': 'api-usage=96/100, per-app-api-usage=17/250(appName=q2c)' });
    const port = connect(url, { deliveryRecords: {} });
    await writeBack(port, '0065g00000ABCDEAA4', ['P1']);
    const failure = await failureOf(writeBack(port, '0065g00000ABCDEAA4', ['P1']));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['transient', 'REQUEST_BUDGET', 'no']);
    assert.ok((failure.retryAfterMs ?? 0) > 10_000);
    assert.equal(received.length, 2);
    await writeBack(connect(url, { deliveryRecords: {}, apiUsageCeiling: 0.99 }), '0065g00000ABCDEAA4', ['P1']);
  });
});
