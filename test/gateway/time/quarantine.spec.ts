import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { batchSchema } from '../../../starters/gateway/time/openapi.ts';
import { replayEvent } from '../../../starters/q2c/replay.ts';
import type { Store } from '../../../store/database.ts';
import { listInbox, loadEvent } from '../../../store/inbox-relay.ts';
import { dismissEvent } from '../../../store/inbox-replay.ts';
import { listNotifications } from '../../../store/notifications.ts';
import { receiveRecords, sealStale } from '../../../store/time/intake.ts';
import { anEntry } from '../../builders/time.ts';
import { asSuperuser, freshStore } from '../../store/support.ts';
import { ndjson, report, sheet, signed, stream, timeGateway, type ListeningGateway } from './support.ts';

describe('gateway: lines that cannot be read as documents', function () {
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
  beforeEach(async () => {
    await asSuperuser(store, ['truncate time_batch, time_page, time_record, inbox, notification cascade']);
  });

  const send = async (body: string | Buffer, { key = `q-${(n += 1)}`, path = '/v1/timesheets', to = gateway } = {}) => {
    const { text, headers } = await stream(to, [body], { path, headers: { 'idempotency-key': key } });
    return { batch: String(headers['x-batch']), statuses: [...text.matchAll(/"status":"(\w+)"/g)].map(([, value]) => value) };
  };
  const one = async (body: string, key: string, url = '/v1/timesheets') => await gateway.app.inject({ method: 'POST', url, payload: body, headers: { 'content-type': 'application/json', ...signed(body, key) } });
  const statusOf = async (batch: string) => batchSchema.parse((await gateway.app.inject({ method: 'GET', url: `/v1/batches/${batch}`, headers: signed(`batch:${batch}`) })).json());
  const inboxOf = async (batch: string) => (await listInbox(store.db, { businessKey: batch, limit: 2000 })).toReversed();
  const replay = async (id: number, mended?: string | Buffer) => await replayEvent(store.db, async () => [], { id, by: 'ines', reason: 'mended', ...(mended === undefined ? {} : { mended: Buffer.from(mended) }) });
  const recordIds = async () => (await sql<{ record_id: string }>`select record_id from time_record order by id`.execute(store.db)).rows.map((row) => row.record_id);
  const messages = async () => (await listNotifications(store.db, {})).toReversed();

  it('are kept as they came with every finding, and the batch counts them', async () => {
    const bad = JSON.stringify({ ...sheet({ id: 'TS-bad', version: 7 }), person: 'nobody', surprise: 1 });
    const { batch } = await send(`${ndjson([sheet()])}${bad}\n{"half\n`);
    const [first, second, ...others] = await inboxOf(batch);
    assert.equal(others.length, 0);
    assert.deepEqual([first?.state, first?.kind, first?.version, first?.raw_body.toString()], ['quarantined', 'timesheet.line', '7', bad]);
    assert.match(first?.last_error ?? '', /^line 2 \(TS-bad version 7\): person/);
    assert.match(JSON.stringify(first?.findings), /person.*surprise/);
    assert.equal(second?.raw_body.toString(), '{"half');
    assert.deepEqual((await statusOf(batch)).unreadable, { waiting: 2, taken: 0, dismissed: 0, notKept: 0 });
  });

  it('are told of once a batch, however many and however often it is sent, and anew where a later sending brings more', async () => {
    const body = `${ndjson([sheet()])}{"half\n[1]\n`;
    const { batch } = await send(body, { key: 'told' });
    await send(body, { key: 'told' });
    const [message, ...others] = await messages();
    assert.equal(others.length, 0);
    assert.deepEqual([message?.case_id, message?.recipient], [`unreadable/${batch}`, 'integration_support']);
    assert.match(message?.message ?? '', new RegExp(`^2 lines of batch ${batch} \\(timesheets from canonical, key told\\).*q2c -- inbox --batch ${batch}`));
    await send(`${body}null\n`, { key: 'told' });
    assert.match((await messages())[1]?.message ?? '', /^3 lines of batch/);
  });

  it('sent one by one are told of once an hour, not once each', async () => {
    for (const key of ['evt-a', 'evt-b', 'evt-c']) assert.equal((await one(`{"event":"${key}"}`, key)).statusCode, 422);
    assert.equal((await listInbox(store.db, { state: 'quarantined' })).length, 3);
    assert.ok((await messages()).length <= 2, 'one, or two where the hour ended meanwhile');
  });

  it('of a body that was cut off are told of when its batch is given up', async () => {
    const broken = await timeGateway(store, { intake: { seal: () => Promise.reject(new Error('connection lost')) } });
    const { batch } = await send(`${ndjson([sheet()])}{"half\n`, { to: broken });
    await broken.close();
    assert.deepEqual(await messages(), []);
    await asSuperuser(store, ["update time_batch set touched_at = now() - interval '2 minutes'"]);
    assert.deepEqual(await sealStale(store.db, 60_000), [batch]);
    assert.equal((await messages())[0]?.case_id, `unreadable/${batch}`);
  });

  it('are kept up to a bound, and counted past it, the same when sent again', async () => {
    const body = `${Array.from({ length: 1100 }, (_, at) => `{"n":${at}}\n`).join('')}${ndjson([sheet({ id: 'TS-last' })])}`;
    const { batch, statuses } = await send(body, { key: 'many' });
    assert.equal(statuses.at(-1), 'received');
    const counted = { waiting: 1000, taken: 0, dismissed: 0, notKept: 100 };
    assert.deepEqual((await statusOf(batch)).unreadable, counted);
    await send(body, { key: 'many' });
    assert.deepEqual((await statusOf(batch)).unreadable, counted);
    assert.equal((await inboxOf(batch)).length, 1000);
    assert.deepEqual((await messages()).map(({ message }) => /100 more were only counted/.test(message)), [true]);
    assert.deepEqual(await recordIds(), ['TS-last']);
  });

  it('hold no more than so much of one batch: past it the first part of each is kept, with length and hash of the whole', async () => {
    const long = (at: number) => `{"at":${at},"x":"${'x'.repeat(1_000_000)}"}\n`;
    const { batch } = await send(Array.from({ length: 70 }, (_, at) => long(at)).join(''));
    const kept = await inboxOf(batch);
    assert.equal(kept.length, 70);
    assert.deepEqual([kept[0]?.raw_body.length, kept[69]?.raw_body.length], [long(0).length - 1, 65_536]);
    assert.partialDeepStrictEqual(kept[69]?.payload, { line: 70, bytes: long(69).length - 1, sha256: kept[69]?.content_hash });
    assert.match(JSON.stringify(await replay(kept[69]?.id ?? 0)), /unreadable.*first 65536 bytes.*--with/);
  });

  it('are refused by 503 while they cannot be kept, so that their sender comes back', async () => {
    const broken = await timeGateway(store, { intake: { quarantine: () => Promise.reject(new Error('connection lost')) } });
    const body = '{"half';
    const response = await broken.app.inject({ method: 'POST', url: '/v1/timesheets', payload: body, headers: { 'content-type': 'application/json', ...signed(body, 'evt-away') } });
    assert.deepEqual([response.statusCode, response.headers['retry-after']], [503, '30']);
    await broken.close();
  });

  it('of a single document are kept too, whether it is no JSON or follows no schema, and its sender hears the number', async () => {
    const malformed = await one('{"half', 'evt-1');
    assert.equal(malformed.statusCode, 400);
    assert.match(malformed.body, /kept in quarantine \(inbox \d+, batch/);
    const odd = await one(JSON.stringify({ ...report(), lines: 'none' }), 'evt-2', '/v1/expenses');
    assert.equal(odd.statusCode, 422);
    const again = await one(JSON.stringify({ ...report(), lines: 'none' }), 'evt-2', '/v1/expenses');
    assert.equal(again.statusCode, 422);
    assert.deepEqual((await listInbox(store.db, { state: 'quarantined' })).map(({ kind }) => kind).toSorted(), ['expense.line', 'expense.line', 'timesheet.line']);
  });

  it('of an array are kept each to the letter, as a parser would not give them back', async () => {
    const good = JSON.stringify(sheet({ entries: [anEntry({ notes: 'a ] and a , and a \\" in text' })] }));
    const odd = '{"id": "TS-odd", "version": 12345678901234567890, "a": [1, {"b": "]"}], "a": 2}';
    const response = await one(`[ ${good} ,\n${odd} ]`, 'evt-array');
    assert.equal(response.statusCode, 202);
    const [kept] = await listInbox(store.db, { state: 'quarantined' });
    assert.equal(kept?.raw_body.toString(), odd);
  });

  it('that the database cannot hold are kept as well', async () => {
    const picky = await timeGateway(store, {
      intake: {
        receive: async (batch, documents) => {
          if (documents.some(({ id }) => id === 'poison')) throw Object.assign(new Error('numeric field overflow'), { code: '22003' });
          return await receiveRecords(store.db, batch, documents);
        },
      },
    });
    const { batch, statuses } = await send(ndjson([sheet(), sheet({ id: 'poison' }), sheet()]), { to: picky });
    await picky.close();
    assert.deepEqual(statuses, ['received', 'invalid', 'received']);
    const [kept] = await inboxOf(batch);
    assert.match(kept?.last_error ?? '', /line 2 \(poison version 1\): the store cannot hold a value .*numeric field overflow/);
    assert.deepEqual(await replay(kept?.id ?? 0), { outcome: 'replayed', object: `poison version 1 in batch ${batch}`, others: 0 }, 'the fix: the store holds it now');
    assert.ok((await recordIds()).includes('poison'));
  });

  describe('looked at by a person', () => {
    const keptLine = async (line: string, key?: string) => {
      const { batch } = await send(`${ndjson([sheet({ id: 'TS-good' })])}${line}\n`, key === undefined ? {} : { key });
      const [kept] = await inboxOf(batch);
      assert.ok(kept !== undefined);
      return { batch, id: kept.id };
    };

    it('are read again by the schema of today: what is still wrong stays, with each reason', async () => {
      const { id } = await keptLine(JSON.stringify({ ...sheet(), person: 'nobody' }));
      assert.deepEqual(await replay(id), { outcome: 'unreadable', findings: [{ path: 'person', message: (await firstFinding(id)) }] });
      assert.equal((await loadEvent(store.db, id))?.state, 'quarantined');
    });

    it('are taken into their batch once the schema reads them, once, with who and why in the audit trail', async () => {
      const { batch, id } = await keptLine(JSON.stringify({ ...sheet(), person: 'nobody' }));
      const readable = JSON.stringify(sheet({ id: 'TS-now' }));
      await asSuperuser(store, [`update inbox set raw_body = convert_to('${readable}', 'UTF8'), payload = payload || '{"id": "TS-now", "bytes": ${readable.length}}' where id = ${id}`]);
      assert.deepEqual(await replay(id), { outcome: 'replayed', object: `TS-now version 1 in batch ${batch}`, others: 0 });
      assert.deepEqual(await replay(id), { outcome: 'waiting' });
      const status = await statusOf(batch);
      assert.deepEqual([status.state, status.records.received, status.unreadable], ['sealed', 2, { waiting: 0, taken: 1, dismissed: 0, notKept: 0 }]);
      const lines = await store.db.selectFrom('audit_trail').select(['actor', 'message']).where('action', '=', 'inbox.line_taken').where('object', '=', `inbox event ${id}`).execute();
      assert.deepEqual(lines, [{ actor: 'ines', message: `inbox event ${id} left quarantine: read again by ines: mended (TS-now version 1, received)` }]);
    });

    it('are replaced by a mended document, and stay in the inbox as they came', async () => {
      const document = sheet({ id: 'TS-mend' });
      const wrong = JSON.stringify({ ...document, person: 'nobody' });
      const { id } = await keptLine(wrong);
      assert.match(JSON.stringify(await replay(id, '{"half')), /unreadable.*not JSON/);
      assert.match(JSON.stringify(await replay(id, JSON.stringify(sheet({ id: 'TS-other' })))), /the file holds TS-other; the kept line is about TS-mend/);
      assert.equal((await replay(id, `${JSON.stringify(document, null, 2)}\n`)).outcome, 'replayed');
      assert.deepEqual(await recordIds(), ['TS-good', 'TS-mend']);
      const kept = await loadEvent(store.db, id);
      assert.deepEqual([kept?.state, kept?.raw_body.toString()], ['dispatched', wrong]);
      assert.match(kept?.disposition ?? '', /^a mended document taken for it by ines: mended/);
    });

    it('are set aside, stay so when the batch comes again, and can be taken after all', async () => {
      const document = sheet({ id: 'TS-aside' });
      const { batch, id } = await keptLine(JSON.stringify({ ...document, person: 'nobody' }), 'aside');
      await dismissEvent(store.db, { id, by: 'ines', reason: 'a test of theirs' });
      await send(`${ndjson([sheet({ id: 'TS-good' })])}${JSON.stringify({ ...document, person: 'nobody' })}\n`, { key: 'aside' });
      assert.deepEqual((await statusOf(batch)).unreadable, { waiting: 0, taken: 0, dismissed: 1, notKept: 0 });
      assert.equal((await replay(id, JSON.stringify(document))).outcome, 'replayed');
    });

    it('leave quarantine by themselves where their sender mends them and sends the batch again, and no others do', async () => {
      const [first, second] = [sheet({ id: 'TS-first' }), sheet({ id: 'TS-second' })];
      const wrong = (document: object) => JSON.stringify({ ...document, person: 'nobody' });
      const { batch } = await send(`${wrong(first)}\n${wrong(second)}\n{"half\n`, { key: 'mend' });
      await send(`${JSON.stringify(first)}\n${wrong(second)}\n{"half\n`, { key: 'mend' });
      assert.deepEqual((await inboxOf(batch)).map(({ state, disposition }) => [state, disposition]), [['dispatched', 'sent again with its batch, and read'], ['quarantined', null], ['quarantined', null]]);
      await send(ndjson([second]), { key: 'mend' });
      assert.deepEqual((await statusOf(batch)).unreadable, { waiting: 1, taken: 2, dismissed: 0, notKept: 0 });
    });

    const firstFinding = async (id: number) => {
      const [finding] = (await loadEvent(store.db, id))?.findings ?? [];
      return typeof finding === 'object' && finding !== null && 'message' in finding ? String(finding['message']) : '';
    };
  });
});
