/** How many requests may be sent: at once, and per second. */
export interface Budget {
  /**
   * Waits for a slot and a token; call the answer when the request is over.
   * Answers the milliseconds to wait instead where that is longer than `longestWaitMs`: a worker's slot is not held for it.
   * @throws the signal's reason when it aborts while waiting
   */
  enter(signal: AbortSignal): Promise<{ readonly leave: () => void } | { readonly waitMs: number }>;
  /** The vendor says that nothing more is welcome for so long. */
  pause(milliseconds: number): void;
}

/**
 * A semaphore and a token bucket, in this process only: the limit over all workers is the task queue's and the store's (design.md section 6).
 * The bucket holds one second's requests, at least one.
 */
export function createBudget(limits: { readonly concurrency: number | null; readonly requestsPerSecond: number | null }, longestWaitMs = 10_000): Budget {
  const { concurrency, requestsPerSecond } = limits;
  const depth = Math.max(1, requestsPerSecond ?? 1);
  const waiting: (() => void)[] = [];
  let inFlight = 0;
  let tokens = depth;
  let filledAt = performance.now();
  let pausedUntil = 0;

  /** Takes a token, in debt if need be, and answers how long it takes until the debt is paid. */
  const takeToken = (now: number): number => {
    const pause = Math.max(0, pausedUntil - now);
    if (requestsPerSecond === null) return pause;
    tokens = Math.min(depth, tokens + ((now - filledAt) / 1000) * requestsPerSecond) - 1;
    filledAt = now;
    return Math.max(pause, tokens >= 0 ? 0 : (-tokens / requestsPerSecond) * 1000);
  };
  const leave = () => {
    const next = waiting.shift();
    if (next === undefined) inFlight -= 1;
    else next();
  };

  return {
    async enter(signal) {
      signal.throwIfAborted();
      if (concurrency !== null && inFlight >= concurrency) await waitForTurn(waiting, signal);
      else inFlight += 1;
      const waitMs = takeToken(performance.now());
      if (waitMs > longestWaitMs) {
        tokens += requestsPerSecond === null ? 0 : 1;
        leave();
        return { waitMs: Math.ceil(waitMs) };
      }
      if (waitMs > 0) {
        try {
          await sleep(waitMs, signal);
        } catch (error) {
          leave();
          throw error;
        }
      }
      return { leave };
    },
    pause(milliseconds) {
      pausedUntil = Math.max(pausedUntil, performance.now() + milliseconds);
    },
  };
}

async function waitForTurn(waiting: (() => void)[], signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = () => {
    const at = waiting.indexOf(resolve);
    if (at >= 0) waiting.splice(at, 1);
    reject(reasonOf(signal));
  };
  waiting.push(resolve);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  const onAbort = () => {
    reject(reasonOf(signal));
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

/** Why a signal aborted, as something that can be thrown. */
export function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('The call was cancelled.', { cause: signal.reason });
}
