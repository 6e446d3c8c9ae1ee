/**
 * The `q` parameter of a collection: `field OPERATOR value`, joined by AND and OR, with parentheses.
 * https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1545222128.html
 * Dates are written as the account's preference has them, here M/D/YYYY. AND binding tighter than OR is (unverified).
 */
import { invalidQuery } from './errors.ts';
import { isChoice, isReference, type FieldSpec, type RecordType, type StoredRecord } from './field-types.ts';

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly left: Condition; readonly right: Condition }
  | { readonly kind: 'test'; readonly field: string; readonly operator: string; readonly values: readonly string[] };

const STRING = ['CONTAIN', 'IS', 'START_WITH', 'END_WITH'];
const NUMBER = ['ANY_OF', 'BETWEEN', 'EQUAL', 'GREATER', 'GREATER_OR_EQUAL', 'LESS', 'LESS_OR_EQUAL', 'WITHIN'];
const DATE = ['AFTER', 'BEFORE', 'ON', 'ON_OR_AFTER', 'ON_OR_BEFORE'];
const BOOLEAN = ['IS'];
const LIST_OPERATORS = new Set(['ANY_OF', 'BETWEEN', 'WITHIN']);
const ALL = new Set([...STRING, ...NUMBER, ...DATE, 'EMPTY']);

/** Throws Refusal where the text is not a condition on this record type. */
export function parseFilter(type: RecordType, text: string): Condition {
  const tokens = tokenize(text);
  let position = 0;
  const peek = (): string | undefined => tokens[position];
  const take = (): string => tokens[position++] ?? fail('Invalid search query: it ends too early.');

  function expression(): Condition {
    let left = conjunction();
    while (peek()?.toUpperCase() === 'OR') {
      position++;
      left = { kind: 'or', left, right: conjunction() };
    }
    return left;
  }
  function conjunction(): Condition {
    let left = primary();
    while (peek()?.toUpperCase() === 'AND') {
      position++;
      left = { kind: 'and', left, right: primary() };
    }
    return left;
  }
  function primary(): Condition {
    if (peek() !== '(') return test();
    position++;
    const inner = expression();
    if (take() !== ')') fail('Invalid search query: a closing parenthesis is missing.');
    return inner;
  }
  function test(): Condition {
    const field = fieldNamed(type, take());
    const operator = take().toUpperCase();
    const plain = operator.replace(/_NOT$/, '');
    if (!ALL.has(plain)) fail(`Invalid search query: the operator ${operator} is not known.`);
    if (plain !== 'EMPTY' && !allowed(specOf(type, field)).includes(plain)) fail(`Invalid search query: the operator ${operator} is not allowed for the field ${field}.`);
    if (plain === 'EMPTY') return { kind: 'test', field, operator, values: [] };
    return { kind: 'test', field, operator, values: LIST_OPERATORS.has(plain) ? list() : [unquote(take())] };
  }
  function list(): string[] {
    if (peek() !== '[') return [unquote(take())];
    position++;
    const values: string[] = [];
    while (peek() !== ']') {
      values.push(unquote(take()));
      if (peek() === ',') position++;
    }
    position++;
    return values;
  }

  const condition = expression();
  if (position < tokens.length) fail(`Invalid search query: '${peek()}' was not expected.`);
  return condition;
}

function tokenize(text: string): string[] {
  return text.match(/"(?:[^"\\]|\\.)*"|[()[\],]|[^\s()[\],"]+/g) ?? [];
}

function unquote(token: string): string {
  return token.startsWith('"') ? token.slice(1, -1).replaceAll(/\\(.)/g, '$1') : token;
}

function fail(text: string): never {
  throw invalidQuery('q', text);
}

function fieldNamed(type: RecordType, name: string): string {
  const folded = name.toLowerCase();
  if (folded === 'id') return 'id';
  const found = Object.keys(type.fields).find((field) => field.toLowerCase() === folded);
  const spec = found === undefined ? undefined : type.fields[found];
  if (found === undefined || spec?.kind === 'lines' || spec?.kind === 'references' || spec?.kind === 'part') return fail(`Invalid search query: the record ${type.name} cannot be filtered by the field ${name}.`);
  return found;
}

function specOf(type: RecordType, field: string): FieldSpec {
  return type.fields[field] ?? { kind: 'integer', label: 'Internal ID' };
}

function allowed(spec: FieldSpec): readonly string[] {
  if (spec.kind === 'boolean') return BOOLEAN;
  if (spec.kind === 'date' || spec.kind === 'datetime') return DATE;
  if (spec.kind === 'reference' || spec.kind === 'choice') return [...NUMBER, 'IS'];
  return spec.kind === 'text' ? STRING : NUMBER;
}

export function matches(type: RecordType, condition: Condition, record: StoredRecord): boolean {
  if (condition.kind !== 'test') {
    const left = matches(type, condition.left, record);
    return condition.kind === 'and' ? left && matches(type, condition.right, record) : left || matches(type, condition.right, record);
  }
  const isNot = condition.operator.endsWith('_NOT');
  const operator = isNot ? condition.operator.slice(0, -4) : condition.operator;
  return holds(specOf(type, condition.field), operator, plainValue(record, condition.field), condition.values) !== isNot;
}

/** The value a condition is compared with: references and choices by their ID. */
export function plainValue(record: StoredRecord, field: string): string | number | boolean | undefined {
  if (field === 'id') return record.id;
  if (field === 'externalId') return record.externalId;
  const value = record.fields[field];
  if (isReference(value)) return value.id;
  if (isChoice(value)) return value.choice;
  return typeof value === 'object' ? undefined : value;
}

function holds(spec: FieldSpec, operator: string, value: string | number | boolean | undefined, wanted: readonly string[]): boolean {
  if (operator === 'EMPTY') return value === undefined || value === '';
  if (value === undefined) return false;
  if (spec.kind === 'date' || spec.kind === 'datetime') return compareDates(operator, String(value).slice(0, 10), isoDate(wanted[0] ?? ''));
  const first = (wanted[0] ?? '').toLowerCase();
  const own = String(value).toLowerCase();
  switch (operator) {
    case 'IS':
      return own === first;
    case 'CONTAIN':
      return own.includes(first);
    case 'START_WITH':
      return own.startsWith(first);
    case 'END_WITH':
      return own.endsWith(first);
    case 'ANY_OF':
      return wanted.some((each) => each.toLowerCase() === own);
    default:
      return compareNumbers(operator, Number(value), wanted.map(Number));
  }
}

function compareNumbers(operator: string, value: number, [first = Number.NaN, second = Number.NaN]: readonly number[]): boolean {
  if (operator === 'EQUAL') return value === first;
  if (operator === 'GREATER') return value > first;
  if (operator === 'GREATER_OR_EQUAL') return value >= first;
  if (operator === 'LESS') return value < first;
  if (operator === 'LESS_OR_EQUAL') return value <= first;
  return value >= first && value <= second;
}

function compareDates(operator: string, value: string, wanted: string): boolean {
  if (operator === 'ON') return value === wanted;
  if (operator === 'AFTER') return value > wanted;
  if (operator === 'BEFORE') return value < wanted;
  return operator === 'ON_OR_AFTER' ? value >= wanted : value <= wanted;
}

function isoDate(text: string): string {
  const parts = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(text);
  if (parts === null) return fail(`Invalid search query: ${text} is not a date as M/D/YYYY.`);
  const [, month = '', day = '', year = ''] = parts;
  return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
}

/** A text equality that every matching record satisfies, if the condition has one: lets an index answer instead of a scan. */
export function certainEquality(condition: Condition, field: string): string | undefined {
  if (condition.kind === 'and') return certainEquality(condition.left, field) ?? certainEquality(condition.right, field);
  if (condition.kind === 'test' && condition.field === field && ['IS', 'EQUAL', 'ANY_OF'].includes(condition.operator) && condition.values.length === 1) return condition.values[0];
  return undefined;
}
