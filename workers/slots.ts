import { onTooManyAtOnce, squeezeRequests, type TooManyAtOnce } from '../connectors/http/at-once.ts';
import type { Log } from '../connectors/ports.ts';
import type { FirmConfig } from '../domain/config/schema.ts';
import type { Store } from '../store/database.ts';
import type { Listener } from '../store/listen.ts';
import { createSlotPool, type SlotPool } from '../store/slot-pool.ts';
import { lowerLimit, onTargetLimit } from '../store/target-limit.ts';
import { countTooManyAtOnce, watchSlots, type SlotsOfSystem } from './slot-metrics.ts';

export interface SlotsOptions {
  /** As createSlotPool's. */
  readonly leaseMs?: number;
  /** Of the call that asks for a slot; in the middle where it has none. */
  readonly priorityNow?: () => number | undefined;
  readonly log?: Log;
}

/**
 * Holds a target system's concurrency limit over all workers: a slot leased in the store for each call. Systems without a limit run free.
 * Where a target refuses for too many at once, its limit goes down for all workers (store/target-limit.ts).
 */
export function createSlots(store: Store, holder: string, options: SlotsOptions = {}) {
  const { log, priorityNow, ...poolOptions } = options;
  const pools = new Map<string, SlotPool>();
  const limits = new Map<string, number>();
  let listener: Promise<Listener> | undefined;
  const state = (): SlotsOfSystem[] => [...pools].map(([system, pool]) => ({ system, configured: limits.get(system) ?? 0, ...pool.usage() }));
  const unwatch = watchSlots(state);
  const unlisten = onTooManyAtOnce(lower);

  function lower({ system, sentMsAgo }: TooManyAtOnce): void {
    const limit = limits.get(system);
    if (limit === undefined || !pools.has(system)) return;
    countTooManyAtOnce(system);
    lowerLimit(store.db, { target: system, limit, sentMsAgo }).then(
      (allowed) => {
        log?.warn({ system, configured: limit, allowed }, 'a system refuses for too many requests at once: all workers send fewer');
        pools.get(system)?.limitChanged();
      },
      (error: unknown) => log?.warn({ system, error: String(error) }, 'a limit could not be lowered; the next refusal tries it again'),
    );
  }

  function changed(system: string): void {
    for (const [id, pool] of pools) if (system === '' || system === id) pool.limitChanged();
  }

  return {
    async configure(config: FirmConfig): Promise<void> {
      for (const { id, limits: { concurrency } } of config.systems) {
        const pool = pools.get(id);
        if (concurrency === null) {
          pools.delete(id);
          limits.delete(id);
          await pool?.close();
          continue;
        }
        limits.set(id, concurrency);
        if (pool === undefined) pools.set(id, createSlotPool({ db: store.db, target: id, limit: () => limits.get(id) ?? concurrency, holder, onSqueeze: (atOnce) => squeezeRequests(id, atOnce), ...poolOptions }));
      }
      listener ??= onTargetLimit(store.url, changed);
      await listener.catch((error: unknown) => {
        listener = undefined;
        throw error;
      });
    },
    /** @param work gets the signal it has to obey: of the step's cancellation, and of the slot that ran out, which another worker may have by then */
    async withSlot<Result>(system: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
      const pool = pools.get(system);
      if (pool === undefined) return await work(signal);
      const release = await pool.acquire(signal, priorityNow?.());
      try {
        return await work(AbortSignal.any([signal, release.lost]));
      } finally {
        release();
      }
    },
    /** Of each system with a limit, as this worker has it. */
    state,
    async close(): Promise<void> {
      unlisten();
      unwatch();
      await (await listener)?.close();
      for (const pool of pools.values()) await pool.close();
    },
  };
}
