import { createHash } from 'node:crypto';

/** Crockford's base 32: no letters that look like digits. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * An ID of 18 characters for a record whose canonical ID is longer than Dynamics takes (20 characters). The same canonical ID always
 * gives the same one: a record that was made is found by it, and making it twice is refused.
 */
export function accountOf(prefix: 'C' | 'K' | 'T', ...canonicalId: readonly string[]): string {
  return `${prefix}-${base32(digest(canonicalId.join('\n')), 16)}`;
}

export function isAccountOf(prefix: 'C' | 'K' | 'T', id: unknown): boolean {
  return typeof id === 'string' && id.startsWith(`${prefix}-`) && /^.-[0-9A-HJKMNP-TV-Z]{16}$/.test(id);
}

export interface LineKey {
  /** 48 bits, as a decimal number. */
  readonly lineNumber: string;
  /** 60 further bits, in the line's description: tells a line of ours from any other. */
  readonly mark: string;
}

/** Where a posting's hour line stands in its journal, made of its key: the key fits in no field of the line. */
export function lineKeyOf(postingKey: string): LineKey {
  const bytes = digest(postingKey);
  return { lineNumber: String(bytes.readUIntBE(0, 6) || 1), mark: `[${base32(bytes.subarray(6), 12)}]` };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function base32(bytes: Buffer, length: number): string {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  let bits = BigInt(bytes.length * 8);
  let text = '';
  while (text.length < length) {
    bits -= 5n;
    text += ALPHABET[Number((value >> bits) & 31n)] ?? '';
  }
  return text;
}
