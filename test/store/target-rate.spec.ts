import assert from 'node:assert/strict';
import { createBudget } from '../../connectors/http/budget.ts';
import type { Lease } from '../../connectors/http/tokens.ts';
import type { Store } from '../../store/database.ts';
import { leaseTokens, leaveRates, loweredRates, lowerRate, onTargetRate, raiseRate, type TokenLease } from '../../store/target-rate.ts';
import { pause } from './builders.ts';
import { asSuperuser, freshStore } from './support.ts';

const never = new AbortController().signal;

describe('Requests per second to a target, over all processes', function () {
  this.timeout(30_000);
  let store: Store;
  before(async () => {
    store = await freshStore({ connections: 12 });
  });
  after(async () => {
    await store.close();
  });
  const lease = (target: string, request: { configured?: number | null; holder?: string; want?: number; priority?: number; fair?: boolean } = {}): Promise<TokenLease> =>
    leaseTokens(store.db, { target, configured: 10, holder: 'a', want: 1, priority: 3, ...request });
  const refusal = (target: string, request: object = {}) => lowerRate(store.db, { target, configured: 10, sentMsAgo: 0, sustainable: 0, pauseMs: 0, ...request });
  /** As another process has it: its part of the store's bucket. */
  const budgetOf = (target: string, holder: string, configured: number) => {
    const budget = createBudget({ concurrency: null, requestsPerSecond: configured });
    budget.share(async (want, priority, fair): Promise<Lease> => {
      const { perSecond, usableInMs, askAgainInMs, holders } = await leaseTokens(store.db, { target, configured, holder, want, priority, fair });
      return perSecond === null ? { limited: false, processes: holders } : { limited: true, perSecond, usableInMs, askAgainInMs, processes: holders };
    });
    return budget;
  };

  it('are given out no faster than the rate, however many ask', async () => {
    const startedAt = performance.now();
    let given = 0;
    await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        while (performance.now() - startedAt < 600) {
          const { usableInMs, askAgainInMs } = await lease('crowd', { configured: 100, holder: `h${index}`, want: 3, priority: 5 });
          given += usableInMs.filter((ms) => performance.now() + ms - startedAt < 600).length;
          await pause(Math.min(100, askAgainInMs + 1));
        }
      }),
    );
    const seconds = (performance.now() - startedAt) / 1000;
    assert.ok(given <= 100 + 100 * seconds + 1, `${given} in ${seconds} s of 100 a second`);
    assert.ok(given > 0);
  });

  it('are not more from two processes than from one', async () => {
    const budgets = ['one', 'two'].map((holder) => budgetOf('pair', holder, 50));
    const until = performance.now() + 1000;
    const went = await Promise.all(
      budgets.flatMap((budget) =>
        Array.from({ length: 10 }, async () => {
          let count = 0;
          while (performance.now() < until) {
            const entry = await budget.enter(never, 4);
            if (!('leave' in entry)) break;
            entry.leave();
            count += 1;
          }
          return count;
        }),
      ),
    );
    const seconds = (performance.now() - until + 1000) / 1000;
    const total = went.reduce((sum, count) => sum + count, 0);
    assert.ok(total <= 50 + 50 * seconds + 1, `${total} in ${seconds} s: each by itself would have sent as many`);
    assert.ok(total > 0);
    assert.equal((await lease('pair', { configured: 50 })).holders, 3);
    await leaveRates(store.db, 'one');
    assert.equal((await lease('pair', { configured: 50 })).holders, 2);
  });

  it('reach a process with nothing but bulk although another keeps the bucket empty with what is urgent', async () => {
    let over = false;
    let urgent = 0;
    const flood = async () => {
      while (!over) {
        const { usableInMs, askAgainInMs } = await lease('starved', { configured: 20, holder: 'urgent', want: 50, priority: 1 });
        urgent += usableInMs.length;
        await pause(askAgainInMs);
      }
    };
    const flooding = flood();
    while (urgent < 20) await pause(5);
    const bulk = budgetOf('starved', 'bulk', 20);
    const entry = await bulk.enter(never, 5);
    over = true;
    await flooding;
    assert.ok('leave' in entry, 'it was sent away after ten seconds without a token');
  });

  it('are one for whose turn it is, however far the others took ahead, and no more than one at a time', async () => {
    const taken = await lease('turn', { configured: 0.1, want: 50, priority: 1 });
    assert.equal(taken.usableInMs.length, 1);
    assert.deepEqual((await lease('turn', { configured: 0.1, holder: 'b', priority: 1 })).usableInMs, []);
    assert.equal((await lease('turn', { configured: 0.1, holder: 'b', priority: 1, fair: true })).usableInMs.length, 1);
    assert.deepEqual((await lease('turn', { configured: 0.1, holder: 'c', priority: 1, fair: true })).usableInMs, []);
  });

  it('leave to the urgent what is reserved: bulk takes no more ahead than half of it', async () => {
    const bulk = await lease('reserved', { want: 50, priority: 5 });
    assert.equal(bulk.usableInMs.filter((ms) => ms === 0).length, 7);
    assert.ok(bulk.usableInMs.length === 8 && bulk.usableInMs.every((ms) => ms <= 110));
    assert.ok(bulk.askAgainInMs > 0);
    assert.deepEqual((await lease('reserved', { priority: 1 })).usableInMs, [0], 'although bulk has taken ahead');
  });

  it('are any number where none is configured and the target has not refused', async () => {
    assert.deepEqual(await lease('free', { configured: null }), { perSecond: null, usableInMs: [], askAgainInMs: 0, holders: 1, mayRise: false });
    assert.deepEqual(await loweredRates(store.db), []);
  });

  it('go down for all at once where the target refuses, to what it seems to bear, and stop for as long as it wants', async () => {
    const told: string[] = [];
    const listener = await onTargetRate(store.url, (target) => told.push(target));
    await lease('refusing', { configured: 50, holder: 'a' });
    await lease('refusing', { configured: 50, holder: 'b' });
    assert.equal(await refusal('refusing', { configured: 50, sustainable: 10, pauseMs: 60_000 }), 16, 'four fifths of ten a second from each of two processes');
    while (!told.includes('refusing')) await pause(5);
    await listener.close();
    const next = await lease('refusing', { configured: 50, holder: 'b' });
    assert.equal(next.perSecond, 16);
    assert.deepEqual(next.usableInMs, []);
    assert.ok(next.askAgainInMs > 50_000);
    assert.deepEqual((await loweredRates(store.db)).map(({ target, configured, allowed, refusals }) => ({ target, configured, allowed, refusals })), [{ target: 'refusing', configured: 50, allowed: 16, refusals: 1 }]);
  });

  it('do not go down again for a request that was sent before they went down', async () => {
    assert.equal(await refusal('late', { configured: 10 }), 7.5);
    assert.equal(await refusal('late', { configured: 10, sentMsAgo: 60_000, sustainable: 1 }), 7.5);
    assert.equal(await refusal('late', { configured: 10, sentMsAgo: -10_000, sustainable: 5 }), 4);
    assert.equal((await loweredRates(store.db)).find(({ target }) => target === 'late')?.refusals, 3);
  });

  it('stay above a quarter of what is configured, however often the target refuses whatever is sent', async () => {
    for (let nth = 1; nth <= 8; nth += 1) await refusal('moody', { configured: 8, sentMsAgo: -nth * 10_000, sustainable: 0.5 });
    assert.equal((await loweredRates(store.db)).find(({ target }) => target === 'moody')?.allowed, 2);
  });

  it('rise by a quarter at a time once it may be tried whether the target takes as much as before, and are without limit again where none is configured', async () => {
    const rate = async (target: string) => (await loweredRates(store.db)).find((row) => row.target === target)?.allowed ?? null;
    assert.equal(await refusal('free again', { configured: null, sustainable: 10 }), 8);
    assert.equal(await refusal('moody again', { configured: 8, sustainable: 0.5 }), 2);
    const seen: (number | null)[] = [];
    for (let rise = 0; rise < 24; rise += 1) {
      await asSuperuser(store, [`update target_rate set next_rise_at = now() - interval '1 second', not_again_before = now() - interval '1 second' where target like '% again'`]);
      for (const target of ['free again', 'moody again']) await raiseRate(store.db, target);
      seen.push(await rate('moody again'));
    }
    assert.deepEqual(seen.slice(0, 7), [2.5, 3.125, 3.90625, 4.8828125, 6.103515625, 7.62939453125, null]);
    assert.equal(await rate('free again'), null);
  });

  it('go down once where several processes are refused at the same time, and each refusal counts', async () => {
    const allowed = await Promise.all(Array.from({ length: 6 }, () => refusal('together', { configured: 10 })));
    assert.deepEqual(new Set(allowed), new Set([7.5]));
    assert.equal((await loweredRates(store.db)).find(({ target }) => target === 'together')?.refusals, 6);
  });

  it('get no burst of a second after it refused', async () => {
    await refusal('burst', { configured: 100, sustainable: 50 });
    await pause(400);
    const { usableInMs } = await lease('burst', { configured: 100, want: 50, priority: 1 });
    assert.ok(usableInMs.filter((ms) => ms === 0).length <= 4, 'a tenth of a second\'s');
  });

  it('rise by a twentieth when it is time, not to where it refused within a quarter of an hour, and are as configured in the end', async () => {
    const allowed = async () => (await loweredRates(store.db)).find(({ target }) => target === 'recovering')?.allowed;
    const isTime = () => asSuperuser(store, [`update target_rate set next_rise_at = now() - interval '1 second' where target = 'recovering'`]);
    assert.equal(await refusal('recovering', { configured: 10, sustainable: 10 }), 7.5);
    await raiseRate(store.db, 'recovering');
    assert.equal(await allowed(), 7.5, 'too early');
    const seen: unknown[] = [];
    for (let rise = 0; rise < 6; rise += 1) {
      await isTime();
      assert.equal((await lease('recovering')).mayRise, true);
      await Promise.all([raiseRate(store.db, 'recovering'), raiseRate(store.db, 'recovering')]);
      seen.push(await allowed());
    }
    assert.deepEqual(seen, [8, 8.5, 9, 9.5, 9.5, 9.5]);
    await asSuperuser(store, [`update target_rate set not_again_before = now() - interval '1 second' where target = 'recovering'`]);
    await isTime();
    await raiseRate(store.db, 'recovering');
    assert.equal(await allowed(), undefined);
    assert.equal((await lease('recovering')).perSecond, 10);
  });
});
