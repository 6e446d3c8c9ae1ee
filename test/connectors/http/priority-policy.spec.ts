import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createTurns, FAIR_TURN, LENT_AFTER_MS, reservedShare } from '../../../domain/request-priority.ts';

interface Waiter {
  readonly priority: number;
  readonly came: number;
}

/** A run by the clock: in each step some come, some of those under way end, and who may go goes. */
const steps = fc.array(fc.record({ come: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 4 }), end: fc.nat(3), ms: fc.nat(20_000) }), { minLength: 1, maxLength: 120 });

describe('the policy of who goes first', () => {
  it('never lets more go than there are places, and keeps those free that are reserved while somebody more urgent has come of late', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), steps, (slots, run) => {
        const turns = createTurns();
        const lastCame = Array.from({ length: 6 }, () => Number.NEGATIVE_INFINITY);
        const waiting: Waiter[] = [];
        const held: number[] = [];
        let now = 0;
        for (const { come, end, ms } of run) {
          now += ms;
          held.splice(0, end);
          for (const priority of come) {
            turns.came(priority, now);
            lastCame[priority] = now;
            waiting.push({ priority, came: now });
          }
          for (let turn = turns.next(waiting, { slots, held, now }); turn !== undefined; turn = turns.next(waiting, { slots, held, now })) {
            const { priority } = turn.waiter;
            waiting.splice(waiting.indexOf(turn.waiter), 1);
            turns.went(turn, waiting);
            held.push(priority);
            assert.ok(held.length <= slots);
            const moreUrgentCame = lastCame.slice(1, priority).some((at) => now - at < LENT_AFTER_MS);
            const alike = held.filter((each) => each >= priority).length;
            if (moreUrgentCame) assert.ok(alike <= Math.max(1, slots - Math.ceil(slots * reservedShare(priority))), `${alike} of ${slots} held by priority ${priority} and less`);
          }
          if (held.length < slots) assert.ok(waiting.every(({ priority }) => priority > 2), 'the urgent find a free place');
        }
      }),
    );
  });

  it('lends to bulk what nobody more urgent has asked for within a minute', () => {
    const turns = createTurns();
    const held = [4, 4, 4, 4, 4, 4, 4, 4];
    const bulk = [{ priority: 4 }];
    turns.came(4, 0);
    assert.notEqual(turns.next(bulk, { slots: 10, held, now: 0 }), undefined);
    turns.came(1, 1000);
    assert.equal(turns.next(bulk, { slots: 10, held, now: 60_000 }), undefined);
    assert.notEqual(turns.next([{ priority: 1 }], { slots: 10, held, now: 60_000 }), undefined);
    assert.notEqual(turns.next(bulk, { slots: 10, held, now: 61_000 }), undefined);
  });

  it('passes nobody over for ever, and the urgent no more than once in ten turns', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 1, max: 30 }), (bulk, bulkWaiting) => {
        const turns = createTurns();
        const waiting = [...Array.from({ length: bulkWaiting }, (_, came) => ({ priority: bulk, came })), { priority: 1, came: 100 }];
        const went: Waiter[] = [];
        while (waiting.some(({ priority }) => priority === bulk)) {
          const turn = turns.next(waiting, { slots: 1, held: [], now: 0 });
          assert.ok(turn !== undefined);
          waiting.splice(waiting.indexOf(turn.waiter), 1);
          turns.went(turn, waiting);
          went.push(turn.waiter);
          // An urgent one is always there.
          if (turn.waiter.priority === 1) waiting.push({ priority: 1, came: 100 });
          assert.ok(went.length <= FAIR_TURN * bulkWaiting);
        }
        for (let at = 0; at + FAIR_TURN <= went.length; at += 1) assert.equal(went.slice(at, at + FAIR_TURN).filter(({ priority }) => priority === bulk).length, 1);
        assert.deepEqual(went.filter(({ priority }) => priority === bulk).map(({ came }) => came), Array.from({ length: bulkWaiting }, (_, came) => came), 'of equals who came first goes first');
      }),
    );
  });
});
