import assert from 'node:assert/strict';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createTimeSources } from '../../../activities/time/source.ts';
import type { ChangedTimesheet } from '../../../connectors/timesheet-source.ts';
import { SystemFailure, type Failure } from '../../../domain/failure.ts';
import type { Store } from '../../../store/database.ts';
import { batchStatuses, type BatchStatus } from '../../../store/time/batches.ts';
import { readWatermark } from '../../../store/watermarks.ts';
import { anEntry, aTimesheet } from '../../builders/time.ts';
import { silent } from '../../connectors/conformance/documents.ts';
import { createFakeSystems } from '../../support/fake-systems.ts';
import { freshStore } from '../support.ts';

const AT = '2026-11-16T09:30:00.000Z';
const NAME = 'timesheets/harvest';
const FAILURE: Failure = { kind: 'contract', code: 'TIMESHEET_UNREADABLE', message: 'The week 7:2026-11-16 cannot be read as a timesheet: entries[0].notes is missing.', mend: 'Correct the time in Harvest.', system: 'harvest', object: 'timesheet 7:2026-11-16', written: 'no' };

describe('A sweep of a time system', function () {
  this.timeout(60_000);
  let store: Store;
  let told: readonly (ChangedTimesheet | Failure)[];
  const good = (id: string): ChangedTimesheet => ({ changedAt: AT, sheet: aTimesheet([anEntry({ id: `${id}-1` })], { id }) });
  const bad = (id: string, notes: string | null = null): ChangedTimesheet => ({ changedAt: AT, unreadable: { id, version: 3, document: { id, notes }, failure: FAILURE } });

  beforeEach(async () => {
    store = await freshStore();
  });
  afterEach(() => store.close());

  async function sweep(): Promise<unknown> {
    const { systems } = createFakeSystems();
    const source = {
      async *changed() {
        await Promise.resolve();
        for (const each of told) {
          if ('kind' in each) throw new SystemFailure(each);
          yield each;
        }
      },
    };
    const time = (id: string) => {
      const port = systems.time(id);
      return { ...port, timesheets: { load: () => Promise.resolve(null), reject: { unsupported: 'not here' }, lock: { unsupported: 'not here' }, markInvoiced: { unsupported: 'not here' }, ...source } };
    };
    const { sweepTimesheets } = createTimeSources({ store, systems: { ...systems, time }, log: silent, now: () => new Date(), withSlot: (_system, signal, work) => work(signal) });
    return await new MockActivityEnvironment().run(() => sweepTimesheets({ system: 'harvest' }));
  }
  const batches = async (): Promise<BatchStatus[]> => await batchStatuses(store.db, { limit: 10 });
  const messages = async () => await store.db.selectFrom('notification').select(['recipient', 'message']).execute();

  it('takes every timesheet that can be read, and keeps the others in quarantine, with one message about all of them', async () => {
    told = [good('TS-1'), bad('TS-2'), good('TS-3'), bad('TS-4')];
    assert.deepEqual({ ...Object(await sweep()), until: '' }, { received: 2, known: 0, unreadable: 2, until: '' });
    const [batch] = await batches();
    assert.deepEqual([batch?.state, batch?.records.received, batch?.pages, batch?.unreadable.waiting], ['sealed', 2, { ready: 1 }, 2]);
    assert.notEqual(await readWatermark(store.db, NAME), undefined, 'the next sweep goes on from here');
    const kept = await store.db.selectFrom('inbox').select(['source', 'state', 'kind', 'payload', 'last_error']).orderBy('id').execute();
    assert.deepEqual(kept.map(({ source, state, kind, payload }) => [source, state, kind, Reflect.get(Object(payload), 'id')]), [['harvest', 'quarantined', 'timesheet.line', 'TS-2'], ['harvest', 'quarantined', 'timesheet.line', 'TS-4']]);
    assert.match(kept[0]?.last_error ?? '', /cannot be read as a timesheet: entries\[0\]\.notes is missing/);
    assert.deepEqual((await messages()).map(({ recipient, message }) => [recipient, message.startsWith('2 lines of batch ')]), [['integration_support', true]]);
  });

  it('tells of an unreadable timesheet once, however often it is swept, and again when it has changed and still cannot be read', async () => {
    told = [good('TS-1'), bad('TS-2')];
    await sweep();
    await sweep();
    assert.deepEqual((await batches()).map(({ unreadable }) => unreadable.waiting).toSorted(), [0, 1]);
    assert.equal((await messages()).length, 1);
    told = [bad('TS-2', 'another')];
    await sweep();
    assert.equal((await batches()).reduce((sum, { unreadable }) => sum + unreadable.waiting, 0), 2);
  });

  for (const kind of ['transient', 'configuration'] as const) {
    it(`fails where the system itself does (${kind}), with all that came until then taken, and begins there again`, async () => {
      told = [good('TS-1'), bad('TS-2'), { ...FAILURE, kind, code: 'SYSTEM_FAILED' }];
      await assert.rejects(sweep(), { type: kind });
      const [batch] = await batches();
      assert.deepEqual([batch?.state, batch?.records.received, batch?.pages, batch?.unreadable.waiting], ['sealed', 1, { ready: 1 }, 1]);
      assert.equal(await readWatermark(store.db, NAME), undefined);
      told = [good('TS-1'), bad('TS-2'), good('TS-3')];
      assert.deepEqual({ ...Object(await sweep()), until: '' }, { received: 1, known: 1, unreadable: 1, until: '' });
      assert.equal((await messages()).length, 1);
    });
  }
});
