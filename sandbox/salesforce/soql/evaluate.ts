import { findObjectType, type ObjectType } from '../schema.ts';
import type { SObject, SObjectStore } from '../store.ts';
import { compareScalars, compile, type PathReader, type Test } from './conditions.ts';
import type { Condition, Query } from './parse.ts';
import { attributesOf, readPath, resolvePath, showPath, unknownRelation, unknownType } from './paths.ts';

/** What a query asks for, ready to be run: the matching rows in order, and how to show one. */
export interface PreparedQuery {
  /** With `candidates`, chooses among those rows alone (the children of one parent). */
  run(candidates?: SObject[]): SObject[];
  show(row: SObject): Record<string, unknown>;
}

/** Checks a query against the schema; throws INVALID_TYPE or INVALID_FIELD as Salesforce phrases them. */
export function prepare(query: Query, store: SObjectStore, version: string, childType?: ObjectType): PreparedQuery {
  const object = childType ?? findObjectType(query.from) ?? unknownType(query);
  const reader: PathReader = {
    resolve: (path) => resolvePath(query, object, path),
    valueAt: (path) => (row) => readPath(store, row, path),
  };
  const fields = query.fields.map((path) => reader.resolve(path));
  const children = query.children.map((inner) => prepareChild(query, inner, object, store, version));
  const test: Test = query.where === undefined ? () => true : compile(query.where, reader);
  const order = ordering(query, reader);

  return {
    run(candidates = indexedCandidates(query.where, object, store) ?? store.live(object)) {
      const rows = candidates.filter(test);
      if (order !== undefined) rows.sort(order);
      return rows.slice(query.offset, query.limit === undefined ? undefined : query.offset + query.limit);
    },
    show(row) {
      const shown: Record<string, unknown> = { attributes: attributesOf(object, row, version) };
      for (const path of fields) showPath(store, shown, row, path, version);
      for (const child of children) shown[child.name] = child.of(row);
      return shown;
    },
  };
}

function prepareChild(outer: Query, inner: Query, object: ObjectType, store: SObjectStore, version: string) {
  const relation = [...object.children].find(([name]) => name.toLowerCase() === inner.from.toLowerCase());
  const target = relation === undefined ? undefined : findObjectType(relation[1].object);
  if (relation === undefined || target === undefined) return unknownRelation(outer, inner);
  const [name, link] = relation;
  const prepared = prepare({ ...inner, text: outer.text }, store, version, target);
  return {
    name,
    of(parent: SObject): object | null {
      const rows = prepared.run(store.byIndex(target, link.field, parent.Id) ?? []);
      return rows.length === 0 ? null : { totalSize: rows.length, done: true, records: rows.map((row) => prepared.show(row)) };
    },
  };
}

function ordering(query: Query, reader: PathReader): ((a: SObject, b: SObject) => number) | undefined {
  if (query.orderBy.length === 0) return undefined;
  const orders = query.orderBy.map((order) => ({ ...order, value: reader.valueAt(reader.resolve(order.path)) }));
  return (a, b) => {
    for (const order of orders) {
      const [x, y] = [order.value(a), order.value(b)];
      if (x === null || y === null) {
        if (x === y) continue;
        return (x === null) === order.nullsLast ? 1 : -1;
      }
      const difference = compareScalars(x, y);
      if (difference !== 0) return order.descending ? -difference : difference;
    }
    return 0;
  };
}

/** The rows that an equality on an ID, a lookup or an external ID leaves, so that a look-up by key does not scan. */
function indexedCandidates(where: Condition | undefined, object: ObjectType, store: SObjectStore): SObject[] | undefined {
  if (where === undefined) return undefined;
  if (where.kind === 'and') {
    for (const part of where.parts) {
      const found = indexedCandidates(part, object, store);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (where.kind !== 'compare' || where.path.names.length !== 1) return undefined;
  if (where.operator !== '=' && where.operator !== 'IN') return undefined;
  const name = where.path.names[0] ?? '';
  const rows = new Set<SObject>();
  for (const value of where.values) {
    const found = typeof value === 'string' ? store.byIndex(object, name, value) : undefined;
    if (found === undefined) return undefined;
    for (const row of found) rows.add(row);
  }
  return [...rows];
}
