import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { listInbox } from '../../../store/inbox-relay.ts';
import type { Store } from '../../../store/database.ts';
import { batchStatuses } from '../../../store/time/batches.ts';
import { anEntry } from '../../builders/time.ts';
import { freshStore } from '../../store/support.ts';
import { ndjson, sheet, stream, timeGateway, type ListeningGateway } from './support.ts';

const utf8 = (...bytes: readonly number[]) => Buffer.concat([Buffer.from('{"id":"'), Buffer.from(bytes), Buffer.from('"}')]);

/** What arrives in the middle of a good batch, and what the person who looks at it in quarantine is told. */
const HAZARDS: readonly { readonly what: string; readonly line: string | Buffer; readonly told: RegExp }[] = [
  { what: 'a field of 10 MB', line: JSON.stringify(sheet({ entries: [anEntry({ notes: 'x'.repeat(10_000_000) })] })), told: /10\d{6} bytes; 1048576 is the most/ },
  { what: 'an absurd version', line: JSON.stringify(sheet({ version: 4_000_000_000 })), told: /version: .*2147483647/ },
  { what: 'a number no computer holds', line: JSON.stringify({ ...sheet(), version: 0 }).replace('"version":0', '"version":1e999'), told: /version/ },
  { what: 'absurd hours', line: JSON.stringify(sheet({ entries: [anEntry({ hours: '9'.repeat(40) })] })), told: /entries\.0\.hours: .*decimal number/ },
  { what: 'a year that never was', line: JSON.stringify(sheet({ weekStart: '0000-01-03' })), told: /weekStart: expected a day from 1970/ },
  { what: 'half a character', line: JSON.stringify(sheet({ entries: [anEntry({ notes: 'half \ud83d' })] })), told: /entries\.0\.notes: .*lone surrogate/ },
  { what: 'the character U+0000', line: JSON.stringify(sheet({ entries: [anEntry({ notes: 'nul \0' })] })), told: /entries\.0\.notes: .*U\+0000/ },
  { what: 'bytes of Latin-1', line: utf8(0xdc, 0x62, 0x65, 0x72), told: /not UTF-8/ },
  { what: 'a surrogate written as UTF-8', line: utf8(0xed, 0xa0, 0x80), told: /not UTF-8/ },
  { what: 'an overlong zero byte', line: utf8(0xc0, 0x80), told: /not UTF-8/ },
  { what: 'broken JSON', line: '{"schema": "timesheet",', told: /not JSON/ },
  { what: 'ten thousand open brackets', line: '['.repeat(10_000), told: /not JSON/ },
  { what: 'a document of another kind', line: JSON.stringify({ schema: 'opportunity' }), told: /schema/ },
];

describe('gateway: whatever comes in the middle of a batch, the rest is unharmed', function () {
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

  const send = async (body: string | Buffer, headers: Record<string, string> = {}) => {
    const { status, text, headers: answered } = await stream(gateway, [body], { headers: { 'idempotency-key': `unharmed-${(n += 1)}`, ...headers } });
    assert.equal(status, 200, text);
    return { batch: String(answered['x-batch']), statuses: [...text.matchAll(/"status":"(\w+)"/g)].map(([, value]) => value), text };
  };
  const byId = (a: { readonly id: string }, b: { readonly id: string }) => (a.id < b.id ? -1 : 1);
  const documents = async (batch: string) => (await sql<{ document: { readonly id: string } }>`select document from time_record where batch = ${batch}`.execute(store.db)).rows.map(({ document }) => document).toSorted(byId);
  const ready = async (batch: string) => (await sql<{ n: number }>`select sum(records) as n from time_page where batch = ${batch} and state = 'ready'`.execute(store.db)).rows[0]?.n;

  for (const { what, line, told } of HAZARDS) {
    it(`${what}: its line goes to quarantine with the reason, the timesheets before and after it are ready to be worked on`, async () => {
      const sheets = [sheet(), sheet(), sheet()];
      const [one, two, three] = sheets;
      const { batch, statuses } = await send(Buffer.concat([Buffer.from(ndjson([one])), Buffer.from(line), Buffer.from('\n'), Buffer.from(ndjson([two, three]))]));
      assert.deepEqual(statuses, ['received', 'invalid', 'received', 'received']);
      assert.deepEqual(await documents(batch), sheets.toSorted(byId));
      assert.equal(await ready(batch), 3);
      const [kept, ...others] = await listInbox(store.db, { businessKey: batch });
      assert.equal(others.length, 0);
      assert.deepEqual([kept?.state, kept?.source, kept?.kind], ['quarantined', 'canonical', 'timesheet.line']);
      assert.match(kept?.last_error ?? '', told);
      assert.equal(kept?.content_hash, createHash('sha256').update(line).digest('hex'));
      const bytes = Buffer.from(line);
      assert.ok(kept.raw_body.equals(bytes.length > 1_048_576 ? bytes.subarray(0, 65_536) : bytes), 'kept as it came, or its first part');
    });
  }

  it('a last line that was cut off goes to quarantine; what came whole is ready to be worked on, and the batch sent again brings the rest and empties quarantine', async () => {
    const sheets = [sheet(), sheet(), sheet()];
    const headers = { 'idempotency-key': 'cut-off' };
    const cut = await send(ndjson(sheets).slice(0, -60), headers);
    assert.deepEqual(cut.statuses, ['received', 'received', 'invalid']);
    assert.deepEqual([(await documents(cut.batch)).length, await ready(cut.batch)], [2, 2]);
    const [kept] = await listInbox(store.db, { businessKey: cut.batch });
    assert.match(kept?.last_error ?? '', /line 3: the last line is cut off/);
    assert.deepEqual((await send(ndjson(sheets), headers)).statuses, ['known', 'known', 'received']);
    assert.deepEqual(await documents(cut.batch), sheets.toSorted(byId));
    const [status] = await batchStatuses(store.db, { id: cut.batch });
    assert.deepEqual(status?.unreadable, { waiting: 0, taken: 1, dismissed: 0, notKept: 0 });
  });

  it('a batch sent twice, at once or later, doubles nothing: no timesheet and no line in quarantine', async () => {
    const body = `${ndjson([sheet()])}{"broken\n${ndjson([sheet()])}`;
    const headers = { 'idempotency-key': 'doubled' };
    const answers = [...(await Promise.all([send(body, headers), send(body, headers)])), await send(body, headers)];
    assert.equal(new Set(answers.map(({ batch }) => batch)).size, 1);
    assert.equal(answers.flatMap(({ statuses }) => statuses).filter((status) => status === 'received').length, 2);
    const batch = answers[0]?.batch ?? '';
    assert.deepEqual([(await documents(batch)).length, (await listInbox(store.db, { businessKey: batch })).length], [2, 1]);
  });

  it('a digest of another body is told at the end; the timesheets that came are kept, each being a business event of its own', async () => {
    const sheets = [sheet(), sheet()];
    const { batch, statuses, text } = await send(ndjson(sheets), { 'content-digest': `sha-256=:${createHash('sha256').update('another body').digest('base64')}:` });
    assert.deepEqual(statuses, ['received', 'received']);
    assert.match(text, /"complete":false,.*digest_mismatch/);
    assert.deepEqual(await documents(batch), sheets.toSorted(byId));
  });

  it('text in any script, composed or not, right to left or outside the basic plane, is kept to the letter', async () => {
    const notes = ['Größe', 'Gro\u0308ße', '加班费', 'ساعات العمل', '\u202eoverride', 'zero\u200bwidth', '👩🏽‍💻 😀', '\ufffd', 'line\\n "quoted" \\u0041', '\u2028\u2029', '𝔘𝔫𝔦'];
    const sheets = notes.map((text, at) => sheet({ id: `TS-Ü-${at}-加`, entries: [anEntry({ id: `E-Ü-${at}`, notes: text })] }));
    const { batch, statuses } = await send(ndjson(sheets));
    assert.ok(statuses.every((status) => status === 'received'));
    assert.deepEqual(await documents(batch), sheets.toSorted(byId));
  });
});
