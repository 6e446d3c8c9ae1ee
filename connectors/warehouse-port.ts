import type { CallContext } from './ports.ts';

export type WarehouseType = 'text' | 'integer' | 'decimal' | 'date' | 'timestamp' | 'boolean';

export interface WarehouseTable {
  /** Lower-case letters, digits, underscores. */
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: WarehouseType; readonly nullable: boolean }[];
  /** The columns that tell rows apart. */
  readonly key: readonly string[];
}

/** Values as text, so that decimals stay exact; dates YYYY-MM-DD, timestamps in UTC. */
export type WarehouseRow = Readonly<Record<string, string | null>>;

/** A warehouse that takes facts and dimensions. Both throw SystemFailure only, and both may be called again after a lost answer. */
export interface WarehousePort {
  readonly kind: 'warehouse';
  readonly system: string;
  /** The most rows one `merge` takes. */
  readonly batchSize: number;
  /** Makes tables and columns that are missing; never drops or narrows anything. */
  prepare(tables: readonly WarehouseTable[], context: CallContext): Promise<void>;
  /** Inserts rows whose key is new and updates those that differ; the same rows again change nothing. A key must occur once in `rows`. */
  merge(table: WarehouseTable, rows: readonly WarehouseRow[], context: CallContext): Promise<{ readonly inserted: number; readonly updated: number }>;
  /** For reconciliation: how many rows a table has, and the exact sum of each decimal column. */
  totals(table: WarehouseTable, context: CallContext): Promise<{ readonly rows: number; readonly sums: Readonly<Record<string, string>> }>;
}
