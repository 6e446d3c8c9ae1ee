import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { z } from 'zod';
import { fixedHeaders, renewedToken, type AuthProvider } from '../../../connectors/http/auth.ts';
import { createHttpClient, emptyAnswer, type HttpClientSettings, type HttpRequest } from '../../../connectors/http/client.ts';
import { meaningOfStatus } from '../../../connectors/http/classify.ts';
import { answerJson, callContext, failureOf, memoryLog, testServer, type TestServer } from './support.ts';

const answer = z.object({ id: z.string() });
let server: TestServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

function clientFor(baseUrl: string, changes: Partial<HttpClientSettings> = {}) {
  return createHttpClient({
    system: 'erp',
    baseUrl,
    auth: fixedHeaders({ authorization: 'Bearer not-a-secret-token' }),
    classify: (got, request) => meaningOfStatus('ERP', got, request),
    limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 5 },
    log: memoryLog(),
    ...changes,
  });
}

function read(changes: Partial<HttpRequest<{ id: string }>> = {}): HttpRequest<{ id: string }> {
  return { method: 'GET', path: '/records/1', answer, object: 'record 1', writes: false, context: callContext(), ...changes };
}

const write = (changes: Partial<HttpRequest<{ id: string }>> = {}) => read({ method: 'POST', path: '/records', json: { name: 'Ünïcode 株式会社' }, writes: true, ...changes });

describe('the HTTP layer of the connectors', () => {
  it('sends the query, the body and the authorization, and gives back the parsed answer', async () => {
    server = await testServer((_request, response) => answerJson(response, 201, { id: '7' }));
    const context = callContext();
    const got = await clientFor(server.url).request(write({ query: { a: 'b c' }, context }));
    assert.equal(got.status, 201);
    assert.deepEqual(got.body, { id: '7' });
    const [sent] = server.received;
    assert.equal(sent?.url, '/records?a=b+c');
    assert.equal(sent?.headers.authorization, 'Bearer not-a-secret-token');
    assert.deepEqual(JSON.parse(sent?.body ?? ''), { name: 'Ünïcode 株式会社' });
    assert.equal(context.heartbeats.length, 1);
  });

  it('never repeats a request by itself, whatever the status', async () => {
    server = await testServer((_request, response) => answerJson(response, 503, {}));
    await failureOf(clientFor(server.url).request(read()));
    assert.equal(server.received.length, 1);
  });

  it('calls an unreachable system transient and certain: nothing was written', async () => {
    const gone = await testServer(() => undefined);
    await gone.close();
    const failure = await failureOf(clientFor(gone.url).request(write()));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['transient', 'HTTP_UNREACHABLE', 'no']);
  });

  it('is in doubt about a write whose connection was cut, and calls the same of a read transient', async () => {
    server = await testServer((_request, response) => response.destroy());
    const client = clientFor(server.url);
    const written = await failureOf(client.request(write()));
    assert.deepEqual([written.kind, written.written], ['in_doubt', 'unknown']);
    const readFailure = await failureOf(client.request(read()));
    assert.deepEqual([readFailure.kind, readFailure.written], ['transient', 'no']);
  });

  it('is in doubt about a write that took too long or ended with a 5xx status', async () => {
    server = await testServer((request, response) => {
      if (request.url === '/records/slow') return;
      answerJson(response, 500, { message: 'oops' });
    });
    const client = clientFor(server.url, { limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 0.1 } });
    const slow = await failureOf(client.request(write({ path: '/records/slow' })));
    assert.deepEqual([slow.kind, slow.code], ['in_doubt', 'HTTP_TIMEOUT']);
    const broken = await failureOf(client.request(write()));
    assert.deepEqual([broken.kind, broken.written, broken.evidence], ['in_doubt', 'unknown', '{"message":"oops"}']);
  });

  it('knows that a write answered with 429 was not done, and keeps the vendor\'s wish', async () => {
    server = await testServer((_request, response) => answerJson(response, 429, {}, { 'retry-after': '7' }));
    const failure = await failureOf(clientFor(server.url).request(write()));
    assert.deepEqual([failure.kind, failure.written, failure.retryAfterMs], ['transient', 'no', 7000]);
  });

  it('does not send while the vendor\'s wish lasts longer than a worker should wait', async () => {
    server = await testServer((_request, response) => answerJson(response, 429, {}, { 'retry-after': '60' }));
    const client = clientFor(server.url);
    await failureOf(client.request(read()));
    const failure = await failureOf(client.request(read()));
    assert.equal(failure.code, 'REQUEST_BUDGET');
    assert.ok((failure.retryAfterMs ?? 0) > 50_000);
    assert.equal(server.received.length, 1);
  });

  it('calls an answer of another shape a contract failure; after a write the record may be there', async () => {
    server = await testServer((_request, response) => answerJson(response, 200, { unexpected: true }));
    const client = clientFor(server.url);
    const onRead = await failureOf(client.request(read()));
    assert.deepEqual([onRead.kind, onRead.written], ['contract', 'no']);
    assert.match(onRead.message, /id/);
    const onWrite = await failureOf(client.request(write()));
    assert.deepEqual([onWrite.kind, onWrite.written], ['contract', 'unknown']);
  });

  it('tells a web page from an API answer: contract by 200 and 404, transient by 502', async () => {
    server = await testServer((request, response) => {
      response.writeHead(Number(request.url.slice(1)), { 'content-type': 'text/html' }).end('<!doctype html><title>Maintenance</title>');
    });
    const client = clientFor(server.url);
    const kinds = [];
    for (const status of ['200', '404', '502']) kinds.push((await failureOf(client.request(read({ path: `/${status}` })))).kind);
    assert.deepEqual(kinds, ['contract', 'contract', 'transient']);
    const page = await failureOf(client.request({ ...read({ path: '/200' }), answer: emptyAnswer }));
    assert.equal(page.code, 'HTTP_HTML');
  });

  it('takes an accepted status as an answer', async () => {
    server = await testServer((_request, response) => answerJson(response, 404, [{ errorCode: 'NOT_FOUND' }]));
    const got = await clientFor(server.url).request({ ...read({ accept: [404] }), answer: answer.optional() });
    assert.deepEqual([got.status, got.body], [404, undefined]);
  });

  it('keeps numbers exact that a double cannot hold', async () => {
    server = await testServer((_request, response) => {
      response.writeHead(200).end('{"small":1200.10,"large":12345678901234567.89,"id":"x"}');
    });
    const got = await clientFor(server.url).request({ ...read(), answer: z.looseObject({}) });
    assert.deepEqual(got.body, { small: 1200.1, large: '12345678901234567.89', id: 'x' });
  });

  it('refuses an answer of more than ten megabytes without holding it', async () => {
    server = await testServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const chunk = ' '.repeat(1024 * 1024);
      for (let sent = 0; sent < 16; sent += 1) response.write(chunk);
      response.end('{}');
    });
    const failure = await failureOf(clientFor(server.url).request(read()));
    assert.deepEqual([failure.kind, failure.code], ['contract', 'ANSWER_TOO_LARGE']);
  });

  it('renews a refused token once for all calls that were refused, and repeats them', async () => {
    let issued = 0;
    const auth: AuthProvider = renewedToken(async () => {
      issued += 1;
      const token = `token-${issued}`;
      await new Promise((resolve) => setTimeout(resolve, 10));
      return { headers: { authorization: `Bearer ${token}` }, expiresInSeconds: 3600 };
    });
    server = await testServer((request, response) => {
      if (request.headers.authorization === 'Bearer token-1') answerJson(response, 401, {});
      else answerJson(response, 200, { id: '1' });
    });
    const client = clientFor(server.url, { auth });
    await Promise.all(Array.from({ length: 50 }, () => client.request(read())));
    assert.equal(issued, 2);
  });

  it('calls it a configuration failure when the new token is refused too', async () => {
    server = await testServer((_request, response) => answerJson(response, 401, { message: 'no' }));
    const failure = await failureOf(clientFor(server.url).request(write()));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['configuration', 'CREDENTIALS_REFUSED', 'no']);
    assert.equal(server.received.length, 2);
  });

  it('stops calling a system that failed ten times in a row', async () => {
    server = await testServer((_request, response) => answerJson(response, 500, {}));
    const client = clientFor(server.url);
    for (let call = 0; call < 12; call += 1) await failureOf(client.request(read()));
    assert.equal(server.received.length, 10);
    assert.equal(client.state().state, 'open');
    assert.equal((await failureOf(client.request(read()))).code, 'CIRCUIT_OPEN');
  });

  it('holds the limit of requests in flight', async () => {
    let inFlight = 0;
    let most = 0;
    server = await testServer((_request, response) => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      setTimeout(() => {
        inFlight -= 1;
        answerJson(response, 200, { id: '1' });
      }, 5);
    });
    const client = clientFor(server.url, { limits: { concurrency: 3, requestsPerSecond: null, timeoutSeconds: 5 } });
    await Promise.all(Array.from({ length: 20 }, () => client.request(read())));
    assert.equal(most, 3);
  });

  it('ends at once with the reason of the cancellation', async () => {
    server = await testServer(() => undefined);
    const controller = new AbortController();
    const reason = new Error('the activity was cancelled');
    setTimeout(() => controller.abort(reason), 20);
    await assert.rejects(clientFor(server.url).request(write({ context: callContext(memoryLog(), controller.signal) })), reason);
  });

  it('refuses a path that leads to another host', async () => {
    server = await testServer((_request, response) => answerJson(response, 200, { id: '1' }));
    await assert.rejects(clientFor(server.url).request(read({ path: 'https://attacker.example/' })), TypeError);
    await assert.rejects(clientFor(server.url).request(read({ path: '.attacker.example/' })), TypeError);
  });

  it('keeps tokens out of logs and evidence', async () => {
    server = await testServer((request, response) => answerJson(response, 500, { echo: request.headers.authorization, access_token: 'abc.def' }));
    const log = memoryLog();
    const failure = await failureOf(clientFor(server.url, { log }).request(write({ context: callContext(log) })));
    const everything = JSON.stringify([log.lines, failure]);
    assert.doesNotMatch(everything, /not-a-secret-token|abc\.def/);
    assert.match(failure.evidence ?? '', /\[redacted\]/);
    assert.doesNotMatch(JSON.stringify(log.lines), /Ünïcode/);
  });

  it('keeps nothing of an answer to a login that it cannot read', async () => {
    server = await testServer((_request, response) => answerJson(response, 200, { result: ['1', 'the-session-of-somebody'] }));
    const log = memoryLog();
    const failure = await failureOf(clientFor(server.url, { log }).request(read({ secretAnswer: true, context: callContext(log) })));
    assert.equal(failure.code, 'ANSWER_SCHEMA');
    assert.doesNotMatch(JSON.stringify([log.lines, failure]), /the-session-of-somebody/);
  });

  it('goes on calling a system that says no to one record after another by a status of 500', async () => {
    let requests = 0;
    server = await testServer((_request, response) => {
      requests += 1;
      answerJson(response, 500, { fault: 'the project is closed' });
    });
    let judged = 0;
    const client = clientFor(server.url, {
      classify: () => {
        judged += 1;
        return { kind: 'business_rule', code: 'PROJECT_CLOSED', message: 'The project is closed.', mend: 'Open it.', refused: true };
      },
    });
    for (let number = 1; number <= 12; number += 1) assert.equal((await failureOf(client.request(write()))).code, 'PROJECT_CLOSED');
    assert.deepEqual([requests, client.state().state], [12, 'closed']);
    assert.equal(judged, 12, 'each answer is judged once, for the circuit and for the failure');
  });

  it('does not take a proxy\'s page that something is not found for a record that is not there', async () => {
    const proxy = await testServer((_, response) => response.writeHead(404, { 'content-type': 'text/html' }).end('<!DOCTYPE html><html><body>404 Not Found: nginx</body></html>'));
    try {
      const http = createHttpClient({ system: 'proxied', baseUrl: proxy.url, auth: fixedHeaders({}), classify: (answer, request) => meaningOfStatus('TEST', answer, request), limits: { concurrency: 1, requestsPerSecond: null, timeoutSeconds: 5 }, log: memoryLog() });
      const failure = await failureOf(http.request({ method: 'GET', path: '/customers/1', answer: z.object({ id: z.string() }).optional(), accept: [404], object: 'customer 1', writes: false, context: callContext() }));
      assert.deepEqual([failure.kind, failure.written], ['contract', 'no']);
    } finally {
      await proxy.close();
    }
  });
});
