import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { createBudget, type Entry } from '../../../connectors/http/budget.ts';
import type { Lease, Lessor, LessorNews } from '../../../connectors/http/tokens.ts';

const never = new AbortController().signal;
const silent: Lessor = () => new Promise(() => undefined);

/** By a clock that stands still until it is moved. */
describe('A budget whose tokens come from a store', () => {
  let news: LessorNews[] = [];
  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 0 });
    news = [];
  });
  afterEach(() => mock.timers.reset());

  const budgetOf = (lessor: Lessor, requestsPerSecond: number | null, concurrency: number | null = null) => {
    const budget = createBudget({ concurrency, requestsPerSecond }, 10_000, () => Date.now(), (told) => news.push(told));
    budget.share(lessor);
    return budget;
  };
  const settled = async () => {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };
  const pass = async (milliseconds: number) => {
    for (let passed = 0; passed < milliseconds; passed += 100) {
      mock.timers.tick(100);
      await settled();
    }
  };
  const kept = (call: Promise<Entry>) => {
    const entries: Entry[] = [];
    void call.then((entry) => entries.push(entry));
    return entries;
  };
  const went = (entries: readonly Entry[][]): number => entries.flat().filter((entry) => 'leave' in entry).length;

  it('does without it after two seconds of silence, at its part of the rate, and says so once', async () => {
    let asked = 0;
    const budget = budgetOf(() => {
      asked += 1;
      return silent(1, 1, false);
    }, 20);
    const calls = Array.from({ length: 100 }, () => kept(budget.enter(never, 1)));
    await pass(1900);
    assert.equal(went(calls), 0);
    await pass(100);
    assert.deepEqual(news.map(({ answers }) => answers), [false]);
    await pass(4000);
    assert.ok(went(calls) >= 19 && went(calls) <= 20, `${went(calls)} in four seconds: five a second, as one of four processes`);
    assert.equal(asked, 1, 'a question without an answer holds a connection');
    await pass(20_000);
    void budget.enter(never, 1);
    await pass(5000);
    assert.deepEqual([asked, news.length], [2, 1]);
  });

  it('does without it at once where it refuses, and comes back to it as soon as it answers', async () => {
    let up = true;
    const lease: Lease = { limited: true, perSecond: 6, usableInMs: [0], askAgainInMs: 100, processes: 3 };
    const budget = budgetOf(() => (up ? Promise.resolve(lease) : Promise.reject(new Error('no store'))), 20);
    const first = kept(budget.enter(never, 1));
    await settled();
    assert.equal(went([first]), 1);
    up = false;
    await pass(200);
    const calls = Array.from({ length: 12 }, () => kept(budget.enter(never, 1)));
    await settled();
    assert.deepEqual(news.map((told) => ('perSecond' in told ? told.perSecond : 'again')), [2]);
    await pass(3000);
    assert.equal(went(calls), 6, 'two a second: the rate last known over three processes');
    up = true;
    await pass(1300);
    assert.equal(went(calls), 12);
    assert.deepEqual(news.map(({ answers }) => answers), [false, true]);
  });

  it('lets requests go at once where no rate is known, and asks every five seconds whether that is still so', async () => {
    let lowered = false;
    let asked = 0;
    const budget = budgetOf(() => {
      asked += 1;
      return Promise.resolve<Lease>(lowered ? { limited: true, perSecond: 1, usableInMs: [], askAgainInMs: 1000, processes: 1 } : { limited: false, processes: 1 });
    }, null);
    for (let call = 0; call < 50; call += 1) assert.ok('leave' in (await budget.enter(never)));
    assert.equal(asked, 1);
    lowered = true;
    await pass(4900);
    assert.ok('leave' in (await budget.enter(never)), 'the notice that it was lowered was lost');
    await pass(100);
    assert.ok('leave' in (await budget.enter(never)));
    await settled();
    const waits = kept(budget.enter(never));
    await settled();
    assert.deepEqual([waits, asked, budget.state().perSecond.now], [[], 2, 1]);
  });

  it('holds nobody up for a store that is silent where no rate is known', async () => {
    const budget = budgetOf(silent, null);
    for (let second = 0; second < 30; second += 1) {
      assert.ok('leave' in (await budget.enter(never)));
      await pass(1000);
    }
    assert.deepEqual(news.map((told) => ('perSecond' in told ? told.perSecond : 'again')), [null]);
  });

  it('sends away after ten seconds who waits for a token that others take, but asks for its turn first', async () => {
    const asked: { readonly at: number; readonly want: number; readonly priority: number; readonly fair: boolean }[] = [];
    const budget = budgetOf((want, priority, fair) => {
      asked.push({ at: Date.now(), want, priority, fair });
      return Promise.resolve<Lease>({ limited: true, perSecond: 20, usableInMs: [], askAgainInMs: 500, processes: 2 });
    }, 20);
    const bulk = kept(budget.enter(never, 5));
    await pass(9900);
    assert.deepEqual(bulk, []);
    await pass(100);
    assert.deepEqual(bulk, [{ waitMs: 1000 }]);
    const { at = 0, ...turn } = asked.find(({ fair }) => fair) ?? {};
    assert.deepEqual(turn, { want: 1, priority: 1, fair: true });
    assert.ok(at >= 3000 && at <= 3500, String(at));
    assert.equal(budget.state().waiting, 0);
  });

  it('sends away after ten seconds who waits for a slot', async () => {
    const budget = createBudget({ concurrency: 1, requestsPerSecond: null }, 10_000, () => Date.now());
    const first = await budget.enter(never);
    const second = kept(budget.enter(never));
    await pass(9900);
    assert.deepEqual(second, []);
    await pass(100);
    assert.deepEqual(second, [{ waitMs: 1000 }]);
    assert.ok('leave' in first);
    first.leave();
    assert.ok('leave' in (await budget.enter(never)));
  });
});
