import type { FirmConfig } from '../domain/config/schema.ts';
import type { Store } from '../store/database.ts';
import { createSlotPool, type SlotPool } from '../store/slot-pool.ts';

/** Holds a target system's concurrency limit over all workers: a slot leased in the store for each call. Systems without a limit run free. */
export function createSlots(store: Store, holder: string, options: { /** As createSlotPool's. */ readonly leaseMs?: number } = {}) {
  const pools = new Map<string, SlotPool>();
  const limits = new Map<string, number>();

  return {
    async configure(config: FirmConfig): Promise<void> {
      for (const { id, limits: { concurrency } } of config.systems) {
        const pool = pools.get(id);
        if (concurrency === null) {
          pools.delete(id);
          await pool?.close();
          continue;
        }
        limits.set(id, concurrency);
        if (pool === undefined) pools.set(id, createSlotPool({ db: store.db, target: id, limit: () => limits.get(id) ?? concurrency, holder, ...options }));
      }
    },
    /** @param work gets the signal it has to obey: of the step's cancellation, and of the slot that ran out, which another worker may have by then */
    async withSlot<Result>(system: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
      const pool = pools.get(system);
      if (pool === undefined) return await work(signal);
      const release = await pool.acquire(signal);
      try {
        return await work(AbortSignal.any([signal, release.lost]));
      } finally {
        release();
      }
    },
    async close(): Promise<void> {
      for (const pool of pools.values()) await pool.close();
    },
  };
}
