/**
 * Who of those that wait for a system's limits goes first, and what the others leave to them (ARCHITECTURE.md, "One limit per target").
 * Priorities are those of Temporal: 1 the most urgent … 5. The same rules hold for calls (slots) and for requests (tokens, a vendor's windows).
 *
 * 1. The more urgent goes first, and of equals who came first.
 * 2. Of a bucket, of a window and of the slots each priority leaves a share to those more urgent: RESERVED.
 * 3. That share of the slots is lent while nothing more urgent has come for a minute, and that of a vendor's window while nothing has come for as
 *    long as the window is, a minute at least: who comes then waits for one call to end, no longer. Tokens need no lending, since those of a
 *    full bucket flow over: bulk has the whole rate where nobody else wants it.
 * 4. No priority starves: of ten turns in a row that pass a less urgent one over, the tenth is its own. So it is over processes too: one that has asked
 *    for tokens in vain for FAIR_AFTER_MS, and for ten turns of each process where the rate is lower, is given one before the more urgent of the others.
 */
export const MIDDLE_PRIORITY = 3;

/** Shares of 1, by priority. */
const RESERVED: readonly number[] = [0, 0, 0, 0.1, 0.2, 0.3];
/** Of so many turns one is for whom the others pass over. */
export const FAIR_TURN = 10;
/** A process whom the others leave no token for so long has its turn. */
export const FAIR_AFTER_MS = 3000;
/** Nothing more urgent came for so long: what is reserved for it is lent. */
export const LENT_AFTER_MS = 60_000;
const LOWEST = 5;

/** What requests of a priority leave of a whole to those more urgent, as a share of 1. */
export function reservedShare(priority: number): number {
  return RESERVED[levelOf(priority)] ?? 0;
}

function levelOf(priority: number): number {
  return Math.min(LOWEST, Math.max(1, Math.round(priority)));
}

export interface Waiting {
  readonly priority: number;
}

export interface Places {
  /** How many may hold one at once; infinite where there is no limit. */
  readonly slots: number;
  /** The priorities of those that hold one. */
  readonly held: Iterable<number>;
  readonly now: number;
}

export interface Turn<W> {
  readonly waiter: W;
  /** Its turn by rule 4: what is reserved of the tokens does not hold it up. */
  readonly fair: boolean;
}

export interface Turns {
  /** Somebody of this priority came, whether it has to wait or not. */
  came(priority: number, now: number): void;
  /** Whether one more urgent came within so long: else what is reserved for it may be lent. */
  moreUrgentCame(priority: number, withinMs: number, now: number): boolean;
  /** Who is next of those that wait, in the order they came; undefined where no place is free for any of them. */
  next<W extends Waiting>(waiting: readonly W[], places: Places): Turn<W> | undefined;
  /** It got its turn; `waiting` is without it. */
  went(turn: Turn<Waiting>, waiting: readonly Waiting[]): void;
}

export function createTurns(): Turns {
  const lastCame: number[] = Array.from({ length: LOWEST + 1 }, () => Number.NEGATIVE_INFINITY);
  let passedOver = 0;

  const moreUrgentCame = (level: number, withinMs: number, now: number): boolean => lastCame.slice(1, level).some((at) => now - at < withinMs);

  /** How many calls of this priority and less urgent ones may be under way together. */
  function mayHold(level: number, slots: number, now: number): number {
    return slots === Number.POSITIVE_INFINITY || !moreUrgentCame(level, LENT_AFTER_MS, now) ? slots : Math.max(1, slots - Math.ceil(slots * reservedShare(level)));
  }

  /** The least urgent that may take a place; 0 where none may. */
  function lowestWithPlace({ slots, held, now }: Places): number {
    const levels = [...held].map(levelOf);
    let lowest = 0;
    for (let level = 1; level <= LOWEST; level += 1) {
      if (levels.filter((each) => each >= level).length >= mayHold(level, slots, now)) break;
      lowest = level;
    }
    return lowest;
  }

  return {
    came(priority, now) {
      lastCame[levelOf(priority)] = now;
    },
    moreUrgentCame: (priority, withinMs, now) => moreUrgentCame(levelOf(priority), withinMs, now),
    next(waiting, places) {
      if (waiting.length === 0) return undefined;
      const lowest = lowestWithPlace(places);
      const first = waiting.reduce((best, waiter) => (waiter.priority < best.priority ? waiter : best));
      if (levelOf(first.priority) > lowest) return undefined;
      if (passedOver < FAIR_TURN - 1) return { waiter: first, fair: false };
      const passed = waiting.find(({ priority }) => priority > first.priority && levelOf(priority) <= lowest);
      return { waiter: passed ?? first, fair: true };
    },
    went({ waiter, fair }, waiting) {
      const passes = waiting.some(({ priority }) => priority > waiter.priority);
      passedOver = fair || !passes ? 0 : passedOver + 1;
    },
  };
}
