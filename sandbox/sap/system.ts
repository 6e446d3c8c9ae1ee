import type { Collection, RecordStore } from '../kit/sandbox.ts';
import { ENTITY_TYPES, typeOf } from './entity-types.ts';
import type { EntityType } from './field-specs.ts';

export type Value = string | number | boolean | null | { readonly [field: string]: Value };
export type Values = Readonly<Record<string, Value>>;

export interface Row {
  readonly id: string;
  readonly version: number;
  readonly values: Values;
}

/** The records of one S/4HANA Cloud system, with the indexes that look-ups need. */
export interface System {
  readonly now: () => Date;
  /** Whether time has to be approved in SAP again. */
  readonly timeApproval: boolean;
  /** Whether customers have numbers of a range of their own. */
  readonly ownCustomerNumbers: boolean;
  rows(set: string): Collection<Row>;
  byKey(set: string, key: Values): Row | undefined;
  /** Rows with this value in an indexed field. */
  having(set: string, field: string, value: Value): Row[];
  isIndexed(set: string, field: string): boolean;
  put(set: string, before: Row | undefined, values: Values): Row;
  remove(set: string, row: Row): void;
  nextNumber(sequence: string): number;
  transaction<R>(work: () => R): R;
}

export function openSystem(records: RecordStore, now: () => Date, { timeApproval, ownCustomerNumbers }: Pick<System, 'timeApproval' | 'ownCustomerNumbers'>): System {
  const collections = new Map([...ENTITY_TYPES.keys()].map((set) => [set, records.collection<Row>(set)]));
  const keys = new Map([...ENTITY_TYPES].map(([set, type]) => [set, rows(set).indexBy((row) => keyText(type, row.values))]));
  const indexes = new Map([...ENTITY_TYPES].flatMap(([set, { indexed }]) => (indexed ?? []).map((field) => [`${set}.${field}`, rows(set).indexBy((row) => JSON.stringify(row.values[field] ?? null))] as const)));

  function rows(set: string): Collection<Row> {
    const found = collections.get(set);
    if (found === undefined) throw new Error(`the sandbox has no entity set ${set}`);
    return found;
  }

  return {
    now,
    timeApproval,
    ownCustomerNumbers,
    rows,
    byKey: (set, key) => keys.get(set)?.(keyText(typeOf(set), key))[0],
    having: (set, field, value) => indexes.get(`${set}.${field}`)?.(JSON.stringify(value)) ?? [],
    isIndexed: (set, field) => indexes.has(`${set}.${field}`),
    put(set, before, values) {
      const row: Row = { id: before?.id ?? String(records.nextId(set)), version: (before?.version ?? 0) + 1, values };
      rows(set).put(row.id, row);
      return row;
    },
    remove: (set, row) => void rows(set).delete(row.id),
    nextNumber: (sequence) => records.nextId(sequence),
    transaction: (work) => records.transaction(work),
  };
}

function keyText(type: EntityType, values: Values): string {
  return JSON.stringify(type.keys.map((key) => values[key] ?? null));
}

export function textOf(value: Value | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** What a version is called. */
export function etagOf(row: Row): string {
  return `W/"datetimeoffset'2026-01-01T00%3A00%3A${String(row.version).padStart(2, '0')}.${row.id.padStart(7, '0')}Z'"`;
}
