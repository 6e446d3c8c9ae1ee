import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { FirmConfig } from '../../domain/config/schema.ts';
import type { Store } from '../../store/database.ts';
import { createSlots } from '../../workers/slots.ts';
import { theFirm } from '../builders/firm.ts';
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
