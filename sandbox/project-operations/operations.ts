/** One request to `/api/data/v9.2`, as a function from what is asked to its answer: the same code serves single requests and those of a batch. */
import { etagOf, type Environment, type Row, type Value } from './environment.ts';
import { badRequest, duplicate, noSuchRow, noSuchSet, versionDiffers } from './errors.ts';
import { isReadable, parseFilter, unknownProperty } from './filter.ts';
import { CASCADING, checkDelete, checkedWrite } from './rules.ts';
import { tableAt, type Table } from './tables.ts';
import { GUID, initialValues, valuesIn } from './values.ts';

export interface Asked {
  readonly method: string;
  /** What follows /api/data/v9.2/. */
  readonly segment: string;
  readonly query: URLSearchParams;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: object;
}

export interface Service {
  readonly environment: Environment;
  readonly base: string;
  readonly pageSize: number;
  /** `msdyn_PostJournal`. @throws Refusal */
  confirm(journal: Row): void;
}

export const ROOT = '/api/data/v9.2';
const POST_JOURNAL = 'Microsoft.Dynamics.CRM.msdyn_PostJournal';

/** @throws Refusal */
export function perform(service: Service, asked: Asked): Answer {
  const [, set = '', id, action] = /^(\w+)(?:\(([^)]*)\))?(?:\/(.+))?$/.exec(asked.segment) ?? [];
  const table = tableAt(set);
  if (table === undefined) throw noSuchSet(set === '' ? asked.segment : set);
  if (id === undefined) {
    if (asked.method === 'GET') return { status: 200, headers: {}, body: list(service, table, asked) };
    if (asked.method === 'POST') return written(service, table, create(service, table, bodyId(table, asked.body) ?? service.environment.newId(), asked.body));
    throw badRequest(`The request method ${asked.method} is not supported for ${set}.`);
  }
  if (!GUID.test(id)) throw badRequest(`'${id}' is not a valid key of ${set}.`);
  const key = id.toLowerCase();
  const row = service.environment.row(set, key);
  if (action !== undefined) {
    if (asked.method !== 'POST' || set !== 'msdyn_journals' || action !== POST_JOURNAL) throw noSuchSet(action);
    service.confirm(existing(table, row, key));
    return { status: 204, headers: {} };
  }
  switch (asked.method) {
    case 'GET':
      return { status: 200, headers: {}, body: { '@odata.context': contextOf(service, table), ...shown(table, existing(table, row, key), selectIn(table, asked.query)) } };
    case 'PATCH':
      return upsert(service, table, key, row, asked);
    case 'DELETE':
      checkVersion(asked, existing(table, row, key));
      remove(service.environment, table, existing(table, row, key));
      return { status: 204, headers: {} };
    default:
      throw badRequest(`The request method ${asked.method} is not supported.`);
  }
}

/** https://learn.microsoft.com/en-us/power-apps/developer/data-platform/webapi/update-delete-entities-using-web-api: PATCH makes what is not there, unless a header says otherwise. */
function upsert(service: Service, table: Table, id: string, row: Row | undefined, asked: Asked): Answer {
  const [match, noneMatch] = [asked.headers.get('if-match'), asked.headers.get('if-none-match')];
  if (row === undefined) {
    if (match !== undefined) throw noSuchRow(table.name, id);
    return written(service, table, create(service, table, id, asked.body));
  }
  if (noneMatch === '*') throw duplicate();
  checkVersion(asked, row);
  const changed = valuesIn(service.environment, table, asked.body);
  const values = checkedWrite(service.environment, table, row, { ...row.values, ...changed }, changed);
  return written(service, table, service.environment.put(table, id, values));
}

function create(service: Service, table: Table, id: string, body: unknown): Row {
  if (service.environment.row(table.set, id) !== undefined) throw duplicate();
  const given = valuesIn(service.environment, table, body);
  const values = { ...initialValues(table), ...given };
  return service.environment.put(table, id.toLowerCase(), checkedWrite(service.environment, table, undefined, values, given));
}

function remove(environment: Environment, table: Table, row: Row): void {
  checkDelete(environment, table, row);
  for (const [set, column] of CASCADING[table.set] ?? []) {
    const child = tableAt(set);
    if (child !== undefined) for (const each of environment.having(set, column, row.id)) remove(environment, child, each);
  }
  environment.remove(table, row.id);
}

/** Makes or replaces a row as an administrator would, without the rules of the product. */
export function seedRow({ environment }: Service, set: string, record: Readonly<Record<string, unknown>>): string {
  const table = tableAt(set);
  if (table === undefined) throw new Error(`the sandbox has no entity set '${set}'`);
  const id = bodyId(table, record) ?? environment.newId();
  const before = environment.row(set, id);
  return environment.put(table, id, { ...(before?.values ?? initialValues(table)), ...valuesIn(environment, table, record) }).id;
}

function bodyId(table: Table, body: unknown): string | undefined {
  const id: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, table.key) : undefined;
  return typeof id === 'string' && GUID.test(id) ? id.toLowerCase() : undefined;
}

function existing(table: Table, row: Row | undefined, id: string): Row {
  if (row === undefined) throw noSuchRow(table.name, id);
  return row;
}

function checkVersion({ headers }: Asked, row: Row): void {
  const match = headers.get('if-match');
  if (match !== undefined && match !== '*' && match !== etagOf(row)) throw versionDiffers();
}

function written(service: Service, table: Table, row: Row): Answer {
  return { status: 204, headers: { 'OData-EntityId': `${service.base}${ROOT}/${table.set}(${row.id})` } };
}

function list(service: Service, table: Table, { query, headers }: Asked): object {
  const filter = query.get('$filter');
  const condition = filter === null ? undefined : parseFilter(service.environment, table, filter);
  const select = selectIn(table, query);
  const rows = (condition?.candidates?.() ?? service.environment.all(table.set)).filter((row) => condition?.holds(row) !== false);
  const top = countIn(query, '$top') ?? rows.length;
  const skip = countIn(query, '$skiptoken') ?? 0;
  const wanted = Number(/odata\.maxpagesize=(\d+)/.exec(headers.get('prefer') ?? '')?.[1] ?? service.pageSize);
  const size = Math.min(wanted, service.pageSize);
  const page = rows.slice(0, top).slice(skip, skip + size);
  const next = new URLSearchParams(query);
  next.set('$skiptoken', String(skip + size));
  return {
    '@odata.context': contextOf(service, table),
    value: page.map((row) => shown(table, row, select)),
    ...(skip + size < Math.min(rows.length, top) ? { '@odata.nextLink': `${service.base}${ROOT}/${table.set}?${next.toString().replaceAll('+', '%20')}` } : {}),
  };
}

function countIn(query: URLSearchParams, option: string): number | undefined {
  const text = query.get(option);
  if (text === null) return undefined;
  if (!/^\d+$/.test(text)) throw badRequest(`Invalid value '${text}' for ${option} query option found.`);
  return Number(text);
}

function selectIn(table: Table, query: URLSearchParams): ReadonlySet<string> | undefined {
  const text = query.get('$select');
  if (text === null) return undefined;
  const fields = text.split(',').map((field) => field.trim());
  for (const field of fields) if (!isReadable(table, field)) throw unknownProperty(table, field);
  return new Set(fields);
}

/** The key is always there, whatever is selected. */
function shown(table: Table, row: Row, select: ReadonlySet<string> | undefined): object {
  const values = Object.entries(row.values).filter(([name]) => select === undefined || select.has(name));
  return { '@odata.etag': etagOf(row), ...Object.fromEntries(values.map(([name, value]): [string, Value] => [name, value])), [table.key]: row.id };
}

function contextOf(service: Service, table: Table): string {
  return `${service.base}${ROOT}/$metadata#${table.set}`;
}
