/**
 * `$filter` of OData version 2 as far as it is used: eq, ne, gt, ge, lt, le, and, or, not, parentheses; literals 'text', guid'…', datetime'…', numbers, true, false.
 * https://www.odata.org/documentation/odata-version-2-0/uri-conventions/
 */
import type { EntityType, FieldSpec } from './field-specs.ts';
import { malformed } from './errors.ts';
import type { Row, System, Value } from './system.ts';

type Comparison = (typeof COMPARISONS)[number];
export type Condition =
  | { readonly kind: 'compare'; readonly field: string; readonly operator: Comparison; readonly value: Value }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly part: Condition };

const COMPARISONS = ['eq', 'ne', 'gt', 'ge', 'lt', 'le'] as const;
const TOKEN = /\s*(?:(\()|(\))|((?:guid|datetime|datetimeoffset)?'(?:[^']|'')*')|([^\s()']+))/y;

/** @throws Refusal */
export function parseFilter(type: EntityType, text: string): Condition {
  const tokens = tokensOf(text);
  let position = 0;
  const take = (): string => {
    const token = tokens[position];
    if (token === undefined) throw malformed(`Invalid filter: an expression is missing at its end: ${text}`);
    position += 1;
    return token;
  };
  const chain = (word: 'and' | 'or', next: () => Condition): Condition => {
    const first = next();
    const parts = [first];
    while (tokens[position] === word) {
      take();
      parts.push(next());
    }
    return parts.length === 1 ? first : { kind: word, parts };
  };
  const disjunction = (): Condition => chain('or', () => chain('and', factor));
  function factor(): Condition {
    const token = take();
    if (token === 'not') return { kind: 'not', part: factor() };
    if (token !== '(') return comparison(token);
    const inner = disjunction();
    if (take() !== ')') throw malformed(`Invalid filter: a parenthesis is not closed: ${text}`);
    return inner;
  }
  function comparison(field: string): Condition {
    const spec = type.fields[field];
    if (spec === undefined) throw malformed(`Property ${field} not found in type '${type.name}'`);
    if (spec.filter === false) throw malformed(`Property ${field} of type '${type.name}' cannot be filtered`);
    const word = take();
    const operator = COMPARISONS.find((each) => each === word);
    if (operator === undefined) throw malformed(`Invalid filter: '${word}' is not an operator: ${text}`);
    return { kind: 'compare', field, operator, value: literal(spec, take(), field) };
  }

  const condition = disjunction();
  if (position < tokens.length) throw malformed(`Invalid filter at '${tokens[position] ?? ''}': ${text}`);
  return condition;
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (text.slice(TOKEN.lastIndex).trim() !== '') {
    const match = TOKEN.exec(text);
    if (match === null) throw malformed(`Invalid filter: ${text}`);
    tokens.push(match[1] ?? match[2] ?? match[3] ?? match[4] ?? '');
  }
  return tokens;
}

/** A literal in a URL, of the type its field has. @throws Refusal */
export function literal(spec: FieldSpec, token: string, field: string): Value {
  const [, prefix = '', quoted = ''] = /^([a-z]*)'(.*)'$/s.exec(token) ?? [];
  const isQuoted = token.endsWith("'");
  if (spec.kind === 'text' && isQuoted && prefix === '') return quoted.replaceAll("''", "'");
  if (spec.kind === 'guid' && prefix === 'guid') return quoted.toLowerCase();
  if (spec.kind === 'date' && prefix === 'datetime') return quoted.slice(0, 10);
  if (spec.kind === 'instant' && prefix === 'datetimeoffset') return quoted;
  if (spec.kind === 'boolean' && (token === 'true' || token === 'false')) return token === 'true';
  if (spec.kind === 'int' && /^-?\d+$/.test(token)) return Number(token);
  if (spec.kind === 'decimal' && /^-?\d+(\.\d+)?[mM]?$/.test(token)) return token.replace(/[mM]$/, '');
  throw malformed(`Invalid literal ${token} for property '${field}'`);
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
      return compared(row.values[condition.field] ?? null, condition.operator, condition.value);
  }
}

function compared(have: Value, operator: Comparison, want: Value): boolean {
  if (operator === 'eq') return have === want;
  if (operator === 'ne') return have !== want;
  if (have === null || want === null || typeof have === 'object' || typeof want === 'object') return false;
  const order = Number(have > want) - Number(have < want);
  if (operator === 'gt') return order > 0;
  if (operator === 'ge') return order >= 0;
  return operator === 'lt' ? order < 0 : order <= 0;
}

/** Rows that can match, by an index where the condition names one's values; all of them otherwise. In the order of their creation. */
export function candidates(system: System, set: string, condition: Condition | undefined): Row[] {
  const named = condition === undefined ? undefined : indexedValues(system, set, condition);
  if (named === undefined) return system.rows(set).all();
  const found = new Map(named.values.flatMap((value) => system.having(set, named.field, value)).map((row) => [row.id, row]));
  return [...found.values()].toSorted((left, right) => Number(left.id) - Number(right.id));
}

function indexedValues(system: System, set: string, condition: Condition): { readonly field: string; readonly values: readonly Value[] } | undefined {
  for (const part of condition.kind === 'and' ? condition.parts : [condition]) {
    const equalities = part.kind === 'or' ? part.parts : [part];
    const [first] = equalities;
    if (first?.kind !== 'compare' || !system.isIndexed(set, first.field)) continue;
    const same = equalities.filter((each) => each.kind === 'compare' && each.operator === 'eq' && each.field === first.field);
    if (same.length === equalities.length) return { field: first.field, values: same.map((each) => (each.kind === 'compare' ? each.value : null)) };
  }
  return undefined;
}
