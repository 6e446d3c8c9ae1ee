import { createTurns, MIDDLE_PRIORITY, FAIR_TURN, type Turn } from '../../domain/request-priority.ts';
import { createAccepted } from './accepted.ts';
import { createBucket, createLeasedTokens, type LeasedTokens, type Lessor, type LessorNews, type Tokens } from './tokens.ts';
import { createVendorWindows, type LimitsTold, type WindowState } from './vendor-windows.ts';

export interface BudgetState {
  /** Requests per second: as configured, and as allowed now over all processes; null for any number. */
  readonly perSecond: { readonly configured: number | null; readonly now: number | null };
  /** What the vendor told last of its windows. */
  readonly windows: readonly WindowState[];
  readonly waiting: number;
}

/** How many requests may be sent: at once, per second, and by what the vendor says of its own windows. */
export interface Budget {
  /**
   * Waits for a slot and a token; call the answer when the request is over. Who goes first and what is kept for the urgent: domain/request-priority.ts.
   * Answers the milliseconds to wait instead where that is longer than `longestWaitMs`, or where it has waited for so long, whatever for: a worker's
   * slot is not held for it.
   * @throws the signal's reason when it aborts while waiting
   */
  enter(signal: AbortSignal, priority?: number): Promise<Entry>;
  /** No request is welcome for so long. */
  pause(milliseconds: number): void;
  /** What the answer to the nth request says of the vendor's limits. */
  told(limits: LimitsTold, nth: number): void;
  /** The system took a request, whatever it answered. */
  accepted(): void;
  /** Requests per second the system seems to bear, by what it took before it refused one. @param againInMs when it takes requests again */
  sustainable(againInMs: number): number;
  /** Only so many at once for now, below the configured limit; null for no more than that. */
  squeeze(atOnce: number | null): void;
  /** Takes its tokens from whoever holds the limit over all processes; null: from a bucket of its own. */
  share(lessor: Lessor | null): void;
  /** The limit over all processes was changed. */
  rateChanged(): void;
  state(): BudgetState;
}

export type Entry = { readonly leave: () => void; /** Counted over all requests that were let through. */ readonly nth: number } | { readonly waitMs: number };

interface Waiter {
  readonly priority: number;
  readonly answer: (entry: Entry) => void;
}

/** After its time in the queue is up, a request comes again no sooner. */
const NOT_BEFORE_MS = 1000;

/**
 * For one system in this process; over all processes where it shares its tokens (shared-rate.ts) and is squeezed (at-once.ts).
 * @param tell - told whether whoever holds the limit over all processes answers
 */
export function createBudget(limits: { readonly concurrency: number | null; readonly requestsPerSecond: number | null }, longestWaitMs = 10_000, clock: () => number = () => performance.now(), tell: (news: LessorNews) => void = () => undefined): Budget {
  const { concurrency, requestsPerSecond } = limits;
  const turns = createTurns();
  const windows = createVendorWindows({ sharers: () => leased?.processes() ?? 1, moreUrgentCame: turns.moreUrgentCame });
  const acceptedOfLate = createAccepted();
  const own: Tokens | null = requestsPerSecond === null ? null : createBucket(requestsPerSecond);
  const queue: Waiter[] = [];
  const held = new Set<Waiter>();
  let leased: LeasedTokens | null = null;
  let sent = 0;
  let pausedUntil = 0;
  let atOnce = concurrency ?? Number.POSITIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  /** Milliseconds until one of this priority, behind so many others, may go; undefined while that is being asked. */
  function waitMs(priority: number, ahead: number, now: number): number | undefined {
    const tokens = leased ?? own;
    const token = tokens === null ? 0 : tokens.waitMs(priority, ahead, now);
    return token === undefined ? undefined : Math.max(0, pausedUntil - now, windows.waitMs(priority, ahead, now), token);
  }

  /** Turns of others before that of one that comes now: of all that are not less urgent, or by its fair share where that is sooner. */
  function aheadOf(priority: number): number {
    const strictly = queue.filter((waiter) => waiter.priority <= priority).length;
    const alike = queue.filter((waiter) => waiter.priority >= priority).length;
    return Math.min(strictly, (alike + 1) * FAIR_TURN - 1);
  }

  function admit(): void {
    clearTimeout(timer);
    timer = undefined;
    while (queue.length > 0) {
      const now = clock();
      const turn = turns.next(queue, { slots: atOnce, held: [...held].map(({ priority }) => priority), now });
      if (turn === undefined) return;
      const wait = waitMs(turn.fair ? 1 : turn.waiter.priority, 0, now);
      if (wait === undefined) return;
      if (wait > longestWaitMs) {
        for (const { answer } of queue.splice(0)) answer({ waitMs: Math.ceil(wait) });
        return;
      }
      if (wait > 0) {
        timer = setTimeout(admit, wait);
        return;
      }
      go(turn, now);
    }
  }

  function go(turn: Turn<Waiter>, now: number): void {
    const { waiter } = turn;
    queue.splice(queue.indexOf(waiter), 1);
    turns.went(turn, queue);
    (leased ?? own)?.take(now);
    windows.went(waiter.priority, now);
    held.add(waiter);
    sent += 1;
    waiter.answer({
      nth: sent,
      leave: () => {
        if (held.delete(waiter)) admit();
      },
    });
  }

  return {
    async enter(signal, priority = MIDDLE_PRIORITY) {
      signal.throwIfAborted();
      const now = clock();
      turns.came(priority, now);
      const wait = waitMs(priority, aheadOf(priority), now) ?? 0;
      if (wait > longestWaitMs) return { waitMs: Math.ceil(wait) };
      const { promise, resolve, reject } = Promise.withResolvers<Entry>();
      const waiter: Waiter = { priority, answer: resolve };
      const left = (): boolean => {
        const at = queue.indexOf(waiter);
        if (at >= 0) queue.splice(at, 1);
        return at >= 0;
      };
      const onAbort = () => {
        if (left()) reject(reasonOf(signal));
      };
      const onTimeUp = () => {
        if (left()) resolve({ waitMs: Math.ceil(Math.max(NOT_BEFORE_MS, waitMs(priority, aheadOf(priority), clock()) ?? 0)) });
      };
      queue.push(waiter);
      signal.addEventListener('abort', onAbort, { once: true });
      admit();
      const deadline = queue.includes(waiter) ? setTimeout(onTimeUp, longestWaitMs) : undefined;
      try {
        return await promise;
      } finally {
        clearTimeout(deadline);
        signal.removeEventListener('abort', onAbort);
      }
    },
    pause(milliseconds) {
      pausedUntil = Math.max(pausedUntil, clock() + milliseconds);
      admit();
    },
    told({ windows: told = [], pauseMs = 0 }, nth) {
      if (told.length > 0) windows.told(told, nth, clock());
      if (pauseMs > 0) pausedUntil = Math.max(pausedUntil, clock() + pauseMs);
      admit();
    },
    accepted() {
      acceptedOfLate.answered(clock());
    },
    sustainable: (againInMs) => acceptedOfLate.sustainable(clock(), againInMs),
    squeeze(most) {
      atOnce = Math.min(concurrency ?? Number.POSITIVE_INFINITY, most ?? Number.POSITIVE_INFINITY);
      admit();
    },
    share(lessor) {
      leased?.end();
      leased = lessor === null ? null : createLeasedTokens({ lessor, configured: requestsPerSecond, wanted: () => queue.length, onAnswer: admit, tell, clock });
      admit();
    },
    rateChanged() {
      leased?.changed();
      admit();
    },
    state: () => ({ perSecond: { configured: requestsPerSecond, now: leased === null ? requestsPerSecond : leased.perSecond() }, windows: windows.state(clock()), waiting: queue.length }),
  };
}

/** Why a signal aborted, as something that can be thrown. */
export function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('The call was cancelled.', { cause: signal.reason });
}
