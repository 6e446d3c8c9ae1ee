import { z } from 'zod';
import { invalid, type ErrorDetail } from './errors.ts';
import type { ObjectType, Property } from './schema.ts';
import type { CrmObject } from './store.ts';
import { comparable } from './values.ts';

const MAX_GROUPS = 5;
const MAX_FILTERS = 6;
const MAX_FILTERS_IN_ALL = 18;
const MAX_PAGE = 200;
const MAX_RESULTS = 10_000;

const Text = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const Filter = z.object({
  propertyName: z.string(),
  operator: z.enum([
    'EQ',
    'NEQ',
    'GT',
    'GTE',
    'LT',
    'LTE',
    'BETWEEN',
    'IN',
    'NOT_IN',
    'HAS_PROPERTY',
    'NOT_HAS_PROPERTY',
    'CONTAINS_TOKEN',
    'NOT_CONTAINS_TOKEN',
  ]),
  value: Text.optional(),
  highValue: Text.optional(),
  values: z.array(Text).optional(),
});
type Filter = z.infer<typeof Filter>;
const Sort = z.union([
  z.string(),
  z.object({ propertyName: z.string(), direction: z.enum(['ASCENDING', 'DESCENDING']).default('ASCENDING') }),
]);
const Search = z.object({
  filterGroups: z.array(z.object({ filters: z.array(Filter) })).default([]),
  sorts: z.array(Sort).default([]),
  query: z.string().optional(),
  properties: z.array(z.string()).optional(),
  limit: z.int().min(0).default(10),
  after: z.union([z.string(), z.number()]).optional(),
});

export interface SearchPage {
  readonly total: number;
  readonly rows: readonly CrmObject[];
  readonly after: string | undefined;
  readonly properties: readonly string[] | undefined;
}

type Test = (row: CrmObject) => boolean;

/** Runs a search as HubSpot's search endpoint does: groups joined by OR, filters of a group by AND. */
export function search(object: ObjectType, rows: readonly CrmObject[], body: unknown): SearchPage {
  const parsed = Search.safeParse(body);
  if (!parsed.success) return invalid(`Invalid input JSON: ${z.prettifyError(parsed.error)}`);
  const { filterGroups, sorts, query, properties, limit } = parsed.data;
  checkSize(filterGroups, limit);
  const after = Number(parsed.data.after ?? 0);
  if (!Number.isInteger(after) || after < 0) invalid(`Invalid input: after must be an integer, not ${String(parsed.data.after)}`);
  if (after + limit > MAX_RESULTS) {
    invalid(`Requests to the search endpoint may not page beyond ${MAX_RESULTS} results: after ${after} and limit ${limit} do`);
  }
  const groups = filterGroups.map((group) => group.filters.map((filter) => testOf(object, filter)));
  const wanted = query?.toLowerCase();
  const found = rows.filter(
    (row) =>
      (groups.length === 0 || groups.some((tests) => tests.every((test) => test(row)))) &&
      (wanted === undefined || Object.values(row.properties).some((value) => value?.toLowerCase().includes(wanted) === true)),
  );
  const order = orderOf(object, sorts);
  if (order !== undefined) found.sort(order);
  const end = after + limit;
  return { total: found.length, rows: found.slice(after, end), after: end < found.length ? String(end) : undefined, properties };
}

function checkSize(groups: readonly { filters: readonly Filter[] }[], limit: number): void {
  if (limit > MAX_PAGE) invalid(`Invalid input: limit must be at most ${MAX_PAGE}, not ${limit}`);
  if (groups.length > MAX_GROUPS) invalid(`Too many filter groups: ${groups.length}; there may be ${MAX_GROUPS}`);
  if (groups.some((group) => group.filters.length > MAX_FILTERS)) invalid(`Too many filters in a group; there may be ${MAX_FILTERS}`);
  const all = groups.reduce((sum, group) => sum + group.filters.length, 0);
  if (all > MAX_FILTERS_IN_ALL) invalid(`Too many filters: ${all}; there may be ${MAX_FILTERS_IN_ALL} in all groups together`);
}

function propertyOf(object: ObjectType, name: string): Property {
  const property = object.properties.get(name);
  if (property !== undefined) return property;
  const detail: ErrorDetail = {
    message: `Property "${name}" does not exist`,
    code: 'PROPERTY_DOESNT_EXIST',
    context: { propertyName: [name] },
  };
  return invalid(`There was a problem with the request. Property "${name}" does not exist`, [detail]);
}

function testOf(object: ObjectType, filter: Filter): Test {
  const property = propertyOf(object, filter.propertyName);
  const read = (row: CrmObject): string | number | undefined => {
    const value = row.properties[property.name];
    return value === null || value === undefined ? undefined : comparable(property, value);
  };
  const given = (value: string | undefined): string | number =>
    value === undefined ? invalid(`operator ${filter.operator} requires a value`) : comparable(property, value);
  const ordered = (accepts: (found: string | number, limit: string | number) => boolean): Test => {
    const limit = given(filter.value);
    return (row) => {
      const found = read(row);
      return found !== undefined && accepts(found, limit);
    };
  };
  switch (filter.operator) {
    case 'HAS_PROPERTY':
      return (row) => read(row) !== undefined;
    case 'NOT_HAS_PROPERTY':
      return (row) => read(row) === undefined;
    case 'EQ':
      return ordered((found, value) => found === value);
    case 'NEQ': {
      const value = given(filter.value);
      return (row) => read(row) !== value;
    }
    case 'GT':
      return ordered((found, value) => found > value);
    case 'GTE':
      return ordered((found, value) => found >= value);
    case 'LT':
      return ordered((found, value) => found < value);
    case 'LTE':
      return ordered((found, value) => found <= value);
    case 'BETWEEN': {
      const high = given(filter.highValue);
      return ordered((found, low) => found >= low && found <= high);
    }
    case 'IN':
    case 'NOT_IN': {
      if (filter.values === undefined) return invalid(`operator ${filter.operator} requires values`);
      const wanted = new Set(filter.values.map((value) => comparable(property, value)));
      return (row) => {
        const found = read(row);
        return found !== undefined && wanted.has(found) === (filter.operator === 'IN');
      };
    }
    case 'CONTAINS_TOKEN':
    case 'NOT_CONTAINS_TOKEN': {
      const pattern = tokenPattern(filter.value ?? invalid(`operator ${filter.operator} requires a value`));
      return (row) => pattern.test(row.properties[property.name] ?? '') === (filter.operator === 'CONTAINS_TOKEN');
    }
  }
}

/** A whole word, with `*` for any part of one. */
function tokenPattern(value: string): RegExp {
  const source = value.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', String.raw`[^\s]*`);
  return new RegExp(String.raw`(^|[^\w])${source}($|[^\w])`, 'i');
}

function orderOf(object: ObjectType, sorts: readonly z.infer<typeof Sort>[]): ((a: CrmObject, b: CrmObject) => number) | undefined {
  const [first] = sorts;
  if (first === undefined) return undefined;
  if (sorts.length > 1) return invalid('Only one sort is allowed per request');
  const name = typeof first === 'string' ? first.replace(/^-/, '') : first.propertyName;
  const descending = typeof first === 'string' ? first.startsWith('-') : first.direction === 'DESCENDING';
  const property = propertyOf(object, name);
  return (a, b) => {
    const [x, y] = [a.properties[name], b.properties[name]];
    if (x === null || x === undefined || y === null || y === undefined) return x === y ? 0 : (x ?? undefined) === undefined ? 1 : -1;
    const [p, q] = [comparable(property, x), comparable(property, y)];
    return (p < q ? -1 : p > q ? 1 : 0) * (descending ? -1 : 1);
  };
}
