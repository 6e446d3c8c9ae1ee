/** One request to a service, as a function from what is asked to its answer: the same code serves single requests and those of a batch. */
import { SERVICES } from './entity-types.ts';
import type { EntityType, Navigation } from './field-specs.ts';
import { assertionFailed, malformed, noSuchRecord, noSuchSegment, notAllowed, refused, versionDiffers, versionMissing } from './errors.ts';
import { performFunction } from './functions.ts';
import { literal } from './filter.ts';
import { keyOf, list, readOf, type View } from './reading.ts';
import { rulesOf } from './rules.ts';
import { etagOf, textOf, type Row, type System, type Value, type Values } from './system.ts';
import { recordTime } from './time-rules.ts';
import { initialValues, isObject, valuesIn } from './values.ts';

export interface Asked {
  readonly method: string;
  /** "API_SALES_ORDER_SRV" */
  readonly service: string;
  /** What follows the service: "A_SalesOrder('17')/to_Item". */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly ifMatch: string | undefined;
  readonly body: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: object;
}

export interface Service extends View {
  readonly system: System;
  /** The name that "created by" shows. */
  readonly user: string;
}

/** @throws Refusal */
export function perform(service: Service, asked: Asked): Answer {
  const types = SERVICES.find(({ path }) => path === asked.service)?.types ?? [];
  const [head = '', ...rest] = asked.path.split(/\/(?=(?:[^']*'[^']*')*[^']*$)/);
  const [, name = '', keyText] = /^([^(]*)(?:\((.*)\))?$/s.exec(head) ?? [];
  const answered = asked.method === 'POST' && keyText === undefined ? performFunction(service, asked.service, name, asked) : undefined;
  if (answered !== undefined) return answered;
  const type = types.find(({ set }) => set === name);
  if (type === undefined) throw noSuchSegment(name);
  if (keyText === undefined) return onSet(service, type, asked, {});
  const row = service.system.byKey(type.set, keyIn(type, keyText));
  if (row === undefined) throw noSuchRecord(type.name);
  const [step, ...deeper] = rest;
  if (step === undefined) return onRow(service, type, row, asked);
  const navigation = type.navigations?.[step];
  if (navigation === undefined || deeper.length > 0) throw noSuchSegment(step);
  return onNavigation(service, navigation, row, asked, types);
}

function onSet(service: Service, type: EntityType, asked: Asked, given: Values): Answer {
  if (asked.method === 'GET') return { status: 200, headers: {}, body: list(service, type, asked.query, undefined) };
  if (asked.method !== 'POST' || (type.within === true && Object.keys(given).length === 0)) throw notAllowed(`${asked.method} on the entity set '${type.set}'`);
  if (!isObject(asked.body)) throw malformed('The body must be a JSON object');
  if (type.set === 'TimeSheetEntryCollection') return created(service, type, recordTime(service.system, type, asked.body));
  return created(service, type, insert(service, type, asked.body, given));
}

function onNavigation(service: Service, { to, many, by, insert: made }: Navigation, row: Row, asked: Asked, types: readonly EntityType[]): Answer {
  const type = types.find(({ set }) => set === to);
  if (type === undefined) throw noSuchSegment(to);
  const given = Object.fromEntries(Object.entries(by).map(([own, other]) => [other, row.values[own] ?? null]));
  if (asked.method === 'POST' && many && made !== false) return onSet(service, type, asked, given);
  if (asked.method !== 'GET') throw notAllowed(`${asked.method} on the navigation property`);
  if (many) return { status: 200, headers: {}, body: list(service, type, asked.query, given) };
  const [other] = service.system.rows(to).filter((each) => Object.entries(given).every(([field, value]) => each.values[field] === value));
  if (other === undefined) throw noSuchRecord(type.name);
  return { status: 200, headers: {}, body: { d: readOf(service, type, other, asked.query) } };
}

function onRow(service: Service, type: EntityType, row: Row, asked: Asked): Answer {
  switch (asked.method) {
    case 'GET':
      return { status: 200, headers: { etag: etagOf(row) }, body: { d: readOf(service, type, row, asked.query) } };
    case 'PATCH':
    case 'MERGE': {
      if (type.update === false) throw notAllowed(`${asked.method} on '${type.set}'`);
      checkVersion(type, row, asked.ifMatch);
      if (!isObject(asked.body)) throw malformed('The body must be a JSON object');
      const change = valuesIn(type, asked.body, 'update');
      const values = { ...row.values, ...change };
      rulesOf(type.set).change?.(service.system, values, row, change);
      service.system.put(type.set, row, values);
      return { status: 204, headers: {} };
    }
    case 'DELETE':
      if (type.remove === false) throw notAllowed(`DELETE on '${type.set}'`);
      checkVersion(type, row, asked.ifMatch);
      rulesOf(type.set).remove?.(service.system, row);
      service.system.remove(type.set, row);
      return { status: 204, headers: {} };
    default:
      throw notAllowed(asked.method);
  }
}

/** Makes a record with its parts. @throws Refusal */
export function insert(service: Service, type: EntityType, body: Readonly<Record<string, unknown>>, given: Values): Row {
  if (type.create === false) throw notAllowed(`POST on '${type.set}'`);
  const { system } = service;
  const values: Record<string, Value> = { ...initialValues(type), ...valuesIn(type, body, 'create'), ...given };
  rulesOf(type.set).create?.(system, values, service.user);
  if (type.keys.some((key) => textOf(values[key]) === '')) throw refused('R11/401', `Key fields of ${type.set} are missing`);
  if (system.byKey(type.set, values) !== undefined) throw refused('R11/402', `${type.set} ${type.keys.map((key) => textOf(values[key])).join(' ')} already exists`);
  const row = system.put(type.set, undefined, values);
  for (const [name, navigation] of Object.entries(type.navigations ?? {})) insertParts(service, type, row, name, navigation, body[name]);
  rulesOf(type.set).created?.(system, row, service.user);
  return system.byKey(type.set, values) ?? row;
}

function insertParts(service: Service, type: EntityType, row: Row, name: string, { to, many, by, insert: made }: Navigation, content: unknown): void {
  if (content === undefined) return;
  const part = SERVICES.flatMap(({ types }) => types).find(({ set }) => set === to);
  const parts = many && isObject(content) ? content['results'] : many ? content : [content];
  if (part === undefined || made === false || !Array.isArray(parts)) throw malformed(`Property '${name}' of type '${type.name}' cannot be made with its parent`);
  const given = Object.fromEntries(Object.entries(by).map(([own, other]) => [other, row.values[own] ?? null]));
  for (const each of parts) {
    if (!isObject(each)) throw malformed(`Property '${name}' must hold objects`);
    insert(service, part, each, given);
  }
}

function created(service: Service, type: EntityType, row: Row): Answer {
  const body = readOf(service, type, row, new URLSearchParams());
  return { status: 201, headers: { location: `${service.base}/${type.set}(${keyOf(type, row)})` }, body: { d: body } };
}

/** SAP note 2962502 for those that take "*" only. */
function checkVersion({ ifMatch: rule, set }: EntityType, row: Row, given: string | undefined): void {
  if (rule !== undefined && given === undefined) throw versionMissing(`CDS~${set.toUpperCase()}`);
  if (given === undefined || given === '*') return;
  if (rule === 'any') throw assertionFailed();
  if (given !== etagOf(row)) throw versionDiffers();
}

function keyIn(type: EntityType, text: string): Values {
  const named = [...text.matchAll(/(\w+)=((?:guid|datetime)?'(?:[^']|'')*'|[^,']+)/g)];
  const [only] = type.keys;
  const pairs = named.length === 0 && type.keys.length === 1 && only !== undefined ? [[only, text] as const] : named.map(([, key = '', value = '']) => [key, value] as const);
  if (pairs.length !== type.keys.length) throw malformed(`The key predicate (${text}) does not have the keys of '${type.name}'`);
  return Object.fromEntries(pairs.map(([key, value]) => {
    const spec = type.fields[key];
    if (spec === undefined || !type.keys.includes(key)) throw malformed(`'${key}' is no key of '${type.name}'`);
    return [key, literal(spec, value, key)];
  }));
}
