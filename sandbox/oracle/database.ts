import type { Collection, RecordStore } from '../kit/sandbox.ts';
import { allTypes, type ResourceType } from './resources.ts';

export type Value = string | number | boolean | null;
export type Values = Readonly<Record<string, Value>>;

export interface Row {
  readonly id: number;
  readonly parent: number | null;
  readonly version: number;
  readonly values: Values;
}

/** A value of a set-up page: a business unit, a currency, an event type. */
export interface SetUp {
  readonly name: string;
  readonly [more: string]: Value;
}

/** The records of one environment, with indexes by what tells them apart and by what they are searched by. */
export interface Database {
  readonly now: () => Date;
  rows(type: string): Collection<Row>;
  childrenOf(type: string, parent: number): Row[];
  /** Rows with this value in one of the indexed fields. */
  having(type: string, field: string, value: Value): Row[];
  isIndexed(type: string, field: string): boolean;
  put(type: string, before: Row | undefined, parent: number | null, values: Values): Row;
  remove(type: string, row: Row): void;
  setUp(kind: string, name: Value | undefined): SetUp | undefined;
  addSetUp(kind: string, value: SetUp): void;
  nextId(): number;
  transaction<R>(work: () => R): R;
}

const INDEXED: Readonly<Record<string, readonly string[]>> = {
  hubOrganizations: ['PartyNumber', 'PartyId'],
  'hubOrganizations.Address': ['AddressNumber'],
  contracts: ['ContractNumber', 'PrimaryPartyId'],
  projects: ['ProjectNumber', 'ProjectName', 'ProjectId'],
  'contracts.ContractLine.AssociatedProject': ['ProjectId'],
  rateSchedules: ['RateScheduleName'],
  projectBillingEvents: ['ProjectNumber', 'ContractNumber', 'SourceReference'],
  unprocessedProjectCosts: ['OriginalTransactionReference', 'ProjectNumber'],
  projectCosts: ['OriginalTransactionReference', 'ProjectNumber'],
  projectEnterpriseResources: ['ResourceEmail'],
};
const FIRST_ID = 300_100_000_000_000;

export function openDatabase(records: RecordStore, now: () => Date): Database {
  const types = new Map(allTypes().map((type) => [type.name, records.collection<Row>(type.name)]));
  const byParent = new Map([...types].map(([name, rows]) => [name, rows.indexBy((row) => (row.parent === null ? undefined : String(row.parent)))]));
  const indexes = new Map(Object.entries(INDEXED).flatMap(([name, fields]) => fields.map((field) => [`${name}/${field}`, rowsOf(name).indexBy((row) => keyOf(row.values[field]))] as const)));
  const setUps = records.collection<SetUp & { readonly kind: string }>('setUp');

  function rowsOf(name: string): Collection<Row> {
    const found = types.get(name);
    if (found === undefined) throw new Error(`the sandbox has no resource ${name}`);
    return found;
  }

  return {
    now,
    rows: rowsOf,
    childrenOf: (type, parent) => byParent.get(type)?.(String(parent)) ?? [],
    having: (type, field, value) => indexes.get(`${type}/${field}`)?.(keyOf(value)) ?? [],
    isIndexed: (type, field) => indexes.has(`${type}/${field}`),
    put(type, before, parent, values) {
      const id = before?.id ?? FIRST_ID + records.nextId('id');
      const row: Row = { id, parent, version: (before?.version ?? 0) + 1, values };
      rowsOf(type).put(String(id), row);
      return row;
    },
    remove: (type, row) => void rowsOf(type).delete(String(row.id)),
    setUp: (kind, name) => setUps.get(`${kind}/${String(name)}`),
    addSetUp: (kind, value) => setUps.put(`${kind}/${value.name}`, { ...value, kind }),
    nextId: () => FIRST_ID + records.nextId('id'),
    transaction: (work) => records.transaction(work),
  };
}

function keyOf(value: Value | undefined): string {
  return `${typeof value}:${String(value)}`;
}

/** What a version is called: an opaque text that changes with every change. */
export function changeIndicatorOf(row: Row): string {
  return `ACED0005737200136A6176612E7574696C2E41727261794C697374${hex(row.id)}${hex(row.version)}`;
}

/** The key of resources that have no field for it. */
export function hashOf(type: ResourceType, row: Row): string {
  return `00020000000EACED00057708${hex(row.id)}0000000EACED00057708${hex(type.name.length)}`;
}

function hex(value: number): string {
  return value.toString(16).toUpperCase().padStart(16, '0');
}
