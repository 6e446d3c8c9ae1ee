import type { Collection, RecordStore } from '../kit/sandbox.ts';
import { isReference, linesOf, referenceId, type FieldSpec, type RecordType, type RecordTypeName, type Reference, type StoredRecord } from './field-types.ts';
import { RECORD_TYPES } from './record-types.ts';

/** One NetSuite account's records, with the indexes that look-ups and the dependency check need. */
export interface Account {
  readonly now: () => Date;
  /** Invoices are pending approval until they are approved (Accounting Preferences > Approval Routing). */
  readonly approvalRouting: boolean;
  records(type: RecordTypeName): Collection<StoredRecord>;
  get(reference: Reference): StoredRecord | undefined;
  byExternalId(type: RecordTypeName, externalId: string): StoredRecord | undefined;
  /** Records whose reference field has this internal ID. */
  referring(type: RecordTypeName, field: string, id: string): StoredRecord[];
  isIndexed(type: RecordTypeName, field: string): boolean;
  byUniqueField(type: RecordType, value: string): StoredRecord[];
  /** By the record type's `indexedField`, whatever its case. */
  byIndexedField(type: RecordType, value: string): StoredRecord[];
  /** The labels of the record types that refer to this record. */
  dependents(target: Reference): string[];
  nextId(type: RecordType): string;
  transaction<R>(work: () => R): R;
}

type LookUp = (key: string) => StoredRecord[];

export function openAccount(records: RecordStore, now: () => Date, approvalRouting: boolean): Account {
  const types = Object.values(RECORD_TYPES);
  const collections = new Map(types.map((type) => [type.name, records.collection<StoredRecord>(type.name)]));
  const external = new Map<RecordTypeName, LookUp>();
  const unique = new Map<RecordTypeName, LookUp>();
  const indexed = new Map<RecordTypeName, LookUp>();
  const references = new Map<string, LookUp>();

  function collection(name: RecordTypeName): Collection<StoredRecord> {
    const found = collections.get(name);
    if (found === undefined) throw new Error(`the sandbox has no record type ${name}`);
    return found;
  }

  for (const type of types) {
    external.set(type.name, collection(type.name).indexBy((record) => record.externalId));
    const { uniqueField } = type;
    if (uniqueField !== undefined) unique.set(type.name, collection(type.name).indexBy((record) => foldedText(record.fields[uniqueField])));
    const { indexedField } = type;
    if (indexedField !== undefined) indexed.set(type.name, collection(type.name).indexBy((record) => foldedText(record.fields[indexedField])));
    for (const [field, spec] of Object.entries(type.fields)) {
      if (spec.kind !== 'reference' || !spec.to.some((target) => RECORD_TYPES[target].readOnly !== true)) continue;
      references.set(`${type.name}.${field}`, collection(type.name).indexBy((record) => referenceId(record.fields[field])));
    }
  }

  function referring(type: RecordTypeName, field: string, id: string): StoredRecord[] {
    return references.get(`${type}.${field}`)?.(id) ?? [];
  }

  function dependents(target: Reference): string[] {
    const found = new Set<string>();
    for (const type of types) {
      for (const [field, spec] of Object.entries(type.fields)) {
        if (ownedBy(type.name, target)) continue;
        if (refersTo(spec, target) && referring(type.name, field, target.id).some((record) => pointsAt(record, field, target))) found.add(type.label);
        if (spec.kind === 'lines' && Object.values(spec.line).some((line) => refersTo(line, target)) && collection(type.name).find((record) => hasLineTo(record, field, target))) {
          found.add(type.label);
        }
      }
    }
    return [...found];
  }

  return {
    now,
    approvalRouting,
    records: collection,
    get: (reference) => collection(reference.type).get(reference.id),
    byExternalId: (type, externalId) => external.get(type)?.(externalId)[0],
    referring,
    isIndexed: (type, field) => references.has(`${type}.${field}`),
    byUniqueField: (type, value) => unique.get(type.name)?.(value.toLowerCase()) ?? [],
    byIndexedField: (type, value) => indexed.get(type.name)?.(value.toLowerCase()) ?? [],
    dependents,
    nextId: (type) => String(type.firstId - 1 + records.nextId(type.sequence)),
    transaction: (work) => records.transaction(work),
  };
}

/** A customer's subsidiary relationships are part of the customer and go with it; charges that an invoice took up are free again where it goes. */
function ownedBy(type: RecordTypeName, target: Reference): boolean {
  return (type === 'customerSubsidiaryRelationship' && target.type === 'customer') || (type === 'charge' && target.type === 'invoice');
}

function refersTo(spec: FieldSpec, target: Reference): boolean {
  return spec.kind === 'reference' && spec.to.includes(target.type);
}

function pointsAt(record: StoredRecord, field: string, target: Reference): boolean {
  const value = record.fields[field];
  return isReference(value) && value.type === target.type;
}

function hasLineTo(record: StoredRecord, field: string, target: Reference): boolean {
  return linesOf(record.fields[field]).some((line) =>
    Object.values(line.values).some((value) => isReference(value) && value.type === target.type && value.id === target.id),
  );
}

function foldedText(value: unknown): string | undefined {
  return typeof value === 'string' ? value.toLowerCase() : undefined;
}
