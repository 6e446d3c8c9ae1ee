import assert from 'node:assert/strict';
import { z } from 'zod';
import { fixedHeaders, renewedToken, type AuthProvider } from '../../../connectors/http/auth.ts';
import { createHttpClient, type HttpClientSettings, type HttpRequest } from '../../../connectors/http/client.ts';
import { meaningOfStatus } from '../../../connectors/http/classify.ts';
import { detachedContext } from '../../../connectors/http/detached-context.ts';
import { circuitStates } from '../../../connectors/http/metrics.ts';
import { holdRates } from '../../../connectors/http/shared-rate.ts';
import { answerJson, callContext, failureOf, memoryLog, testServer, type TestServer } from './support.ts';

describe('an HTTP client and its tokens', () => {
  let server: TestServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });
  const clientFor = (baseUrl: string, changes: Partial<HttpClientSettings> = {}) =>
    createHttpClient({ system: 'erp', baseUrl, auth: fixedHeaders({}), classify: (got, request) => meaningOfStatus('ERP', got, request), limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 5 }, log: memoryLog(), ...changes });
  const read = (changes: Partial<HttpRequest<{ id: string }>> = {}): HttpRequest<{ id: string }> => ({ method: 'GET', path: '/records/1', answer: z.object({ id: z.string() }), object: 'record 1', writes: false, context: callContext(), ...changes });

  it('ends at once when it is cancelled while it waits for a token that does not come, which the others go on waiting for', async () => {
    let answerToken: (() => void) | undefined;
    server = await testServer((request, response) => {
      if (request.url === '/token') answerToken = () => answerJson(response, 200, { id: 'token-1' });
      else answerJson(response, 200, { id: request.headers.authorization });
    });
    const logins = clientFor(server.url);
    let asked: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => (asked = resolve));
    const auth = renewedToken(async () => {
      asked();
      const { body } = await logins.request(read({ path: '/token', context: detachedContext(memoryLog()) }));
      return { headers: { authorization: body.id }, expiresInSeconds: 3600 };
    });
    const client = clientFor(server.url, { auth, limits: { concurrency: 1, requestsPerSecond: null, timeoutSeconds: 5 } });
    const controller = new AbortController();
    const reason = new Error('the activity was cancelled');
    const cancelled = client.request(read({ context: callContext(memoryLog(), controller.signal) }));
    await begun;
    controller.abort(reason);
    await assert.rejects(cancelled, reason);
    const other = client.request(read());
    while (answerToken === undefined) await new Promise((resolve) => setImmediate(resolve));
    answerToken();
    assert.equal((await other).body.id, 'token-1');
    assert.deepEqual(server.received.map(({ url }) => url), ['/token', '/records/1'], 'the token was fetched once');
  });

  it('ends at once when it is cancelled while a refused token is being renewed', async () => {
    server = await testServer((_request, response) => answerJson(response, 401, {}));
    const controller = new AbortController();
    const reason = new Error('the activity was cancelled');
    const headers = { authorization: 'Bearer old' };
    const auth: AuthProvider = {
      authorize(force) {
        if (!force) return Promise.resolve(headers);
        setImmediate(() => controller.abort(reason));
        return new Promise(() => undefined);
      },
    };
    await assert.rejects(clientFor(server.url, { auth }).request(read({ context: callContext(memoryLog(), controller.signal) })), reason);
  });

  it('fetches its tokens before whatever else waits', () => {
    assert.equal(detachedContext(memoryLog()).priority, 1);
  });

  it('counts the client of a system\'s logins beside that of its API at the same address: rates reach both, the worse circuit shows', async () => {
    server = await testServer((_request, response) => answerJson(response, 500, {}));
    const api = clientFor(server.url, { system: 'twofold', auth: renewedToken(() => Promise.resolve({ headers: {}, expiresInSeconds: 3600 })) });
    const logins = clientFor(server.url, { system: 'twofold' });
    const codes = clientFor(server.url, { system: 'twofold', role: 'codes' });
    const shared: string[] = [];
    const end = holdRates({ lessorOf: ({ name }) => (shared.push(name), () => Promise.resolve({ limited: false, processes: 1 })), refused: () => undefined });
    end();
    assert.equal(shared.filter((name) => name === 'twofold').length, 3);
    for (let call = 0; call < 10; call += 1) await failureOf(api.request(read()));
    assert.deepEqual([api, logins, codes].map((client) => client.state().state), ['open', 'closed', 'closed']);
    assert.equal(circuitStates().get('twofold')?.state, 'open');
  });
});
