/** Filters: RFC 7644, section 3.4.2.2 and figure 1. */
import { isMembers, membersOf, placeOf, same, valuesAt, type Members } from './attributes.ts';
import { invalidFilter } from './errors.ts';
import type { Attribute } from './schemas.ts';

export type Filter = (resource: Members) => boolean;

const TOKEN = /\s*(?:("(?:[^"\\]|\\.)*")|([()[\]])|([A-Za-z0-9_$:.+-]+))/y;
const OPERATORS = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'lt', 'ge', 'le', 'pr'];

/** @param of - the sub-attributes that names mean inside of brackets @throws Refusal with scimType invalidFilter */
export function parseFilter(text: string, of?: readonly Attribute[]): Filter {
  const tokens = tokensOf(text);
  let at = 0;
  const peek = () => tokens[at];
  const take = () => {
    const token = tokens[at];
    if (token === undefined) throw invalidFilter(`The filter ends too early: ${text}`);
    at += 1;
    return token;
  };
  const isWord = (word: string) => peek()?.toLowerCase() === word;

  function either(): Filter {
    let left = both();
    while (isWord('or')) {
      take();
      const [first, second] = [left, both()];
      left = (resource) => first(resource) || second(resource);
    }
    return left;
  }

  function both(): Filter {
    let left = single();
    while (isWord('and')) {
      take();
      const [first, second] = [left, single()];
      left = (resource) => first(resource) && second(resource);
    }
    return left;
  }

  function single(): Filter {
    if (isWord('not')) {
      take();
      const inner = inParentheses();
      return (resource) => !inner(resource);
    }
    return peek() === '(' ? inParentheses() : comparison();
  }

  function inParentheses(): Filter {
    if (take() !== '(') throw invalidFilter(`"(" is expected in the filter: ${text}`);
    const inner = either();
    if (take() !== ')') throw invalidFilter(`")" is expected in the filter: ${text}`);
    return inner;
  }

  function comparison(): Filter {
    const path = take();
    const place = of === undefined ? placeOf(path) : undefined;
    const attribute = of?.find((each) => same(each.name, path)) ?? place?.sub ?? place?.attribute;
    if (attribute === undefined) throw invalidFilter(`There is no attribute ${path}`);
    if (peek() === '[') {
      take();
      const end = tokens.indexOf(']', at);
      if (end < 0 || place === undefined) throw invalidFilter(`"]" is expected in the filter: ${text}`);
      const inner = parseFilter(tokens.slice(at, end).join(' '), place.attribute.subAttributes ?? []);
      at = end + 1;
      const whole = { ...place, sub: null, attribute: { ...place.attribute, type: 'string' as const } };
      return (resource) => valuesAt(resource, whole).some((value) => isMembers(value) && inner(value));
    }
    const operator = take().toLowerCase();
    if (!OPERATORS.includes(operator)) throw invalidFilter(`${operator} is no operator`);
    const valuesOf = (resource: Members): readonly unknown[] => (place === undefined ? [membersOf(resource)[attribute.name]].filter((value) => value !== undefined) : valuesAt(resource, place));
    if (operator === 'pr') return (resource) => valuesOf(resource).length > 0;
    const wanted = literal(take(), path);
    // RFC 7644: "ne" holds where no value is equal.
    if (operator === 'ne') return (resource) => !valuesOf(resource).some((value) => compare('eq', value, wanted, attribute));
    return (resource) => valuesOf(resource).some((value) => compare(operator, value, wanted, attribute));
  }

  const filter = either();
  if (at < tokens.length) throw invalidFilter(`"${tokens[at] ?? ''}" is not expected in the filter: ${text}`);
  return filter;
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const found = TOKEN.exec(text);
    if (found === null) throw invalidFilter(`The filter cannot be read from character ${at + 1}: ${text}`);
    tokens.push(found[0].trim());
  }
  if (tokens.length === 0) throw invalidFilter('The filter is empty');
  return tokens;
}

/** A JSON value: dates and other texts stand in quotes. */
function literal(token: string, path: string): string | number | boolean | null {
  try {
    const value: unknown = JSON.parse(token);
    if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  } catch {
    // Told below.
  }
  throw invalidFilter(`The value for ${path} must be true, false, null, a number or a text in double quotes`);
}

function compare(operator: string, value: unknown, wanted: string | number | boolean | null, { type, caseExact }: Attribute): boolean {
  if (typeof value === 'boolean' || typeof wanted === 'boolean' || wanted === null) return operator === 'eq' && value === wanted;
  if (type === 'dateTime') return ordered(operator, Date.parse(String(value)) - Date.parse(String(wanted)));
  const [left, right] = caseExact ? [String(value), String(wanted)] : [String(value).toLowerCase(), String(wanted).toLowerCase()];
  if (operator === 'co') return left.includes(right);
  if (operator === 'sw') return left.startsWith(right);
  if (operator === 'ew') return left.endsWith(right);
  return ordered(operator, left === right ? 0 : left < right ? -1 : 1);
}

function ordered(operator: string, difference: number): boolean {
  if (Number.isNaN(difference)) throw invalidFilter('A date is expected in double quotes, as "2026-11-21T06:50:00Z"');
  return { eq: difference === 0, gt: difference > 0, ge: difference >= 0, lt: difference < 0, le: difference <= 0 }[operator] ?? false;
}
