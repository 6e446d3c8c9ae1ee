/** One request to the REST resources, as a function from what is asked to its answer: the same code serves single requests and those of a batch. */
import { changeIndicatorOf, hashOf, type Database, type Row, type Value, type Values } from './database.ts';
import { badRequest, changedMeanwhile, keyExists, notAllowed, notFound } from './errors.ts';
import { keysIn, matches, parseQuery, type Condition } from './query.ts';
import { resourceAt, type ResourceType, type RootType } from './resources.ts';
import { checkDelete, checkWrite, derive, templateChildren } from './rules.ts';
import { checkRequired, valuesIn } from './values.ts';

export interface Asked {
  readonly method: string;
  readonly app: string;
  /** What follows the version, decoded: ["projects", "300100…", "child", "Tasks"]. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
  readonly ifMatch: string | undefined;
  readonly upsert: boolean;
  readonly framework: number;
  readonly body: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: object;
}

export interface Service {
  readonly database: Database;
  readonly base: string;
  readonly pageSize: number;
}

export const VERSION = '11.13.18.05';
const PARAMETERS = ['q', 'fields', 'links', 'limit', 'offset', 'orderBy', 'totalResults', 'onlyData', 'expand', 'finder'];
const DEFAULT_PAGE = 25;

interface Place {
  readonly type: ResourceType;
  readonly parent: Row | undefined;
  /** Undefined for the collection. */
  readonly row: Row | undefined;
  readonly path: string;
}

/** @throws Refusal */
export function perform(service: Service, asked: Asked): Answer {
  const place = placeOf(service, asked);
  if (!place.type.methods.includes(asked.method)) throw notAllowed(asked.method);
  if (place.row === undefined) {
    if (asked.method === 'GET') return { status: 200, headers: {}, body: list(service, place, asked) };
    if (asked.method === 'POST') return create(service, place, asked);
    throw notAllowed(asked.method);
  }
  return performOn(service, place, place.row, asked);
}

function performOn(service: Service, { type, parent, path }: Place, row: Row, asked: Asked): Answer {
  switch (asked.method) {
    case 'GET':
      return { status: 200, headers: { ETag: `"${changeIndicatorOf(row)}"` }, body: shown(service, type, row, path, asked) };
    case 'PATCH':
      checkVersion(asked, row);
      return { status: 200, headers: {}, body: shown(service, type, change(service, type, parent, row, asked.body), path, asked) };
    case 'DELETE':
      checkVersion(asked, row);
      remove(service, type, parent, row);
      return { status: 204, headers: {} };
    default:
      throw notAllowed(asked.method);
  }
}

/** Makes or replaces a record as an administrator would, without the rules; nested collections as well. */
export function seedRow(service: Service, type: ResourceType, record: Readonly<Record<string, unknown>>, parent?: Row): string {
  const writable: ResourceType = { ...type, fields: Object.fromEntries(Object.entries(type.fields).map(([field, { readOnly, fixed, ...spec }]) => [field, readOnly === undefined && fixed === undefined ? spec : spec])) };
  const { values, children } = valuesIn(writable, record, undefined);
  const before = twinOf(service, type, parent, values, undefined);
  const row = store(service, type, parent, before, { ...before?.values, ...values });
  for (const [name, items] of children) for (const item of items) seedRow(service, childType(type, name), recordOf(item), row);
  return String(row.id);
}

function recordOf(item: unknown): Record<string, unknown> {
  if (typeof item !== 'object' || item === null) throw badRequest('A nested record must be a JSON object.');
  return { ...item };
}

/** The record's own number stands among its fields. */
function store({ database }: Service, type: ResourceType, parent: Row | undefined, before: Row | undefined, values: Values): Row {
  const row = database.put(type.name, before, parent?.id ?? null, values);
  return values[type.id] === row.id ? row : database.put(type.name, row, parent?.id ?? null, { ...values, [type.id]: row.id });
}

function create(service: Service, { type, parent, path }: Place, asked: Asked): Answer {
  const { values } = valuesIn(type, asked.body, undefined);
  const twin = asked.upsert ? twinOf(service, type, parent, values, undefined) : undefined;
  const row = twin === undefined ? make(service, type, parent, asked.body) : change(service, type, parent, twin, asked.body);
  const self = `${path}/${encodeURIComponent(keyOf(type, row))}`;
  return { status: twin === undefined ? 201 : 200, headers: { Location: `${service.base}${self}` }, body: shown(service, type, row, self, asked) };
}

function make(service: Service, type: ResourceType, parent: Row | undefined, body: unknown): Row {
  const { values, children } = valuesIn(type, body, undefined);
  const complete = { ...derive(service.database, type.name, values, children, undefined) };
  checkRequired(type, complete);
  checkUnique(service, type, parent, complete, undefined);
  checkWrite({ database: service.database, parent }, type.name, complete, undefined);
  const row = store(service, type, parent, undefined, complete);
  for (const [name, items] of children) for (const item of items) make(service, childType(type, name), row, item);
  for (const [name, item] of templateChildren(service.database, type.name, complete)) store(service, childType(type, name), row, undefined, item);
  return row;
}

function change(service: Service, type: ResourceType, parent: Row | undefined, row: Row, body: unknown): Row {
  const { values, children } = valuesIn(type, body, row);
  const complete = derive(service.database, type.name, { ...row.values, ...values }, children, row);
  checkRequired(type, complete);
  checkUnique(service, type, parent, complete, row);
  checkWrite({ database: service.database, parent }, type.name, complete, row);
  for (const [name, items] of children) for (const item of items) make(service, childType(type, name), row, item);
  return store(service, type, parent, row, complete);
}

function remove(service: Service, type: ResourceType, parent: Row | undefined, row: Row): void {
  checkDelete({ database: service.database, parent }, type.name, row);
  removeWithChildren(service, type, row);
}

function removeWithChildren({ database }: Service, type: ResourceType, row: Row): void {
  for (const child of Object.values(type.children)) for (const each of database.childrenOf(child.name, row.id)) removeWithChildren({ database, base: '', pageSize: 0 }, child, each);
  database.remove(type.name, row);
}

function childType(type: ResourceType, name: string): ResourceType {
  const found = type.children[name];
  if (found === undefined) throw notFound();
  return found;
}

function checkUnique(service: Service, type: ResourceType, parent: Row | undefined, values: Values, before: Row | undefined): void {
  if (twinOf(service, type, parent, values, before) !== undefined) throw twinRefusal(type, values);
}

/** Applications word it themselves where they check before the framework does. */
function twinRefusal(type: ResourceType, values: Values): Error {
  if (type.name === 'contracts') return badRequest(`OKC-195788: A contract with the number ${String(values['ContractNumber'])}, this type and this intent already exists.`);
  if (type.name === 'unprocessedProjectCosts') return badRequest(`The transaction with the original transaction reference ${String(values['OriginalTransactionReference'])} already exists for the transaction source.`);
  return keyExists(type.name, (type.unique[0] ?? []).map((field) => values[field]));
}

/** Another record with the same key, among those of the parent. */
function twinOf({ database }: Service, type: ResourceType, parent: Row | undefined, values: Values, before: Row | undefined): Row | undefined {
  for (const fields of type.unique) {
    if (fields.every((field) => (values[field] ?? null) === null)) continue;
    const same = (row: Row) => row.id !== before?.id && fields.every((field) => (row.values[field] ?? null) === (values[field] ?? null));
    const indexed = fields.find((field) => database.isIndexed(type.name, field));
    const candidates = indexed !== undefined ? database.having(type.name, indexed, values[indexed] ?? null) : parent === undefined ? database.rows(type.name).all() : database.childrenOf(type.name, parent.id);
    const found = candidates.find((row) => row.parent === (parent?.id ?? null) && same(row));
    if (found !== undefined) return found;
    if (type.name === 'unprocessedProjectCosts' && database.having('projectCosts', 'OriginalTransactionReference', values['OriginalTransactionReference'] ?? null).some(same)) throw twinRefusal(type, values);
  }
  return undefined;
}

function checkVersion({ ifMatch }: Asked, row: Row): void {
  if (ifMatch !== undefined && ifMatch !== '*' && ifMatch !== `"${changeIndicatorOf(row)}"`) throw changedMeanwhile();
}

/** @throws Refusal for an address that names nothing */
function placeOf(service: Service, { app, segments }: Asked): Place {
  const [name = '', key, ...rest] = segments;
  const root: RootType | undefined = resourceAt(app, name);
  if (root === undefined) throw notFound();
  let path = `/${app}/resources/${VERSION}/${name}`;
  if (key === undefined) return { type: root, parent: undefined, row: undefined, path };
  let type: ResourceType = root;
  let parent: Row | undefined;
  let row = rowAt(service, type, undefined, key);
  path += `/${encodeURIComponent(key)}`;
  for (let index = 0; index < rest.length; index += 3) {
    const [word, collection = '', childKey] = rest.slice(index, index + 3);
    if (word !== 'child') throw notFound();
    type = childType(type, collection);
    parent = row;
    path += `/child/${collection}`;
    if (childKey === undefined) return { type, parent, row: undefined, path };
    row = rowAt(service, type, parent, childKey);
    path += `/${encodeURIComponent(childKey)}`;
  }
  return { type, parent, row, path };
}

function rowAt({ database }: Service, type: ResourceType, parent: Row | undefined, key: string): Row {
  const { key: field } = type;
  const candidates = parent === undefined ? (field !== undefined && database.isIndexed(type.name, field) ? database.having(type.name, field, type.fields[field]?.kind === 'id' ? Number(key) : key) : database.rows(type.name).all()) : database.childrenOf(type.name, parent.id);
  const found = candidates.find((row) => keyOf(type, row) === key);
  if (found === undefined) throw notFound();
  return found;
}

function keyOf(type: ResourceType, row: Row): string {
  return type.key === undefined ? hashOf(type, row) : String(row.values[type.key] ?? row.id);
}

function list(service: Service, { type, parent, path }: Place, asked: Asked): object {
  const { query } = asked;
  for (const name of query.keys()) if (!PARAMETERS.includes(name)) throw badRequest(`URL request parameter ${name} cannot be used in this context.`);
  if (asked.framework < 2 && query.has('q')) throw badRequest('The sandbox has no query by example: pin REST-Framework-Version to 2 or later.');
  const text = query.get('q');
  const condition = text === null ? undefined : parseQuery(type, text);
  const found = rowsFor(service, type, parent, condition).filter((row) => condition === undefined || matches(condition, row.values));
  const ordered = inOrder(type, found, query.get('orderBy'));
  const limit = Math.min(countIn(query, 'limit') ?? DEFAULT_PAGE, service.pageSize);
  const offset = countIn(query, 'offset') ?? 0;
  const page = ordered.slice(offset, offset + limit);
  return {
    items: page.map((row) => shown(service, type, row, `${path}/${encodeURIComponent(keyOf(type, row))}`, asked)),
    ...(query.get('totalResults') === 'true' ? { totalResults: found.length } : {}),
    count: page.length, hasMore: offset + page.length < found.length, limit, offset,
    links: [{ rel: 'self', href: `${service.base}${path}`, name: type.name.split('.').at(-1), kind: 'collection' }],
  };
}

function rowsFor({ database }: Service, type: ResourceType, parent: Row | undefined, condition: Condition | undefined): Row[] {
  if (parent !== undefined) return database.childrenOf(type.name, parent.id);
  const keys = condition === undefined ? undefined : keysIn(condition, (field) => database.isIndexed(type.name, field));
  if (keys === undefined) return database.rows(type.name).all();
  const found = new Map(keys.values.flatMap((value) => database.having(type.name, keys.field, value)).map((row) => [row.id, row]));
  return [...found.values()].toSorted((left, right) => left.id - right.id);
}

function inOrder(type: ResourceType, rows: readonly Row[], orderBy: string | null): readonly Row[] {
  if (orderBy === null) return rows;
  const [field = '', direction = 'asc'] = orderBy.split(':');
  if (type.fields[field] === undefined || !['asc', 'desc'].includes(direction)) throw badRequest(`URL request parameter orderBy with value ${orderBy} is not valid.`);
  const sign = direction === 'desc' ? -1 : 1;
  const rank = (row: Row): Value => row.values[field] ?? '';
  return rows.toSorted((left, right) => ((rank(left) ?? '') < (rank(right) ?? '') ? -sign : (rank(left) ?? '') > (rank(right) ?? '') ? sign : left.id - right.id));
}

function countIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^\d+$/.test(text)) throw badRequest(`URL request parameter ${name} with value ${text} is not valid.`);
  return Number(text);
}

function shown(service: Service, type: ResourceType, row: Row, path: string, { query, method }: Asked): object {
  const wanted = method === 'GET' ? query.get('fields')?.split(',') : undefined;
  for (const field of wanted ?? []) if (type.fields[field] === undefined) throw badRequest(`URL request parameter fields cannot be used: the attribute ${field} is not defined in ${type.name}.`);
  const fields: Values = Object.fromEntries((wanted ?? Object.keys(type.fields)).map((field): [string, Value] => [field, row.values[field] ?? null]));
  return { ...fields, ...(query.get('onlyData') === 'true' ? {} : { links: linksOf(service, type, row, path, query.get('links')) }) };
}

function linksOf({ base }: Service, type: ResourceType, row: Row, path: string, wanted: string | null): object[] {
  const name = type.name.split('.').at(-1);
  const href = `${base}${path}`;
  const links = [
    { rel: 'self', href, name, kind: 'item', properties: { changeIndicator: changeIndicatorOf(row) } },
    { rel: 'canonical', href, name, kind: 'item' },
    ...Object.keys(type.children).map((child) => ({ rel: 'child', href: `${href}/child/${child}`, name: child, kind: 'collection' })),
  ];
  return wanted === null ? links : links.filter((link) => wanted.split(',').includes(link.rel));
}
