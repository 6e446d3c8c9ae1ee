import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox, type RunningSandbox, type SandboxDefinition } from '../../../sandbox/kit/sandbox.ts';

interface Note {
  readonly id: string;
  readonly text: string;
}

const notebook: SandboxDefinition = {
  name: 'notebook',
  title: 'A notebook',
  modes: ['strict'],
  faultAnswers: ({ kind, status }) => ({ status, body: { refused: kind } }),
  register({ app, records, deliver, deliveryPolicy, mode }) {
    const notes = records.collection<Note>('notes');
    const byText = notes.indexBy((note) => note.text);
    deliveryPolicy('note', {
      maxBatch: 10,
      windowMs: 5,
      firstRetryMs: 20,
      maxRetryMs: 100,
      giveUpAfterMs: 60_000,
      maxAttempts: 5,
      assemble: (bodies, attempt) => ({
        headers: { 'content-type': 'application/json', attempt: String(attempt) },
        body: `[${bodies.join()}]`,
      }),
      accepted: (status) => status === 204,
    });
    app.get('/notes', () => notes.all());
    app.get('/mode', () => ({ mode: mode() }));
    app.get<{ Params: { text: string } }>('/by-text/:text', (request) => byText(request.params.text));
    app.post<{ Body: { text: string; twice?: boolean } }>('/notes', (request, reply) => {
      records.transaction(() => {
        const id = String(records.nextId('note'));
        notes.put(id, { id, text: request.body.text });
        deliver({ id: `event-${id}`, policy: 'note', body: JSON.stringify({ id }) });
        if (request.body.text === 'half done') throw new Error('refused after the write');
      });
      return reply.code(201).send({ stored: true });
    });
  },
  initialRecords: ({ records }) => records.collection<Note>('notes').put('first', { id: 'first', text: 'was always here' }),
};

describe('sandbox kit', () => {
  const folder = mkdtempSync(join(tmpdir(), 'q2c-kit-'));
  const dataFile = join(folder, 'notebook.sqlite');
  let sandbox: RunningSandbox;

  beforeEach(async () => {
    sandbox = await startSandbox(notebook, { port: 0, dataFile });
  });
  afterEach(async () => {
    await post('/__admin/reset');
    await sandbox.close();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const post = (path: string, body?: unknown): Promise<Response> =>
    fetch(sandbox.url + path, {
      method: 'POST',
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
  const notes = async (): Promise<string[]> => {
    const list = (await (await fetch(`${sandbox.url}/notes`)).json()) as Note[];
    return list.map((note) => note.text);
  };

  it('keeps every record, the mode and the webhook address over a restart', async () => {
    await post('/notes', { text: 'kept' });
    await post('/__admin/mode', { mode: 'strict' });
    await sandbox.close();
    sandbox = await startSandbox(notebook, { port: 0, dataFile });
    assert.deepEqual(await notes(), ['was always here', 'kept']);
    assert.deepEqual(await (await fetch(`${sandbox.url}/mode`)).json(), { mode: 'strict' });
    await post('/notes', { text: 'next' });
    const [found] = (await (await fetch(`${sandbox.url}/by-text/next`)).json()) as Note[];
    assert.equal(found?.id, '2');
  });

  it('undoes every write and every event of work that fails', async () => {
    const answer = await post('/notes', { text: 'half done' });
    assert.equal(answer.status, 500);
    await sandbox.close();
    sandbox = await startSandbox(notebook, { port: 0, dataFile });
    assert.deepEqual(await notes(), ['was always here']);
    assert.deepEqual(await (await fetch(`${sandbox.url}/by-text/half%20done`)).json(), []);
  });

  it('refuses a mode it does not have and a fault it does not know, saying why', async () => {
    const mode = await post('/__admin/mode', { mode: 'sloppy' });
    assert.equal(mode.status, 400);
    assert.match(await mode.text(), /no mode 'sloppy'.*default, strict/);
    assert.equal((await post('/__admin/faults', { kind: 'gremlin' })).status, 400);
  });

  it('answers one request with the vendor-worded fault, and the next as usual', async () => {
    await post('/__admin/faults', { kind: 'status', status: 429, retryAfterSeconds: 3, path: '^/notes$' });
    const refused = await fetch(`${sandbox.url}/notes`);
    assert.equal(refused.status, 429);
    assert.equal(refused.headers.get('retry-after'), '3');
    assert.deepEqual(await refused.json(), { refused: 'status' });
    assert.equal((await fetch(`${sandbox.url}/notes`)).status, 200);
  });

  it('cuts the connection before the write, so that nothing was stored', async () => {
    await post('/__admin/faults', { kind: 'cut-before', method: 'POST' });
    await assert.rejects(post('/notes', { text: 'lost' }));
    assert.deepEqual(await notes(), ['was always here']);
  });

  it('cuts the connection after the write, so that it was stored but nobody was told', async () => {
    await post('/__admin/faults', { kind: 'cut-after', method: 'POST' });
    await assert.rejects(post('/notes', { text: 'stored unheard' }));
    assert.deepEqual(await notes(), ['was always here', 'stored unheard']);
  });

  it('answers in another shape, or with a web page, when told to', async () => {
    await post('/__admin/faults', { kind: 'wrong-schema' });
    const strange: unknown = await (await fetch(`${sandbox.url}/notes`)).json();
    assert.ok(!Array.isArray(strange));
    await post('/__admin/faults', { kind: 'html' });
    const page = await fetch(`${sandbox.url}/notes`);
    assert.match(page.headers.get('content-type') ?? '', /text\/html/);
  });

  it('answers late when told to be slow', async () => {
    await post('/__admin/faults', { kind: 'slow', delayMs: 150 });
    const began = performance.now();
    await notes();
    assert.ok(performance.now() - began >= 145);
  });

  it('lists the last requests with their faults, and shows its records as a page and as JSON', async () => {
    await post('/__admin/faults', { kind: 'status', status: 503 });
    await fetch(`${sandbox.url}/notes`);
    const log = (await (await fetch(`${sandbox.url}/__admin/requests`)).json()) as { status: number; fault?: string }[];
    assert.deepEqual(
      log.map(({ status, fault }) => [status, fault]),
      [[503, 'status']],
    );
    await post('/notes', { text: '<b>bold</b>' });
    assert.match(await (await fetch(sandbox.url)).text(), /&lt;b&gt;bold&lt;\/b&gt;/);
    const state = (await (await fetch(`${sandbox.url}/__admin/state`)).json()) as Record<string, Note[]>;
    assert.deepEqual(Object.keys(state), ['notes']);
  });

  describe('webhooks', () => {
    let subscriber: Server;
    let received: { attempt: string; body: string }[];
    let answer: () => number;

    beforeEach(async () => {
      received = [];
      answer = () => 204;
      subscriber = createServer((request, response) => {
        let body = '';
        request.on('data', (chunk: Buffer) => (body += chunk.toString()));
        request.on('end', () => {
          received.push({ attempt: String(request.headers['attempt']), body });
          response.writeHead(answer()).end();
        });
      });
      await new Promise<void>((resolve) => subscriber.listen(0, '127.0.0.1', resolve));
      const address = subscriber.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      await fetch(`${sandbox.url}/__admin/webhooks`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ url: `http://127.0.0.1:${port}/hook` }),
      });
    });
    afterEach(() => new Promise((resolve) => subscriber.close(resolve)));

    it('are retried with a growing attempt number until they are accepted', async () => {
      answer = () => (received.length < 3 ? 500 : 204);
      await post('/notes', { text: 'a' });
      await until(() => received.length === 3);
      assert.deepEqual(
        received.map((request) => request.attempt),
        ['0', '1', '2'],
      );
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.equal(received.length, 3);
    });

    it('that were not accepted when the sandbox died are sent after it starts again', async () => {
      answer = () => 500;
      await post('/notes', { text: 'a' });
      await until(() => received.length >= 1);
      await sandbox.close();
      answer = () => 204;
      const before = received.length;
      sandbox = await startSandbox(notebook, { port: 0, dataFile });
      await until(() => received.length > before);
      assert.equal(received.at(-1)?.body, '[{"id":"1"}]');
    });
  });
});

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 3000;
  while (!condition()) {
    if (Date.now() > end) throw new Error('waited three seconds in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
