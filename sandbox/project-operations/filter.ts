/** `$filter` as the Web API reads it: eq, ne, gt, ge, lt, le, and, or, parentheses, startswith, and columns of a row that a lookup leads to. */
import { folded, type Environment, type Row, type Value } from './environment.ts';
import { badRequest } from './errors.ts';
import { lookupColumn, tableAt, type Table } from './tables.ts';

export type Condition = (row: Row) => boolean;
interface Parsed {
  readonly holds: Condition;
  /** Rows that are enough to look at, where the condition names one value of a column. */
  readonly candidates?: () => Row[];
}

const TOKEN = /\s*(startswith|\(|\)|,|'(?:[^']|'')*'|[^\s(),]+)/y;

export function parseFilter(environment: Environment, table: Table, text: string): Parsed {
  const tokens = tokensOf(text);
  let at = 0;
  const next = (): string => tokens[at++] ?? '';
  const expect = (token: string): void => {
    const found = next();
    if (found !== token) throw badRequest(`Syntax error: '${token}' expected instead of '${found}' in '${text}'.`);
  };

  function disjunction(): Parsed {
    const parts = [conjunction()];
    while (tokens[at] === 'or') {
      at += 1;
      parts.push(conjunction());
    }
    const [only] = parts;
    if (only !== undefined && parts.length === 1) return only;
    const candidates = parts.every((part) => part.candidates !== undefined) ? { candidates: () => [...new Set(parts.flatMap((part) => part.candidates?.() ?? []))] } : {};
    return { holds: (row) => parts.some((part) => part.holds(row)), ...candidates };
  }
  function conjunction(): Parsed {
    const parts = [primary()];
    while (tokens[at] === 'and') {
      at += 1;
      parts.push(primary());
    }
    const found = parts.find((part) => part.candidates !== undefined)?.candidates;
    return { holds: (row) => parts.every((part) => part.holds(row)), ...(found === undefined ? {} : { candidates: found }) };
  }
  function primary(): Parsed {
    if (tokens[at] === '(') {
      at += 1;
      const inner = disjunction();
      expect(')');
      return inner;
    }
    if (tokens[at] === 'startswith') {
      at += 1;
      expect('(');
      const column = columnAt(next());
      expect(',');
      const wanted = folded(literalOf(next())) ?? '';
      expect(')');
      return { holds: (row) => (folded(column.read(row)) ?? '').startsWith(wanted) };
    }
    const column = columnAt(next());
    const operator = next();
    const wanted = literalOf(next());
    const compare = comparison(operator, wanted);
    const narrows = operator === 'eq' && wanted !== null && column.own !== undefined;
    return { holds: (row) => compare(column.read(row)), ...(narrows ? { candidates: () => (column.own === table.key ? [environment.row(table.set, String(wanted))].filter((row) => row !== undefined) : environment.having(table.set, column.own ?? '', wanted)) } : {}) };
  }
  function columnAt(path: string): { readonly read: (row: Row) => Value; readonly own?: string } {
    const [first = '', second] = path.split('/', 2);
    if (second !== undefined) {
      const target = tableAt(table.lookups[first] ?? '');
      if (target === undefined || target.columns[second] === undefined) throw unknownProperty(table, path);
      return { read: (row) => environment.row(target.set, String(row.values[lookupColumn(first)]))?.values[second] ?? null };
    }
    if (first === table.key) return { read: (row) => row.id, own: first };
    if (!isReadable(table, first)) throw unknownProperty(table, first);
    return { read: (row) => row.values[first] ?? null, own: first };
  }

  const parsed = disjunction();
  if (at < tokens.length) throw badRequest(`Syntax error at '${tokens[at] ?? ''}' in '${text}'.`);
  return parsed;
}

export function isReadable(table: Table, property: string): boolean {
  return property === table.key || table.columns[property] !== undefined || Object.keys(table.lookups).some((navigation) => lookupColumn(navigation) === property);
}

export function unknownProperty(table: Table, property: string): Error {
  return badRequest(`Could not find a property named '${property}' on type 'Microsoft.Dynamics.CRM.${table.name}'.`);
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const found = TOKEN.exec(text)?.[1];
    if (found === undefined) throw badRequest(`Syntax error in '${text}'.`);
    tokens.push(found);
  }
  return tokens;
}

function literalOf(token: string): Value {
  if (token.startsWith("'")) return token.slice(1, -1).replaceAll("''", "'");
  if (token === 'null') return null;
  if (token === 'true' || token === 'false') return token === 'true';
  return /^-?\d+(\.\d+)?$/.test(token) ? Number(token) : token;
}

function comparison(operator: string, wanted: Value): (value: Value) => boolean {
  if (operator === 'eq') return (value) => folded(value) === folded(wanted);
  if (operator === 'ne') return (value) => folded(value) !== folded(wanted);
  const order = (value: Value): number => (typeof value === 'number' && typeof wanted === 'number' ? value - wanted : Date.parse(String(value)) - Date.parse(String(wanted)));
  switch (operator) {
    case 'gt': return (value) => value !== null && order(value) > 0;
    case 'ge': return (value) => value !== null && order(value) >= 0;
    case 'lt': return (value) => value !== null && order(value) < 0;
    case 'le': return (value) => value !== null && order(value) <= 0;
    default: throw badRequest(`A binary operator was expected instead of '${operator}'.`);
  }
}
