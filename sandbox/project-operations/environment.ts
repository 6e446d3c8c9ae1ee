import type { Collection, RecordStore } from '../kit/sandbox.ts';
import { lookupColumn, TABLES, type Table } from './tables.ts';

export type Value = string | number | boolean | null;
export type Values = Readonly<Record<string, Value>>;

export interface Row {
  readonly id: string;
  readonly version: number;
  /** Columns, and `_x_value` for each lookup. */
  readonly values: Values;
}

export interface Environment {
  readonly now: () => Date;
  row(set: string, id: string): Row | undefined;
  all(set: string): Row[];
  /** Rows whose column has this value. */
  having(set: string, column: string, value: Value): Row[];
  put(table: Table, id: string, values: Values): Row;
  remove(table: Table, id: string): void;
  newId(): string;
  transaction<T>(work: () => T): T;
}

export function openEnvironment(records: RecordStore, now: () => Date, newId: () => string): Environment {
  const collections = new Map(TABLES.map(({ set }) => [set, records.collection<Row>(set)]));
  const rowsOf = (set: string): Collection<Row> => {
    const found = collections.get(set);
    if (found === undefined) throw new Error(`the sandbox has no table ${set}`);
    return found;
  };
  // What look-ups go by: every reference, and the names that settings are found by.
  const indexes = new Map(TABLES.flatMap(({ set, lookups, columns }) =>
    [...Object.keys(lookups).map(lookupColumn), ...Object.keys(columns).filter((column) => ['name', 'msdyn_name', 'isocurrencycode', 'internalemailaddress', 'emailaddress1'].includes(column))]
      .map((column) => [`${set}.${column}`, rowsOf(set).indexBy((row) => folded(row.values[column] ?? null))] as const)));

  return {
    now,
    row: (set, id) => rowsOf(set).get(id.toLowerCase()),
    all: (set) => rowsOf(set).all(),
    having: (set, column, value) => indexes.get(`${set}.${column}`)?.(folded(value) ?? '') ?? rowsOf(set).filter((row) => folded(row.values[column] ?? null) === folded(value)),
    put({ set, columns }, id, values) {
      const stamped = columns['modifiedon'] === undefined ? values : { ...values, modifiedon: toTheSecond(now()) };
      const row: Row = { id, version: (rowsOf(set).get(id)?.version ?? 1_000_000) + 1, values: stamped };
      rowsOf(set).put(id, row);
      return row;
    },
    remove: ({ set }, id) => void rowsOf(set).delete(id),
    newId,
    transaction: (work) => records.transaction(work),
  };
}

const toTheSecond = (at: Date): string => at.toISOString().replace(/\.\d+Z$/, 'Z');

/** Texts are equal whatever their case. */
export function folded(value: Value): string | undefined {
  return value === null ? undefined : String(value).toLowerCase();
}

export const etagOf = (row: Row): string => `W/"${row.version}"`;
