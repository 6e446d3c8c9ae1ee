/** One request to `/data`, as a function from what is asked to its answer: the same code serves single requests and those of a batch. */
import { columnOf, entityAt, TABLES, type EntityType } from './entity-types.ts';
import { etagOf, folded, type Row, type Value } from './environment.ts';
import { badRequest, noSuchRecord, noSuchSet, versionDiffers, writeRefused } from './errors.ts';
import { candidates, matches, parseFilter } from './filter.ts';
import { checkDelete, checkWrite, type RuleContext } from './rules.ts';
import { initialValues, valuesIn, view } from './values.ts';

export interface Asked {
  readonly method: string;
  /** What follows /data/: "Projects(dataAreaId='us01',ProjectID='P1')". */
  readonly segment: string;
  readonly query: URLSearchParams;
  readonly ifMatch: string | undefined;
  readonly body: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: object;
}

export interface Service extends RuleContext {
  readonly base: string;
  readonly defaultCompany: string;
  readonly pageSize: number;
}

/** @throws Refusal */
export function perform(service: Service, asked: Asked): Answer {
  const [, set = '', keyText] = /^([^(]*)(?:\((.*)\))?$/s.exec(asked.segment) ?? [];
  const entity = entityAt(set);
  if (entity === undefined) throw noSuchSet(set);
  if (keyText === undefined) {
    if (asked.method === 'GET') return { status: 200, headers: {}, body: list(service, entity, asked.query) };
    if (asked.method === 'POST') return create(service, entity, asked);
    throw badRequest(`The request method ${asked.method} is not supported for the entity set '${set}'.`);
  }
  const row = rowAt(service, entity, keyText, asked);
  switch (asked.method) {
    case 'GET':
      return { status: 200, headers: {}, body: { '@odata.context': contextOf(service, entity), ...shown(entity, row, selectIn(entity, asked.query)) } };
    case 'PATCH':
      checkVersion(asked, row);
      change(service, entity, row, asked.body);
      return { status: 204, headers: {} };
    case 'DELETE':
      checkVersion(asked, row);
      checkDelete(service.environment, entity, row);
      service.environment.remove(entity.table, row);
      return { status: 204, headers: {} };
    default:
      throw badRequest(`The request method ${asked.method} is not supported.`);
  }
}

/** Makes or replaces a row as an administrator would, without the rules of the table. */
export function seedRow(service: Service, set: string, record: Readonly<Record<string, unknown>>): string {
  const entity = entityAt(set);
  if (entity === undefined) throw new Error(`the sandbox has no entity set '${set}'`);
  const writable: EntityType = { ...entity, fields: Object.fromEntries(Object.entries(entity.fields).map(([field, { readOnly, ...spec }]) => [field, readOnly === undefined ? spec : spec])) };
  const values = valuesIn(writable, record, true);
  const before = service.environment.byKey(entity.table, keyColumns(entity).map((column) => values[column] ?? ''));
  return String(service.environment.put(entity.table, before, { ...(before?.values ?? initialValues(entity)), ...values }).recId);
}

function create(service: Service, entity: EntityType, { body }: Asked): Answer {
  const { environment } = service;
  const values: Record<string, Value> = { ...initialValues(entity), ...valuesIn(entity, body, true) };
  if (entity.fields['dataAreaId'] !== undefined && values['dataareaid'] === '') values['dataareaid'] = service.defaultCompany;
  const numbered = entity.keys.at(-1) ?? '';
  const column = columnOf(numbered, entity.fields[numbered]);
  if (entity.keys.length === 2 && values[column] === '') values[column] = `${entity.name.slice(0, 4).toUpperCase()}-${String(environment.nextNumber(`number-${entity.table}`)).padStart(6, '0')}`;
  const key = keyColumns(entity).map((each) => values[each] ?? '');
  if (environment.byKey(entity.table, key) !== undefined) {
    throw writeRefused(entity.dataEntity, [`Info: Cannot create a record in ${TABLES[entity.table].label}. ${entity.keys.at(-1) ?? ''}: ${key.join(', ')}.\nThe record already exists.`]);
  }
  if (entity.table === 'CustTable' && values['partynumber'] === '') values['partynumber'] = newParty(service, values);
  checkWrite(service, entity, values);
  const row = environment.put(entity.table, undefined, values);
  return { status: 201, headers: { Location: `${service.base}/data/${entity.set}(${keyOf(entity, row)})` }, body: { '@odata.context': contextOf(service, entity), ...shown(entity, row, undefined) } };
}

/** A customer without a party gets one of its own. */
function newParty({ environment }: Service, values: Readonly<Record<string, Value>>): string {
  const partynumber = String(environment.nextNumber('party')).padStart(9, '0');
  environment.put('DirPartyTable', undefined, { partynumber, name: values['organizationname'] ?? '' });
  return partynumber;
}

function change(service: Service, entity: EntityType, row: Row, body: unknown): void {
  const values = { ...row.values, ...valuesIn(entity, body, false) };
  checkWrite(service, entity, values);
  service.environment.put(entity.table, row, values);
}

function checkVersion({ ifMatch }: Asked, row: Row): void {
  if (ifMatch !== undefined && ifMatch !== '*' && ifMatch !== etagOf(row)) throw versionDiffers();
}

/** https://learn.microsoft.com/en-us/dynamics365/fin-ops-core/dev-itpro/data-entities/odata: all fields of the key are needed. */
function rowAt(service: Service, entity: EntityType, keyText: string, { query }: Asked): Row {
  const given = new Map([...keyText.matchAll(/(\w+)=('(?:[^']|'')*'|[^,']+)/g)].map(([, field = '', value = '']) => [field, value] as const));
  if (given.size !== entity.keys.length || !entity.keys.every((key) => given.has(key))) throw badRequest(`The number of keys specified in the URI does not match the number of key properties for the resource 'Microsoft.Dynamics.DataEntities.${entity.name}'.`);
  const values = new Map(entity.keys.map((key) => {
    const text = given.get(key) ?? '';
    const spec = entity.fields[key];
    return [columnOf(key, spec), text.startsWith("'") ? text.slice(1, -1).replaceAll("''", "'") : spec?.kind === 'date' ? text : Number(text)] as const;
  }));
  const row = service.environment.byKey(entity.table, keyColumns(entity).map((column) => values.get(column) ?? ''));
  if (row === undefined || !isVisible(service, entity, row, query)) throw noSuchRecord();
  return row;
}

/** Without cross-company=true only the user's own company is there. */
function isVisible(service: Service, entity: EntityType, row: Row, query: URLSearchParams): boolean {
  return entity.fields['dataAreaId'] === undefined || query.get('cross-company')?.toLowerCase() === 'true' || folded(row.values['dataareaid'] ?? '') === folded(service.defaultCompany);
}

function list(service: Service, entity: EntityType, query: URLSearchParams): object {
  const filter = query.get('$filter');
  const condition = filter === null ? undefined : parseFilter(entity, filter);
  const select = selectIn(entity, query);
  const skip = countIn(query, '$skip') ?? 0;
  const top = countIn(query, '$top');
  const found = candidates(service.environment, entity, condition).filter((row) => isVisible(service, entity, row, query) && (condition === undefined || matches(condition, row)));
  const size = Math.min(service.pageSize, top ?? service.pageSize);
  const page = found.slice(skip, skip + size);
  const more = skip + size < found.length && (top === undefined || top > size);
  const next = new URLSearchParams(query);
  next.set('$skip', String(skip + size));
  if (top !== undefined) next.set('$top', String(top - size));
  return {
    '@odata.context': contextOf(service, entity),
    ...(query.get('$count') === 'true' ? { '@odata.count': found.length } : {}),
    value: page.map((row) => shown(entity, row, select)),
    ...(more ? { '@odata.nextLink': `${service.base}/data/${entity.set}?${next.toString().replaceAll('+', '%20')}` } : {}),
  };
}

function countIn(query: URLSearchParams, option: string): number | undefined {
  const text = query.get(option);
  if (text === null) return undefined;
  if (!/^\d+$/.test(text)) throw badRequest(`Invalid value '${text}' for ${option} query option found.`);
  return Number(text);
}

function selectIn(entity: EntityType, query: URLSearchParams): ReadonlySet<string> | undefined {
  const text = query.get('$select');
  if (text === null) return undefined;
  const fields = text.split(',').map((field) => field.trim());
  for (const field of fields) if (entity.fields[field] === undefined) throw badRequest(`Could not find a property named '${field}' on type 'Microsoft.Dynamics.DataEntities.${entity.name}'.`);
  return new Set(fields);
}

function shown(entity: EntityType, row: Row, select: ReadonlySet<string> | undefined): object {
  return { '@odata.etag': etagOf(row), ...view(entity, row, select) };
}

function keyOf(entity: EntityType, row: Row): string {
  return entity.keys.map((key) => {
    const value = row.values[columnOf(key, entity.fields[key])] ?? '';
    return `${key}=${entity.fields[key]?.kind === 'text' ? `'${value}'` : value}`;
  }).join(',');
}

function keyColumns(entity: EntityType): readonly string[] {
  return TABLES[entity.table].keys;
}

function contextOf(service: Service, entity: EntityType): string {
  return `${service.base}/data/$metadata#${entity.set}`;
}
