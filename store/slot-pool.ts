import { performance } from 'node:perf_hooks';
import { createTurns, MIDDLE_PRIORITY, type Turn } from '../domain/request-priority.ts';
import type { Db } from './database.ts';
import { raiseLimit } from './target-limit.ts';
import { leaseSlots, leaveTarget, releaseSlots, renewSlots } from './target-slots.ts';

/** Call it when the target answered. `lost` fires when the slot ran out because the store could not be reached: stop the call then. */
export interface Release {
  (): void;
  readonly lost: AbortSignal;
}

export interface SlotPool {
  /** Waits for a slot; of this process's calls the more urgent (1 … 5) go first (domain/request-priority.ts). Rejects with the signal's reason when aborted. */
  acquire(signal?: AbortSignal, priority?: number): Promise<Release>;
  /** Gives idle slots back at once and refuses whoever waits; a slot in use ends with its lease. */
  close(): Promise<void>;
  /** `limit` is that over all processes, as it was last told. */
  readonly usage: () => { readonly limit: number; readonly held: number; readonly busy: number; readonly waiting: number };
  /** The target takes fewer or more than before (target-limit.ts): the slots follow at once instead of at their next renewal. */
  limitChanged(): void;
}

export interface SlotPoolSettings {
  readonly db: Db;
  readonly target: string;
  /** Calls at once over all processes; a function where it can change. */
  readonly limit: number | (() => number);
  /** Unique per pool: host, process and something random. */
  readonly holder: string;
  /** A killed process's slots are free again after this, milliseconds; 15,000 unless told. */
  readonly leaseMs?: number;
  readonly onError?: (error: unknown) => void;
  /**
   * Calls of slots that are over and above a lowered limit still run: until they are done, only so many requests at once may come from all of
   * this process's calls; null when they are. At least 1, so that they come to their end.
   */
  readonly onSqueeze?: (atOnce: number | null) => void;
}

interface Slot {
  readonly number: number;
  readonly lost: AbortController;
  validUntil: number;
  /** The priority of the call that uses it; null for none. */
  usedBy: number | null;
  /** Goes back to the store when its call ends. */
  surplus: boolean;
}

interface Waiter {
  readonly priority: number;
  readonly grant: (slot: Slot) => void;
  readonly refuse: (reason: unknown) => void;
}

/**
 * A semaphore over the slots this process has leased: no round trip where one is free. In the background it renews them (every third of the
 * lease), grows to its fair share while somebody waits (the limit divided by the holders that want slots), gives up what is above it, and
 * leaves when nothing was asked of it for a whole lease. A slot whose renewal fails is granted to nobody once its lease is over.
 */
export function createSlotPool(settings: SlotPoolSettings): SlotPool {
  const { db, target, holder, limit: configured, leaseMs = 15_000 } = settings;
  const limitNow = typeof configured === 'function' ? configured : () => configured;
  const renewEveryMs = leaseMs / 3;
  const retryMs = Math.min(renewEveryMs, 100);
  const slots = new Map<number, Slot>();
  const turns = createTurns();
  const waiting: Waiter[] = [];
  const returned: number[] = [];
  let share = 0;
  let lastLimit = limitNow();
  let squeezed: number | null = null;
  let lastUsed = performance.now();
  let lastRenewal = Number.NEGATIVE_INFINITY;
  let restUntil = 0;
  let limitTold = false;
  let working: Promise<void> | undefined;
  let askedMeanwhile = false;
  let workTimer: NodeJS.Timeout | undefined;
  let expiryTimer: NodeJS.Timeout | undefined;
  let closed = false;

  const inUse = (): number[] => [...slots.values()].flatMap(({ usedBy }) => (usedBy === null ? [] : [usedBy]));
  const busyCount = (): number => inUse().length;

  function idleSlot(): Slot | undefined {
    const now = performance.now();
    return [...slots.values()].find((slot) => slot.usedBy === null && !slot.surplus && slot.validUntil > now);
  }

  function dispatch(): void {
    for (let slot = idleSlot(), turn = nextTurn(); slot !== undefined && turn !== undefined; slot = idleSlot(), turn = nextTurn()) {
      waiting.splice(waiting.indexOf(turn.waiter), 1);
      turns.went(turn, waiting);
      turn.waiter.grant(slot);
    }
  }

  function nextTurn(): Turn<Waiter> | undefined {
    return turns.next(waiting, { slots: slots.size, held: inUse(), now: performance.now() });
  }

  function occupy(slot: Slot, priority: number): Release {
    slot.usedBy = priority;
    lastUsed = performance.now();
    let released = false;
    const release = () => {
      if (released) return;
      released = true;
      slot.usedBy = null;
      lastUsed = performance.now();
      if (slots.get(slot.number) !== slot) return;
      if (slot.surplus) giveBack(slot);
      dispatch();
    };
    return Object.assign(release, { lost: slot.lost.signal });
  }

  function giveBack(slot: Slot): void {
    slots.delete(slot.number);
    returned.push(slot.number);
    squeeze();
    work(0);
  }

  function squeeze(): void {
    const all = [...slots.values()];
    const kept = all.filter((slot) => !slot.surplus).length;
    const atOnce = all.length > kept ? Math.max(1, kept) : null;
    if (atOnce === squeezed) return;
    squeezed = atOnce;
    settings.onSqueeze?.(atOnce);
  }

  function expire(): void {
    clearTimeout(expiryTimer);
    const now = performance.now();
    for (const slot of slots.values()) if (slot.validUntil <= now) lose(slot);
    squeeze();
    if (slots.size === 0) return;
    const next = Math.min(...[...slots.values()].map((slot) => slot.validUntil));
    expiryTimer = setTimeout(expire, next - now + 1).unref();
  }

  function lose(slot: Slot): void {
    slots.delete(slot.number);
    slot.lost.abort(new Error(`slot ${slot.number} of ${target} ran out: the store did not renew it in time`));
  }

  function work(afterMs: number): void {
    clearTimeout(workTimer);
    if (working !== undefined) askedMeanwhile = true;
    if (closed || working !== undefined) return;
    workTimer = setTimeout(() => {
      working = cycle()
        .catch((error: unknown) => settings.onError?.(error))
        .finally(() => {
          working = undefined;
          const afterwards = askedMeanwhile ? 0 : nextCycle();
          askedMeanwhile = false;
          work(afterwards);
        });
    }, afterMs).unref();
  }

  function nextCycle(): number {
    if (returned.length > 0) return 0;
    if (waiting.length > 0 && slots.size < Math.max(1, share)) return retryMs;
    if (slots.size === 0 && waiting.length === 0 && share === 0) return 2 ** 30;
    return renewEveryMs;
  }

  async function cycle(): Promise<void> {
    if (returned.length > 0) await releaseSlots(db, { target, holder, slots: returned.splice(0) });
    const now = performance.now();
    if (waiting.length === 0 && busyCount() === 0 && now - lastUsed > leaseMs) return await leave();
    if (limitTold || now - lastRenewal >= renewEveryMs * 0.9 || (waiting.length > 0 && slots.size < limitNow())) await renew();
    const missing = Math.min(share - slots.size, waiting.length);
    if (missing > 0 && performance.now() >= restUntil) await grow(missing);
  }

  async function leave(): Promise<void> {
    share = 0;
    slots.clear();
    await leaveTarget(db, { target, holder });
  }

  async function renew(): Promise<void> {
    limitTold = false;
    const asked = [...slots.values()];
    const sentAt = performance.now();
    const most = limitNow();
    const renewal = await renewSlots(db, { target, limit: most, holder, leaseMs, slots: asked.map((slot) => slot.number) });
    lastRenewal = sentAt;
    const { limit } = renewal;
    lastLimit = limit;
    const kept = new Set(renewal.slots);
    for (const slot of asked) {
      if (slots.get(slot.number) !== slot) continue;
      if (kept.has(slot.number)) slot.validUntil = sentAt + leaseMs;
      else slot.surplus = true;
    }
    share = renewal.starving > 0 ? Math.floor(limit / renewal.holders) : Math.ceil(limit / renewal.holders);
    shrink();
    share = Math.max(1, share);
    expire();
    if (limit < most && slots.size >= share) await raiseLimit(db, { target, limit: most });
  }

  function shrink(): void {
    const excess = [...slots.values()].filter((slot) => !slot.surplus).length - share;
    const byUse = [...slots.values()].filter((slot) => !slot.surplus).toSorted((a, b) => Number(a.usedBy !== null) - Number(b.usedBy !== null));
    for (const slot of byUse.slice(0, Math.max(0, excess))) slot.surplus = true;
    for (const slot of slots.values()) if (slot.surplus && slot.usedBy === null) giveBack(slot);
    if (excess > 0) restUntil = performance.now() + 3 * retryMs;
  }

  async function grow(want: number): Promise<void> {
    const sentAt = performance.now();
    const leased = await leaseSlots(db, { target, limit: limitNow(), holder, leaseMs, want });
    for (const number of leased) slots.set(number, { number, lost: new AbortController(), validUntil: sentAt + leaseMs, usedBy: null, surplus: false });
    expire();
    dispatch();
  }

  function acquire(signal?: AbortSignal, priority = MIDDLE_PRIORITY): Promise<Release> {
    if (closed) return Promise.reject(new Error(`the slots of ${target} are closed: this process is ending`));
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    turns.came(priority, performance.now());
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        waiting.splice(waiting.indexOf(waiter), 1);
        reject(signal?.reason);
      };
      const waiter: Waiter = {
        priority,
        grant: (slot) => {
          signal?.removeEventListener('abort', onAbort);
          resolve(occupy(slot, priority));
        },
        refuse: (reason) => {
          signal?.removeEventListener('abort', onAbort);
          reject(reason);
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      waiting.push(waiter);
      dispatch();
      if (!waiting.includes(waiter)) return;
      if (share === 0 || (slots.size < share && performance.now() >= restUntil)) work(0);
    });
  }

  async function close(): Promise<void> {
    closed = true;
    clearTimeout(workTimer);
    for (const waiter of waiting.splice(0)) waiter.refuse(new Error(`the slots of ${target} are closed: this process is ending`));
    await working;
    clearTimeout(expiryTimer);
    const idle = [...slots.values()].filter((slot) => slot.usedBy === null).map((slot) => slot.number);
    if (idle.length === slots.size) await leaveTarget(db, { target, holder });
    else await releaseSlots(db, { target, holder, slots: [...returned, ...idle] });
    settings.onSqueeze?.(null);
  }

  function limitChanged(): void {
    limitTold = true;
    if (share > 0) work(0);
  }

  return { acquire, close, limitChanged, usage: () => ({ limit: Math.min(lastLimit, limitNow()), held: slots.size, busy: busyCount(), waiting: waiting.length }) };
}
