/**
 * The query parameter `q` as REST framework version 2 and later takes it: comparisons, LIKE with %, IN, BETWEEN, IS NULL, AND, OR, NOT, parentheses; a
 * semicolon is AND. Version 1 (query by example) is refused here.
 */
import type { Value, Values } from './database.ts';
import { badRequest } from './errors.ts';
import type { FieldSpec, ResourceType } from './resources.ts';

type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';
export type Condition =
  | { readonly kind: 'compare'; readonly field: string; readonly operator: Comparison; readonly value: Value }
  | { readonly kind: 'in'; readonly field: string; readonly values: readonly Value[] }
  | { readonly kind: 'like'; readonly field: string; readonly pattern: RegExp }
  | { readonly kind: 'null'; readonly field: string; readonly not: boolean }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly part: Condition };

const TOKEN = /\s*(?:('(?:[^']|'')*')|(<=|>=|!=|<>|[=<>(),;])|([^\s=<>!(),;']+))/y;
const COMPARISONS: Readonly<Record<string, Comparison>> = { '=': '=', '!=': '!=', '<>': '!=', '<': '<', '<=': '<=', '>': '>', '>=': '>=' };

/** @throws Refusal */
export function parseQuery(type: ResourceType, text: string): Condition {
  const tokens = tokensOf(text);
  let position = 0;
  const unreadable = () => badRequest(`URL request parameter q with value ${text} is not valid.`);
  const peek = () => tokens[position]?.toUpperCase();
  const take = (): string => {
    const token = tokens[position];
    if (token === undefined) throw unreadable();
    position += 1;
    return token;
  };
  const expect = (word: string) => {
    if (take().toUpperCase() !== word) throw unreadable();
  };

  function joined(kind: 'and' | 'or', words: readonly string[], part: () => Condition): Condition {
    const parts = [part()];
    while (words.includes(peek() ?? '')) {
      take();
      parts.push(part());
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind, parts };
  }
  const disjunction = (): Condition => joined('or', ['OR'], conjunction);
  const conjunction = (): Condition => joined('and', ['AND', ';'], factor);
  function factor(): Condition {
    if (peek() === 'NOT') {
      take();
      return { kind: 'not', part: factor() };
    }
    if (peek() === '(') {
      take();
      const inner = disjunction();
      expect(')');
      return inner;
    }
    return comparison(take());
  }
  function comparison(field: string): Condition {
    const spec = type.fields[field];
    if (spec === undefined) throw badRequest(`URL request parameter q cannot be used: the attribute ${field} is not defined in ${type.name}.`);
    const word = take().toUpperCase();
    const operator = COMPARISONS[word];
    if (operator !== undefined) return { kind: 'compare', field, operator, value: valueOf(field, spec, take()) };
    if (word === 'LIKE') return { kind: 'like', field, pattern: likePattern(String(valueOf(field, { kind: 'text' }, take()))) };
    if (word === 'IN') return { kind: 'in', field, values: listOf(field, spec) };
    if (word === 'BETWEEN') {
      const from = valueOf(field, spec, take());
      expect('AND');
      return { kind: 'and', parts: [{ kind: 'compare', field, operator: '>=', value: from }, { kind: 'compare', field, operator: '<=', value: valueOf(field, spec, take()) }] };
    }
    if (word !== 'IS') throw unreadable();
    const not = peek() === 'NOT';
    if (not) take();
    expect('NULL');
    return { kind: 'null', field, not };
  }
  function listOf(field: string, spec: FieldSpec): Value[] {
    expect('(');
    const values = [valueOf(field, spec, take())];
    while (peek() === ',') {
      take();
      values.push(valueOf(field, spec, take()));
    }
    expect(')');
    return values;
  }

  const condition = disjunction();
  if (position < tokens.length) throw unreadable();
  return condition;
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (text.slice(TOKEN.lastIndex).trim() !== '') {
    const match = TOKEN.exec(text);
    if (match === null) throw badRequest(`URL request parameter q with value ${text} is not valid.`);
    tokens.push(match[1] ?? match[2] ?? match[3] ?? '');
  }
  return tokens;
}

/** Texts and dates stand in quotes, numbers and flags do not. */
function valueOf(field: string, spec: FieldSpec, token: string): Value {
  const quoted = token.startsWith("'");
  const plain = quoted ? token.slice(1, -1).replaceAll("''", "'") : token;
  if ((spec.kind === 'text' || spec.kind === 'date') && quoted) return plain;
  if ((spec.kind === 'id' || spec.kind === 'number') && !quoted && /^-?\d+(\.\d+)?$/.test(plain)) return Number(plain);
  if (spec.kind === 'flag' && !quoted && /^(true|false)$/i.test(plain)) return plain.toLowerCase() === 'true';
  throw badRequest(`URL request parameter q cannot be used: ${token} is not a value of the attribute ${field}.`);
}

function likePattern(text: string): RegExp {
  return new RegExp(`^${text.split('%').map((part) => part.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&').replaceAll('_', '.')).join('.*')}$`, 's');
}

export function matches(condition: Condition, values: Values): boolean {
  switch (condition.kind) {
    case 'and':
      return condition.parts.every((part) => matches(part, values));
    case 'or':
      return condition.parts.some((part) => matches(part, values));
    case 'not':
      return !matches(condition.part, values);
    case 'in':
      return condition.values.includes(values[condition.field] ?? null);
    case 'like':
      return condition.pattern.test(String(values[condition.field] ?? ''));
    case 'null':
      return ((values[condition.field] ?? null) === null) !== condition.not;
    case 'compare':
      return compared(values[condition.field] ?? null, condition.operator, condition.value);
  }
}

/** As in SQL, nothing compares with null. */
function compared(have: Value, operator: Comparison, want: Value): boolean {
  if (have === null || want === null) return false;
  switch (operator) {
    case '=':
      return have === want;
    case '!=':
      return have !== want;
    case '<':
      return have < want;
    case '<=':
      return have <= want;
    case '>':
      return have > want;
    case '>=':
      return have >= want;
  }
}

/** The values that one field can only have, where the condition says so: they are looked up instead of searched for. */
export function keysIn(condition: Condition, isIndexed: (field: string) => boolean): { readonly field: string; readonly values: readonly Value[] } | undefined {
  for (const part of condition.kind === 'and' ? condition.parts : [condition]) {
    if (part.kind === 'in' && isIndexed(part.field)) return { field: part.field, values: part.values };
    if (part.kind === 'compare' && part.operator === '=' && isIndexed(part.field)) return { field: part.field, values: [part.value] };
  }
  return undefined;
}
