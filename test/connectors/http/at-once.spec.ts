import assert from 'node:assert/strict';
import { z } from 'zod';
import { onTooManyAtOnce, squeezeRequests, type TooManyAtOnce } from '../../../connectors/http/at-once.ts';
import { createHttpClient } from '../../../connectors/http/client.ts';
import { classifyNetSuite } from '../../../connectors/netsuite/classify.ts';
import { answerJson, callContext, failureOf, memoryLog, testServer, type TestServer } from './support.ts';

const SYSTEM = 'at-once-erp';

describe('a system that refuses for too many requests at once', () => {
  let server: TestServer;
  afterEach(async () => {
    squeezeRequests(SYSTEM, null);
    await server.close();
  });
  const clientOf = (concurrency: number | null) =>
    createHttpClient({ system: SYSTEM, baseUrl: server.url, auth: { authorize: async () => ({}) }, classify: classifyNetSuite, limits: { concurrency, requestsPerSecond: null, timeoutSeconds: 5 }, log: memoryLog() });
  const ask = (client: ReturnType<typeof clientOf>) => client.request({ method: 'GET', path: '/x', answer: z.unknown(), object: 'project 1', writes: false, context: callContext() });

  it('is told of to whoever holds the limit over all workers, and other refusals are not', async () => {
    server = await testServer((_request, response, nth) => {
      if (nth === 1) answerJson(response, 429, { 'o:errorDetails': [{ detail: 'Concurrent request limit exceeded.', 'o:errorCode': 'CONCURRENCY_LIMIT_EXCEEDED' }] }, { 'retry-after': '0' });
      else answerJson(response, 400, { 'o:errorDetails': [{ detail: 'Wrong.', 'o:errorCode': 'INVALID_CONTENT' }] });
    });
    const told: TooManyAtOnce[] = [];
    const end = onTooManyAtOnce((refusal) => told.push(refusal));
    const client = clientOf(5);
    const failure = await failureOf(ask(client));
    await failureOf(ask(client));
    end();
    assert.deepEqual(told.map(({ system }) => system), [SYSTEM]);
    assert.ok((told[0]?.sentMsAgo ?? -1) >= 0);
    assert.deepEqual([failure.code, failure.kind, failure.written, 'tooManyAtOnce' in failure], ['NETSUITE_CONCURRENCY_LIMIT_EXCEEDED', 'transient', 'no', false]);
  });

  it('gets as few of this process\'s requests at once as are left to it, and all of them again afterwards', async () => {
    const open: (() => void)[] = [];
    let most = 0;
    server = await testServer((_request, response) => {
      open.push(() => answerJson(response, 200, {}));
      most = Math.max(most, open.length);
    });
    for (const concurrency of [5, null]) {
      most = 0;
      const client = clientOf(concurrency);
      squeezeRequests(SYSTEM, 2);
      const asked = Promise.all(Array.from({ length: 6 }, () => ask(client)));
      for (let answered = 0; answered < 3; answered += 1) {
        await until(() => open.length === 2);
        for (const answer of open.splice(0)) answer();
      }
      await asked;
      assert.equal(most, 2);
      squeezeRequests(SYSTEM, null);
      const again = Promise.all(Array.from({ length: 4 }, () => ask(client)));
      await until(() => open.length === 4);
      for (const answer of open.splice(0)) answer();
      await again;
    }
  });
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
}
