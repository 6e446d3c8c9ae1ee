import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { MockActivityEnvironment } from '@temporalio/testing';
import { sql } from 'kysely';
import { pino } from 'pino';
import { callContext } from '../../../activities/context.ts';
import type { ActivityDependencies } from '../../../activities/dependencies.ts';
import { postLabor } from '../../../activities/time/post.ts';
import { claimPostings, recordNotPosted, recordPosted, renewPostings } from '../../../store/time/labor-ledger.ts';
import { anEntry, aTimesheet } from '../../builders/time.ts';
import { createFakeSystems } from '../../support/fake-systems.ts';
import { startDecisions, type Decisions } from './decisions.ts';

const LONG_MS = 60_000;

describe('Lines of labor that one attempt has taken over from another', function () {
  this.timeout(60_000);
  let decisions: Decisions;

  before(async () => {
    decisions = await startDecisions();
  });
  beforeEach(() => decisions.empty());
  after(() => decisions.stop());

  async function aPostedPage() {
    const [page] = await decisions.receive([aTimesheet([anEntry(), anEntry({ id: 'E-2', workDate: '2026-11-10' })])]);
    assert.ok(page !== undefined);
    await decisions.decide(page);
    return { selection: page, system: 'netsuite', limit: 50, leaseMs: 0, process: 'test' };
  }
  const states = async () => (await decisions.rows(sql<{ state: string }>`select state from labor_posting order by key`)).map(({ state }) => state);
  const keysOf = (lines: readonly { readonly key: string }[]) => lines.map(({ key }) => key).toSorted();

  it('are no longer renewed, refused or put in doubt by the first, whose word that they are there still counts', async () => {
    const page = await aPostedPage();
    const { db } = decisions.store;
    const first = await claimPostings(db, page);
    const second = await claimPostings(db, { ...page, leaseMs: LONG_MS });
    assert.deepEqual([first, second].map((claimed) => claimed.map(({ attempts }) => attempts)), [[1, 1], [2, 2]]);
    assert.deepEqual(await renewPostings(db, first, LONG_MS), []);
    assert.deepEqual((await renewPostings(db, second, LONG_MS)).toSorted(), keysOf(second));
    for (const state of ['not_done', 'refused', 'in_doubt'] as const) await recordNotPosted(db, state, first.map((attempt) => ({ ...attempt, error: { code: 'TOO_LATE' } })));
    assert.deepEqual(await states(), ['intent', 'intent']);
    await recordPosted(db, first.slice(0, 1).map(({ key }) => ({ key, externalId: 'line-1' })));
    assert.deepEqual((await states()).toSorted(), ['done', 'intent']);
    assert.deepEqual(await renewPostings(db, second, LONG_MS), keysOf(second).filter((key) => key !== first[0]?.key));
  });

  it('are written by the first no more, though its ERP only now gets to them', async () => {
    const page = await aPostedPage();
    const fakes = createFakeSystems();
    const erp = fakes.systems.erp('netsuite');
    const { labor } = erp;
    assert.ok('post' in labor);
    const asked = Promise.withResolvers<AbortSignal>();
    const slow = { ...labor, batchSize: 50, lookUp: 'key' as const, post: async (_: unknown, { signal }: { readonly signal: AbortSignal }) => {
      asked.resolve(signal);
      return await new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'))));
    } };
    const deps: Pick<ActivityDependencies, 'store' | 'systems' | 'withSlot' | 'log'> = { store: decisions.store, log: pino({ level: 'silent' }), systems: { ...fakes.systems, erp: () => ({ ...erp, labor: slow }) }, withSlot: async (_, signal, work) => await work(signal) };
    mock.timers.enable({ apis: ['setInterval'] });
    try {
      const attempt = new MockActivityEnvironment().run(async () => await postLabor(deps, { process: 'test', selection: page.selection, system: 'netsuite' }, callContext(deps.log, 'test')));
      const ended = assert.rejects(attempt, /the lease on 2 lines of labor was lost/);
      await asked.promise;
      // The first attempt was away for so long that its lease ran out.
      await sql`update labor_posting set lease_until = now()`.execute(decisions.store.db);
      const second = await claimPostings(decisions.store.db, { ...page, leaseMs: LONG_MS });
      assert.deepEqual(second.map(({ mustLookUp }) => mustLookUp), [true, true]);
      mock.timers.tick(7_000);
      await ended;
    } finally {
      mock.timers.reset();
    }
    assert.deepEqual(await states(), ['intent', 'intent']);
    assert.equal(fakes.laborLines.size, 0);
  });
});
