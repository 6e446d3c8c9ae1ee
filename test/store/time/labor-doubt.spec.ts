import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { pino } from 'pino';
import type { ActivityDependencies } from '../../../activities/dependencies.ts';
import { postLabor } from '../../../activities/time/post.ts';
import type { LaborPort } from '../../../connectors/labor-port.ts';
import { SystemFailure, type Failure } from '../../../domain/failure.ts';
import { settleDoubtful, reopenRefused } from '../../../store/time/labor-ledger.ts';
import { anEntry, aTimesheet } from '../../builders/time.ts';
import { createFakeSystems } from '../../support/fake-systems.ts';
import { startDecisions, type Decisions } from './decisions.ts';

const log = pino({ level: 'silent' });

describe('Labor whose answer was lost', function () {
  this.timeout(60_000);
  let decisions: Decisions;
  let calls: string[] = [];
  /** What the next calls fail with, in their order; undefined lets one through. */
  let failures: (Partial<Failure> | undefined)[] = [];
  let lookUp: LaborPort['lookUp'] = 'key';
  const there = new Set<string>();
  let records: number[] = [];

  before(async () => {
    decisions = await startDecisions();
  });
  after(() => decisions.stop());
  beforeEach(async () => {
    await decisions.empty();
    [calls, failures, lookUp] = [[], [], 'key'];
    there.clear();
    await decisions.take(aTimesheet([anEntry(), anEntry({ id: 'E-2', workDate: '2026-11-10' })]));
    records = (await decisions.rows(sql<{ id: number }>`select id from time_record order by id`)).map(({ id }) => id);
  });

  function failing(): void {
    const failure = failures.shift();
    if (failure !== undefined) throw new SystemFailure({ kind: 'transient', code: 'ORDERED', message: 'it failed on order.', mend: 'None.', system: 'netsuite', object: 'labor', written: 'no', ...failure });
  }
  const port: LaborPort = {
    get lookUp() {
      return lookUp;
    },
    batchSize: 50,
    find: async (lines) => {
      calls.push(`find ${lines.length}`);
      failing();
      return Promise.resolve(new Map(lines.filter(({ key }) => there.has(key)).map(({ key }) => [key, { externalId: key, url: null }])));
    },
    post: async (lines) => {
      calls.push(`post ${lines.length}`);
      const failure = failures[0];
      if (failure?.written !== 'no') for (const { key } of lines) {
        assert.ok(!there.has(key), 'a line is written twice');
        there.add(key);
      }
      failing();
      return Promise.resolve(lines.map(({ key }) => ({ key, outcome: 'posted' as const, externalId: key, url: null })));
    },
    totals: () => Promise.reject(new Error('nobody asks')),
  };
  const { systems } = createFakeSystems();
  const attempt = async () => {
    const deps: ActivityDependencies = { store: decisions.store, systems: { ...systems, erp: (id) => ({ ...systems.erp(id), labor: port }) }, log, now: () => new Date(), withSlot: (_system, signal, work) => work(signal) };
    return await postLabor(deps, { process: 'test', selection: { records }, system: 'netsuite' }, { signal: new AbortController().signal, heartbeat: () => undefined, log, idempotencyKey: 'test' });
  };
  const states = async () => (await decisions.rows(sql<{ state: string }>`select state from labor_posting order by 1`)).map(({ state }) => state);

  it('stays in doubt while it cannot be looked up, and is never written before it was', async () => {
    failures = [{ kind: 'in_doubt', written: 'unknown' }, { written: 'no' }, undefined];
    await assert.rejects(attempt());
    await assert.rejects(attempt());
    assert.deepEqual(await states(), ['in_doubt', 'in_doubt']);
    assert.deepEqual((await attempt()).posted, 2);
    assert.deepEqual(calls, ['post 2', 'find 2', 'find 2']);
    assert.deepEqual(await states(), ['done', 'done']);
  });

  it('in an ERP that cannot be asked is left to a person, without the lines beside it of which nobody doubts', async () => {
    lookUp = 'none';
    failures = [{ kind: 'in_doubt', written: 'unknown' }];
    await assert.rejects(attempt());
    await decisions.take(aTimesheet([anEntry({ id: 'E-3', workDate: '2026-11-11' })], { id: 'TS-2' }));
    records = (await decisions.rows(sql<{ id: number }>`select id from time_record order by id`)).map(({ id }) => id);
    const { posted, refused } = await attempt();
    assert.deepEqual([posted, refused.map(({ code, doubtful }) => [code, doubtful])], [1, [['WRITE_IN_DOUBT', true], ['WRITE_IN_DOUBT', true]]]);
    const [record = 0] = records;
    assert.equal(await reopenRefused(decisions.store.db, record), 0, 'trying again is not for lines that may be there');
    assert.equal(await settleDoubtful(decisions.store.db, { record, system: 'netsuite', outcome: 'done', externalId: 'seen' }), 2);
    assert.deepEqual(await attempt(), { posted: 0, refused: [] });
    assert.deepEqual(calls, ['post 2', 'post 1']);
  });
});
