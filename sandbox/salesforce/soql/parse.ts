import { malformed, tokenize, type Token } from './tokens.ts';

export type Literal = string | number | boolean | null | { readonly instant: number } | { readonly date: string };

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly part: Condition }
  | { readonly kind: 'compare'; readonly path: Path; readonly operator: Operator; readonly values: readonly Literal[] };

export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'LIKE' | 'IN' | 'NOT IN';

export interface Path {
  readonly names: readonly string[];
  readonly at: number;
}

export interface Order {
  readonly path: Path;
  readonly descending: boolean;
  readonly nullsLast: boolean;
}

export interface Query {
  readonly text: string;
  readonly count: boolean;
  readonly fields: readonly Path[];
  readonly children: readonly Query[];
  readonly from: string;
  readonly fromAt: number;
  readonly where?: Condition;
  readonly orderBy: readonly Order[];
  readonly limit?: number;
  readonly offset: number;
}

const KEYWORDS = new Set(['FROM', 'WHERE', 'ORDER', 'LIMIT', 'OFFSET', 'AND', 'OR', 'NOT', 'IN', 'LIKE', 'ASC', 'DESC', 'NULLS', 'SELECT']);

/** Parses the subset of SOQL this sandbox knows; throws MALFORMED_QUERY with the position otherwise. */
export function parseQuery(text: string): Query {
  const tokens = tokenize(text);
  let position = 0;

  const peek = (): Token => tokens[position] ?? { kind: 'end', text: '<EOF>', at: text.length };
  const isWord = (word: string): boolean => peek().kind === 'word' && peek().text.toUpperCase() === word;
  const isSymbol = (symbol: string): boolean => peek().kind === 'symbol' && peek().text === symbol;
  const unexpected = (): never => malformed(text, peek().at, `unexpected token: '${peek().text}'`);
  function next(): Token {
    const token = peek();
    position += 1;
    return token;
  }
  function take(matches: boolean): boolean {
    if (matches) position += 1;
    return matches;
  }
  const takeWord = (word: string): boolean => take(isWord(word));
  const takeSymbol = (symbol: string): boolean => take(isSymbol(symbol));
  const demandWord = (word: string): void => void (takeWord(word) || unexpected());
  const demandSymbol = (symbol: string): void => void (takeSymbol(symbol) || unexpected());

  function name(): Token {
    const token = peek();
    if (token.kind !== 'word' || KEYWORDS.has(token.text.toUpperCase())) return unexpected();
    return next();
  }

  function path(): Path {
    const token = name();
    return { names: token.text.split('.'), at: token.at };
  }

  function query(nested: boolean): Query {
    demandWord('SELECT');
    const fields: Path[] = [];
    const children: Query[] = [];
    let count = false;
    do {
      if (takeSymbol('(')) {
        if (nested) unexpected();
        children.push(query(true));
        demandSymbol(')');
      } else if (isWord('COUNT') && tokens[position + 1]?.text === '(') {
        position += 2;
        demandSymbol(')');
        count = true;
      } else fields.push(path());
    } while (takeSymbol(','));
    demandWord('FROM');
    const from = name();
    const where = takeWord('WHERE') ? disjunction() : undefined;
    const orderBy: Order[] = [];
    if (takeWord('ORDER')) {
      demandWord('BY');
      do orderBy.push(order());
      while (takeSymbol(','));
    }
    const limit = takeWord('LIMIT') ? whole() : undefined;
    const offset = takeWord('OFFSET') ? whole() : 0;
    if (offset > 2000) malformed(text, peek().at, 'Maximum SOQL offset allowed is 2000');
    return {
      text,
      count,
      fields,
      children,
      from: from.text,
      fromAt: from.at,
      orderBy,
      offset,
      ...(where === undefined ? {} : { where }),
      ...(limit === undefined ? {} : { limit }),
    };
  }

  function order(): Order {
    const field = path();
    const descending = takeWord('DESC') || (takeWord('ASC') && false);
    if (!takeWord('NULLS')) return { path: field, descending, nullsLast: descending };
    if (takeWord('LAST')) return { path: field, descending, nullsLast: true };
    demandWord('FIRST');
    return { path: field, descending, nullsLast: false };
  }

  function whole(): number {
    return peek().kind === 'number' && /^\d+$/.test(peek().text) ? Number(next().text) : unexpected();
  }

  /** SOQL refuses AND and OR side by side without parentheses. */
  function disjunction(): Condition {
    const parts = [negation()];
    const word = isWord('AND') ? 'AND' : isWord('OR') ? 'OR' : undefined;
    if (word === undefined) return parts[0] ?? unexpected();
    while (takeWord(word)) parts.push(negation());
    if (isWord('AND') || isWord('OR')) unexpected();
    return { kind: word === 'AND' ? 'and' : 'or', parts };
  }

  function negation(): Condition {
    if (takeWord('NOT')) return { kind: 'not', part: negation() };
    if (!takeSymbol('(')) return comparison();
    const inner = disjunction();
    demandSymbol(')');
    return inner;
  }

  function comparison(): Condition {
    const field = path();
    if (takeWord('LIKE')) return { kind: 'compare', path: field, operator: 'LIKE', values: [literal()] };
    if (takeWord('IN')) return { kind: 'compare', path: field, operator: 'IN', values: list() };
    if (takeWord('NOT')) {
      demandWord('IN');
      return { kind: 'compare', path: field, operator: 'NOT IN', values: list() };
    }
    const operator = comparisonOperator(peek().text);
    if (peek().kind !== 'symbol' || operator === undefined) return unexpected();
    position += 1;
    return { kind: 'compare', path: field, operator, values: [literal()] };
  }

  function list(): Literal[] {
    demandSymbol('(');
    const values: Literal[] = [];
    do values.push(literal());
    while (takeSymbol(','));
    demandSymbol(')');
    return values;
  }

  function literal(): Literal {
    const token = peek();
    const word = token.text.toUpperCase();
    position += 1;
    if (token.kind === 'string') return token.text;
    if (token.kind === 'number') return Number(token.text);
    if (token.kind === 'date') return { date: token.text };
    if (token.kind === 'datetime') return { instant: instantOf(token) };
    if (token.kind === 'word' && (word === 'TRUE' || word === 'FALSE')) return word === 'TRUE';
    if (token.kind === 'word' && word === 'NULL') return null;
    position -= 1;
    return unexpected();
  }

  function instantOf(token: Token): number {
    const instant = Date.parse(token.text);
    return Number.isNaN(instant) ? malformed(text, token.at, `unexpected token: '${token.text}'`) : instant;
  }

  const parsed = query(false);
  if (peek().kind !== 'end') unexpected();
  return parsed;
}

function comparisonOperator(text: string): Operator | undefined {
  if (text === '<>') return '!=';
  return text === '=' || text === '!=' || text === '<' || text === '<=' || text === '>' || text === '>=' ? text : undefined;
}
