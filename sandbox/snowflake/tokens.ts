/** The tokens of a statement: `"NAME"`, words, numbers, and punctuation with `::` and `=>`. There are no literals: every value is bound. */
import { syntaxError } from './errors.ts';

export interface Token {
  readonly kind: 'quoted' | 'word' | 'number' | 'sign';
  readonly text: string;
  readonly at: number;
}

const PATTERN = /\s+|"((?:[^"]|"")+)"|([A-Za-z_][A-Za-z0-9_]*)|(\d+)|(::|=>|[(),.=?*;[\]])/gy;

export function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  PATTERN.lastIndex = 0;
  while (PATTERN.lastIndex < sql.length) {
    const at = PATTERN.lastIndex;
    const match = PATTERN.exec(sql);
    if (match === null) throw syntaxError(at, sql.charAt(at));
    const [, quoted, word, number, sign] = match;
    if (quoted !== undefined) tokens.push({ kind: 'quoted', text: quoted.replaceAll('""', '"'), at });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word.toUpperCase(), at });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number, at });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign, at });
  }
  return tokens;
}

/** Reads tokens one after another; whatever is not as asked is a syntax error at its place. */
export interface Cursor {
  /** True, and past them, where the next tokens are these words or signs. */
  take(...texts: string[]): boolean;
  need(...texts: string[]): void;
  /** A quoted identifier, or a word as Snowflake folds it to capitals. */
  name(): string;
  number(): number;
  list<Item>(item: () => Item): Item[];
  end(): void;
}

export function cursorOf(tokens: readonly Token[], length: number): Cursor {
  let position = 0;
  const fail = (): never => {
    const token = tokens[position];
    throw syntaxError(token?.at ?? length, token?.text ?? '<EOF>');
  };
  const isAt = (offset: number, text: string): boolean => {
    const token = tokens[position + offset];
    return token !== undefined && (token.kind === 'word' || token.kind === 'sign') && token.text === text;
  };
  const cursor: Cursor = {
    take(...texts) {
      if (!texts.every((text, offset) => isAt(offset, text))) return false;
      position += texts.length;
      return true;
    },
    need(...texts) {
      for (const text of texts) if (!cursor.take(text)) fail();
    },
    name() {
      const token = tokens[position];
      if (token === undefined || (token.kind !== 'quoted' && token.kind !== 'word')) return fail();
      position += 1;
      return token.text;
    },
    number() {
      const token = tokens[position];
      if (token === undefined || token.kind !== 'number') return fail();
      position += 1;
      return Number(token.text);
    },
    list(item) {
      const items = [item()];
      while (cursor.take(',')) items.push(item());
      return items;
    },
    end() {
      if (position < tokens.length) fail();
    },
  };
  return cursor;
}
