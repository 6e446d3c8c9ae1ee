import type { FirmConfig } from '../domain/config/schema.ts';
import type { Store } from '../store/database.ts';
import { createSlotPool, type SlotPool } from '../store/slot-pool.ts';

/** Holds a target system's concurrency limit over all workers: a slot leased in the store for each call. Systems without a limit run free. */
export function createSlots(store: Store, holder: string) {
  const pools = new Map<string, { readonly limit: number; readonly pool: SlotPool }>();

  return {
    async configure(config: FirmConfig): Promise<void> {
      for (const { id, limits } of config.systems) {
        const before = pools.get(id);
        if (before?.limit === limits.concurrency) continue;
        await before?.pool.close();
        pools.delete(id);
        if (limits.concurrency !== null) pools.set(id, { limit: limits.concurrency, pool: createSlotPool({ db: store.db, target: id, limit: limits.concurrency, holder }) });
      }
    },
    async withSlot<Result>(system: string, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
      const pool = pools.get(system)?.pool;
      if (pool === undefined) return await work();
      const release = await pool.acquire(signal);
      try {
        return await work();
      } finally {
        release();
      }
    },
    async close(): Promise<void> {
      for (const { pool } of pools.values()) await pool.close();
    },
  };
}
