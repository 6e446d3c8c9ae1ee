/** How many requests may be sent: at once, and per second. */
export interface Budget {
  /**
   * Waits for a slot and a token; call the answer when the request is over. Of those that wait, the more urgent (1 … 5, design.md section 6) go
   * first, and who has waited long becomes more urgent.
   * Answers the milliseconds to wait instead where that is longer than `longestWaitMs`: a worker's slot is not held for it.
   * @throws the signal's reason when it aborts while waiting
   */
  enter(signal: AbortSignal, priority?: number): Promise<Entry>;
  /** The vendor says that nothing more is welcome for so long. */
  pause(milliseconds: number): void;
  /** Only so many at once for now, below the configured limit; null for no more than that. */
  squeeze(atOnce: number | null): void;
  /** Requests that wait now. */
  waiting(): number;
}

export type Entry = { readonly leave: () => void } | { readonly waitMs: number };

interface Waiter {
  readonly priority: number;
  readonly since: number;
  readonly answer: (entry: Entry) => void;
}

const MIDDLE_PRIORITY = 3;
/** A request that has waited so long counts as one level more urgent, so that none starves. */
const AGING_MS = 2000;

/**
 * A semaphore and a token bucket, in this process only: the limit over all workers is the task queue's and the store's (design.md section 6).
 * The bucket holds one second's requests, at least one.
 */
export function createBudget(limits: { readonly concurrency: number | null; readonly requestsPerSecond: number | null }, longestWaitMs = 10_000): Budget {
  const { concurrency, requestsPerSecond } = limits;
  const depth = Math.max(1, requestsPerSecond ?? 1);
  const queue: Waiter[] = [];
  let inFlight = 0;
  let tokens = depth;
  let filledAt = performance.now();
  let pausedUntil = 0;
  let atOnce = concurrency ?? Number.POSITIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  /** Milliseconds until `ahead` others and one more have had their token. */
  function tokenIn(ahead: number, now: number): number {
    const pause = Math.max(0, pausedUntil - now);
    if (requestsPerSecond === null) return pause;
    tokens = Math.min(depth, tokens + ((now - filledAt) / 1000) * requestsPerSecond);
    filledAt = now;
    return Math.max(pause, ((ahead + 1 - tokens) / requestsPerSecond) * 1000);
  }

  function mostUrgent(now: number): Waiter | undefined {
    const urgency = ({ priority, since }: Waiter) => priority - Math.floor((now - since) / AGING_MS);
    return queue.reduce<Waiter | undefined>((best, waiter) => (best === undefined || urgency(waiter) < urgency(best) ? waiter : best), undefined);
  }

  function leave(): void {
    inFlight -= 1;
    admit();
  }

  function admit(): void {
    clearTimeout(timer);
    timer = undefined;
    while (queue.length > 0 && inFlight < atOnce) {
      const now = performance.now();
      const waitMs = tokenIn(0, now);
      if (waitMs > longestWaitMs) {
        for (const { answer } of queue.splice(0)) answer({ waitMs: Math.ceil(waitMs) });
        return;
      }
      if (waitMs > 0) {
        timer = setTimeout(admit, waitMs);
        return;
      }
      const next = mostUrgent(now);
      if (next === undefined) return;
      queue.splice(queue.indexOf(next), 1);
      if (requestsPerSecond !== null) tokens -= 1;
      inFlight += 1;
      next.answer({ leave });
    }
  }

  return {
    async enter(signal, priority = MIDDLE_PRIORITY) {
      signal.throwIfAborted();
      const now = performance.now();
      const waitMs = tokenIn(queue.filter((waiter) => waiter.priority <= priority).length, now);
      if (waitMs > longestWaitMs) return { waitMs: Math.ceil(waitMs) };
      const { promise, resolve, reject } = Promise.withResolvers<Entry>();
      const waiter: Waiter = { priority, since: now, answer: resolve };
      const onAbort = () => {
        const at = queue.indexOf(waiter);
        if (at < 0) return;
        queue.splice(at, 1);
        reject(reasonOf(signal));
      };
      queue.push(waiter);
      signal.addEventListener('abort', onAbort, { once: true });
      admit();
      try {
        return await promise;
      } finally {
        signal.removeEventListener('abort', onAbort);
      }
    },
    pause(milliseconds) {
      pausedUntil = Math.max(pausedUntil, performance.now() + milliseconds);
      admit();
    },
    squeeze(most) {
      atOnce = Math.min(concurrency ?? Number.POSITIVE_INFINITY, most ?? Number.POSITIVE_INFINITY);
      admit();
    },
    waiting: () => queue.length,
  };
}

/** Why a signal aborted, as something that can be thrown. */
export function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('The call was cancelled.', { cause: signal.reason });
}
