/**
 * A part of SuiteQL: one table, column list or *, WHERE with AND, OR, NOT, =, <>, <, >, LIKE, IN (a subquery of one column as well), BETWEEN, IS NULL,
 * GROUP BY with COUNT(*) and SUM, ORDER BY, UPPER, LOWER, TO_DATE, TO_CHAR of a date and time, and BUILTIN.DF. Joins are refused, not misread.
 * https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_158394344595.html
 */
import { Refusal } from './errors.ts';

export interface Operand {
  /** A moment is a date with a time, "2026-11-21 09:00:00". */
  readonly kind: 'column' | 'text' | 'number' | 'moment';
  readonly value: string;
  /** Function applied to a column. */
  readonly apply?: 'UPPER' | 'LOWER' | 'DF' | 'MOMENT';
}

/** What is answered for a row, or for a group of rows where one of the columns is an aggregate. */
export interface Selected {
  readonly operand: Operand;
  readonly name: string;
  readonly aggregate?: 'COUNT' | 'SUM';
}

export type Predicate =
  | { readonly kind: 'and' | 'or'; readonly left: Predicate; readonly right: Predicate }
  | { readonly kind: 'not'; readonly inner: Predicate }
  | { readonly kind: 'compare'; readonly left: Operand; readonly operator: string; readonly right: readonly Operand[] }
  /** One of what another query answers. */
  | { readonly kind: 'within'; readonly left: Operand; readonly query: Query };

export interface Query {
  readonly columns: '*' | readonly Selected[];
  readonly table: string;
  readonly where: Predicate | undefined;
  /** Column names; undefined where nothing is grouped. */
  readonly groupBy: readonly string[] | undefined;
  readonly orderBy: readonly { readonly column: string; readonly descending: boolean }[];
}

const MOMENT = 'YYYY-MM-DD HH24:MI:SS';
const TOKEN = /'(?:[^']|'')*'|<>|!=|<=|>=|[A-Za-z_][\w.]*|\d+(?:\.\d+)?|[(),=<>*]/g;

/** Throws Refusal for what SuiteQL, or this part of it, does not know. */
export function parseSuiteQl(text: string): Query {
  const tokens = text.match(TOKEN) ?? [];
  let position = 0;
  const peek = (): string => (tokens[position] ?? '').toUpperCase();
  const take = (): string => tokens[position++] ?? fail('it ends too early');
  const accept = (word: string): boolean => {
    if (peek() !== word) return false;
    position++;
    return true;
  };
  const expect = (word: string): void => {
    if (!accept(word)) fail(`${word} was expected before '${tokens[position] ?? 'the end'}'`);
  };

  const query = selection();
  if (position < tokens.length) fail(`'${tokens[position]}' is not supported here`);
  return query;

  function selection(): Query {
    expect('SELECT');
    const columns = selectList();
    expect('FROM');
    const table = take().toLowerCase();
    if (!['', 'WHERE', 'ORDER', 'GROUP', ')'].includes(peek())) {
      accept('AS');
      if (!['', 'WHERE', 'ORDER', ',', 'INNER', 'LEFT', 'JOIN', 'GROUP'].includes(peek())) position++;
    }
    const where = accept('WHERE') ? disjunction() : undefined;
    return { columns, table, where, groupBy: grouping(), orderBy: ordering() };
  }
  function selectList(): Query['columns'] {
    if (accept('*')) return '*';
    const list: Selected[] = [];
    do {
      const item = selected();
      const name = accept('AS') ? take() : ['FROM', ','].includes(peek()) ? nameOf(item, list.length) : take();
      list.push({ ...item, name: name.toLowerCase() });
    } while (accept(','));
    return list;
  }
  function selected(): Omit<Selected, 'name'> {
    const aggregate = peek();
    if ((aggregate !== 'COUNT' && aggregate !== 'SUM') || tokens[position + 1] !== '(') return { operand: operand() };
    position += 2;
    const of: Operand = aggregate === 'COUNT' && accept('*') ? { kind: 'text', value: '*' } : operand();
    expect(')');
    return { operand: of, aggregate };
  }
  function grouping(): string[] | undefined {
    if (!accept('GROUP')) return undefined;
    expect('BY');
    const list: string[] = [];
    do list.push(bareColumn(take()));
    while (accept(','));
    return list;
  }
  function ordering(): { column: string; descending: boolean }[] {
    if (!accept('ORDER')) return [];
    expect('BY');
    const list: { column: string; descending: boolean }[] = [];
    do {
      const column = bareColumn(take());
      const descending = accept('DESC');
      if (!descending) accept('ASC');
      list.push({ column, descending });
    } while (accept(','));
    return list;
  }
  function disjunction(): Predicate {
    let left = conjunction();
    while (accept('OR')) left = { kind: 'or', left, right: conjunction() };
    return left;
  }
  function conjunction(): Predicate {
    let left = negation();
    while (accept('AND')) left = { kind: 'and', left, right: negation() };
    return left;
  }
  function negation(): Predicate {
    if (accept('NOT')) return { kind: 'not', inner: negation() };
    if (!accept('(')) return comparison();
    const inner = disjunction();
    expect(')');
    return inner;
  }
  function comparison(): Predicate {
    const left = operand();
    if (accept('IS')) {
      const isNot = accept('NOT');
      expect('NULL');
      return inverted(isNot, { kind: 'compare', left, operator: 'NULL', right: [] });
    }
    const isNot = accept('NOT');
    const operator = take().toUpperCase();
    if (operator === 'IN') {
      expect('(');
      if (peek() === 'SELECT') {
        const query = selection();
        expect(')');
        if (query.columns === '*' || query.columns.length !== 1) fail('a subquery must answer one column');
        return inverted(isNot, { kind: 'within', left, query });
      }
      const right = [operand()];
      while (accept(',')) right.push(operand());
      expect(')');
      return inverted(isNot, { kind: 'compare', left, operator, right });
    }
    if (operator === 'BETWEEN') {
      const low = operand();
      expect('AND');
      return inverted(isNot, { kind: 'compare', left, operator, right: [low, operand()] });
    }
    if (!['=', '<>', '!=', '<', '>', '<=', '>=', 'LIKE'].includes(operator)) fail(`the operator '${operator}' is not supported`);
    return inverted(isNot, { kind: 'compare', left, operator, right: [operand()] });
  }
  function operand(): Operand {
    const token = take();
    if (token.startsWith("'")) return { kind: 'text', value: token.slice(1, -1).replaceAll("''", "'") };
    if (/^\d/.test(token)) return { kind: 'number', value: token };
    const upper = token.toUpperCase();
    if (upper === 'TO_DATE') return date();
    if (upper === 'TO_CHAR') return moment();
    const apply = upper === 'UPPER' || upper === 'LOWER' ? upper : upper === 'BUILTIN.DF' ? 'DF' : undefined;
    if (apply !== undefined) {
      expect('(');
      const inner = operand();
      expect(')');
      return { ...inner, apply };
    }
    if (!/^[A-Za-z_]/.test(token)) fail(`'${token}' was not expected`);
    return { kind: 'column', value: bareColumn(token) };
  }
  /** TO_CHAR(lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS'): the one format that is read here. */
  function moment(): Operand {
    expect('(');
    const column = operand();
    expect(',');
    const format = operand();
    expect(')');
    if (column.kind !== 'column' || format.value.toUpperCase() !== MOMENT) fail(`TO_CHAR is read of a column and with '${MOMENT}' only`);
    return { ...column, apply: 'MOMENT' };
  }
  /** TO_DATE('2026-11-21', 'YYYY-MM-DD'), or with a time in the one format that is read here. */
  function date(): Operand {
    expect('(');
    const { value } = operand();
    expect(',');
    const format = operand();
    expect(')');
    if (format.value.toUpperCase() === MOMENT && /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/.test(value)) return { kind: 'moment', value };
    const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value);
    if (parts === null || format.value.toUpperCase() !== 'YYYY-MM-DD') fail(`TO_DATE is read with 'YYYY-MM-DD' or '${MOMENT}' only`);
    return { kind: 'text', value: `${Number(parts[2])}/${Number(parts[3])}/${parts[1]}` };
  }
}

function inverted(isNot: boolean, predicate: Predicate): Predicate {
  return isNot ? { kind: 'not', inner: predicate } : predicate;
}

/** With one table, an alias or table name before the column adds nothing. */
function bareColumn(token: string): string {
  return token.slice(token.lastIndexOf('.') + 1).toLowerCase();
}

function nameOf(item: Omit<Selected, 'name'>, position: number): string {
  return item.operand.kind === 'column' && item.operand.apply === undefined && item.aggregate === undefined ? item.operand.value : `expr${position + 1}`;
}

function fail(reason: string): never {
  throw suiteQlRefusal(`Invalid search query. Detailed unprocessed description follows. Search error occurred: Invalid or unsupported search: ${reason}.`);
}

export function suiteQlRefusal(text: string): Refusal {
  return new Refusal(400, [{ detail: text, 'o:errorCode': 'INVALID_PARAMETER' }]);
}
