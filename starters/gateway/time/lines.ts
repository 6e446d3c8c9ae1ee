/** A line without its line end, or the length of one that was too long to keep. */
export type Line = { readonly number: number; readonly bytes: Buffer } | { readonly number: number; readonly tooLong: number };

export interface LineSplitter {
  /** The lines that end in this piece of the body. */
  push(piece: Buffer): Line[];
  /** What follows the last line end; undefined where nothing does. */
  end(): Line | undefined;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Cuts a body into lines and never holds more than one line of `maxBytes`: the rest of a longer one is counted and let go. */
export function splitLines(maxBytes: number): LineSplitter {
  let number = 0;
  let parts: Buffer[] = [];
  let length = 0;

  const keep = (part: Buffer): void => {
    length += part.length;
    if (length > maxBytes) parts = [];
    else if (part.length > 0) parts.push(part);
  };
  const finish = (): Line => {
    number += 1;
    const line = length > maxBytes ? { number, tooLong: length } : { number, bytes: trimmed(parts.length === 1 ? (parts[0] ?? Buffer.alloc(0)) : Buffer.concat(parts), number) };
    parts = [];
    length = 0;
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
