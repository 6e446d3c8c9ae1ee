import { byExternalId, fieldList, objectNamed, requireBody, showRecord, type ApiAnswer, type ApiParts, type ApiRequest, type Call, type Route } from './call.ts';
import { collectionRoutes } from './collections.ts';
import { compositeRoutes } from './composite.ts';
import { describeGlobal, describeObject } from './describe.ts';
import { notFound, refuse, SalesforceError } from './errors.ts';
import { queryRoutes } from './query.ts';
import type { ObjectType } from './schema.ts';
import { attributesOf } from './soql/paths.ts';
import type { SObject, SObjectStore } from './store.ts';

export interface Api {
  /** Answers any resource below /services/data; refusals come back as answers too. */
  answer(request: ApiRequest): ApiAnswer;
}

export const VERSIONS = ['58.0', '59.0', '60.0', '61.0', '62.0', '63.0', '64.0'] as const;
const VERSIONED = /^\/services\/data\/v(\d+\.\d+)(\/.*)?$/;

/** The REST API as one function, so that a composite request runs its parts without a second HTTP round. */
export function createApi(parts: ApiParts): Api {
  const routes: Route[] = [
    ['GET', /^\/?$/, () => ({ status: 200, body: { sobjects: 'sobjects', query: 'query', composite: 'composite', limits: 'limits' } })],
    ['GET', /^\/limits$/, () => ({ status: 200, body: parts.limits() })],
    ...queryRoutes(parts.store),
    ...sobjectRoutes(parts.store),
    ...collectionRoutes(parts),
    ...compositeRoutes(parts, (request) => answer(request)),
  ];

  function answer(request: ApiRequest): ApiAnswer {
    try {
      return parts.within(request, () => route(request));
    } catch (error) {
      if (error instanceof SalesforceError) return { status: error.status, body: error.items };
      throw error;
    }
  }

  function route(request: ApiRequest): ApiAnswer {
    if (/^\/services\/data\/?$/.test(request.path)) return { status: 200, body: versionList() };
    const [, number, rest = ''] = VERSIONED.exec(request.path) ?? [];
    if (number === undefined || !VERSIONS.some((version) => version === number)) return notFound();
    let found = false;
    for (const [method, pattern, handle] of routes) {
      const match = pattern.exec(rest);
      if (match === null) continue;
      found = true;
      if (method !== request.method) continue;
      return handle({ ...request, version: `v${number}`, parts: match.slice(1).map((part) => decodeURIComponent(part)) });
    }
    return found
      ? refuse(405, 'METHOD_NOT_ALLOWED', `HTTP Method '${request.method}' not allowed. Allowed are ${allowed(routes, rest)}`)
      : notFound();
  }

  return { answer };
}

const versionList = (): object[] =>
  VERSIONS.map((version) => ({ label: `Release ${version}`, url: `/services/data/v${version}`, version }));
const allowed = (routes: readonly Route[], rest: string): string =>
  [...new Set(routes.filter(([, pattern]) => pattern.test(rest)).map(([method]) => method))].join(',');

function sobjectRoutes(store: SObjectStore): Route[] {
  const created = (row: SObject, version: string, object: ObjectType): ApiAnswer => ({
    status: 201,
    headers: { Location: `/services/data/${version}/sobjects/${object.name}/${row.Id}` },
    body: { id: row.Id, success: true, errors: [] },
  });

  function one(call: Call): { object: ObjectType; row: SObject | undefined; field: string; value: string } {
    const [name, fieldName = '', value = ''] = call.parts;
    const object = objectNamed(name);
    const { field, rows } = byExternalId(store, object, fieldName, value);
    if (rows.length > 1) throw new NotUnique(rows.map((row) => `/services/data/${call.version}/sobjects/${object.name}/${row.Id}`));
    return { object, row: rows[0], field, value };
  }

  /** Not an error in Salesforce's form: 300 lists the records that share the value. */
  const orChoices =
    (handle: (call: Call) => ApiAnswer) =>
    (call: Call): ApiAnswer => {
      try {
        return handle(call);
      } catch (error) {
        if (error instanceof NotUnique) return { status: 300, body: error.urls };
        throw error;
      }
    };

  function upsert(call: Call): ApiAnswer {
    const { object, row, field, value } = one(call);
    const body = requireBody(call.body);
    if (findFieldIn(body, field)) refuse(400, 'INVALID_FIELD', `The ${field} field should not be specified in the sobject data.`);
    if (row === undefined) {
      const made = store.create(object, { ...body, [field]: value }, call.userId);
      return { ...created(made, call.version, object), body: { id: made.Id, success: true, errors: [], created: true } };
    }
    store.update(object, row.Id, body, call.userId);
    return field === 'Id' ? { status: 204 } : { status: 200, body: { id: row.Id, success: true, errors: [], created: false } };
  }

  return [
    ['GET', /^\/sobjects\/?$/, () => ({ status: 200, body: describeGlobal() })],
    ['GET', /^\/sobjects\/([^/]+)\/describe$/, (call) => ({ status: 200, body: describeObject(objectNamed(call.parts[0]), call.version) })],
    [
      'GET',
      /^\/sobjects\/([^/]+)\/?$/,
      (call) => {
        const object = objectNamed(call.parts[0]);
        const recent = store.live(object).slice(-10).reverse();
        const recentItems = recent.map((row) => ({
          attributes: attributesOf(object, row, call.version),
          Id: row.Id,
          Name: row['Name'] ?? null,
        }));
        return {
          status: 200,
          body: { objectDescribe: { name: object.name, label: object.label, keyPrefix: object.keyPrefix }, recentItems },
        };
      },
    ],
    [
      'POST',
      /^\/sobjects\/([^/]+)\/?$/,
      (call) => {
        const object = objectNamed(call.parts[0]);
        return created(store.create(object, requireBody(call.body), call.userId), call.version, object);
      },
    ],
    [
      'GET',
      /^\/sobjects\/([^/]+)\/([^/]+)$/,
      (call) => {
        const object = objectNamed(call.parts[0]);
        const row = store.demand(object, call.parts[1] ?? '');
        return { status: 200, body: showRecord(object, row, call.version, fieldList(call.query.get('fields'))) };
      },
    ],
    [
      'PATCH',
      /^\/sobjects\/([^/]+)\/([^/]+)$/,
      (call) => {
        const body = requireBody(call.body);
        if (findFieldIn(body, 'Id')) refuse(400, 'INVALID_FIELD', 'The Id field should not be specified in the sobject data.');
        store.update(objectNamed(call.parts[0]), call.parts[1] ?? '', body, call.userId);
        return { status: 204 };
      },
    ],
    [
      'DELETE',
      /^\/sobjects\/([^/]+)\/([^/]+)$/,
      (call) => {
        store.remove(objectNamed(call.parts[0]), call.parts[1] ?? '', call.userId);
        return { status: 204 };
      },
    ],
    [
      'GET',
      /^\/sobjects\/([^/]+)\/([^/]+)\/([^/]+)$/,
      orChoices((call) => {
        const { object, row } = one(call);
        if (row === undefined) return notFound();
        return { status: 200, body: showRecord(object, row, call.version, fieldList(call.query.get('fields'))) };
      }),
    ],
    ['PATCH', /^\/sobjects\/([^/]+)\/([^/]+)\/([^/]+)$/, orChoices(upsert)],
    [
      'DELETE',
      /^\/sobjects\/([^/]+)\/([^/]+)\/([^/]+)$/,
      orChoices((call) => {
        const { object, row } = one(call);
        if (row === undefined) return notFound();
        store.remove(object, row.Id, call.userId);
        return { status: 204 };
      }),
    ],
  ];
}

class NotUnique extends Error {
  readonly urls: readonly string[];
  constructor(urls: readonly string[]) {
    super('the external ID is not unique');
    this.urls = urls;
  }
}

const findFieldIn = (body: Record<string, unknown>, field: string): boolean =>
  Object.keys(body).some((name) => name.toLowerCase() === field.toLowerCase());
