import assert from 'node:assert/strict';
import { sql } from 'kysely';
import type { Timesheet } from '../../domain/model/time/timesheet.ts';
import type { Store } from '../../store/database.ts';
import { openBatch, PAGE_SIZE, receiveRecords, sealBatch, sealStale } from '../../store/time/intake.ts';
import { putReference } from '../../store/time/reference.ts';
import { anEntry, aPerson, aTimesheet } from '../builders/time.ts';
import { asSuperuser, freshStore } from './support.ts';

let n = 0;
function sheet(person = 'ada@firm.example', parts: Partial<Timesheet> = {}): Timesheet {
  n += 1;
  return { ...aTimesheet([anEntry({ id: `E-${n}`, person })]), id: `TS-${n}`, person, ...parts };
}
const sheets = (count: number, person?: string) => Array.from({ length: count }, () => sheet(person));

describe('Intake of timesheets into the store', function () {
  this.timeout(30_000);
  let store: Store;
  before(async () => {
    store = await freshStore();
    const person = (email: string, legalEntity: string) => ({ kind: 'person', key: email, scope: email, document: aPerson({ email, legalEntity }) });
    await putReference(store.db, 'test', [person('ada@firm.example', 'US01'), person('emil@firm.example', 'DE01')]);
  });
  after(async () => {
    await store.close();
  });
  beforeEach(async () => {
    await asSuperuser(store, ['truncate time_batch, time_page, time_record cascade']);
  });

  const open = (idempotencyKey = `key-${(n += 1)}`) => openBatch(store.db, { source: 'canonical', kind: 'timesheets', idempotencyKey });
  const pages = async () => {
    const { rows } = await sql<{ page: number; legal_entity: string; records: number; state: string; found: number }>`
      select page, legal_entity, records, state, (select count(*)::integer from time_record r where r.batch = p.batch and r.page = p.page and r.legal_entity = p.legal_entity) as found
      from time_page p order by batch, page`.execute(store.db);
    return rows;
  };
  const stored = async () => (await sql<{ n: number }>`select count(*)::integer as n from time_record`.execute(store.db)).rows[0]?.n;

  it('the same key joins the batch; another source or key has its own', async () => {
    const first = await open('october');
    assert.deepEqual(await open('october'), first);
    assert.equal(first.state, 'receiving');
    assert.notEqual((await openBatch(store.db, { source: 'other', kind: 'timesheets', idempotencyKey: 'october' })).id, first.id);
    assert.notEqual((await openBatch(store.db, { source: 'canonical', kind: 'expenses', idempotencyKey: 'october' })).id, first.id);
  });

  it('puts each sheet on a page of its person\'s legal entity, at most 200 on one, and releases full pages at once', async () => {
    const { id } = await open();
    const results = await receiveRecords(store.db, id, [...sheets(250, 'ada@firm.example'), ...sheets(3, 'emil@firm.example'), sheet('nobody@firm.example')]);
    assert.ok(results.every(({ status }) => status === 'received'));
    assert.equal(new Set(results.map(({ record }) => record)).size, 254);
    const seen = await pages();
    assert.deepEqual(seen.map(({ legal_entity: entity, records, state }) => [entity, records, state]).toSorted(), [['DE01', 3, 'filling'], ['UNKNOWN', 1, 'filling'], ['US01', 200, 'ready'], ['US01', 50, 'filling']].toSorted());
    assert.ok(seen.every(({ records, found }) => records === found));
  });

  it('goes on filling open pages with the next request, and seals what is left', async () => {
    const { id } = await open();
    await receiveRecords(store.db, id, sheets(150));
    await receiveRecords(store.db, id, [...sheets(60), ...sheets(5, 'emil@firm.example')]);
    assert.deepEqual((await pages()).map(({ records, state }) => [records, state]), [[200, 'ready'], [5, 'filling'], [10, 'filling']]);
    assert.ok(await sealBatch(store.db, id));
    assert.ok((await pages()).every(({ state, records, found }) => state === 'ready' && records === found));
    assert.equal((await open('unused')).state, 'receiving');
    assert.equal(await sealBatch(store.db, 'no such batch'), false);
  });

  it('knows a sheet again: in the same request, the same batch and another one, whatever the order of its members', async () => {
    const { id } = await open();
    const one = sheet();
    assert.deepEqual((await receiveRecords(store.db, id, [one, one])).map(({ status }) => status), ['received', 'known']);
    const turned = Object.fromEntries(Object.entries(one).toReversed()) as typeof one;
    const [again] = await receiveRecords(store.db, id, [turned]);
    const [elsewhere, news] = await receiveRecords(store.db, (await open()).id, [one, sheet()]);
    assert.deepEqual([again?.status, elsewhere?.status, news?.status], ['known', 'known', 'received']);
    assert.equal(elsewhere?.record, again?.record);
    assert.equal(await stored(), 2);
  });

  it('keeps the same version with another content beside the first: refusing it by name is for the rules', async () => {
    const { id } = await open();
    const one = sheet();
    const results = await receiveRecords(store.db, id, [one, { ...one, entries: [anEntry({ hours: '9' })] }]);
    assert.deepEqual(results.map(({ status }) => status), ['received', 'received']);
  });

  it('loses and doubles nothing when many requests feed one batch, some of them with the same sheets', async () => {
    const { id } = await open();
    const other = await open();
    const chunks = Array.from({ length: 8 }, () => [...sheets(90, 'ada@firm.example'), ...sheets(35, 'emil@firm.example')]);
    const results = await Promise.all([...chunks, ...chunks.map((chunk) => chunk.toReversed())].map((chunk, index) => receiveRecords(store.db, index < 12 ? id : other.id, chunk)));
    const statuses = results.flat().map(({ status }) => status);
    assert.equal(statuses.filter((status) => status === 'received').length, 1000);
    assert.equal(statuses.length, 2000);
    assert.equal(await stored(), 1000);
    await sealBatch(store.db, id);
    await sealBatch(store.db, other.id);
    const seen = await pages();
    assert.ok(seen.every(({ records, found, state }) => records === found && records <= PAGE_SIZE.timesheets && state === 'ready'));
    assert.equal(seen.reduce((sum, { records }) => sum + records, 0), 1000);
  });

  it('seals a batch that nobody has touched for long, and opens it again when its sender comes back', async () => {
    const { id } = await open('cut off');
    await receiveRecords(store.db, id, sheets(3));
    assert.deepEqual(await sealStale(store.db, 60_000), []);
    await asSuperuser(store, ["update time_batch set touched_at = now() - interval '2 minutes'"]);
    assert.deepEqual(await sealStale(store.db, 60_000), [id]);
    assert.deepEqual((await pages()).map(({ state }) => state), ['ready']);
    assert.equal((await open('cut off')).state, 'sealed');
    await receiveRecords(store.db, id, sheets(2));
    assert.deepEqual((await pages()).map(({ records, state }) => [records, state]), [[3, 'ready'], [2, 'filling']]);
    assert.equal((await open('cut off')).state, 'receiving');
  });

  it('refuses records for a batch that was never opened', async () => {
    await assert.rejects(receiveRecords(store.db, 'never', sheets(1)), /there is no batch never/);
  });

  it('holds a whole month of one entity well within its share of the processor', async () => {
    const { id } = await open();
    const month = Array.from({ length: 1600 }, () => sheet('ada@firm.example', { entries: Array.from({ length: 10 }, (_, at) => anEntry({ id: `M-${n}-${at}` })) }));
    const cpu = process.cpuUsage();
    const began = performance.now();
    for (let at = 0; at < month.length; at += 250) await receiveRecords(store.db, id, month.slice(at, at + 250));
    const wall = performance.now() - began;
    const { user, system } = process.cpuUsage(cpu);
    console.log(`        ${month.length} sheets: ${wall.toFixed(0)} ms, of it ${((user + system) / 1000).toFixed(0)} ms of this process`);
    assert.equal(await stored(), 1600);
    assert.ok(wall < 10_000);
  });
});
