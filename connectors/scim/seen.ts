import { hash } from 'node:crypto';

/** 128 bits of an ID's SHA-256 and the pass that saw it last, in 32-bit words. */
const WORDS = 5;
const FEWEST_SLOTS = 1 << 10;
/** What a provider says of how many there are is believed up to here; beyond, the table grows with those that come. */
const MOST_EXPECTED = 1 << 19;

/** Who was seen, over several passes through a list: each ID costs 20 to 60 bytes outside the heap, all taken at once where it is told how many to expect. */
export interface Seen {
  /** Different IDs seen so far, and in this pass. */
  readonly size: number;
  readonly inPass: number;
  /** What was seen before stays known; nothing is in the new pass yet. */
  nextPass(): void;
  expect(ids: number): void;
  hasInPass(id: string): boolean;
  /** @returns whether it was never seen before, in any pass */
  add(id: string): boolean;
}

/** Two IDs count as one only where 128 bits of their SHA-256 agree: that is not to be met with. */
export function createSeen(): Seen {
  let slots = FEWEST_SLOTS;
  let table = new Uint32Array(slots * WORDS);
  let size = 0;
  let inPass = 0;
  let pass = 1;

  /** Where an ID's words are, or the free place where they belong. */
  function placeOf(words: Uint32Array): number {
    for (let slot = word(words, 0) % slots; ; slot = (slot + 1) % slots) {
      const at = slot * WORDS;
      if (word(table, at + 4) === 0) return at;
      if (table[at] === words[0] && table[at + 1] === words[1] && table[at + 2] === words[2] && table[at + 3] === words[3]) return at;
    }
  }

  function grow(atLeast: number): void {
    while (slots < atLeast) slots *= 2;
    const before = table;
    table = new Uint32Array(slots * WORDS);
    for (let at = 0; at < before.length; at += WORDS) {
      if (word(before, at + 4) !== 0) table.set(before.subarray(at, at + WORDS), placeOf(before.subarray(at, at + WORDS)));
    }
  }

  return {
    get size() {
      return size;
    },
    get inPass() {
      return inPass;
    },
    nextPass() {
      pass += 1;
      inPass = 0;
    },
    expect(ids) {
      if (slots * 3 < Math.min(ids, MOST_EXPECTED) * 4) grow(Math.ceil((Math.min(ids, MOST_EXPECTED) * 4) / 3));
    },
    hasInPass: (id) => word(table, placeOf(wordsOf(id)) + 4) === pass,
    add(id) {
      const words = wordsOf(id);
      let at = placeOf(words);
      const last = word(table, at + 4);
      if (last === pass) return false;
      inPass += 1;
      if (last === 0) {
        size += 1;
        if (size * 4 > slots * 3) {
          grow(slots * 2);
          at = placeOf(words);
        }
        table.set(words, at);
      }
      table[at + 4] = pass;
      return last === 0;
    },
  };
}

function wordsOf(id: string): Uint32Array {
  const digest = hash('sha256', id, 'buffer');
  return Uint32Array.of(digest.readUInt32LE(0), digest.readUInt32LE(4), digest.readUInt32LE(8), digest.readUInt32LE(12));
}

function word(words: Uint32Array, at: number): number {
  return words[at] ?? 0;
}
