import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { FirmConfig } from '../../domain/config/schema.ts';
import { createTargetWorkers, type QueueWorker, type WorkerTerms } from '../../workers/target-workers.ts';
import { theFirm } from '../builders/firm.ts';

describe('The workers of the target systems', function () {
  this.timeout(20_000);
  let firm: FirmConfig;
  before(async () => {
    ({ config: firm } = await theFirm());
  });

  /** Workers in memory: those that take tasks now, and all that were ever made. */
  function fleet(shutdownMs = 0) {
    const made: WorkerTerms[] = [];
    const polling: string[] = [];
    let atOnce = 0;
    const create = async (terms: WorkerTerms): Promise<QueueWorker> => {
      made.push(terms);
      await pause(5);
      const end = Promise.withResolvers<void>();
      return {
        async run() {
          polling.push(terms.queue);
          atOnce = Math.max(atOnce, polling.filter((queue) => queue === terms.queue).length);
          await end.promise;
          await pause(shutdownMs);
          polling.splice(polling.indexOf(terms.queue), 1);
        },
        shutdown: () => end.resolve(),
      };
    };
    const targets = createTargetWorkers({ create, onFailed: (queue, error) => assert.fail(`${queue}: ${String(error)}`) });
    return { targets, made, polling, atOnce: () => atOnce };
  }

  const limited = (id: string, requestsPerSecond: number | null): FirmConfig => ({
    ...firm,
    systems: firm.systems.map((system) => (system.id === id ? { ...system, limits: { ...system.limits, requestsPerSecond } } : system)),
  });

  it('stay as they are while their limits do, and a system that joins gets its own', async () => {
    const { targets, made, polling } = fleet();
    await targets.follow({ ...firm, systems: firm.systems.filter(({ id }) => id !== 'harvest') });
    const before = made.length;
    await targets.follow(firm);
    await targets.follow(firm);
    assert.deepEqual(made.slice(before).map(({ queue }) => queue), ['target.harvest']);
    assert.deepEqual(polling.toSorted(), firm.systems.map(({ id }) => `target.${id}`).toSorted());
    await targets.stop();
    assert.deepEqual(polling, []);
  });

  it('work by a changed rate at once: the old one ends before the new one takes tasks', async () => {
    const { targets, made, polling, atOnce } = fleet(20);
    await targets.follow(limited('netsuite', 5));
    await targets.follow(limited('netsuite', 2));
    assert.deepEqual(made.filter(({ queue }) => queue === 'target.netsuite').map((terms) => terms.requestsPerSecond), [5, 2]);
    assert.equal(polling.filter((queue) => queue === 'target.netsuite').length, 1);
    assert.equal(atOnce(), 1);
    await targets.follow(limited('netsuite', null));
    assert.deepEqual(made.filter(({ queue }) => queue === 'target.netsuite').map((terms) => terms.requestsPerSecond), [5, 2, null]);
    assert.equal(made.filter(({ queue }) => queue === 'target.harvest').length, 1, 'others are left alone');
    await targets.stop();
  });

  it('tell of the one that fails while it should run', async () => {
    const failed: string[] = [];
    const targets = createTargetWorkers({ create: async () => Promise.resolve({ run: () => Promise.reject(new Error('connection lost')), shutdown() {} }), onFailed: (queue) => failed.push(queue) });
    const [first] = firm.systems;
    await targets.follow({ ...firm, systems: first === undefined ? [] : [first] });
    await targets.stop();
    assert.deepEqual(failed, [`target.${first?.id ?? ''}`]);
  });
});
