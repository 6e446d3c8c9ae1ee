import assert from 'node:assert/strict';
import { z } from 'zod';
import { fixedHeaders } from '../../connectors/http/auth.ts';
import { createHttpClient, type HttpClient } from '../../connectors/http/client.ts';
import { meaningOfStatus } from '../../connectors/http/classify.ts';
import { httpRegistry } from '../../connectors/http/metrics.ts';
import { budgetChecks } from '../../starters/q2c/budget-checks.ts';
import type { Store } from '../../store/database.ts';
import { loweredRates } from '../../store/target-rate.ts';
import { createRates, type Rates } from '../../workers/rates.ts';
import { answerJson, callContext, failureOf, memoryLog, testServer, type TestServer } from '../connectors/http/support.ts';
import { pause } from '../store/builders.ts';
import { freshStore } from '../store/support.ts';

describe('HTTP clients whose workers share a limit of requests per second', function () {
  this.timeout(30_000);
  let store: Store;
  let rates: Rates;
  let server: TestServer;
  before(async () => {
    store = await freshStore({ connections: 8 });
  });
  beforeEach(async () => {
    rates = await createRates(store, 'worker-1', memoryLog());
  });
  afterEach(async () => {
    await rates.close();
    await server.close();
  });
  after(async () => {
    await store.close();
  });
  const clientOf = (system: string, requestsPerSecond: number | null, path = '', limitName?: string): HttpClient =>
    createHttpClient({
      system, baseUrl: `${server.url}${path}`, auth: fixedHeaders({}), classify: (answer, request) => meaningOfStatus('TEST', answer, request), limits: { concurrency: null, requestsPerSecond, timeoutSeconds: 5 }, log: memoryLog(),
      ...(limitName === undefined ? {} : { limitName }),
    });
  const ask = (client: HttpClient) => client.request({ method: 'GET', path: '/x', answer: z.unknown(), object: 'project 1', writes: false, context: callContext() });

  it('send together what is configured, not each of them', async () => {
    server = await testServer((_request, response) => answerJson(response, 200, {}));
    const clients = [clientOf('together', 20, '/a'), clientOf('together', 20, '/b')];
    const startedAt = performance.now();
    await Promise.all(clients.flatMap((client) => Array.from({ length: 15 }, () => ask(client))));
    const seconds = (performance.now() - startedAt) / 1000;
    assert.equal(server.received.length, 30);
    assert.ok(30 <= 20 + 20 * seconds + 1, `30 requests in ${seconds} s: two buckets of their own would have let them go at once`);
  });

  it('all send fewer once one of them was refused for too many, in a limit of its own where the vendor has one', async () => {
    let refuse = false;
    server = await testServer((_request, response) => (refuse ? answerJson(response, 429, {}, { 'retry-after': '0' }) : answerJson(response, 200, {})));
    const [first, second, searches] = [clientOf('refusing', 100, '/a'), clientOf('refusing', 100, '/b'), clientOf('refusing', 4, '/a', 'search')];
    for (const client of [first, second, searches]) for (let taken = 0; taken < 2; taken += 1) await ask(client);
    refuse = true;
    const failure = await failureOf(ask(first));
    refuse = false;
    assert.deepEqual([failure.kind, 'sparesRate' in failure], ['transient', false]);
    while ((await loweredRates(store.db)).length === 0) await pause(5);
    const [lowered, ...others] = await loweredRates(store.db);
    assert.deepEqual([lowered?.target, lowered?.configured, others], ['refusing', 100, []]);
    assert.ok((lowered?.allowed ?? 100) <= 75);
    await Promise.all([ask(second), ask(searches)]);
    const metrics = await httpRegistry.metrics();
    const now = [...metrics.matchAll(/q2c_system_requests_per_second\{limit="(refusing[^"]*)",of="now"\} ([\d.]+)/g)].map(([, limit, value]) => [limit, Number(value)]);
    assert.ok(now.some(([limit, value]) => limit === 'refusing' && value === lowered?.allowed));
    assert.ok(now.some(([limit, value]) => limit === 'refusing/search' && value === 4));
    assert.match(metrics, /q2c_system_too_many_per_second_total\{system="refusing"\} 1/);
    assert.match(budgetChecks(metrics).find(({ what }) => what === 'budget of refusing/search')?.detail ?? '', /^requests per second: 4 configured, 4 now$/);
  });

  it('go on without a limit where none is configured, until the system refuses', async () => {
    let refuse = false;
    server = await testServer((_request, response) => (refuse ? answerJson(response, 429, {}, { 'retry-after': '1' }) : answerJson(response, 200, {})));
    const client = clientOf('unlimited', null);
    await Promise.all(Array.from({ length: 50 }, () => ask(client)));
    refuse = true;
    await failureOf(ask(client));
    while (!(await loweredRates(store.db)).some(({ target }) => target === 'unlimited')) await pause(5);
    const lowered = (await loweredRates(store.db)).find(({ target }) => target === 'unlimited');
    assert.ok(lowered?.configured === null && lowered.allowed <= 20, 'fifty in two windows of a second, and a fifth less');
  });

  it('do not slow down for a day\'s allowance or a lock', async () => {
    server = await testServer((_request, response) => answerJson(response, 429, {}));
    const spared = createHttpClient({
      system: 'spared', baseUrl: server.url, auth: fixedHeaders({}), limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 5 }, log: memoryLog(),
      classify: () => ({ kind: 'transient', code: 'LOCK', message: 'Locked.', mend: 'Wait.', sparesRate: true }),
    });
    await failureOf(ask(spared));
    const allowance = createHttpClient({
      system: 'allowance', baseUrl: server.url, auth: fixedHeaders({}), limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 5 }, log: memoryLog(),
      classify: () => ({ kind: 'transient', code: 'DAY', message: 'All used.', mend: 'Wait.', retryAfterMs: 300_000 }),
    });
    await failureOf(ask(allowance));
    await pause(100);
    assert.ok((await loweredRates(store.db)).every(({ target }) => target !== 'spared' && target !== 'allowance'));
  });
});
