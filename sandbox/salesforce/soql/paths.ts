import { refuse } from '../errors.ts';
import { findField, findObjectType, findParent, type Field, type ObjectType } from '../schema.ts';
import type { SObject, SObjectStore } from '../store.ts';
import type { Scalar } from '../values.ts';
import type { Path, Query } from './parse.ts';
import { located } from './tokens.ts';

const MAX_PARENT_LEVELS = 5;
const ADVICE = 'Please reference your WSDL or the describe call for the appropriate names.';

/** A path whose every step was checked against the schema. */
export interface ResolvedPath {
  readonly parents: readonly { readonly via: Field; readonly object: ObjectType }[];
  readonly field: Field;
}

/** Throws INVALID_FIELD when a step is not there, as Salesforce phrases it. */
export function resolvePath(query: Query, object: ObjectType, path: Path): ResolvedPath {
  const names = [...path.names];
  if (names.length > 1 && names[0]?.toLowerCase() === object.name.toLowerCase() && findParent(object, names[0]) === undefined)
    names.shift();
  const last = names.pop() ?? '';
  const parents: { via: Field; object: ObjectType }[] = [];
  let at = object;
  if (names.length > MAX_PARENT_LEVELS) {
    refuse(400, 'INVALID_FIELD', located(query.text, path.at, 'maximum nesting level of relationship path is 5'));
  }
  for (const name of names) {
    const via = findParent(at, name);
    const target = via?.referenceTo === undefined ? undefined : findObjectType(via.referenceTo);
    if (via === undefined || target === undefined) {
      const what = `Didn't understand relationship '${name}' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. ${ADVICE}`;
      return refuse(400, 'INVALID_FIELD', located(query.text, path.at, what));
    }
    parents.push({ via, object: target });
    at = target;
  }
  const field = findField(at, last);
  if (field === undefined) {
    const what = `No such column '${last}' on entity '${at.name}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. ${ADVICE}`;
    return refuse(400, 'INVALID_FIELD', located(query.text, path.at, what));
  }
  return { parents, field };
}

export function unknownType(query: Query): never {
  const what = `sObject type '${query.from}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. ${ADVICE}`;
  return refuse(400, 'INVALID_TYPE', located(query.text, query.fromAt, what));
}

export function unknownRelation(query: Query, inner: Query): never {
  const what = `Didn't understand relationship '${inner.from}' in FROM part of query call. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. ${ADVICE}`;
  return refuse(400, 'INVALID_TYPE', located(query.text, inner.fromAt, what));
}

/** The value at the end of a path; null where a parent is missing. */
export function readPath(store: SObjectStore, row: SObject, path: ResolvedPath): Scalar {
  let at: SObject | undefined = row;
  for (const { via, object } of path.parents) {
    const id: Scalar = at[via.name] ?? null;
    at = typeof id === 'string' ? store.find(object, id) : undefined;
    if (at === undefined) return null;
  }
  return at[path.field.name] ?? null;
}

/** Adds a path's value to an answer, with a nested record for every parent on the way. */
export function showPath(store: SObjectStore, shown: Record<string, unknown>, row: SObject, path: ResolvedPath, version: string): void {
  let at = row;
  let target = shown;
  for (const { via, object } of path.parents) {
    const name = via.relationshipName ?? via.name;
    const id = at[via.name];
    const parent = typeof id === 'string' ? store.find(object, id) : undefined;
    if (parent === undefined) {
      target[name] = null;
      return;
    }
    const existing = target[name];
    const nested = isRecord(existing) ? existing : { attributes: attributesOf(object, parent, version) };
    target[name] = nested;
    target = nested;
    at = parent;
  }
  target[path.field.name] = showValue(path.field, at[path.field.name] ?? null);
}

export const attributesOf = (object: ObjectType, row: SObject, version: string): object => ({
  type: object.name,
  url: `/services/data/${version}/sobjects/${object.name}/${row.Id}`,
});

/** Instants go out with a numeric zone, everything else as it is stored. */
export const showValue = (field: Field, value: Scalar): Scalar =>
  field.type === 'datetime' && typeof value === 'string' ? value.replace('Z', '+0000') : value;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
