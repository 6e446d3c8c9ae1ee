import { createHash, type Hash } from 'node:crypto';
import { KEPT_PART_BYTES } from '../../../store/inbox-lines.ts';

/** A line without its line end; of one that was too long its first part, and the length and SHA-256 (hexadecimal) of the whole. */
export type Line = { readonly number: number; readonly bytes: Buffer } | { readonly number: number; readonly tooLong: number; readonly start: Buffer; readonly sha256: string };

export interface LineSplitter {
  /** The lines that end in this piece of the body. */
  push(piece: Buffer): Line[];
  /** What follows the last line end; undefined where nothing does. */
  end(): Line | undefined;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Cuts a body into lines and never holds more than one line of `maxBytes`: of a longer one the rest is counted, hashed and let go. */
export function splitLines(maxBytes: number): LineSplitter {
  let number = 0;
  let parts: Buffer[] = [];
  let length = 0;
  let long: { readonly start: Buffer; readonly hash: Hash } | undefined;

  const keep = (part: Buffer): void => {
    length += part.length;
    if (long !== undefined) long.hash.update(part);
    else if (part.length > 0) parts.push(part);
    if (long !== undefined || length <= maxBytes) return;
    const whole = Buffer.concat(parts);
    long = { start: Buffer.from(whole.subarray(0, KEPT_PART_BYTES)), hash: createHash('sha256').update(whole) };
    parts = [];
  };
  const finish = (): Line => {
    number += 1;
    const line = long === undefined ? { number, bytes: trimmed(parts.length === 1 ? (parts[0] ?? Buffer.alloc(0)) : Buffer.concat(parts), number) } : { number, tooLong: length, start: long.start, sha256: long.hash.digest('hex') };
    parts = [];
    length = 0;
    long = undefined;
    return line;
  };
  return {
    push(piece) {
      const lines: Line[] = [];
      let from = 0;
      for (let at = piece.indexOf(LINE_FEED); at >= 0; at = piece.indexOf(LINE_FEED, from)) {
        keep(piece.subarray(from, at));
        lines.push(finish());
        from = at + 1;
      }
      keep(piece.subarray(from));
      return lines;
    },
    end: () => (length === 0 ? undefined : finish()),
  };
}

function trimmed(line: Buffer, number: number): Buffer {
  const from = number === 1 && line.subarray(0, 3).equals(BYTE_ORDER_MARK) ? 3 : 0;
  const to = line.at(-1) === CARRIAGE_RETURN ? line.length - 1 : line.length;
  return line.subarray(from, Math.max(from, to));
}
