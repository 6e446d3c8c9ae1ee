import { FAIR_AFTER_MS, FAIR_TURN, reservedShare } from '../../domain/request-priority.ts';

/** Where a budget's requests have their tokens from. */
export interface Tokens {
  /** Milliseconds until a request of this priority, behind so many others, has one; 0: now; undefined where an answer is awaited that will call back. */
  waitMs(priority: number, ahead: number, now: number): number | undefined;
  take(now: number): void;
  /** Requests per second over all that share the source; null for as many as one likes. */
  perSecond(): number | null;
}

/**
 * This process's own bucket: one second's requests, at least one. Each priority leaves its reserve to those more urgent.
 * @param emptyAt - it begins empty at this moment; full where none is told
 */
export function createBucket(perSecond: number, emptyAt?: number): Tokens {
  const depth = Math.max(1, perSecond);
  let tokens = emptyAt === undefined ? depth : 0;
  let filledAt = emptyAt ?? Number.NEGATIVE_INFINITY;

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

/** @param fair - it is this process's turn by rule 4 (domain/request-priority.ts): one token, whatever others keep for themselves */
export type Lessor = (want: number, priority: number, fair: boolean) => Promise<Lease>;

/** Whether the lessor answers; `perSecond` is what this process sends without it, null for any number. */
export type LessorNews = { readonly answers: true } | { readonly answers: false; readonly error: unknown; readonly perSecond: number | null };

export interface LeasedTokens extends Tokens {
  /** The limit was changed: what is in hand counts no more. */
  changed(): void;
  processes(): number;
  /** Nothing is asked or told any more. */
  end(): void;
}

interface LeaseTerms {
  readonly lessor: Lessor;
  readonly configured: number | null;
  readonly wanted: () => number;
  readonly onAnswer: () => void;
  /** Told once when the lessor does not answer, and once when it answers again. */
  readonly tell?: (news: LessorNews) => void;
  readonly clock?: () => number;
}

/** A token that nobody used in time is lost, so that none are hoarded. */
const TOKEN_LASTS_MS = 1000;
const FREE_FOR_MS = 5000;
const AFTER_ERROR_MS = 500;
const ANSWER_WITHIN_MS = 2000;
/** Each question that was not answered holds one of the store's connections. */
const AFTER_SILENCE_MS = 10_000;
const MOST_AT_ONCE = 50;
/** Where nobody ever told how many there are. */
const ASSUMED_PROCESSES = 4;

/**
 * Tokens of one bucket for all processes, a few at a time as they are wanted. A lessor that refuses, or does not answer within two seconds, holds
 * nobody up: until it answers again this process keeps to a bucket of its own, of its part of the rate last known. Where no rate is known, nobody waits
 * for the lessor at all: it is asked every five seconds in which something is sent, so that a lowered rate is known by then although its notice was lost.
 */
export function createLeasedTokens(terms: LeaseTerms): LeasedTokens {
  const clock = terms.clock ?? (() => performance.now());
  let hand: number[] = [];
  let asking = false;
  let askAgainAt = 0;
  let askedFor = Number.POSITIVE_INFINITY;
  let perSecond = terms.configured;
  let processes: number | null = null;
  let generation = 0;
  /** Not null while the lessor does not answer. */
  let alone: Tokens | null = null;
  let silent = false;
  let inVainSince: number | null = null;
  let ended = false;

  function ask(priority: number, now: number): void {
    asking = true;
    askedFor = priority;
    const asked = generation;
    const fair = isStarved(now);
    const want = fair ? 1 : Math.min(MOST_AT_ONCE, Math.max(1, terms.wanted() - hand.length));
    const answer = terms.lessor(want, fair ? 1 : priority, fair);
    inTime(answer, onSettledLate).then(
      (lease) => answered(lease, asked, now),
      (error: unknown) => refused(error),
    ).finally(() => {
      asking = false;
      if (!ended) terms.onAnswer();
    });
  }

  function answered(lease: Lease, asked: number, askedAt: number): void {
    ({ processes } = lease);
    if (silent && !ended) terms.tell?.({ answers: true });
    silent = false;
    alone = null;
    if (asked !== generation) return;
    const now = clock();
    perSecond = lease.limited ? lease.perSecond : null;
    askAgainAt = now + (lease.limited ? lease.askAgainInMs : FREE_FOR_MS);
    if (!lease.limited) return;
    hand.push(...lease.usableInMs.map((ms) => now + ms));
    inVainSince = lease.usableInMs.length > 0 ? null : (inVainSince ?? askedAt);
  }

  function refused(error: unknown): void {
    const now = clock();
    const own = perSecond === null ? null : perSecond / (processes ?? ASSUMED_PROCESSES);
    hand = [];
    askAgainAt = now + (error instanceof NoAnswer ? AFTER_SILENCE_MS : AFTER_ERROR_MS);
    alone ??= own === null ? null : createBucket(own, now);
    if (!silent && !ended) terms.tell?.({ answers: false, error, perSecond: own });
    silent = true;
  }

  /** It answers after all: worth asking again. */
  function onSettledLate(): void {
    askAgainAt = 0;
  }

  /** Others keep the bucket empty: nothing was granted for some seconds, and for ten turns of each process where the rate is lower. */
  function isStarved(now: number): boolean {
    return inVainSince !== null && perSecond !== null && now - inVainSince >= Math.max(FAIR_AFTER_MS, (FAIR_TURN * (processes ?? 1) * 1000) / perSecond);
  }

  return {
    waitMs(priority, ahead, now) {
      if (perSecond === null || alone !== null) {
        if (now >= askAgainAt && !asking) ask(priority, now);
        return alone?.waitMs(priority, ahead, now) ?? 0;
      }
      hand = hand.filter((at) => at > now - TOKEN_LASTS_MS);
      const mayAsk = !asking && (now >= askAgainAt || priority < askedFor);
      if (mayAsk && hand.length < Math.max(1, terms.wanted())) ask(priority, now);
      const token = hand[ahead];
      if (token !== undefined) return Math.max(0, token - now);
      if (ahead > 0) return Math.max(0, askAgainAt - now, ((ahead - hand.length) / perSecond) * 1000);
      return asking ? undefined : askAgainAt - now;
    },
    take(now) {
      if (alone === null) hand.shift();
      else alone.take(now);
    },
    perSecond: () => perSecond,
    changed() {
      generation += 1;
      hand = [];
      askAgainAt = 0;
    },
    processes: () => processes ?? 1,
    end() {
      ended = true;
    },
  };
}

class NoAnswer extends Error {}

/** @throws NoAnswer when it takes too long; `onSettledLate` is called when it settles after that */
async function inTime<T>(answer: Promise<T>, onSettledLate: () => void): Promise<T> {
  const { promise: timeUp, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new NoAnswer(`no answer within ${ANSWER_WITHIN_MS} ms`));
    answer.then(onSettledLate, onSettledLate);
  }, ANSWER_WITHIN_MS);
  try {
    return await Promise.race([answer, timeUp]);
  } finally {
    clearTimeout(timer);
  }
}
