import { refuse } from '../errors.ts';
import { normalizeId } from '../ids.ts';
import type { Field } from '../schema.ts';
import type { SObject } from '../store.ts';
import type { Scalar } from '../values.ts';
import type { Condition, Literal, Path } from './parse.ts';
import type { ResolvedPath } from './paths.ts';

export type Test = (row: SObject) => boolean;

export interface PathReader {
  resolve(path: Path): ResolvedPath;
  valueAt(path: ResolvedPath): (row: SObject) => Scalar;
}

/** Turns a WHERE clause into a test of one row; throws INVALID_FIELD when a literal does not suit its field. */
export function compile(condition: Condition, reader: PathReader): Test {
  if (condition.kind === 'not') {
    const test = compile(condition.part, reader);
    return (row) => !test(row);
  }
  if (condition.kind !== 'compare') {
    const tests = condition.parts.map((part) => compile(part, reader));
    return condition.kind === 'and' ? (row) => tests.every((test) => test(row)) : (row) => tests.some((test) => test(row));
  }
  const path = reader.resolve(condition.path);
  const value = reader.valueAt(path);
  const wanted = condition.values.map((literal) => comparable(path.field, literal));
  const [first = null] = wanted;
  const read: Test | ((row: SObject) => Scalar) = (row) => normal(path.field, value(row));
  const ordered =
    (accepts: (difference: number) => boolean): Test =>
    (row) => {
      const found = read(row);
      return found !== null && first !== null && accepts(compareScalars(found, first));
    };
  switch (condition.operator) {
    case '=':
      return (row) => read(row) === first;
    case '!=':
      return (row) => read(row) !== first;
    case '<':
      return ordered((difference) => difference < 0);
    case '<=':
      return ordered((difference) => difference <= 0);
    case '>':
      return ordered((difference) => difference > 0);
    case '>=':
      return ordered((difference) => difference >= 0);
    case 'IN':
      return (row) => wanted.includes(read(row));
    case 'NOT IN':
      return (row) => !wanted.includes(read(row));
    case 'LIKE': {
      const pattern = likePattern(typeof first === 'string' ? first : '');
      return (row) => {
        const found = read(row);
        return typeof found === 'string' && pattern.test(found);
      };
    }
  }
}

/** Text compares without regard to case, IDs in their 18-character form. */
function normal(field: Field, value: Scalar): Scalar {
  if (typeof value !== 'string' || field.type === 'id' || field.type === 'reference') return value;
  return field.type === 'datetime' || field.type === 'date' ? value : value.toLowerCase();
}

function comparable(field: Field, literal: Literal): Scalar {
  if (literal === null) return null;
  if (typeof literal === 'object') {
    if ('date' in literal && field.type === 'date') return literal.date;
    if ('instant' in literal && field.type === 'datetime') return new Date(literal.instant).toISOString();
    return mismatch(field, 'date' in literal ? 'date' : 'dateTime');
  }
  switch (field.type) {
    case 'currency':
    case 'double':
      return typeof literal === 'number' ? literal : mismatch(field, kindOf(literal));
    case 'boolean':
      return typeof literal === 'boolean' ? literal : mismatch(field, kindOf(literal));
    case 'date':
    case 'datetime':
      return mismatch(field, kindOf(literal));
    case 'id':
    case 'reference':
      return typeof literal === 'string'
        ? (normalizeId(literal) ?? refuse(400, 'INVALID_QUERY_FILTER_OPERATOR', `invalid ID field: ${literal}`))
        : mismatch(field, kindOf(literal));
    default:
      return typeof literal === 'string' ? literal.toLowerCase() : mismatch(field, kindOf(literal));
  }
}

const kindOf = (literal: string | number | boolean): string =>
  typeof literal === 'string' ? 'a quoted string' : typeof literal === 'number' ? 'a number' : 'a boolean';

function mismatch(field: Field, given: string): never {
  return refuse(
    400,
    'INVALID_FIELD',
    `filter criterion on field '${field.name}' of type ${field.type} does not accept ${given}; value of filter criterion for field '${field.name}' must be of type ${field.type}`,
  );
}

function likePattern(text: string): RegExp {
  const source = text.replaceAll(/\\[%_]|[%_]|[.*+?^${}()|[\]\\]/g, (part) => {
    if (part === '%') return '[^]*';
    if (part === '_') return '[^]';
    return part.length === 2 ? part.slice(1) : `\\${part}`;
  });
  return new RegExp(`^${source}$`, 'i');
}

export function compareScalars(a: Exclude<Scalar, null>, b: Exclude<Scalar, null>): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [x, y] = [String(a).toLowerCase(), String(b).toLowerCase()];
  return x < y ? -1 : x > y ? 1 : 0;
}
