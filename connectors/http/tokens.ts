import { reservedShare } from '../../domain/request-priority.ts';

/** Where a budget's requests have their tokens from. */
export interface Tokens {
  /** Milliseconds until a request of this priority, behind so many others, has one; 0: now; undefined where an answer is awaited that will call back. */
  waitMs(priority: number, ahead: number, now: number): number | undefined;
  take(now: number): void;
  /** Requests per second over all that share the source; null for as many as one likes. */
  perSecond(): number | null;
}

/** This process's own bucket: one second's requests, at least one. Each priority leaves its reserve to those more urgent. */
export function createBucket(perSecond: number): Tokens {
  const depth = Math.max(1, perSecond);
  let tokens = depth;
  let filledAt = Number.NEGATIVE_INFINITY;

  function fill(now: number): void {
    if (now > filledAt) tokens = Math.min(depth, tokens + ((now - filledAt) / 1000) * perSecond);
    filledAt = Math.max(filledAt, now);
  }

  return {
    waitMs(priority, ahead, now) {
      fill(now);
      return Math.max(0, ((ahead + 1 + keptOf(priority, depth) - tokens) / perSecond) * 1000);
    },
    take(now) {
      fill(now);
      tokens -= 1;
    },
    perSecond: () => perSecond,
  };
}

/** Tokens of a bucket that requests of a priority leave in it: its share, but never so many that none is left for them. */
export function keptOf(priority: number, depth: number): number {
  return Math.min(reservedShare(priority) * depth, depth - 1);
}

/** What whoever holds a limit over all processes answers to one of them. */
export type Lease =
  | { readonly limited: false; readonly processes: number }
  | {
      readonly limited: true;
      /** When each token may be used, milliseconds from when it was asked for. */
      readonly usableInMs: readonly number[];
      /** It is of no use to ask again before. */
      readonly askAgainInMs: number;
      readonly perSecond: number;
      /** Processes that send to the same account, this one included. */
      readonly processes: number;
    };

export type Lessor = (want: number, priority: number) => Promise<Lease>;

export interface LeasedTokens extends Tokens {
  /** The limit was changed: what is in hand counts no more. */
  changed(): void;
  processes(): number;
}

/** A token that nobody used in time is lost, so that none are hoarded. */
const TOKEN_LASTS_MS = 1000;
const FREE_FOR_MS = 5000;
const AFTER_ERROR_MS = 500;
const MOST_AT_ONCE = 50;

/** Tokens of one bucket for all processes, a few at a time as they are wanted. */
export function createLeasedTokens(terms: { readonly lessor: Lessor; readonly configured: number | null; readonly wanted: () => number; readonly onAnswer: () => void; readonly clock?: () => number }): LeasedTokens {
  const clock = terms.clock ?? (() => performance.now());
  let hand: number[] = [];
  let asking = false;
  let askAgainAt = 0;
  let askedFor = Number.POSITIVE_INFINITY;
  let freeUntil = 0;
  let perSecond = terms.configured;
  let processes = 1;
  let generation = 0;

  function ask(priority: number): void {
    asking = true;
    askedFor = priority;
    const asked = generation;
    terms.lessor(Math.min(MOST_AT_ONCE, Math.max(1, terms.wanted() - hand.length)), priority).then(
      (lease) => {
        ({ processes } = lease);
        if (asked !== generation) return;
        const now = clock();
        perSecond = lease.limited ? lease.perSecond : null;
        freeUntil = lease.limited ? 0 : now + FREE_FOR_MS;
        if (!lease.limited) return;
        hand.push(...lease.usableInMs.map((ms) => now + ms));
        askAgainAt = now + lease.askAgainInMs;
      },
      () => {
        askAgainAt = clock() + AFTER_ERROR_MS;
      },
    ).finally(() => {
      asking = false;
      terms.onAnswer();
    });
  }

  return {
    waitMs(priority, ahead, now) {
      const isFree = perSecond === null && freeUntil > 0;
      if (isFree) {
        if (now >= freeUntil && !asking) ask(priority);
        return 0;
      }
      hand = hand.filter((at) => at > now - TOKEN_LASTS_MS);
      const mayAsk = !asking && (now >= askAgainAt || priority < askedFor);
      if (mayAsk && hand.length < Math.max(1, terms.wanted())) ask(priority);
      const token = hand[ahead];
      if (token !== undefined) return Math.max(0, token - now);
      if (ahead > 0) return Math.max(0, askAgainAt - now, perSecond === null ? 0 : ((ahead - hand.length) / perSecond) * 1000);
      return asking ? undefined : askAgainAt - now;
    },
    take() {
      hand.shift();
    },
    perSecond: () => perSecond,
    changed() {
      generation += 1;
      hand = [];
      askAgainAt = 0;
      freeUntil = 0;
    },
    processes: () => processes,
  };
}
