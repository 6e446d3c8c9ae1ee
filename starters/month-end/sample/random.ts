/** A small seeded generator of numbers: the same seed always gives the same sequence. */
export interface Random {
  /** 0 up to, but not including, 1. */
  readonly next: () => number;
  /** A whole number from 0 up to, but not including, `below`. */
  readonly int: (below: number) => number;
  readonly chance: (probability: number) => boolean;
  /** @throws RangeError for an empty list */
  readonly pick: <T>(list: readonly T[]) => T;
}

/** Mixes whole numbers into one of 32 bits: neighbours give results that have nothing in common. */
export function mixed(...parts: readonly number[]): number {
  let state = 0x9e3779b9;
  for (const part of parts) {
    state = scrambled(state ^ (part % 0x1_0000_0000 | 0));
    state = scrambled(state ^ Math.trunc(part / 0x1_0000_0000));
  }
  return state >>> 0;
}

function scrambled(value: number): number {
  let one = Math.imul(value ^ (value >>> 16), 0x21f0aaad);
  one = Math.imul(one ^ (one >>> 15), 0x735a2d97);
  return (one ^ (one >>> 15)) + 0x6d2b79f5 | 0;
}

/** mulberry32 over the mixed parts: each person, project and timesheet has a sequence of its own, so that any of them can be made without the others. */
export function randomOf(...parts: readonly number[]): Random {
  let state = mixed(...parts);
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let one = Math.imul(state ^ (state >>> 15), state | 1);
    one ^= one + Math.imul(one ^ (one >>> 7), one | 61);
    return ((one ^ (one >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  const int = (below: number) => Math.floor(next() * below);
  return { next, int, chance: (probability) => next() < probability, pick: (list) => at(list, int(list.length)) };
}

/** @throws RangeError where the list has no such position */
export function at<T>(list: readonly T[], position: number): T {
  const found = list[position];
  if (found === undefined) throw new RangeError(`the list has ${list.length} elements, none at ${position}`);
  return found;
}
