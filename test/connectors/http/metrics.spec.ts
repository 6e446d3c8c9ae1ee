import assert from 'node:assert/strict';
import { z } from 'zod';
import { fixedHeaders } from '../../../connectors/http/auth.ts';
import { meaningOfStatus } from '../../../connectors/http/classify.ts';
import { createHttpClient } from '../../../connectors/http/client.ts';
import { httpRegistry } from '../../../connectors/http/metrics.ts';
import { circuitChecks } from '../../../starters/q2c/doctor.ts';
import { answerJson, callContext, failureOf, memoryLog, testServer, type TestServer } from './support.ts';

describe('What a system did to our requests', () => {
  let server: TestServer;
  let status = 200;
  before(async () => {
    server = await testServer((_, response) => answerJson(response, status, {}));
  });
  after(() => server.close());

  const client = (system: string) =>
    createHttpClient({ system, baseUrl: server.url, auth: fixedHeaders({}), classify: (answer, request) => meaningOfStatus('TEST', answer, request), limits: { concurrency: 2, requestsPerSecond: null, timeoutSeconds: 5 }, log: memoryLog() });
  const read = (system: string, http = client(system)) => http.request({ method: 'GET', path: '/things?secret=1', answer: z.unknown(), object: 'thing 1', writes: false, context: callContext() });
  const metrics = () => httpRegistry.metrics();

  it('is counted by system and answer', async () => {
    status = 200;
    await read('counted');
    status = 503;
    await failureOf(read('counted'));
    const text = await metrics();
    assert.match(text, /q2c_system_request_seconds_count\{system="counted",method="GET",answer="200"\} 1/);
    assert.match(text, /q2c_system_request_seconds_count\{system="counted",method="GET",answer="503"\} 1/);
  });

  it('shows in the doctor where a system keeps failing and is not called for a moment', async () => {
    status = 503;
    const http = client('failing');
    for (let call = 0; call < 10; call += 1) await failureOf(read('failing', http));
    status = 200;
    await read('healthy');
    const checks = circuitChecks(await metrics()).filter(({ what }) => /failing|healthy/.test(what));
    assert.deepEqual(checks.map(({ what, ok }) => [what, ok]), [['system failing', false], ['system healthy', true]]);
    assert.match(checks[0]?.detail ?? '', /not called for some seconds/);
  });
});
