import assert from 'node:assert/strict';
import { setImmediate as soon } from 'node:timers/promises';
import { createTurns } from '../../activities/time/turns.ts';

describe('Decisions in one worker', () => {
  it('take turns, a few at a time, in the order they came', async () => {
    const inTurn = createTurns(2);
    const began: string[] = [];
    const ends = new Map<string, () => void>();
    const start = (name: string) => inTurn(async () => {
      began.push(name);
      await new Promise<void>((resolve) => ends.set(name, resolve));
    });
    const all = ['page 1', 'page 2', 'page 3', 'page 4'].map(start);
    await soon();
    assert.deepEqual(began, ['page 1', 'page 2']);
    for (const [name, next] of [['page 2', 'page 3'], ['page 1', 'page 4']] as const) {
      ends.get(name)?.();
      await soon();
      await soon();
      assert.equal(began.at(-1), next);
    }
    for (const end of ends.values()) end();
    await Promise.all(all);
  });

  it('pass the turn on when one fails', async () => {
    const inTurn = createTurns(1);
    const failed = inTurn(() => Promise.reject(new Error('on order')));
    const next = inTurn(() => Promise.resolve('done'));
    await assert.rejects(failed, /on order/);
    assert.equal(await next, 'done');
  });
});
