import type { Collection, SandboxContext } from '../kit/sandbox.ts';
import { refuse } from './errors.ts';
import { normalizeId, salesforceId } from './ids.ts';
import { findField, findObjectType, objectTypes, type Field, type ObjectType } from './schema.ts';
import { readFields, type Fields, type Scalar } from './values.ts';

/** A stored record: every field of its object, instants as ISO strings. */
export type SObject = Readonly<Record<string, Scalar>> & { readonly Id: string; readonly IsDeleted: boolean };

export interface SObjectStore {
  /** A record that is not deleted. */
  find(object: ObjectType, id: string): SObject | undefined;
  /** Throws NOT_FOUND, ENTITY_IS_DELETED or MALFORMED_ID. */
  demand(object: ObjectType, id: string): SObject;
  live(object: ObjectType): SObject[];
  /** Live records whose indexed field (ID, lookup, external ID) has the value; undefined when the field is not indexed. */
  byIndex(object: ObjectType, field: string, value: string): SObject[] | undefined;
  create(object: ObjectType, body: Readonly<Record<string, unknown>>, userId: string): SObject;
  update(object: ObjectType, id: string, body: Readonly<Record<string, unknown>>, userId: string): SObject;
  remove(object: ObjectType, id: string, userId: string): void;
  /** Stores a record past the API's checks (a migration could), keeping a given valid Id; over an existing one it changes the given fields. */
  seed(object: ObjectType, record: Readonly<Record<string, unknown>>, userId: string, notify: boolean): SObject;
}

export interface Watchers {
  /** A record was created or changed. */
  changed(object: ObjectType, record: SObject): void;
  /** The same, and deleted ones: with what the record was before. */
  captured?(object: ObjectType, record: SObject, before: SObject | undefined): void;
}

/** Keeps the records of every object and the fields that Salesforce maintains itself. */
export function sobjectStore(context: SandboxContext, watchers: Watchers): SObjectStore {
  const tables = new Map<string, { rows: Collection<SObject>; indexes: Map<string, (key: string) => SObject[]> }>();
  for (const object of objectTypes()) {
    const rows = context.records.collection<SObject>(object.name);
    const indexes = new Map<string, (key: string) => SObject[]>();
    for (const field of object.fields.values()) {
      if (isIndexed(field))
        indexes.set(
          field.name,
          rows.indexBy((row) => indexKey(row[field.name])),
        );
    }
    tables.set(object.name, { rows, indexes });
  }

  function table(object: ObjectType) {
    const found = tables.get(object.name);
    if (found === undefined) throw new Error(`no table for ${object.name}`);
    return found;
  }

  function byIndex(object: ObjectType, field: string, value: string): SObject[] | undefined {
    const rows = table(object);
    if (field === 'Id') {
      const row = rows.rows.get(normalizeId(value) ?? value);
      return row === undefined || row.IsDeleted ? [] : [row];
    }
    const key = findField(object, field)?.type === 'reference' ? (normalizeId(value) ?? value) : value;
    return rows.indexes
      .get(field)?.(key.toLowerCase())
      .filter((row) => !row.IsDeleted);
  }

  function demand(object: ObjectType, id: string): SObject {
    const normal = normalizeId(id);
    if (normal === undefined) return refuse(404, 'NOT_FOUND', 'The requested resource does not exist');
    if (!normal.startsWith(object.keyPrefix))
      return refuse(400, 'MALFORMED_ID', `${object.label} ID: id value of incorrect type: ${id}`, ['Id']);
    const row = table(object).rows.get(normal);
    if (row === undefined) return refuse(404, 'NOT_FOUND', 'The requested resource does not exist');
    if (row.IsDeleted) return refuse(404, 'ENTITY_IS_DELETED', 'entity is deleted', []);
    return row;
  }

  function write(object: ObjectType, record: SObject, notify: boolean): SObject {
    const { rows } = table(object);
    const before = rows.get(record.Id);
    rows.put(record.Id, record);
    if (notify && !record.IsDeleted) watchers.changed(object, record);
    if (notify) watchers.captured?.(object, record, before);
    return record;
  }

  function checkReferences(object: ObjectType, fields: Fields): void {
    for (const field of object.fields.values()) {
      const value = fields[field.name];
      if (field.type !== 'reference' || typeof value !== 'string' || field.referenceTo === undefined) continue;
      const target = findObjectType(field.referenceTo);
      if (target === undefined || (byIndex(target, 'Id', value)?.length ?? 0) > 0) continue;
      refuse(400, 'INVALID_CROSS_REFERENCE_KEY', 'invalid cross reference id', [field.name]);
    }
  }

  function checkUnique(object: ObjectType, fields: Fields, ownId: string | undefined): void {
    for (const field of object.fields.values()) {
      const value = fields[field.name];
      if (field.unique !== true || typeof value !== 'string') continue;
      const other = byIndex(object, field.name, value)?.find((row) => row.Id !== ownId);
      if (other === undefined) continue;
      refuse(400, 'DUPLICATE_VALUE', `duplicate value found: ${field.name} duplicates value on record with id: ${other.Id}`, []);
    }
  }

  function checkHierarchy(object: ObjectType, id: string, fields: Fields): void {
    const parent = fields['ParentId'];
    const seen = new Set<string>();
    let next = parent;
    while (typeof next === 'string' && !seen.has(next)) {
      if (next === id) refuse(400, 'CIRCULAR_DEPENDENCY', 'attempt to violate hierarchy constraints', ['ParentId']);
      seen.add(next);
      next = byIndex(object, 'Id', next)?.[0]?.['ParentId'] ?? null;
    }
  }

  function fresh(object: ObjectType, fields: Fields, id: string, userId: string): SObject {
    const at = context.now().toISOString();
    const record: Record<string, Scalar> = {};
    for (const field of object.fields.values()) record[field.name] = fields[field.name] ?? field.defaultValue ?? null;
    if (object.name === 'Contract') record['ContractNumber'] ??= String(100 + context.records.nextId('ContractNumber')).padStart(8, '0');
    return derive(object, {
      ...record,
      Id: id,
      IsDeleted: false,
      CreatedDate: at,
      CreatedById: userId,
      LastModifiedDate: at,
      LastModifiedById: userId,
      SystemModstamp: at,
    });
  }

  const newId = (object: ObjectType): string => {
    for (;;) {
      const id = salesforceId(object.keyPrefix, context.records.nextId(object.name));
      if (table(object).rows.get(id) === undefined) return id;
    }
  };

  return {
    find: (object, id) => byIndex(object, 'Id', id)?.[0],
    demand,
    live: (object) => table(object).rows.filter((row) => !row.IsDeleted),
    byIndex,
    create(object, body, userId) {
      const fields = readFields(object, body, 'create');
      checkReferences(object, fields);
      checkUnique(object, fields, undefined);
      if (object.name === 'Contract' && fields['Status'] === 'Activated') {
        refuse(400, 'FAILED_ACTIVATION', 'Choose a valid contract status and save your changes. Ask your admin for details.', ['Status']);
      }
      return write(object, fresh(object, fields, newId(object), userId), true);
    },
    update(object, id, body, userId) {
      const before = demand(object, id);
      const fields = readFields(object, body, 'update');
      checkReferences(object, fields);
      checkUnique(object, fields, before.Id);
      if (typeof fields['ParentId'] === 'string') checkHierarchy(object, before.Id, fields);
      const at = context.now().toISOString();
      const after = derive(object, { ...before, ...fields, LastModifiedDate: at, LastModifiedById: userId, SystemModstamp: at }, fields);
      return write(object, after, true);
    },
    remove(object, id, userId) {
      const before = demand(object, id);
      const at = context.now().toISOString();
      for (const child of object.children.values()) {
        const type = findObjectType(child.object);
        if (type?.name !== 'OpportunityLineItem') continue;
        for (const row of byIndex(type, child.field, before.Id) ?? []) write(type, { ...row, IsDeleted: true, SystemModstamp: at }, true);
      }
      write(object, { ...before, IsDeleted: true, LastModifiedDate: at, LastModifiedById: userId, SystemModstamp: at }, true);
    },
    seed(object, record, userId, notify) {
      const given = typeof record['Id'] === 'string' ? normalizeId(record['Id']) : undefined;
      if (record['Id'] !== undefined && given === undefined)
        throw new Error(`${JSON.stringify(record['Id'])} is not a valid ${object.name} ID`);
      const fields: Record<string, Scalar> = {};
      for (const [name, value] of Object.entries(record)) {
        const field = findField(object, name);
        if (name === 'attributes') continue;
        if (field === undefined) throw new Error(`${object.name} has no field ${name}`);
        if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
          fields[field.name] = value;
      }
      const before = given === undefined ? undefined : table(object).rows.get(given);
      const kept = before === undefined ? {} : { CreatedDate: before['CreatedDate'] ?? null, CreatedById: before['CreatedById'] ?? null };
      const stamps = { ...kept, ...pickStamps(fields) };
      return write(object, { ...fresh(object, { ...before, ...fields }, given ?? newId(object), userId), ...stamps }, notify);
    },
  };
}

const STAMPS = ['CreatedDate', 'LastModifiedDate', 'LastModifiedById', 'SystemModstamp'];
const pickStamps = (fields: Fields): Fields => Object.fromEntries(Object.entries(fields).filter(([name]) => STAMPS.includes(name)));

const isIndexed = (field: Field): boolean =>
  (field.type === 'reference' && field.readOnly !== true) || field.externalId === true || field.unique === true;
const indexKey = (value: Scalar | undefined): string | undefined => (typeof value === 'string' ? value.toLowerCase() : undefined);

/** Fields that follow from others: closed and won from the stage, a line's total or price from the other of the two. */
function derive(object: ObjectType, record: SObject, changed: Fields = record): SObject {
  if (object.name === 'Opportunity') {
    const stage = record['StageName'];
    return { ...record, IsClosed: stage === 'Closed Won' || stage === 'Closed Lost', IsWon: stage === 'Closed Won' };
  }
  if (object.name !== 'OpportunityLineItem') return record;
  const { Quantity: quantity, UnitPrice: price } = record;
  const total = changed['TotalPrice'];
  if (typeof quantity !== 'number') return record;
  if (typeof total === 'number' && typeof changed['UnitPrice'] !== 'number') {
    return { ...record, UnitPrice: quantity === 0 ? 0 : round(total / quantity) };
  }
  return typeof price === 'number' ? { ...record, TotalPrice: round(quantity * price) } : record;
}

const round = (value: number): number => Number((Math.round((value + Number.EPSILON) * 100) / 100).toFixed(2));
