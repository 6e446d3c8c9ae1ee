import assert from 'node:assert/strict';
import type { Store } from '../../store/database.ts';
import { createSlotPool, type Release, type SlotPool } from '../../store/slot-pool.ts';
import { loweredLimits, lowerLimit, onTargetLimit, raiseLimit } from '../../store/target-limit.ts';
import { leaseSlots, leaveTarget, releaseSlots, renewSlots, slotsInUse } from '../../store/target-slots.ts';
import { pause } from './builders.ts';
import { asSuperuser, freshStore } from './support.ts';

const LIMIT = 15;

describe('The limit of a target that refuses for too many calls at once', function () {
  this.timeout(60_000);
  let store: Store;
  before(async () => {
    store = await freshStore({ connections: 20 });
  });
  after(async () => {
    await store.close();
  });
  const allowedFor = async (target: string) => (await loweredLimits(store.db)).find((each) => each.target === target)?.allowed ?? LIMIT;
  const refused = (target: string, sentMsAgo = 0) => lowerLimit(store.db, { target, limit: LIMIT, sentMsAgo });
  const leaseAll = (target: string, holder: string, leaseMs = 60_000) => leaseSlots(store.db, { target, limit: LIMIT, holder, want: LIMIT, leaseMs });
  const isTimeToRaise = (target: string) => asSuperuser(store, [`update target_limit set next_rise_at = now() - interval '1 second' where target = '${target}'`]);
  const quarterOfAnHourLater = (target: string) => asSuperuser(store, [`update target_limit set not_again_before = now() - interval '1 second' where target = '${target}'`]);
  const raise = (target: string) => raiseLimit(store.db, { target, limit: LIMIT });
  /** As whoever uses all that is allowed asks for more. */
  async function useAllAndRaise(target: string): Promise<number> {
    await leaseAll(target, 'busy');
    await raise(target);
    return await allowedFor(target);
  }

  it('goes down by half of what was under way, for every worker, and once for all refusals of the same moment', async () => {
    await leaseAll('erp', 'a');
    assert.equal(await refused('erp', 5), 7);
    await Promise.all(Array.from({ length: 7 }, () => refused('erp', 5_000)));
    assert.equal(await allowedFor('erp'), 7);
    assert.equal((await loweredLimits(store.db))[0]?.refusals, 8);
    const renewal = await renewSlots(store.db, { target: 'erp', limit: LIMIT, holder: 'a', leaseMs: 60_000, slots: Array.from({ length: LIMIT }, (_, index) => index + 1) });
    assert.deepEqual([renewal.slots, renewal.limit], [[1, 2, 3, 4, 5, 6, 7], 7]);
    await releaseSlots(store.db, { target: 'erp', holder: 'a', slots: [8, 9, 10, 11, 12, 13, 14, 15] });
    assert.deepEqual(await leaseAll('erp', 'b'), [], 'another worker gets no more either');
  });

  it('goes down to what the target took of the calls under way, where it refused more than half of them', async () => {
    await leaseAll('tight', 'a');
    assert.equal(await refused('tight', 5), 7);
    const together = await Promise.all(Array.from({ length: 9 }, () => refused('tight', 5_000)));
    assert.equal(Math.min(...together), 5);
    assert.equal(await allowedFor('tight'), 5, 'fifteen were under way and ten of them refused');
    await Promise.all(Array.from({ length: 20 }, () => refused('tight', 5_000)));
    assert.equal(await allowedFor('tight'), 1);
  });

  it('does not go down again before fewer calls are under way, nor ever below one', async () => {
    await leaseAll('small', 'a');
    assert.equal(await refused('small'), 7);
    assert.equal(await refused('small', -10_000), 7, 'fifteen still run: what they are refused says nothing new');
    await leaveTarget(store.db, { target: 'small', holder: 'a' });
    for (const expected of [3, 1, 1, 1]) {
      await pause(2);
      assert.equal(await refused('small', -10_000), expected);
    }
  });

  it('is never above what is configured, whatever was allowed before', async () => {
    await refused('configured');
    await asSuperuser(store, [`update target_limit set allowed = 12 where target = 'configured'`]);
    assert.equal((await leaseSlots(store.db, { target: 'configured', limit: 4, holder: 'a', want: 20, leaseMs: 60_000 })).length, 4);
    assert.equal(await lowerLimit(store.db, { target: 'configured', limit: 4, sentMsAgo: -10_000 }), 2);
  });

  it('goes up by one at a time, only when it is time and all of it is used, whoever asks', async () => {
    await leaseAll('rising', 'a');
    await refused('rising');
    await leaveTarget(store.db, { target: 'rising', holder: 'a' });
    await isTimeToRaise('rising');
    await raise('rising');
    assert.equal(await allowedFor('rising'), 7, 'nobody needs more');
    await leaseAll('rising', 'busy');
    await Promise.all(Array.from({ length: 8 }, () => raise('rising')));
    assert.equal(await allowedFor('rising'), 8, 'of eight workers one has raised it');
    assert.equal(await useAllAndRaise('rising'), 8, 'not before the next time');
  });

  it('stops below where it was refused, and goes there again only after a quarter of an hour', async () => {
    await leaseAll('known', 'a');
    await refused('known');
    await leaveTarget(store.db, { target: 'known', holder: 'a' });
    await asSuperuser(store, [`update target_limit set refused_at = 9 where target = 'known'`]);
    const reached: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      await isTimeToRaise('known');
      reached.push(await useAllAndRaise('known'));
    }
    assert.deepEqual(reached, [8, 8, 8, 8]);
    await quarterOfAnHourLater('known');
    assert.equal(await useAllAndRaise('known'), 9);
    await leaseAll('known', 'busy');
    assert.equal(await refused('known', -10_000), 8, 'one step back to what has held, not by half');
    await isTimeToRaise('known');
    assert.equal(await useAllAndRaise('known'), 8);
  });

  it('is as configured again in the end, and then nobody is told of it', async () => {
    await refused('recovering');
    for (let round = 0; round < 20; round += 1) {
      await isTimeToRaise('recovering');
      await quarterOfAnHourLater('recovering');
      await useAllAndRaise('recovering');
    }
    const found = await renewSlots(store.db, { target: 'recovering', limit: LIMIT, holder: 'busy', leaseMs: 60_000, slots: [] });
    assert.equal(found.limit, LIMIT);
    assert.equal((await loweredLimits(store.db)).some(({ target }) => target === 'recovering'), false);
  });

  it('frees what a killed worker held after its lease, below the lowered limit too', async () => {
    await leaseAll('killed', 'dead', 60_000);
    await refused('killed');
    await asSuperuser(store, [`update target_slot set leased_until = now() - interval '1 second' where target = 'killed'`]);
    assert.equal((await leaseAll('killed', 'alive')).length, 7);
    assert.deepEqual(await slotsInUse(store.db, 'killed'), [{ holder: 'alive', slots: 7 }]);
  });
});

describe('Slot pools of several workers whose target refuses for too many calls at once', function () {
  this.timeout(60_000);
  let store: Store;
  const pools: SlotPool[] = [];
  before(async () => {
    store = await freshStore({ connections: 20 });
  });
  after(async () => {
    await Promise.all(pools.map((pool) => pool.close()));
    await store.close();
  });

  it('all let fewer calls through at once without waiting for their next renewal, and squeeze the requests of calls that still run', async () => {
    const squeezed: (number | null)[][] = [[], []];
    const leaseMs = 600_000;
    const both = squeezed.map((told, index) => createSlotPool({ db: store.db, target: 'erp', holder: `worker-${index}`, limit: 8, leaseMs, onSqueeze: (atOnce) => told.push(atOnce) }));
    pools.push(...both);
    const listener = await onTargetLimit(store.url, () => {
      for (const pool of both) pool.limitChanged();
    });
    const held: Release[] = [];
    for (const pool of both) for (let call = 0; call < 4; call += 1) held.push(await pool.acquire());
    assert.equal(await lowerLimit(store.db, { target: 'erp', limit: 8, sentMsAgo: 0 }), 4);
    while (both.some((pool) => pool.usage().limit !== 4)) await pause(10);
    while (squeezed.every((told) => told.length === 0)) await pause(10);
    const sum = squeezed.reduce((total, told) => total + (told.at(-1) ?? 4), 0);
    assert.ok(sum <= 5, `${sum} requests at once: four of the kept slots, and one so that the others come to their end`);

    let running = 0;
    let most = 0;
    for (const release of held) release();
    const calls = both.flatMap((pool) => Array.from({ length: 12 }, async () => {
      const release = await pool.acquire();
      running += 1;
      most = Math.max(most, running);
      await pause(5);
      running -= 1;
      release();
    }));
    await Promise.all(calls);
    assert.ok(most <= 4, `${most} calls at once`);
    assert.deepEqual(squeezed.map((told) => told.at(-1) ?? null), [null, null], 'nothing is squeezed once the calls from before are done');
    await listener.close();
  });
});
