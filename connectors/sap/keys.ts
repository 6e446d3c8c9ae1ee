import { createHash } from 'node:crypto';

/** Crockford's base 32: no letters that look like digits; capitals only, as SAP writes its keys. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * A reference of 18 characters for a record whose canonical ID is longer than the field takes. The same canonical ID always gives the same one:
 * the record is found by it.
 */
export function referenceOf(prefix: 'C' | 'K', canonicalId: string): string {
  const digest = createHash('sha256').update(canonicalId).digest();
  let text = '';
  for (let bit = 0; text.length < 16; bit += 5) {
    const word = ((digest[bit >> 3] ?? 0) << 8) | (digest[(bit >> 3) + 1] ?? 0);
    text += ALPHABET[(word >> (11 - (bit & 7))) & 31] ?? '';
  }
  return `${prefix}-${text}`;
}

/** What a time entry's note begins with: the posting's key, and in whose books it is. */
export interface EntryMark {
  readonly key: string;
  readonly legalEntity: string;
}

export function noteOf(mark: EntryMark, notes: string): string {
  return `[q2c ${mark.key} ${mark.legalEntity}] ${notes}`.trimEnd();
}

export function markIn(note: string): EntryMark | null {
  const [, key, legalEntity] = /^\[q2c ([A-Za-z0-9_-]{8,64}) ([^\s\]]+)\]/.exec(note) ?? [];
  return key === undefined || legalEntity === undefined ? null : { key, legalEntity };
}
