import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { z } from 'zod';
import { problemSchema } from '../../../starters/gateway/problem.ts';
import type { Store } from '../../../store/database.ts';
import { receiveRecords } from '../../../store/time/intake.ts';
import { anEntry } from '../../builders/time.ts';
import { asSuperuser, freshStore } from '../../store/support.ts';
import { API_TOKEN, ndjson, report, sheet, signed, stream, timeGateway, type Answered, type ListeningGateway, type Sending } from './support.ts';

const lineSchema = z.strictObject({ line: z.int(), id: z.string().nullable(), version: z.number().nullable(), status: z.enum(['received', 'known', 'invalid']), errors: z.array(z.object({ path: z.string(), message: z.string() })).min(1).optional() });
const endSchema = z.strictObject({
  batch: z.string(),
  complete: z.boolean(),
  lines: z.int(),
  received: z.int(),
  known: z.int(),
  invalid: z.int(),
  digest: z.enum(['verified', 'mismatch', 'not given']),
  problem: z.strictObject({ reason: z.string(), detail: z.string(), mend: z.string(), retryAfterSeconds: z.int().optional() }).optional(),
});

function read(answer: Answered) {
  assert.equal(answer.status, 200, answer.text);
  assert.match(String(answer.headers['content-type']), /^application\/x-ndjson/);
  const texts = answer.text.trimEnd().split('\n');
  const end = endSchema.parse(JSON.parse(texts.pop() ?? ''));
  assert.equal(answer.headers['x-batch'], end.batch);
  return { lines: texts.map((text) => lineSchema.parse(JSON.parse(text))), end };
}

describe('gateway: a stream of timesheets', function () {
  this.timeout(60_000);
  let store: Store;
  let gateway: ListeningGateway;
  let n = 0;
  before(async () => {
    store = await freshStore();
    gateway = await timeGateway(store);
  });
  after(async () => {
    await gateway.close();
    await store.close();
  });
  const key = () => `batch-${(n += 1)}`;
  const send = async (body: string | Buffer | Iterable<string | Buffer> | AsyncIterable<string | Buffer>, { headers, ...sending }: Sending = {}, to = gateway) =>
    await stream(to, typeof body === 'string' || Buffer.isBuffer(body) ? [body] : body, { ...sending, headers: { 'idempotency-key': key(), ...headers } });
  const stored = async (batch: string) => (await sql<{ n: number }>`select count(*)::integer as n from time_record where batch = ${batch}`.execute(store.db)).rows[0]?.n;
  const batchState = async (batch: string) => (await sql<{ state: string }>`select state from time_batch where id = ${batch}`.execute(store.db)).rows[0]?.state;

  it('is answered line by line, with totals at the end, and is durable and ready to be worked on', async () => {
    const sheets = [sheet(), sheet({ version: 3 })];
    const { lines, end } = read(await send(ndjson(sheets)));
    assert.deepEqual(lines, sheets.map(({ id, version }, index) => ({ line: index + 1, id, version, status: 'received' })));
    assert.deepEqual(end, { batch: end.batch, complete: true, lines: 2, received: 2, known: 0, invalid: 0, digest: 'not given' });
    assert.equal(await stored(end.batch), 2);
    assert.equal(await batchState(end.batch), 'sealed');
  });

  it('sent twice under one key, or again under another, changes nothing', async () => {
    const body = ndjson([sheet(), sheet(), sheet()]);
    const headers = { 'idempotency-key': key() };
    const first = read(await send(body, { headers }));
    const again = read(await send(body, { headers }));
    assert.equal(again.end.batch, first.end.batch);
    assert.ok(again.lines.every(({ status }) => status === 'known'));
    assert.equal(read(await send(body)).end.known, 3);
    assert.equal(await stored(first.end.batch), 3);
  });

  it('answers while the sender is still sending', async () => {
    const heard = Promise.withResolvers<string>();
    async function* slowly() {
      yield ndjson([sheet()]);
      assert.match(await heard.promise, /"line":1,.*"status":"received"/);
      yield ndjson([sheet()]);
    }
    assert.equal(read(await send(slowly(), { onAnswer: (piece) => heard.resolve(piece) })).end.received, 2);
  });

  it('is read whatever the pieces it comes in, with any line ends, empty lines and a byte order mark', async () => {
    const [one, two, three] = [sheet({ id: 'Überstunden-加班-😀' }), sheet(), sheet()];
    const bytes = Buffer.from(`\ufeff${JSON.stringify(one)}\r\n\n  \n${JSON.stringify(two)}\n${JSON.stringify(three)}`);
    const { lines, end } = read(await send(Array.from(bytes, (byte) => Buffer.from([byte])).slice(0, bytes.length)));
    assert.deepEqual(lines.map(({ line, id }) => [line, id]), [[1, one.id], [4, two.id], [5, three.id]]);
    assert.equal(end.received, 3);
  });

  it('with bad lines among good ones refuses each by name and takes the rest', async () => {
    const valid = sheet();
    const bad: readonly (readonly [string | Buffer, RegExp])[] = [
      ['{"schema": "timesheet",', /not JSON/],
      ['null', /expected object/i],
      ['[1, 2]', /expected object/i],
      [JSON.stringify({ ...valid, id: 'X', surprise: 1 }), /surprise/],
      [JSON.stringify({ ...valid, id: 'X', version: 1e300 }), /./],
      [JSON.stringify({ ...valid, id: 'X', version: 4_000_000_000 }), /2147483647/],
      [JSON.stringify({ ...valid, id: 'X', weekStart: '0000-01-01' }), /1970/],
      [JSON.stringify({ ...valid, id: 'X', weekStart: '2026-02-30' }), /./],
      [JSON.stringify({ ...valid, id: 'X', entries: [anEntry({ hours: '1e9' })] }), /decimal number/],
      [JSON.stringify({ ...valid, id: 'X', entries: [anEntry({ hours: '9'.repeat(40) })] }), /decimal number/],
      [JSON.stringify({ ...valid, id: 'X', entries: [{ ...anEntry(), hours: 8 }] }), /expected string/],
      [JSON.stringify({ ...valid, id: 'X', entries: [anEntry({ workDate: '0000-12-31' })] }), /1970/],
      [JSON.stringify({ ...valid, id: 'X', entries: [anEntry({ notes: 'half \ud83d' })] }), /lone surrogate/],
      [JSON.stringify({ ...valid, id: 'X', entries: [anEntry({ notes: 'nul \0' })] }), /U\+0000/],
      [JSON.stringify({ ...valid, id: 'X', entries: Array.from({ length: 501 }, () => anEntry()) }), /500/],
      [Buffer.concat([Buffer.from('{"id":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]), /UTF-8/],
      [Buffer.concat([Buffer.from('{"id":"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')]), /UTF-8/],
      ['['.repeat(100_000), /not JSON/],
      [`${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`, /./],
    ];
    const body = bad.flatMap(([line]) => [Buffer.from(ndjson([sheet()])), Buffer.from(line), Buffer.from('\n')]);
    const { lines, end } = read(await send(Buffer.concat(body)));
    assert.deepEqual([end.received, end.invalid, end.complete], [bad.length, bad.length, true]);
    bad.forEach(([, message], index) => {
      const line = lines[index * 2 + 1];
      assert.equal(line?.status, 'invalid');
      assert.match(JSON.stringify(line.errors), message);
    });
    assert.equal(await stored(end.batch), bad.length);
  });

  it('tells which record a bad line was about, as far as it can be read', async () => {
    const { lines } = read(await send(ndjson([{ ...sheet({ id: 'TS-bad', version: 7 }), person: 'nobody' }])));
    assert.deepEqual([lines[0]?.id, lines[0]?.version, lines[0]?.errors?.[0]?.path], ['TS-bad', 7, 'person']);
  });

  it('with 10 MB in one field refuses that line, holds none of it, and takes the rest', async () => {
    const huge = JSON.stringify(sheet({ entries: [anEntry({ notes: 'x'.repeat(10_000_000) })] }));
    const { lines, end } = read(await send([ndjson([sheet()]), huge, '\n', ndjson([sheet()])]));
    assert.deepEqual(lines.map(({ status }) => status), ['received', 'invalid', 'received']);
    assert.match(lines[1]?.errors?.[0]?.message ?? '', new RegExp(`${Buffer.byteLength(huge)} bytes; 1048576 is the most`));
    assert.ok(end.complete);
  });

  it('whose last line was cut off says so, and takes what came whole', async () => {
    const { lines, end } = read(await send(ndjson([sheet(), sheet()]).slice(0, -100)));
    assert.deepEqual(lines.map(({ status }) => status), ['received', 'invalid']);
    assert.match(lines[1]?.errors?.[0]?.message ?? '', /last line is cut off/);
    assert.equal(end.invalid, 1);
  });

  it('without any line is an empty batch', async () => {
    assert.deepEqual(read(await send('')).end.lines, 0);
  });

  it('of expense reports goes the same way, and a timesheet among them is refused', async () => {
    const { lines } = read(await send(ndjson([report(), sheet()]), { path: '/v1/expenses' }));
    assert.deepEqual(lines.map(({ status }) => status), ['received', 'invalid']);
  });

  describe('checked by a digest', () => {
    const digestOf = (body: string) => createHash('sha256').update(body).digest('base64');

    it('in the head or a trailer, in the new spelling or the old one, says when it is right', async () => {
      const body = ndjson([sheet()]);
      assert.equal(read(await send(body, { headers: { 'content-digest': `sha-256=:${digestOf(body)}:` } })).end.digest, 'verified');
      assert.equal(read(await send(body, { headers: { digest: `sha-256=${digestOf(body)}` } })).end.digest, 'verified');
      assert.equal(read(await send(body, { trailers: { 'Content-Digest': `sha-256=:${digestOf(body)}:` } })).end.digest, 'verified');
    });

    it('that is wrong says so and names the batch; the records stay, each being a business event of its own', async () => {
      const body = ndjson([sheet(), sheet()]);
      for (const sending of [{ headers: { digest: `sha-256=${digestOf('something else')}` } }, { trailers: { Digest: `sha-256=${digestOf('something else')}` } }, { headers: { trailer: 'Digest', 'transfer-encoding': 'chunked' } }]) {
        const { end } = read(await send(body, sending));
        assert.deepEqual([end.complete, end.digest, end.problem?.reason], [false, 'mismatch', 'digest_mismatch']);
        assert.ok(end.problem?.detail.includes(end.batch));
        assert.equal(await batchState(end.batch), 'sealed');
      }
    });

    it('of another kind is refused before anything is read', async () => {
      const answer = await send(ndjson([sheet()]), { headers: { digest: 'md5=abc' } });
      assert.equal(answer.status, 400);
    });
  });

  describe('from a sender', () => {
    const body = ndjson([sheet()]);
    const refusedWith = (answer: Answered, status: number, reason: string) => {
      assert.equal(answer.status, status, answer.text);
      assert.equal(problemSchema.parse(JSON.parse(answer.text)).type, `urn:q2c:problem:${reason}`);
    };

    it('with the agreed token or a signature over the digest or the key is taken', async () => {
      const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
      assert.ok(read(await send(body, { headers: { authorization: '', 'content-digest': digest, ...signed(`digest:${digest}`) } })).end.complete);
      const idempotencyKey = key();
      assert.ok(read(await send(body, { headers: { authorization: '', 'idempotency-key': idempotencyKey, ...signed(`key:${idempotencyKey}`) } })).end.complete);
    });

    it('without a proof, with a wrong one, or with one made for another key or digest is refused', async () => {
      refusedWith(await send(body, { headers: { authorization: '' } }), 401, 'unsigned');
      refusedWith(await send(body, { headers: { authorization: 'Bearer guess' } }), 401, 'bad-signature');
      refusedWith(await send(body, { headers: { authorization: '', ...signed('key:another') } }), 401, 'bad-signature');
      const idempotencyKey = key();
      refusedWith(await send(body, { headers: { authorization: '', 'idempotency-key': idempotencyKey, digest: `sha-256=${'A'.repeat(43)}=`, ...signed(`key:${idempotencyKey}`) } }), 401, 'bad-signature');
    });

    it('that sends much before it listens still hears why it is refused', async () => {
      refusedWith(await send(Array.from({ length: 64 }, () => Buffer.alloc(65_536, 'x')), { headers: { authorization: 'Bearer guess' } }), 401, 'bad-signature');
    });

    it('without a usable key, in another format or compressed is refused', async () => {
      refusedWith(await stream(gateway, [body]), 400, 'no-key');
      refusedWith(await send(body, { headers: { 'idempotency-key': 'two words' } }), 400, 'no-key');
      refusedWith(await send(body, { headers: { 'content-type': 'text/csv' } }), 415, 'unsupported-media-type');
      refusedWith(await send(body, { headers: { 'content-encoding': 'gzip' } }), 415, 'unsupported-media-type');
    });
  });

  describe('when something breaks', () => {
    it('and the store is away from the start is told to come back', async () => {
      const broken = await timeGateway(store, { intake: { open: () => Promise.reject(new Error('connect ECONNREFUSED')) } });
      const answer = await send(ndjson([sheet()]), {}, broken);
      assert.equal(answer.status, 503);
      assert.equal(answer.headers['retry-after'], '30');
      await broken.close();
    });

    it('and the store goes away on the way, says which lines are kept and how to go on; sent again, it ends well', async () => {
      let calls = 0;
      const broken = await timeGateway(store, {
        intake: {
          receive: async (batch, documents) => {
            calls += 1;
            if (calls > 1) throw new Error('terminating connection');
            return await receiveRecords(store.db, batch, documents);
          },
        },
      });
      const body = ndjson(Array.from({ length: 600 }, () => sheet()));
      const headers = { 'idempotency-key': key() };
      const { lines, end } = read(await send(body, { headers }, broken));
      assert.deepEqual([end.complete, end.received, lines.length, end.problem?.reason, end.problem?.retryAfterSeconds], [false, 250, 250, 'store_unavailable', 30]);
      assert.equal(await batchState(end.batch), 'receiving');
      const again = read(await send(body, { headers }));
      assert.deepEqual([again.end.known, again.end.received, again.end.batch], [250, 350, end.batch]);
      await broken.close();
    });

    it('and the connection is cut, keeps the lines that came whole and leaves the batch open for its sender', async () => {
      const batchKey = key();
      const sheets = [sheet(), sheet(), sheet()];
      const headers = { 'content-type': 'application/x-ndjson', authorization: `Bearer ${API_TOKEN}`, 'idempotency-key': batchKey };
      const sent = httpRequest(`${gateway.url}/v1/timesheets`, { method: 'POST', agent: false, headers });
      sent.on('error', () => undefined);
      sent.write(ndjson(sheets).slice(0, -50));
      await new Promise<void>((resolve) => void sent.once('response', (response) => response.once('data', () => resolve())));
      sent.destroy();
      await delay(200);
      const again = read(await send(ndjson(sheets), { headers: { 'idempotency-key': batchKey } }));
      assert.deepEqual([again.end.known, again.end.received], [2, 1]);
    });

    it('and the sender falls silent, ends with a word about it', async () => {
      const impatient = await timeGateway(store, { limits: { bulkIdleMs: 100 } });
      async function* silent() {
        yield ndjson([sheet()]);
        await delay(600);
      }
      const { end } = read(await send(silent(), {}, impatient));
      assert.deepEqual([end.received, end.complete, end.problem?.reason], [1, false, 'too_slow']);
      assert.equal(await batchState(end.batch), 'receiving');
      await impatient.close();
    });

    it('and the gateway is being stopped, is told so at once, with what came whole kept', async () => {
      const leaving = await timeGateway(store);
      const until = Promise.withResolvers<void>();
      let closed: Promise<void> | undefined;
      async function* endless() {
        yield ndjson([sheet(), sheet()]);
        await until.promise;
        yield ndjson([sheet()]);
      }
      const answer = send(endless(), { onAnswer: (piece) => { if (piece.includes('"line":2')) closed ??= leaving.close(); if (piece.includes('complete')) until.resolve(); } }, leaving);
      const { end } = read(await answer);
      assert.deepEqual([end.received, end.complete, end.problem?.reason, end.problem?.retryAfterSeconds], [2, false, 'store_unavailable', 10]);
      assert.equal(await batchState(end.batch), 'receiving');
      await closed;
    });

    it('and the body is larger than allowed, takes what is within and says where it stopped', async () => {
      const small = await timeGateway(store, { limits: { bulkBytes: 100_000 } });
      async function* large() {
        for (let index = 0; index < 200; index += 1) {
          yield ndjson([sheet()]);
          if (index % 20 === 0) await delay(5);
        }
      }
      const { end } = read(await send(large(), {}, small));
      assert.deepEqual([end.complete, end.problem?.reason], [false, 'too_large']);
      assert.ok(end.received > 10 && end.received < 200);
      const told = await send('x'.repeat(100_001), { headers: { 'content-length': '100001' } }, small);
      assert.equal(told.status, 413);
      await small.close();
    });

    it('and the database cannot hold a value the schema allows, only that line suffers', async () => {
      const picky = await timeGateway(store, {
        intake: {
          receive: async (batch, documents) => {
            if (documents.some(({ id }) => id === 'poison')) throw Object.assign(new Error('numeric field overflow'), { code: '22003' });
            return await receiveRecords(store.db, batch, documents);
          },
        },
      });
      const { lines } = read(await send(ndjson([sheet(), sheet(), sheet({ id: 'poison' }), sheet()]), {}, picky));
      assert.deepEqual(lines.map(({ status }) => status), ['received', 'received', 'invalid', 'received']);
      await picky.close();
    });
  });

  it('of a tenth of a month is taken fast and in little memory', async () => {
    const line = ndjson([{ ...sheet({ id: 'ID' }), entries: Array.from({ length: 10 }, (_, at) => anEntry({ id: `E-${at}` })) }]);
    async function* month() {
      for (let index = 0; index < 1600; index += 1) yield line.replace('"id":"ID"', `"id":"MONTH-${index}"`);
    }
    const cpu = process.cpuUsage();
    const began = performance.now();
    const { end } = read(await send(month()));
    const { user, system } = process.cpuUsage(cpu);
    console.log(`        1600 sheets with 16000 entries: ${(performance.now() - began).toFixed(0)} ms; sender and gateway used ${((user + system) / 1000).toFixed(0)} ms of processor`);
    assert.deepEqual([end.received, end.invalid, end.complete], [1600, 0, true]);
    await asSuperuser(store, ['truncate time_batch, time_page, time_record cascade']);
  });
});
