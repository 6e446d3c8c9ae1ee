import assert from 'node:assert/strict';
import { openStore } from '../../store/database.ts';
import type { Store } from '../../store/database.ts';
import { createSlotPool } from '../../store/slot-pool.ts';
import type { SlotPool } from '../../store/slot-pool.ts';
import { leaseSlots, leaveTarget, liveHolders, releaseSlots, renewSlots, slotsInUse } from '../../store/target-slots.ts';
import { pause } from './builders.ts';
import { asSuperuser, freshStore } from './support.ts';

describe('Slots of a target system', function () {
  this.timeout(30_000);
  let store: Store;
  before(async () => {
    store = await freshStore({ connections: 20 });
  });
  after(async () => {
    await store.close();
  });

  it('are never given out beyond the limit, however many ask at once', async () => {
    const leased = await Promise.all(Array.from({ length: 20 }, (_, index) => leaseSlots(store.db, { target: 'crowd', limit: 7, holder: `h${index}`, want: 3, leaseMs: 30_000 })));
    const numbers = leased.flat();
    assert.equal(new Set(numbers).size, numbers.length, 'no slot has two holders');
    assert.ok(numbers.length <= 7 && numbers.every((number) => number >= 1 && number <= 7));
    assert.equal(await liveHolders(store.db, 'crowd'), 20);
  });

  it('of a killed holder are free again after their lease, and it cannot renew them', async () => {
    const request = { target: 'killed', limit: 1, leaseMs: 40 };
    assert.deepEqual(await leaseSlots(store.db, { ...request, holder: 'a', want: 1 }), [1]);
    assert.deepEqual(await leaseSlots(store.db, { ...request, holder: 'b', want: 1 }), []);
    await pause(60);
    assert.deepEqual(await leaseSlots(store.db, { ...request, holder: 'b', want: 1, leaseMs: 5000 }), [1]);
    assert.deepEqual((await renewSlots(store.db, { ...request, holder: 'a', slots: [1] })).slots, []);
    await releaseSlots(store.db, { target: 'killed', holder: 'a', slots: [1] });
    assert.deepEqual(await slotsInUse(store.db, 'killed'), [{ holder: 'b', slots: 1 }]);
  });

  it('shrink when the limit is lowered: nobody gets one before enough came back', async () => {
    const request = { target: 'lowered', leaseMs: 30_000 };
    assert.equal((await leaseSlots(store.db, { ...request, limit: 4, holder: 'a', want: 4 })).length, 4);
    assert.deepEqual((await renewSlots(store.db, { ...request, limit: 2, holder: 'a', slots: [1, 2, 3, 4] })).slots, [1, 2]);
    await releaseSlots(store.db, { target: 'lowered', holder: 'a', slots: [1, 2] });
    assert.deepEqual(await leaseSlots(store.db, { ...request, limit: 2, holder: 'b', want: 2 }), [], 'slots 3 and 4 still run');
    await releaseSlots(store.db, { target: 'lowered', holder: 'a', slots: [3] });
    assert.deepEqual(await leaseSlots(store.db, { ...request, limit: 2, holder: 'b', want: 2 }), [1]);
  });

  it('tell a holder how many others want some and go without', async () => {
    const request = { target: 'hungry', limit: 1, leaseMs: 30_000 };
    await leaseSlots(store.db, { ...request, holder: 'a', want: 1 });
    await leaseSlots(store.db, { ...request, holder: 'b', want: 1 });
    assert.deepEqual(await renewSlots(store.db, { ...request, holder: 'a', slots: [1] }), { slots: [1], holders: 2, starving: 1, limit: 1 });
    await leaveTarget(store.db, { target: 'hungry', holder: 'b' });
    assert.deepEqual(await renewSlots(store.db, { ...request, holder: 'a', slots: [1] }), { slots: [1], holders: 1, starving: 0, limit: 1 });
  });
});

describe('A slot pool', function () {
  this.timeout(30_000);
  let store: Store;
  let pools: SlotPool[] = [];
  before(async () => {
    store = await freshStore({ connections: 20 });
  });
  after(async () => {
    await store.close();
  });
  afterEach(async () => {
    await Promise.all(pools.map((pool) => pool.close()));
    pools = [];
  });
  const poolOf = (target: string, holder: string, limit: number | (() => number), leaseMs = 600): SlotPool => {
    const pool = createSlotPool({ db: store.db, target, holder, limit, leaseMs });
    pools.push(pool);
    return pool;
  };

  it('never lets more calls through than the limit over all processes, and lets every process through', async () => {
    let running = 0;
    let most = 0;
    const done = [0, 0, 0, 0];
    const until = Date.now() + 2500;
    const caller = async (pool: SlotPool, index: number): Promise<void> => {
      while (Date.now() < until) {
        const release = await pool.acquire();
        running += 1;
        most = Math.max(most, running);
        await pause(3 + Math.random() * 10);
        running -= 1;
        done[index] = (done[index] ?? 0) + 1;
        release();
      }
    };
    const four = done.map((_, index) => poolOf('busy', `process-${index}`, 5));
    await Promise.all(four.flatMap((pool, index) => [caller(pool, index), caller(pool, index), caller(pool, index), caller(pool, index)]));
    assert.equal(most, 5, 'the limit is used fully and never exceeded');
    for (const [index, calls] of done.entries()) assert.ok(calls > 20, `process ${index} got ${calls} of ${done.join(', ')}`);
  });

  it('takes turns where there are fewer slots than processes', async () => {
    let running = 0;
    const done = [0, 0, 0];
    const until = Date.now() + 3500;
    const caller = async (pool: SlotPool, index: number): Promise<void> => {
      while (Date.now() < until) {
        const release = await pool.acquire();
        running += 1;
        assert.equal(running, 1);
        await pause(5);
        running -= 1;
        done[index] = (done[index] ?? 0) + 1;
        release();
      }
    };
    await Promise.all(done.map((_, index) => caller(poolOf('single', `process-${index}`, 1, 300), index)));
    assert.ok(done.every((calls) => calls > 0), `calls by process: ${done.join(', ')}`);
  });

  it('makes no round trip while it has a free slot', async () => {
    const pool = poolOf('quick', 'only', 2, 10_000);
    (await pool.acquire())();
    let waited = false;
    setImmediate(() => {
      waited = true;
    });
    for (let call = 0; call < 1000; call += 1) (await pool.acquire())();
    assert.ok(!waited, 'no call gave way to anything that comes from outside');
  });

  it('gives its slots up after a lease without work, so that others have them all', async () => {
    const idle = poolOf('idle', 'idle', 2, 200);
    const releases = await Promise.all([idle.acquire(), idle.acquire()]);
    for (const release of releases) release();
    await pause(700);
    assert.equal(idle.usage().held, 0);
    assert.deepEqual(await slotsInUse(store.db, 'idle'), []);
    assert.equal(await liveHolders(store.db, 'idle'), 0);
    (await idle.acquire())();
  });

  it('lets a caller that is cancelled stop waiting', async () => {
    const pool = poolOf('cancel', 'only', 1);
    const release = await pool.acquire();
    const cancel = new AbortController();
    const waiting = pool.acquire(cancel.signal);
    cancel.abort(new Error('the deal was aborted'));
    await assert.rejects(waiting, /the deal was aborted/);
    release();
    (await pool.acquire())();
  });

  it('follows a limit that was lowered', async () => {
    let limit = 3;
    const pool = poolOf('follow', 'only', () => limit, 300);
    const releases = await Promise.all([pool.acquire(), pool.acquire(), pool.acquire()]);
    limit = 1;
    await pause(300);
    for (const release of releases) release();
    const again = await pool.acquire();
    const second = pool.acquire(AbortSignal.timeout(300));
    await assert.rejects(second, { name: 'TimeoutError' });
    again();
  });

  it('grants nothing once it cannot renew, and tells calls in flight that their slot is lost', async () => {
    const own = openStore(store.url, { connections: 2 });
    const failures: unknown[] = [];
    const pool = createSlotPool({ db: own.db, target: 'cut', holder: 'only', limit: 2, leaseMs: 300, onError: (error) => failures.push(error) });
    const release = await pool.acquire();
    await asSuperuser(store, ['alter table target_slot rename to target_slot_away']);
    try {
      await pause(450);
      assert.equal(release.lost.aborted, true);
      assert.ok(failures.length > 0);
      await assert.rejects(pool.acquire(AbortSignal.timeout(200)), { name: 'TimeoutError' });
    } finally {
      await asSuperuser(store, ['alter table target_slot_away rename to target_slot']);
    }
    release();
    (await pool.acquire(AbortSignal.timeout(2000)))();
    await pool.close();
    await own.close();
  });

  it('refuses whoever waits when its process ends', async () => {
    const pool = poolOf('ending', 'only', 1);
    const release = await pool.acquire();
    const waiting = pool.acquire();
    const refused = assert.rejects(waiting, /this process is ending/);
    await pool.close();
    await refused;
    release();
    await assert.rejects(pool.acquire(), /this process is ending/);
  });

  it('lets the more urgent of those that wait go first, and keeps a slot for them from bulk once some have come', async () => {
    const pool = poolOf('urgent', 'a', 4, 15_000);
    const order: string[] = [];
    const call = async (name: string, priority: number) => {
      const release = await pool.acquire(undefined, priority);
      order.push(name);
      return release;
    };
    const bulk = await Promise.all(Array.from({ length: 4 }, () => pool.acquire(undefined, 4)));
    assert.equal(pool.usage().busy, 4, 'nobody urgent has come: bulk has all of them');
    const waiting = [call('bulk', 4), call('another bulk', 4), call('payroll', 1)];
    bulk[0]?.();
    const payroll = await waiting[2];
    assert.deepEqual(order, ['payroll']);
    payroll?.();
    await pause(20);
    assert.deepEqual([order, pool.usage().busy], [['payroll'], 3], 'the fourth is kept for whoever is urgent');
    bulk[1]?.();
    (await waiting[0])?.();
    (await waiting[1])?.();
    assert.deepEqual(order, ['payroll', 'bulk', 'another bulk']);
    for (const release of bulk) release();
  });
});
