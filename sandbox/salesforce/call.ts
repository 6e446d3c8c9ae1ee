import { z } from 'zod';
import { notFound, refuse } from './errors.ts';
import { findField, findObjectType, type ObjectType } from './schema.ts';
import { attributesOf, showValue } from './soql/paths.ts';
import type { SObject, SObjectStore } from './store.ts';

export interface ApiRequest {
  readonly method: string;
  /** Path without query, e.g. /services/data/v64.0/sobjects/Account */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly userId: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface ApiParts {
  readonly store: SObjectStore;
  readonly transaction: <R>(work: () => R) => R;
  /** Runs one resource's work with its request known to whoever records changes. */
  readonly within: <R>(request: ApiRequest, work: () => R) => R;
  readonly limits: () => object;
}

export interface Call extends ApiRequest {
  readonly version: string;
  /** What the route's pattern captured, decoded. */
  readonly parts: readonly string[];
}

export type Route = readonly [method: string, pattern: RegExp, handle: (call: Call) => ApiAnswer];

const Body = z.record(z.string(), z.unknown());

export function objectNamed(name: string | undefined): ObjectType {
  return findObjectType(name ?? '') ?? notFound();
}

/** A record as the API shows it: its type and URL, then the fields asked for, or all. */
export function showRecord(object: ObjectType, row: SObject, version: string, names?: readonly string[]): object {
  const shown: Record<string, unknown> = { attributes: attributesOf(object, row, version) };
  const fields = names === undefined ? [...object.fields.values()] : names.map((name) => findField(object, name) ?? noColumn(object, name));
  for (const field of fields) shown[field.name] = showValue(field, row[field.name] ?? null);
  return shown;
}

const noColumn = (object: ObjectType, name: string): never =>
  refuse(400, 'INVALID_FIELD', `No such column '${name}' on sobject of type ${object.name}`);

export const fieldList = (text: string | null): string[] | undefined => text?.split(',').map((name) => name.trim());

/** Live records whose external ID has the value. Throws when the field is no external ID of the object. */
export function byExternalId(
  store: SObjectStore,
  object: ObjectType,
  fieldName: string,
  value: string,
): { field: string; rows: SObject[] } {
  const field = findField(object, fieldName);
  if (field?.type === 'id') return { field: 'Id', rows: [store.demand(object, value)] };
  if (field?.externalId !== true) {
    return refuse(404, 'NOT_FOUND', `Provided external ID field does not exist or is not accessible: ${fieldName}`);
  }
  return { field: field.name, rows: store.byIndex(object, field.name, value) ?? [] };
}

export function requireBody(body: unknown): Record<string, unknown> {
  const parsed = Body.safeParse(body);
  return parsed.success
    ? parsed.data
    : refuse(400, 'JSON_PARSER_ERROR', 'The HTTP entity body is required, but this request has no entity body.');
}
