import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { repeatInTurn } from '../../workers/repeat.ts';

describe('What a worker looks after again and again', () => {
  it('is never done twice at once, however slow it is', async () => {
    let running = 0;
    let most = 0;
    let done = 0;
    const repeated = repeatInTurn({ everyMs: 2, onError: assert.ifError, work: async () => {
      running += 1;
      most = Math.max(most, running);
      await pause(25);
      running -= 1;
      done += 1;
    } });
    await pause(130);
    await repeated.stop();
    assert.equal(most, 1);
    assert.ok(done >= 2, `done ${done} times`);
  });

  it('goes on after a failure, which is told', async () => {
    const told: unknown[] = [];
    let turns = 0;
    const repeated = repeatInTurn({ everyMs: 2, onError: (error) => told.push(error), work: async () => {
      turns += 1;
      if (turns === 1) throw new Error('the store is away');
      return Promise.resolve();
    } });
    for (let waited = 0; turns < 3 && waited < 2000; waited += 5) await pause(5);
    await repeated.stop();
    assert.match(String(told), /^Error: the store is away$/);
    assert.ok(turns >= 3);
  });

  it('is over once it was stopped: a turn under way is awaited, no other begins', async () => {
    let begun = 0;
    let ended = 0;
    const repeated = repeatInTurn({ everyMs: 1, onError: assert.ifError, work: async () => {
      begun += 1;
      await pause(30);
      ended += 1;
    } });
    while (begun === 0) await pause(1);
    await repeated.stop();
    assert.deepEqual([begun, ended], [1, 1]);
    await pause(20);
    assert.equal(begun, 1);
  });
});
