/**
 * `$filter` as finance and operations apps take it: eq, ne, gt, ge, lt, le, and, or, not, parentheses; `*` in a text stands for anything; enums in the form
 * Microsoft.Dynamics.DataEntities.NoYes'Yes', with eq and ne only; no functions, no `in`, no `has`.
 * https://learn.microsoft.com/en-us/dynamics365/fin-ops-core/dev-itpro/data-entities/odata
 */
import { columnOf, type EntityType } from './entity-types.ts';
import { folded, isInstant, type Environment, type Row, type Value } from './environment.ts';
import { badRequest } from './errors.ts';

type Comparison = 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le';
type Condition =
  | { readonly kind: 'compare'; readonly column: string; readonly operator: Comparison; readonly value: Value }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly part: Condition };

const TOKEN = /\s*(?:(\()|(\))|((?:Microsoft\.Dynamics\.DataEntities\.\w+)?'(?:[^']|'')*')|([^\s()']+))/y;
const COMPARISONS = ['eq', 'ne', 'gt', 'ge', 'lt', 'le'] as const;

/** @throws Refusal */
export function parseFilter(entity: EntityType, text: string): Condition {
  const tokens = tokensOf(text);
  let position = 0;
  const peek = () => tokens[position];
  const take = (): string => {
    const token = tokens[position];
    if (token === undefined) throw badRequest(`Expression expected at position ${text.length} in '${text}'.`);
    position += 1;
    return token;
  };

  function disjunction(): Condition {
    const parts = [conjunction()];
    while (peek() === 'or') {
      take();
      parts.push(conjunction());
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'or', parts };
  }
  function conjunction(): Condition {
    const parts = [factor()];
    while (peek() === 'and') {
      take();
      parts.push(factor());
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'and', parts };
  }
  function factor(): Condition {
    const token = take();
    if (token === 'not') return { kind: 'not', part: factor() };
    if (token === '(') {
      const inner = disjunction();
      if (take() !== ')') throw badRequest(`')' expected in '${text}'.`);
      return inner;
    }
    return comparison(token);
  }
  function comparison(field: string): Condition {
    const spec = entity.fields[field];
    if (spec === undefined) throw badRequest(`Could not find a property named '${field}' on type 'Microsoft.Dynamics.DataEntities.${entity.name}'.`);
    const word = take();
    const operator = COMPARISONS.find((each) => each === word);
    if (operator === undefined) throw badRequest(`Syntax error: '${word}' is not a supported operator in '${text}'.`);
    const value = valueOf(take(), spec.kind === 'enum', `${field} ${operator}`);
    if (spec.kind === 'enum' && operator !== 'eq' && operator !== 'ne') throw badRequest('The operations supported for enums are eq and ne.');
    const isNumeric = spec.kind === 'decimal' || spec.kind === 'int';
    if (isNumeric !== (typeof value === 'number')) throw badRequest(`A binary operator with incompatible types was detected for '${field}'.`);
    return { kind: 'compare', column: columnOf(field, spec), operator, value };
  }

  const condition = disjunction();
  if (position < tokens.length) throw badRequest(`Syntax error at '${tokens[position] ?? ''}' in '${text}'.`);
  return condition;
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (text.slice(TOKEN.lastIndex).trim() !== '') {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) throw badRequest(`Syntax error at position ${at} in '${text}'.`);
    tokens.push(match[1] ?? match[2] ?? match[3] ?? match[4] ?? '');
  }
  return tokens;
}

function valueOf(token: string, isEnum: boolean, where: string): Value {
  const quoted = /^(Microsoft\.Dynamics\.DataEntities\.\w+)?'(.*)'$/s.exec(token);
  if (quoted !== null) {
    if (isEnum !== (quoted[1] !== undefined)) throw badRequest(`A binary operator with incompatible types was detected at '${where}'.`);
    return (quoted[2] ?? '').replaceAll("''", "'");
  }
  if (isInstant(token)) return token;
  if (/^-?\d+(\.\d+)?$/.test(token)) return Number(token);
  throw badRequest(`The value '${token}' at '${where}' is not a literal.`);
}

export function matches(condition: Condition, row: Row): boolean {
  switch (condition.kind) {
    case 'and':
      return condition.parts.every((part) => matches(part, row));
    case 'or':
      return condition.parts.some((part) => matches(part, row));
    case 'not':
      return !matches(condition.part, row);
    case 'compare':
      return compared(row.values[condition.column] ?? '', condition.operator, condition.value);
  }
}

function compared(have: Value, operator: Comparison, want: Value): boolean {
  if (typeof want === 'string' && want.includes('*')) {
    const pattern = new RegExp(`^${folded(want).split('*').map((part) => part.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&')).join('.*')}$`, 's');
    return pattern.test(folded(have)) === (operator === 'eq');
  }
  const order = isInstant(want) ? Date.parse(String(have)) - Date.parse(String(want)) : typeof want === 'number' ? Number(have) - want : folded(have) < folded(want) ? -1 : folded(have) === folded(want) ? 0 : 1;
  switch (operator) {
    case 'eq':
      return order === 0;
    case 'ne':
      return order !== 0;
    case 'gt':
      return order > 0;
    case 'ge':
      return order >= 0;
    case 'lt':
      return order < 0;
    case 'le':
      return order <= 0;
  }
}

/** Rows that can match, by an index where the condition names one's values; all of them otherwise. In the order of their creation. */
export function candidates(environment: Environment, entity: EntityType, condition: Condition | undefined): Row[] {
  const values = condition === undefined ? undefined : indexedValues(environment, entity, condition);
  if (values === undefined) return environment.rows(entity.table).all();
  const found = new Map(values.values.flatMap((value) => environment.having(entity.table, values.column, value)).map((row) => [row.recId, row]));
  return [...found.values()].toSorted((left, right) => left.recId - right.recId);
}

function indexedValues(environment: Environment, { table }: EntityType, condition: Condition): { readonly column: string; readonly values: readonly Value[] } | undefined {
  const alternatives = condition.kind === 'and' ? condition.parts : [condition];
  for (const part of alternatives) {
    const equalities = part.kind === 'or' ? part.parts : [part];
    const [first] = equalities;
    if (first?.kind !== 'compare' || !environment.isIndexed(table, first.column)) continue;
    const values = equalities.map((each) => (each.kind === 'compare' && each.operator === 'eq' && each.column === first.column && !String(each.value).includes('*') ? each.value : undefined));
    if (values.every((value) => value !== undefined)) return { column: first.column, values };
  }
  return undefined;
}
