import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import type { Account, Table } from './account.ts';
import { badRequest, notFound } from './errors.ts';
import { idIn, pageOf, queryOf, sendObjects, type Query } from './http.ts';
import type { SubjectType } from './model.ts';
import type { Presenter, Presenters } from './presenters.ts';

export interface Service {
  readonly account: Account;
  readonly presenters: Presenters;
  readonly mode: () => string;
  readonly firstDayOfWeek: number;
}

export const API = '/api/v1';
/** Ties of the order asked for come in another order with each request, as a database may give them. */
export const UNSTABLE_ORDER_MODE = 'unstable-order';

type Filter<T> = (value: string) => (record: T) => boolean;

export interface ListTerms<T extends { readonly id: string }> {
  readonly table: Table<T>;
  readonly presenter: Presenter;
  /** The endpoint's documented filters that this account knows. */
  readonly filters: Readonly<Record<string, Filter<NoInfer<T>>>>;
  /** Default filters: hidden, also from a request by ID, unless the parameter is true. */
  readonly hidden?: Readonly<Record<string, (record: NoInfer<T>) => boolean>>;
  /** Keys by the names that `order` takes. */
  readonly orders: Readonly<Record<string, (record: NoInfer<T>) => string>>;
  readonly defaultOrder: string;
}

/** A path with and without the ending ".json", as Kantata's reference writes both. */
export function route(app: FastifyInstance, method: HTTPMethods, path: string, handler: (request: FastifyRequest, reply: FastifyReply) => FastifyReply): void {
  app.route({ method, url: `${API}${path}`, handler });
  if (!path.endsWith('/:id')) app.route({ method, url: `${API}${path}.json`, handler });
}

export function installList<T extends { readonly id: string }>(app: FastifyInstance, service: Service, path: string, terms: ListTerms<T>): void {
  const { table, presenter, hidden = {} } = terms;
  const names = [...Object.keys(terms.filters), ...Object.keys(hidden)];
  const isShown = (record: T, query: Query) => Object.entries(hidden).every(([name, hides]) => query[name] === 'true' || !hides(record));
  let turn = 0;

  route(app, 'GET', path, (request, reply) => {
    const query = queryOf(request, names);
    const tests = Object.entries(terms.filters).flatMap(([name, filter]) => (query[name] === undefined ? [] : [filter(query[name])]));
    const only = query['only'] === undefined ? null : new Set(query['only'].split(','));
    const found = table.all().filter((record) => (only === null || only.has(record.id)) && isShown(record, query) && tests.every((test) => test(record)));
    if (service.mode() === UNSTABLE_ORDER_MODE) {
      turn += 1;
      found.push(...found.splice(0, (turn * 37) % Math.max(found.length, 1)));
    }
    const [name = '', direction = 'asc'] = (query['order'] ?? terms.defaultOrder).split(':');
    const keyOf = terms.orders[name];
    if (keyOf === undefined || !['asc', 'desc'].includes(direction)) throw badRequest(`order is not valid: ${query['order'] ?? ''}`);
    const sign = direction === 'asc' ? 1 : -1;
    found.sort((left, right) => sign * (keyOf(left) < keyOf(right) ? -1 : keyOf(left) > keyOf(right) ? 1 : 0));
    const page = pageOf(query);
    return sendObjects(reply, presenter, found.slice(page.from, page.from + page.size).map(({ id }) => id), query, { count: found.length, page });
  });
  route(app, 'GET', `${path}/:id`, (request, reply) => {
    const query = queryOf(request, Object.keys(hidden));
    const record = table.need(idIn(request));
    if (!isShown(record, query)) throw notFound();
    return sendObjects(reply, presenter, [record.id], query);
  });
}

export const is = <T>(field: (record: T) => string | null): Filter<T> => (value) => (record) => field(record) === value;
export const among = <T>(field: (record: T) => string | null): Filter<T> => (value) => (record) => value.split(',').includes(field(record) ?? '');
export const flag = <T>(field: (record: T) => boolean): Filter<T> => (value) => (record) => field(record) === (value === 'true');

const STOP_WORDS = new Set(['a', 'an', 'and', 'are', 'as', 'at', 'be', 'but', 'by', 'for', 'if', 'in', 'into', 'is', 'it', 'no', 'not', 'of', 'on', 'or', 'such', 'that', 'the', 'their', 'then', 'there', 'these', 'they', 'this', 'to', 'was', 'with']);
/** As documented for projects, and taken to be so for whatever else has `matching` (unverified): each word begins one of the text's, and some words are not looked for. */
export const matching = <T>(field: (record: T) => string): Filter<T> => (value) => {
  const words = (text: string) => text.toLowerCase().split(/\s+/).filter((word) => word !== '' && !STOP_WORDS.has(word));
  const wanted = words(value);
  return (record) => wanted.length > 0 && wanted.every((word) => words(field(record)).some((own) => own.startsWith(word)));
};

/** After and before an instant, not at it. */
export const byTime: Readonly<Record<string, Filter<{ readonly created_at: string; readonly updated_at: string }>>> = {
  created_after: (value) => ({ created_at }) => Date.parse(created_at) > instant(value),
  created_before: (value) => ({ created_at }) => Date.parse(created_at) < instant(value),
  updated_after: (value) => ({ updated_at }) => Date.parse(updated_at) > instant(value),
  updated_before: (value) => ({ updated_at }) => Date.parse(updated_at) < instant(value),
};

/** Comparable text of an instant, for orders. */
export const sortable = (at: string): string => new Date(at).toISOString();

/** By the external references of the objects; the filter for one ID takes numbers only. */
export function byReference({ account }: Service, type: SubjectType): Readonly<Record<string, Filter<{ readonly id: string }>>> {
  const some = (id: string, test: (reference: ReturnType<Account['referencesOf']>[number]) => boolean) => account.referencesOf(type, id).some(test);
  return {
    external_reference_service_name: (value) => ({ id }) => some(id, (reference) => reference.service_name === value),
    external_reference_service_model: (value) => ({ id }) => some(id, (reference) => reference.service_model === value),
    external_reference_service_model_ref: (value) => {
      if (!/^\d+$/.test(value)) throw badRequest('external_reference_service_model_ref must be an integer');
      return ({ id }) => some(id, (reference) => reference.service_model_ref === value);
    },
    external_reference_service_model_refs: (value) => ({ id }) => some(id, (reference) => value.split(',').includes(reference.service_model_ref)),
    external_reference_status: (value) => ({ id }) => some(id, (reference) => reference.status === value),
    has_external_references: (value) => ({ id }) => some(id, () => true) === (value === 'true'),
  };
}

function instant(value: string): number {
  const at = Date.parse(value);
  if (Number.isNaN(at)) throw badRequest(`${value} is not an ISO 8601 datetime`);
  return at;
}
