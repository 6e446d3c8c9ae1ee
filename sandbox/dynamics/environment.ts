import type { Collection, RecordStore } from '../kit/sandbox.ts';
import { TABLES, type TableName } from './entity-types.ts';

export type Value = string | number;
export type Values = Readonly<Record<string, Value>>;

export interface Row {
  readonly recId: number;
  readonly version: number;
  /** By column: lower case, as the database does not care. */
  readonly values: Values;
}

/** The tables of one environment with the indexes that look-ups need. */
export interface Environment {
  readonly now: () => Date;
  rows(table: TableName): Collection<Row>;
  byKey(table: TableName, key: readonly Value[]): Row | undefined;
  /** Rows with this value in an indexed column. */
  having(table: TableName, column: string, value: Value): Row[];
  isIndexed(table: TableName, column: string): boolean;
  put(table: TableName, before: Row | undefined, values: Values): Row;
  remove(table: TableName, row: Row): void;
  nextNumber(sequence: string): number;
  transaction<R>(work: () => R): R;
}

const INDEXED: Readonly<Partial<Record<TableName, readonly string[]>>> = {
  CustTable: ['customeraccount'],
  ProjInvoiceTable: ['projectcontractid'],
  ProjFundingSource: ['projectcontractid', 'customeraccount'],
  PSAContractLineItems: ['projectcontractid'],
  ProjTable: ['projectid', 'projectcontractid', 'customeraccount'],
  ProjTasks: ['projectid', 'taskid'],
  ProjHourSalesPrice: ['projectid'],
  ProjJournalTrans: ['linenumber', 'journalid', 'projectid', 'activitynumber'],
  HcmWorker: ['primarycontactemail'],
  ResourceView: ['personnelnumber'],
};

export function openEnvironment(records: RecordStore, now: () => Date): Environment {
  const tables = new Map(tableNames().map((name) => [name, records.collection<Row>(name)]));
  const keys = new Map(tableNames().map((name) => [name, rowsOf(name).indexBy((row) => keyText(TABLES[name].keys.map((column) => row.values[column] ?? '')))]));
  const indexes = new Map(tableNames().flatMap((name) => (INDEXED[name] ?? []).map((column) => [`${name}.${column}`, rowsOf(name).indexBy((row) => folded(row.values[column] ?? ''))] as const)));

  function rowsOf(name: TableName): Collection<Row> {
    const found = tables.get(name);
    if (found === undefined) throw new Error(`the sandbox has no table ${name}`);
    return found;
  }

  return {
    now,
    rows: rowsOf,
    byKey: (table, key) => keys.get(table)?.(keyText(key))[0],
    having: (table, column, value) => indexes.get(`${table}.${column}`)?.(folded(value)) ?? [],
    isIndexed: (table, column) => indexes.has(`${table}.${column}`),
    put(table, before, values) {
      const row: Row = { recId: before?.recId ?? 5_637_144_575 + records.nextId(table), version: (before?.version ?? 0) + 1, values };
      rowsOf(table).put(String(row.recId), row);
      return row;
    },
    remove: (table, row) => void rowsOf(table).delete(String(row.recId)),
    nextNumber: (sequence) => records.nextId(sequence),
    transaction: (work) => records.transaction(work),
  };
}

export function tableNames(): TableName[] {
  return ENTRIES;
}
const ENTRIES = Object.keys(TABLES).filter(isTableName);

function isTableName(name: string): name is TableName {
  return Object.hasOwn(TABLES, name);
}

/** Texts are equal whatever their case. */
export function folded(value: Value): string {
  return String(value).toLowerCase();
}

function keyText(key: readonly Value[]): string {
  return JSON.stringify(key.map((value) => (isInstant(value) ? String(value).slice(0, 10) : folded(value))));
}

export function isInstant(value: Value): boolean {
  return typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T/.test(value);
}

/** What a version is called: base64 of numbers, in quotes, weak. */
export function etagOf(row: Row): string {
  return `W/"${Buffer.from(`'${row.version},${row.recId}'`).toString('base64')}"`;
}
