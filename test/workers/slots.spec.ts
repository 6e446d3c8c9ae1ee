import assert from 'node:assert/strict';
import { once } from 'node:events';
import { tellTooManyAtOnce } from '../../connectors/http/at-once.ts';
import { httpRegistry } from '../../connectors/http/metrics.ts';
import type { FirmConfig } from '../../domain/config/schema.ts';
import type { Store } from '../../store/database.ts';
import { loweredLimits } from '../../store/target-limit.ts';
import { createSlots } from '../../workers/slots.ts';
import { theFirm } from '../builders/firm.ts';
import { pause } from '../store/builders.ts';
import { asSuperuser, freshStore } from '../store/support.ts';

const NEVER = new AbortController().signal;

describe('A call that holds a slot of its target system', function () {
  this.timeout(30_000);
  let store: Store;
  let firm: FirmConfig;
  before(async () => {
    store = await freshStore();
    const { config } = await theFirm();
    firm = { ...config, systems: config.systems.map((system) => ({ ...system, limits: { ...system.limits, concurrency: system.id === 'netsuite' ? 1 : null } })) };
  });
  after(async () => {
    await store.close();
  });

  it('is told to stop when its slot ran out: another worker may have it by then', async () => {
    const slots = createSlots(store, 'worker-1', { leaseMs: 300 });
    await slots.configure(firm);
    const stopped = await slots.withSlot('netsuite', NEVER, async (signal) => {
      await asSuperuser(store, ['alter table target_slot rename to target_slot_away']);
      try {
        if (!signal.aborted) await once(signal, 'abort');
      } finally {
        await asSuperuser(store, ['alter table target_slot_away rename to target_slot']);
      }
      return String(signal.reason);
    });
    assert.match(stopped, /slot 1 of netsuite ran out/);
    await slots.close();
  });

  it('waits with every worker for fewer slots once one worker\'s request was refused for too many at once', async () => {
    const four = { ...firm, systems: firm.systems.map((system) => ({ ...system, limits: { ...system.limits, concurrency: system.id === 'netsuite' ? 4 : null } })) };
    const workers = [createSlots(store, 'worker-3'), createSlots(store, 'worker-4')];
    for (const worker of workers) await worker.configure(four);
    let running = 0;
    let most = 0;
    const callFrom = (worker: (typeof workers)[number], during: () => Promise<void>) =>
      worker.withSlot('netsuite', NEVER, async () => {
        running += 1;
        most = Math.max(most, running);
        await during();
        running -= 1;
      });
    const answers = Promise.withResolvers<void>();
    const first = workers.flatMap((worker) => [0, 1].map(() => callFrom(worker, () => answers.promise)));
    while (running < 4) await pause(10);
    tellTooManyAtOnce({ system: 'netsuite', sentMsAgo: 0 });
    while (workers.some((worker) => worker.state().some(({ system, limit }) => system === 'netsuite' && limit !== 2))) await pause(10);
    assert.deepEqual((await loweredLimits(store.db)).map(({ target, configured, allowed }) => ({ target, configured, allowed })), [{ target: 'netsuite', configured: 4, allowed: 2 }]);
    answers.resolve();
    await Promise.all(first);
    most = 0;
    await Promise.all(workers.flatMap((worker) => Array.from({ length: 10 }, () => callFrom(worker, () => pause(5)))));
    assert.ok(most <= 2, `${most} at once of 2 allowed`);
    assert.match(await httpRegistry.metrics(), /q2c_system_slots_allowed\{system="netsuite",of="now"\} 2/);
    assert.match(await httpRegistry.metrics(), /q2c_system_too_many_at_once_total\{system="netsuite"\} \d/);
    for (const worker of workers) await worker.close();
  });

  it('is told to stop when its step is cancelled, with a limit or without one', async () => {
    const slots = createSlots(store, 'worker-2');
    await slots.configure(firm);
    for (const system of ['netsuite', 'harvest']) {
      const cancelled = new AbortController();
      const reason = await slots.withSlot(system, cancelled.signal, async (signal) => {
        cancelled.abort(new Error('the deal was aborted'));
        return Promise.resolve(String(signal.reason));
      });
      assert.equal(reason, 'Error: the deal was aborted', system);
    }
    await slots.close();
  });
});
