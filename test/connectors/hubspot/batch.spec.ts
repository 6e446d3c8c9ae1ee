import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import { createHubSpot } from '../../../connectors/hubspot/index.ts';
import { isUnsupported, type CrmPort, type WriteBack } from '../../../connectors/ports.ts';
import { generateCredentials } from '../../../sandbox/credentials.ts';
import { hubspot } from '../../../sandbox/hubspot/sandbox.ts';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import { answerJson, callContext, failureOf, memoryLog, testServer, type TestServer } from '../http/support.ts';

const credentials = generateCredentials().hubspot;
const context = callContext();
const records = { deliveryRecords: { objectType: '2-3465404' } };

function connect(baseUrl: string, options: object = records): CrmPort {
  return createHubSpot({ system: 'crm', baseUrl, credentials, limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 5 }, options, log: memoryLog() });
}

async function writeBack(port: CrmPort, id: string, projectNumbers: readonly string[]): Promise<void> {
  const status: WriteBack = { status: 'Activated', message: 'All systems confirmed.', projectNumbers, at: '2026-11-21T08:00:00.000Z' };
  assert.ok(!isUnsupported(port.writeBack));
  await port.writeBack(id, status, context);
}

describe('HubSpot in batches', function () {
  this.timeout(20_000);
  let sandbox: RunningSandbox;
  const admin = sandboxAdmin(() => sandbox.url);
  before(async () => {
    sandbox = await startSandbox(hubspot, { port: 0, options: { ...credentials, requestsPerTenSeconds: 10_000 } });
  });
  after(() => sandbox.close());
  const deal = async () => (await admin.seed({ deals: [{ properties: { dealname: 'Deal', dealstage: 'closedwon' } }] }))['deals']?.[0] ?? '';
  const kept = async (id: string) => ((await admin.state())['p_deliveries'] ?? []).flatMap(({ properties }) => (typeof properties === 'object' && properties !== null && 'deal_id' in properties && properties.deal_id === id ? [properties] : []));

  it('writes the records of a deal\'s projects by their unique number, a hundred a call; a second time finds them again', async () => {
    const id = await deal();
    const numbers = Array.from({ length: 130 }, (_, n) => `DE01-MANY-${String(n).padStart(4, '0')}`);
    const already = (await admin.requests()).length;
    await writeBack(connect(sandbox.url), id, numbers);
    assert.deepEqual((await admin.requests()).slice(already).map(({ method, url }) => `${method} ${url}`), ['POST /crm/v3/objects/2-3465404/batch/upsert', 'POST /crm/v3/objects/2-3465404/batch/upsert', `PATCH /crm/v3/objects/deals/${id}`]);
    await writeBack(connect(sandbox.url), id, numbers);
    assert.equal((await kept(id)).length, 130);
  });

  it('reads of 207 which record was refused, and says that the others may be written', async () => {
    const id = await deal();
    const failure = await failureOf(writeBack(connect(sandbox.url, { deliveryRecords: { objectType: '2-3465404', updatedAt: 'no_such_property' } }), id, ['DE01-TECH-1']));
    assert.deepEqual([failure.system, failure.kind, failure.written], ['crm', 'configuration', 'no']);
    assert.match(failure.message, /no_such_property/);
    assert.match(failure.object, /DE01-TECH-1/);
  });
});

describe('what HubSpot says of single inputs of a batch', () => {
  let server: TestServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });
  const at = '2026-11-21T06:50:00.000Z';
  const record = (id: string) => ({ id, properties: {}, createdAt: at, updatedAt: at });

  async function answering(status: number, body: object): Promise<string> {
    server = await testServer((request, response) => {
      if (request.url.includes('/batch/')) answerJson(response, status, { status: 'COMPLETE', startedAt: at, completedAt: at, ...body });
      else answerJson(response, 200, record('1'));
    });
    return server.url;
  }

  it('leaves it to a person where one value is refused, naming the record by its trace ID', async () => {
    const url = await answering(207, { results: [record('10')], numErrors: 1, errors: [{ status: 'error', category: 'VALIDATION_ERROR', message: 'delivery_status was too long', context: { objectWriteTraceId: ['P2'] } }] });
    const failure = await failureOf(writeBack(connect(url), '1', ['P1', 'P2']));
    assert.deepEqual([failure.kind, failure.written], ['business_rule', 'unknown']);
    assert.match(failure.message, /P2 of the project records of deal 1/);
    assert.ok(!server?.received.some(({ method }) => method === 'PATCH'), 'the deal is not said to be done');
    const inputs = JSON.parse(server?.received[0]?.body ?? '{}').inputs;
    assert.deepEqual(inputs.map((input: { id: string; idProperty: string; objectWriteTraceId: string }) => [input.id, input.idProperty, input.objectWriteTraceId]), [['P1', 'delivery_key', 'P1'], ['P2', 'delivery_key', 'P2']]);
  });

  it('asks for the scope that is missing', async () => {
    const url = await answering(207, { results: [], numErrors: 1, errors: [{ category: 'MISSING_SCOPES', message: 'no scope crm.objects.custom.write' }] });
    assert.equal((await failureOf(writeBack(connect(url), '1', ['P1']))).kind, 'configuration');
  });

  it('does not take a batch for done of which HubSpot leaves an input out', async () => {
    for (const body of [{ results: [record('10')] }, { results: [record('10'), record('11')], numErrors: 1 }]) {
      const failure = await failureOf(writeBack(connect(await answering(207, body)), '1', ['P1', 'P2']));
      assert.deepEqual([failure.kind, failure.code, failure.written], ['contract', 'HUBSPOT_BATCH_ANSWER', 'unknown']);
      await server?.close();
    }
  });

  it('tells a line that may not be read from one that is gone', async () => {
    server = await testServer((request, response) => {
      if (request.url.includes('/batch/read')) answerJson(response, 207, { status: 'COMPLETE', results: [], numErrors: 1, errors: [{ category: 'MISSING_SCOPES', message: 'no scope e-commerce', context: { ids: ['1000'] } }] });
      else if (request.url.includes('/associations/')) answerJson(response, 200, { results: request.url.includes('line_items') ? [{ toObjectId: 1000, associationTypes: [] }] : [] });
      else answerJson(response, 200, { ...record('1'), properties: { dealname: 'Deal', dealstage: 'closedwon', hs_lastmodifieddate: at } });
    });
    assert.equal((await failureOf(connect(server.url).loadOpportunity('1', context))).kind, 'configuration');
  });
});
