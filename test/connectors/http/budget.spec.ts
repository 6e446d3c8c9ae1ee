import assert from 'node:assert/strict';
import fc from 'fast-check';
import { z } from 'zod';
import { createAccepted } from '../../../connectors/http/accepted.ts';
import { fixedHeaders } from '../../../connectors/http/auth.ts';
import { createBudget } from '../../../connectors/http/budget.ts';
import { meaningOfStatus } from '../../../connectors/http/classify.ts';
import { createHttpClient } from '../../../connectors/http/client.ts';
import { httpRegistry } from '../../../connectors/http/metrics.ts';
import { createBucket } from '../../../connectors/http/tokens.ts';
import { createVendorWindows, type VendorWindow } from '../../../connectors/http/vendor-windows.ts';
import { readLagoLimits } from '../../../connectors/lago/limits.ts';
import { FAIR_TURN } from '../../../domain/request-priority.ts';
import { budgetChecks } from '../../../starters/q2c/budget-checks.ts';
import { answerJson, callContext, memoryLog, testServer } from './support.ts';

const never = new AbortController().signal;
const nothingUrgent = { sharers: () => 1, moreUrgentCame: () => false };
const ofTen: VendorWindow = { name: 'ten seconds', limit: 100, remaining: 100, resetsInMs: 10_000 };

describe('the token bucket', () => {
  it('lets no more go than its rate and one second\'s burst', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.2, max: 200, noNaN: true }),
        fc.array(fc.record({ ms: fc.nat(400), priority: fc.integer({ min: 1, max: 5 }) }), { minLength: 1, maxLength: 400 }),
        (perSecond, wishes) => {
          const bucket = createBucket(perSecond);
          let now = 0;
          let went = 0;
          const depth = Math.max(1, perSecond);
          for (const { ms, priority } of wishes) {
            now += ms;
            const wait = bucket.waitMs(priority, 0, now) ?? 0;
            if (wait > 0) continue;
            bucket.take(now);
            went += 1;
            assert.ok(went <= depth + (now / 1000) * perSecond + 1e-6, `${went} in ${now} ms of ${perSecond} a second`);
          }
        },
      ),
    );
  });

  it('has a token for each urgent request that comes, whatever bulk wants, as long as they are no more than its reserve', () => {
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 200 }), fc.array(fc.nat(99), { minLength: 1, maxLength: 60 }), (perSecond, moments) => {
        const bucket = createBucket(perSecond);
        const reserve = Math.floor(perSecond * 0.3) - 1;
        const urgentAt = new Map<number, number>();
        for (const [index, moment] of moments.entries()) {
          const second = Math.floor(index / reserve);
          const at = second * 1000 + moment * 10;
          urgentAt.set(at, (urgentAt.get(at) ?? 0) + 1);
        }
        for (let now = 0; now < 5000; now += 10) {
          while (bucket.waitMs(5, 0, now) === 0) bucket.take(now);
          for (let urgent = urgentAt.get(now) ?? 0; urgent > 0; urgent -= 1) {
            assert.equal(bucket.waitMs(1, 0, now), 0, `an urgent request had to wait at ${now} ms`);
            bucket.take(now);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it('keeps three tenths of a second\'s requests from bulk for the urgent, and gives bulk the whole rate all the same', () => {
    const bucket = createBucket(100);
    let bulk = 0;
    while (bucket.waitMs(5, 0, 0) === 0) {
      bucket.take(0);
      bulk += 1;
    }
    assert.equal(bulk, 70);
    for (let urgent = 0; urgent < 30; urgent += 1) {
      assert.equal(bucket.waitMs(1, 0, 0), 0);
      bucket.take(0);
    }
    assert.ok((bucket.waitMs(1, 0, 0) ?? 0) > 0);
    let later = 0;
    for (let now = 1000; now <= 11_000; now += 10) {
      while (bucket.waitMs(5, 0, now) === 0) {
        bucket.take(now);
        later += 1;
      }
    }
    assert.ok(later >= 1000, `${later} in ten seconds`);
  });
});

describe('the request budget, by priority', () => {
  it('lets an urgent request go at once while bulk waits for tokens', async () => {
    let now = 0;
    const budget = createBudget({ concurrency: null, requestsPerSecond: 10 }, 10_000, () => now);
    const bulk = await Promise.all(Array.from({ length: 7 }, () => budget.enter(never, 5)));
    assert.ok(bulk.every((entry) => 'leave' in entry));
    const waits = budget.enter(never, 5);
    assert.equal(budget.state().waiting, 1);
    const urgent = await budget.enter(never, 1);
    assert.ok('leave' in urgent, 'it does not wait');
    assert.equal(budget.state().waiting, 1);
    now = 60_000;
    budget.squeeze(null);
    assert.ok('leave' in (await waits));
  });

  it('admits bulk at a tenth of the rate under a flood of urgent requests', async () => {
    let now = 0;
    const budget = createBudget({ concurrency: 1, requestsPerSecond: null }, 10_000, () => now);
    const order: number[] = [];
    let current = await budget.enter(never, 1);
    const come = (priority: number) =>
      void budget.enter(never, priority).then((entry) => {
        order.push(priority);
        current = entry;
      });
    for (let bulk = 0; bulk < 3; bulk += 1) come(5);
    come(1);
    for (let turn = 0; turn < 3 * FAIR_TURN; turn += 1) {
      now += 100;
      come(1);
      if ('leave' in current) current.leave();
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(order.filter((priority) => priority === 5).length, 3);
    assert.equal(order.length, 3 * FAIR_TURN);
  });
});

describe('the windows a vendor tells of', () => {
  it('let nothing go where nothing remains, by what was told less what was sent since', () => {
    const windows = createVendorWindows(nothingUrgent);
    windows.went(1, 0);
    windows.told([{ ...ofTen, remaining: 2 }], 1, 10);
    assert.equal(windows.waitMs(1, 0, 10), 0);
    windows.went(1, 10);
    windows.went(1, 10);
    assert.equal(windows.waitMs(1, 0, 10), 10_000, 'two were left and two were sent');
    windows.told([{ ...ofTen, remaining: 50 }], 1, 20);
    assert.equal(windows.state(20)[0]?.remaining, 48, 'told of the first request, sent two since');
    assert.deepEqual(windows.state(20_000), [], 'the window is over');
    assert.equal(windows.waitMs(1, 0, 20_000), 0);
  });

  it('do not take an answer that was overtaken for newer', () => {
    const windows = createVendorWindows(nothingUrgent);
    for (let sent = 0; sent < 3; sent += 1) windows.went(1, 0);
    windows.told([{ ...ofTen, remaining: 7 }], 3, 10);
    windows.told([{ ...ofTen, remaining: 9 }], 1, 11);
    assert.equal(windows.state(11)[0]?.remaining, 7);
  });

  it('spread the last quarter to the end of the window, and let the urgent go all the same', () => {
    const windows = createVendorWindows(nothingUrgent);
    windows.went(3, 0);
    windows.told([{ ...ofTen, remaining: 25 }], 1, 0);
    assert.equal(windows.waitMs(3, 0, 0), 500, 'twenty in ten seconds');
    assert.equal(windows.waitMs(3, 3, 0), 2000);
    assert.equal(windows.waitMs(1, 0, 0), 0);
    assert.equal(windows.waitMs(3, 0, 500), 0);
  });

  it('keep a reserve for the urgent while some come, and let one of the others through now and then', () => {
    const windows = createVendorWindows({ sharers: () => 1, moreUrgentCame: () => true });
    windows.went(5, 0);
    windows.told([{ ...ofTen, name: 'day', remaining: 30, resetsInMs: 86_400_000 }], 1, 0);
    assert.equal(windows.waitMs(5, 0, 0), 15_000);
    assert.equal(windows.waitMs(5, 0, 15_000), 0);
    assert.equal(windows.waitMs(1, 0, 0), 0);
  });

  it('share what remains among the processes that send', () => {
    const windows = createVendorWindows({ sharers: () => 4, moreUrgentCame: () => false });
    windows.went(1, 0);
    windows.told([{ ...ofTen, remaining: 7 }], 1, 0);
    assert.equal(windows.waitMs(1, 0, 0), 0);
    for (let sent = 0; sent < 4; sent += 1) windows.went(1, 0);
    assert.ok(windows.waitMs(1, 0, 0) > 0, 'three are left, and four processes may send one each');
  });

  it('are kept to without a refusal, and nearly so where others of the account take most of them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 40, max: 200 }), fc.constantFrom(0, 0.2, 0.5, 0.7), (limit, others) => {
        const windows = createVendorWindows(nothingUrgent);
        const lengthMs = 10_000;
        const taken: number[] = [];
        let mine = 0;
        let refused = 0;
        for (let now = 0; now < 60_000; now += 20) {
          if (((now / 20) * limit * others * 20) % lengthMs < limit * others * 20) taken.push(now);
          if (windows.waitMs(4, 0, now) > 0) continue;
          windows.went(4, now);
          mine += 1;
          const inWindow = taken.filter((at) => at > now - lengthMs).length;
          if (inWindow >= limit) refused += 1;
          else taken.push(now);
          windows.told([{ name: 'moving', limit, remaining: Math.max(0, limit - taken.filter((at) => at > now - lengthMs).length), resetsInMs: lengthMs, moving: true }], mine, now);
        }
        assert.ok(others === 0 ? refused === 0 : refused <= mine * 0.02, `${refused} of ${mine} refused`);
        assert.ok(mine >= (limit * (1 - others) * 60_000) / lengthMs / 2, `${mine} of the ${limit * (1 - others) * 6} there was room for`);
      }),
      { numRuns: 30 },
    );
  });
});

describe('what a system bears', () => {
  it('is judged by what it took before it refused, and when it takes some again', () => {
    const burst = createAccepted();
    for (let taken = 0; taken < 100; taken += 1) burst.answered(5000 + taken * 10);
    assert.equal(Math.round(burst.sustainable(6000, 14_000) * 10) / 10, 3.4, 'a hundred, in one window of fourteen seconds or at the border of two');
    const steady = createAccepted();
    for (let taken = 0; taken < 600; taken += 1) steady.answered(taken * 100);
    const perSecond = steady.sustainable(60_000, 1000);
    assert.ok(perSecond > 9 && perSecond <= 10, String(perSecond));
    assert.equal(createAccepted().sustainable(1000, 1000), 0);
  });
});

describe('the budget in effect', () => {
  it('shows in the metrics, and in words what is configured, allowed now and left by the vendor\'s count', async () => {
    const server = await testServer((_request, response) => answerJson(response, 200, {}, { 'x-ratelimit-limit': '50', 'x-ratelimit-remaining': '12', 'x-ratelimit-reset': '60' }));
    const http = createHttpClient({ system: 'shown', baseUrl: server.url, auth: fixedHeaders({}), classify: (answer, request) => meaningOfStatus('TEST', answer, request), limits: { concurrency: 4, requestsPerSecond: 7, timeoutSeconds: 5 }, log: memoryLog(), readLimits: readLagoLimits });
    try {
      await http.request({ method: 'GET', path: '/x', answer: z.unknown(), object: 'invoice 1', writes: false, context: callContext() });
      const shown = budgetChecks(await httpRegistry.metrics()).find(({ what }) => what === 'budget of shown');
      assert.deepEqual(shown, { what: 'budget of shown', ok: true, detail: 'requests per second: 7 configured, 7 now; 12 of 50 requests left by the vendor\'s count (50 a second)' });
    } finally {
      await server.close();
    }
  });
});
