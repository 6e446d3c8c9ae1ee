import { refuse } from '../errors.ts';

export interface Token {
  readonly kind: 'word' | 'string' | 'number' | 'date' | 'datetime' | 'symbol' | 'end';
  readonly text: string;
  /** Offset in the query, from 0. */
  readonly at: number;
}

const PATTERN =
  /\s*(?:('(?:[^'\\]|\\.)*')|(\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:?\d{2}))|(\d{4}-\d{2}-\d{2})|([+-]?\d+(?:\.\d+)?)|([A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)*)|(<=|>=|!=|<>|[=<>(),:]))/y;
const KINDS = ['string', 'datetime', 'date', 'number', 'word', 'symbol'] as const;
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  N: '\n',
  r: '\r',
  R: '\r',
  t: '\t',
  T: '\t',
  b: '\b',
  B: '\b',
  f: '\f',
  F: '\f',
};

/** Splits SOQL into tokens; strings come unescaped except `\%` and `\_`, which LIKE needs as they are. */
export function tokenize(query: string): Token[] {
  const tokens: Token[] = [];
  PATTERN.lastIndex = 0;
  while (PATTERN.lastIndex < query.length && query.slice(PATTERN.lastIndex).trim() !== '') {
    const start = PATTERN.lastIndex;
    const match = PATTERN.exec(query);
    if (match === null) {
      const at = start + (/\S/.exec(query.slice(start))?.index ?? 0);
      malformed(
        query,
        at,
        query[at] === "'" ? 'Bind variables or unclosed string literals are not allowed' : `unexpected token: '${query[at] ?? ''}'`,
      );
    }
    const group = match.findIndex((part, index) => index > 0 && part !== undefined);
    const text = match[group] ?? '';
    const kind = KINDS[group - 1] ?? 'symbol';
    tokens.push({ kind, text: kind === 'string' ? unescape(query, text, PATTERN.lastIndex) : text, at: PATTERN.lastIndex - text.length });
  }
  tokens.push({ kind: 'end', text: '<EOF>', at: query.length });
  return tokens;
}

function unescape(query: string, literal: string, end: number): string {
  return literal.slice(1, -1).replaceAll(/\\(.)/gs, (whole, letter: string) => {
    if (letter === '%' || letter === '_') return whole;
    if (letter === "'" || letter === '"' || letter === '\\') return letter;
    return ESCAPES[letter] ?? malformed(query, end - literal.length, `Illegal escape sequence: ${whole}`);
  });
}

export function malformed(query: string, at: number, what: string): never {
  return refuse(400, 'MALFORMED_QUERY', located(query, at, what));
}

/** Salesforce's way of pointing into a query: the line, a caret, row and column. */
export function located(query: string, at: number, what: string): string {
  const before = query.slice(0, at);
  const row = before.split('\n').length;
  const column = at - (before.lastIndexOf('\n') + 1) + 1;
  const line = query.split('\n')[row - 1] ?? '';
  const from = Math.max(0, column - 40);
  return `\n${line.slice(from, column + 40)}\n${' '.repeat(column - 1 - from)}^\nERROR at Row:${row}:Column:${column}\n${what}`;
}
