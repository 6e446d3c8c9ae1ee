import { typeOf } from './entity-types.ts';
import type { EntityType } from './field-specs.ts';
import { malformed } from './errors.ts';
import { candidates, matches, parseFilter, type Condition } from './filter.ts';
import { etagOf, textOf, type Row, type System, type Values } from './system.ts';
import { shown } from './values.ts';

/** How records are shown: links begin with `base`, pages end after `pageSize`. */
export interface View {
  readonly system: System;
  readonly base: string;
  readonly pageSize: number;
}

/** The time sheet's service ignores what it does not support, without a word (SAP note 3744148). */
const QUIET = 'TimeSheetEntryCollection';

/** @throws Refusal */
export function list(view: View, type: EntityType, query: URLSearchParams, given: Values | undefined): object {
  const quiet = type.set === QUIET;
  const conditions = [...(given === undefined ? [] : Object.entries(given).map(([field, value]): Condition => ({ kind: 'compare', field, operator: 'eq', value }))), ...filterIn(type, query, quiet)];
  const [first] = conditions;
  const condition: Condition | undefined = conditions.length > 1 ? { kind: 'and', parts: conditions } : first;
  const found = candidates(view.system, type.set, condition).filter((row) => condition === undefined || matches(condition, row));
  const top = countIn(query, '$top') ?? Number.POSITIVE_INFINITY;
  const skip = Number(query.get('$skiptoken') ?? countIn(query, '$skip') ?? 0);
  const page = found.slice(skip, skip + Math.min(view.pageSize, top));
  const isMore = skip + page.length < found.length && top > view.pageSize;
  const next = new URLSearchParams(query);
  next.set('$skiptoken', String(skip + page.length));
  return {
    d: {
      ...(query.get('$inlinecount') === 'allpages' && !quiet ? { __count: String(found.length) } : {}),
      results: page.map((row) => readOf(view, type, row, query)),
      ...(isMore ? { __next: `${view.base}/${type.set}?${next.toString().replaceAll('+', '%20')}` } : {}),
    },
  };
}

function filterIn(type: EntityType, query: URLSearchParams, quiet: boolean): Condition[] {
  const text = query.get('$filter');
  if (text === null) return [];
  const condition = parseFilter(type, text);
  return [quiet ? withoutIgnored(condition) : condition];
}

/** `gt` and `lt` on the date find everything. */
function withoutIgnored(condition: Condition): Condition {
  if (condition.kind === 'and' || condition.kind === 'or') return { ...condition, parts: condition.parts.map(withoutIgnored) };
  const isIgnored = condition.kind === 'compare' && condition.field === 'TimeSheetDate' && (condition.operator === 'gt' || condition.operator === 'lt');
  return isIgnored ? { kind: 'and', parts: [] } : condition;
}

function countIn(query: URLSearchParams, option: string): number | undefined {
  const given = query.get(option);
  if (given === null) return undefined;
  if (!/^\d+$/.test(given)) throw malformed(`Invalid value '${given}' for the query option ${option}`);
  return Number(given);
}

/** A record with what is selected and expanded. @throws Refusal */
export function readOf(view: View, type: EntityType, row: Row, query: URLSearchParams): object {
  const select = query.get('$select')?.split(',').map((each) => each.trim());
  for (const each of select ?? []) if (type.fields[each] === undefined && type.navigations?.[each.split('/', 1)[0] ?? ''] === undefined) throw malformed(`Property ${each} not found in type '${type.name}'`);
  const expand = (query.get('$expand') ?? '').split(',').map((each) => each.trim()).filter((each) => each !== '');
  return expanded(view, type, row, select, expand);
}

function expanded(view: View, type: EntityType, row: Row, select: readonly string[] | undefined, expand: readonly string[]): object {
  const fields = Object.fromEntries(Object.entries(type.fields).filter(([field]) => select === undefined || select.includes(field)));
  const uri = `${view.base}/${type.set}(${keyOf(type, row)})`;
  for (const path of expand) if (type.navigations?.[path.split('/', 1)[0] ?? ''] === undefined) throw malformed(`Invalid navigation property '${path}' of type '${type.name}'`);
  const navigations = Object.entries(type.navigations ?? {}).map(([name, { to, many, by }]) => {
    const deeper = expand.filter((path) => path === name || path.startsWith(`${name}/`));
    if (deeper.length === 0) return [name, { __deferred: { uri: `${uri}/${name}` } }] as const;
    const rest = deeper.map((path) => path.slice(name.length + 1)).filter((path) => path !== '');
    const others = candidates(view.system, to, { kind: 'and', parts: Object.entries(by).map(([own, other]): Condition => ({ kind: 'compare', field: other, operator: 'eq', value: row.values[own] ?? null })) })
      .filter((other) => Object.entries(by).every(([own, field]) => other.values[field] === row.values[own]))
      .map((other) => expanded(view, typeOf(to), other, undefined, rest));
    return [name, many ? { results: others } : (others[0] ?? null)] as const;
  });
  const version = type.ifMatch === undefined ? {} : { etag: etagOf(row) };
  return { __metadata: { id: uri, uri, type: `${namespaceOf(view.base)}.${type.name}`, ...version }, ...shown(fields, row.values), ...(select === undefined ? Object.fromEntries(navigations) : {}) };
}

/** A record's key as it stands in addresses. */
export function keyOf(type: EntityType, row: Row): string {
  const literals = type.keys.map((key) => [key, `${type.fields[key]?.kind === 'guid' ? 'guid' : ''}'${textOf(row.values[key]).replaceAll("'", "''")}'`] as const);
  return literals.length === 1 ? (literals[0]?.[1] ?? '') : literals.map(([key, value]) => `${key}=${value}`).join(',');
}

/** "…/API_ENTERPRISE_PROJECT_SRV;v=0002" has types of API_ENTERPRISE_PROJECT_SRV. */
function namespaceOf(base: string): string {
  return base.replace(/^.*\//, '').replace(/;.*$/, '');
}
