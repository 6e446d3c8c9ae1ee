import assert from 'node:assert/strict';
import { MockActivityEnvironment } from '@temporalio/testing';
import { sql } from 'kysely';
import { createExpenseSources } from '../../activities/expenses/source.ts';
import type { ReadReport } from '../../connectors/expense-source.ts';
import { SystemFailure, type Failure } from '../../domain/failure.ts';
import type { ExpenseReport } from '../../domain/model/time/expense-report.ts';
import type { Store } from '../../store/database.ts';
import { batchStatuses } from '../../store/time/batches.ts';
import { advanceWatermark, readWatermark } from '../../store/watermarks.ts';
import { aReport, aTaxi } from '../builders/expenses.ts';
import { anApproval } from '../builders/time.ts';
import { silent } from '../connectors/conformance/documents.ts';
import { freshStore } from '../store/support.ts';
import { createFakeSystems } from '../support/fake-systems.ts';
import { receive } from './store-line.ts';

const AT = '2026-11-16T09:30:00.000Z';
const NAME = 'expenses/harvest';
const FAILURE: Failure = { kind: 'contract', code: 'EXPENSES_UNREADABLE', message: 'The expenses E-2 cannot be read as a report: the receipt is an EXE.', mend: 'Correct the expenses in Harvest.', system: 'harvest', object: 'expense report E-2', written: 'no' };

describe('A sweep of the expenses of a time system', function () {
  this.timeout(60_000);
  let store: Store;
  let told: readonly (ReadReport | Failure)[];
  let there: ReadonlyMap<string, ExpenseReport>;
  let asked: string[][];
  const good = (id: string, version = 1, amount = '42.50'): { report: ExpenseReport } => ({ report: aReport([aTaxi({ id: `${id}-1`, merchant: id, amount: { amount, currency: 'USD' } })], { system: 'harvest', id, version }) });
  const withdrawn = (id: string, version: number): { report: ExpenseReport } => ({ report: aReport([], { system: 'harvest', id, version, approval: anApproval({ of: { id, version }, status: 'withdrawn' }) }) });
  const bad = (id: string): ReadReport => ({ unreadable: { id, version: 3, document: { id }, failure: FAILURE } });

  beforeEach(async () => {
    store = await freshStore();
    there = new Map();
    asked = [];
  });
  afterEach(() => store.close());

  async function sweep(): Promise<object> {
    const { systems } = createFakeSystems();
    const expenses = {
      async *changed() {
        await Promise.resolve();
        for (const each of told) {
          if ('kind' in each) throw new SystemFailure(each);
          yield { changedAt: AT, ...each };
        }
      },
      async *current(ids: readonly string[]) {
        await Promise.resolve();
        asked.push([...ids]);
        for (const id of ids) {
          const report = there.get(id);
          if (report !== undefined) yield { report };
        }
      },
    };
    const time = (id: string) => ({ ...systems.time(id), expenses });
    const { sweepExpenses } = createExpenseSources({ store, systems: { ...systems, time }, log: silent, now: () => new Date(), withSlot: (_system, signal, work) => work(signal) });
    return Object(await new MockActivityEnvironment().run(() => sweepExpenses({ system: 'harvest' })));
  }
  const counts = async () => ({ ...(await sweep()), until: '' });
  const records = async () => {
    const { rows } = await sql<{ id: string; version: number; status: string; of: number }>`
      select record_id as id, version, document->'approval'->>'status' as status, (document->'approval'->'of'->>'version')::integer as of from time_record order by record_id, version`.execute(store.db);
    for (const { version, of } of rows) assert.equal(of, version, 'each is approved in its own version');
    return rows.map(({ id, version, status }) => [id, version, status]);
  };
  const nextDay = async () => {
    const name = 'expenses-looked-again/harvest';
    await advanceWatermark(store.db, { name, from: (await readWatermark(store.db, name)) ?? null, to: '2026-01-01' });
  };

  it('takes every report that can be read, and keeps the others in quarantine, with one message about all of them', async () => {
    told = [good('E-1'), bad('E-2'), good('E-3'), bad('E-4')];
    assert.deepEqual(await counts(), { received: 2, known: 0, unreadable: 2, until: '' });
    const [batch] = await batchStatuses(store.db, { limit: 10 });
    assert.deepEqual([batch?.state, batch?.records.received, batch?.pages, batch?.unreadable.waiting], ['sealed', 2, { ready: 1 }, 2]);
    assert.notEqual(await readWatermark(store.db, NAME), undefined, 'the next sweep goes on from here');
    const kept = await store.db.selectFrom('inbox').select(['source', 'state', 'kind', 'last_error']).execute();
    assert.deepEqual(kept.map(({ source, state, kind }) => [source, state, kind]), [['harvest', 'quarantined', 'expense.line'], ['harvest', 'quarantined', 'expense.line']]);
    assert.match(kept[0]?.last_error ?? '', /the receipt is an EXE/);
    await sweep();
    const messages = await store.db.selectFrom('notification').select(['recipient', 'message']).execute();
    assert.deepEqual(messages.map(({ recipient, message }) => [recipient, message.startsWith('2 lines of batch ')]), [['integration_support', true]], 'of what comes again nobody is told again');
  });

  it('knows what it sweeps again, also under a later version that says the same', async () => {
    told = [good('E-1')];
    await sweep();
    told = [good('E-1'), good('E-1', 7)];
    assert.deepEqual(await counts(), { received: 0, known: 1, unreadable: 0, until: '' });
    assert.deepEqual(await records(), [['E-1', 1, 'approved']]);
  });

  it('takes what changed after its approval as a new version, also where the system numbers it no higher', async () => {
    for (const each of [good('E-1', 5), good('E-1', 9, '50.00'), good('E-1', 9, '51.00'), withdrawn('E-1', 9), withdrawn('E-1', 12), good('E-1', 12, '51.00')]) {
      told = [each];
      await sweep();
    }
    assert.deepEqual(await records(), [['E-1', 5, 'approved'], ['E-1', 9, 'approved'], ['E-1', 10, 'approved'], ['E-1', 11, 'withdrawn'], ['E-1', 12, 'approved']]);
  });

  it('takes nothing back that never came', async () => {
    told = [withdrawn('E-1', 3)];
    assert.deepEqual(await counts(), { received: 0, known: 1, unreadable: 0, until: '' });
    assert.deepEqual(await records(), []);
  });

  it('takes back once a day what was deleted, and what lost a part without a trace', async () => {
    const [gone, less, kept] = [good('E-1'), good('E-2'), good('E-3')];
    told = [gone, less, kept];
    await sweep();
    assert.deepEqual(asked, [], 'not with the first sweep, which has just read all');
    there = new Map([['E-2', good('E-2', 1, '12.00').report], ['E-3', kept.report]]);
    told = [];
    await nextDay();
    await sweep();
    assert.deepEqual(asked, [['E-1', 'E-2', 'E-3']]);
    assert.deepEqual(await records(), [['E-1', 1, 'approved'], ['E-1', 2, 'withdrawn'], ['E-2', 1, 'approved'], ['E-2', 2, 'approved'], ['E-3', 1, 'approved']]);
    await sweep();
    assert.equal(asked.length, 1, 'once a day');
    await nextDay();
    await sweep();
    assert.deepEqual([asked.at(-1), (await records()).length], [['E-2', 'E-3'], 5], 'what is taken back is not asked for again');
  });

  it('takes nothing back where many are not shown any more at once: then it is rather the token that does not see them', async () => {
    const ids = ['E-1', 'E-2', 'E-3', 'E-4'];
    told = ids.map((id) => good(id));
    await sweep();
    there = new Map([['E-1', good('E-1', 2, '12.00').report]]);
    told = [good('E-5')];
    await nextDay();
    await assert.rejects(sweep(), { type: 'configuration' });
    assert.deepEqual(await records(), [['E-1', 1, 'approved'], ['E-1', 2, 'approved'], ['E-2', 1, 'approved'], ['E-3', 1, 'approved'], ['E-4', 1, 'approved'], ['E-5', 1, 'approved']]);
    there = new Map([['E-1', good('E-1', 2, '12.00').report], ...[...ids.slice(1), 'E-5'].map((id): [string, ExpenseReport] => [id, good(id).report])]);
    assert.deepEqual(await counts(), { received: 0, known: 6, unreadable: 0, until: '' });
  });

  it('does not take back what was sent to us, which its system may not know', async () => {
    told = [good('E-1')];
    await sweep();
    await receive(store, good('E-9').report);
    there = new Map([['E-1', good('E-1').report]]);
    await nextDay();
    await sweep();
    assert.deepEqual([asked, await records()], [[['E-1']], [['E-1', 1, 'approved'], ['E-9', 1, 'approved']]]);
  });

  it('fails where the system itself does, with all that came until then taken, and begins there again', async () => {
    told = [good('E-1'), bad('E-2'), { ...FAILURE, kind: 'transient', code: 'SYSTEM_FAILED' }];
    await assert.rejects(sweep(), { type: 'transient' });
    assert.equal(await readWatermark(store.db, NAME), undefined);
    const [batch] = await batchStatuses(store.db, { limit: 10 });
    assert.deepEqual([batch?.state, batch?.records.received, batch?.unreadable.waiting], ['sealed', 1, 1]);
    told = [good('E-1'), bad('E-2'), good('E-3')];
    assert.deepEqual(await counts(), { received: 1, known: 1, unreadable: 1, until: '' });
  });

  it('says what people do instead where the system does not tell its expenses', async () => {
    const { systems } = createFakeSystems();
    const time = (id: string) => ({ ...systems.time(id), expenses: { unsupported: 'send them to /v1/expenses' } });
    const { sweepExpenses } = createExpenseSources({ store, systems: { ...systems, time }, log: silent, now: () => new Date(), withSlot: (_system, signal, work) => work(signal) });
    assert.deepEqual(await new MockActivityEnvironment().run(() => sweepExpenses({ system: 'clockify' })), { notOffered: 'send them to /v1/expenses' });
  });
});
