import { Context } from '@temporalio/activity';
import type { WarehousePort, WarehouseTable } from '../connectors/warehouse-port.ts';
import { changedRows, hasChanges, reportingTotals, sendAgain } from '../store/reporting-changes.ts';
import { REPORTING_TABLES, reportingTable } from '../store/reporting-tables.ts';
import { advanceWatermark, readWatermark } from '../store/watermarks.ts';
import { callContext } from './context.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { toTemporal } from './failures.ts';
import { standingCaseOf } from './sweep.ts';

export type WarehouseComparison =
  | { readonly state: 'equal'; readonly rows: number }
  /** Rows changed while it was looked at, or wait for the next run. */
  | { readonly state: 'behind'; readonly pending: number }
  /** What differs, in words: "rows: 1200 here, 1199 there". */
  | { readonly state: 'differs'; readonly differences: readonly string[] };

/** The mirror of the reporting facts in a warehouse. Each is one idempotent step; all throw ApplicationFailure with a Failure in its details. */
export interface WarehouseMirrorActivities {
  /** What there is to do, without asking the warehouse: one that sleeps until it is asked costs nothing meanwhile. Tables in the order in which they are brought up to date. */
  warehouseWork(input: { readonly warehouse: string; /** Sends everything again, from the first row. */ readonly anew: boolean }): Promise<{ readonly changed: readonly string[]; readonly all: readonly string[] }>;
  /** Makes what is missing in the warehouse. */
  prepareWarehouse(input: { readonly warehouse: string }): Promise<void>;
  /** Brings the next page of a table's changes to the warehouse, then notes how far it is. */
  mirrorPage(input: { readonly warehouse: string; readonly table: string }): Promise<{ readonly rows: number; readonly inserted: number; readonly updated: number; readonly more: boolean }>;
  compareWarehouse(input: { readonly warehouse: string; readonly table: string }): Promise<WarehouseComparison>;
  /** The open case of the mirror, or the ID that its next one takes. */
  caseOfWarehouseMirror(input: { readonly warehouse: string }): Promise<{ readonly process: string; readonly caseId: string; readonly open: boolean }>;
}

export type WarehouseMirrorDependencies = Pick<ActivityDependencies, 'store' | 'log' | 'withSlot'> & { readonly systems: { warehouse(id: string): WarehousePort } };

const tables: readonly WarehouseTable[] = REPORTING_TABLES;
const markOf = (warehouse: string, table: string) => `warehouse/${warehouse}/${table}`;

export function createWarehouseMirror(deps: WarehouseMirrorDependencies): WarehouseMirrorActivities {
  const { db } = deps.store;

  /**
   * Calls the warehouse within its limit of requests at once. Idempotency keys are of one run: a repeated attempt is the same request, but what a later
   * run sends anew must be done anew, though it says the same as before (Snowflake would answer it with the result of then).
   */
  async function ask<Result>(warehouse: string, key: string, work: (port: WarehousePort, context: ReturnType<typeof callContext>) => Promise<Result>): Promise<Result> {
    const context = callContext(deps.log, `${key}/${Context.current().info.workflowExecution?.runId ?? ''}`);
    return await deps.withSlot(warehouse, context.signal, (signal) => work(deps.systems.warehouse(warehouse), { ...context, signal }));
  }

  return {
    async warehouseWork({ warehouse, anew }) {
      const changed: string[] = [];
      for (const table of tables) {
        const mark = await readWatermark(db, markOf(warehouse, table.name));
        if (anew && mark !== undefined) await advanceWatermark(db, { name: markOf(warehouse, table.name), from: mark, to: '0' });
        if (await hasChanges(db, table, anew ? 0 : Number(mark ?? '0'))) changed.push(table.name);
      }
      return { changed, all: tables.map(({ name }) => name) };
    },

    async prepareWarehouse({ warehouse }) {
      try {
        await ask(warehouse, `warehouse/${warehouse}/prepare`, (port, context) => port.prepare(tables, context));
      } catch (error) {
        throw toTemporal(error);
      }
    },

    async mirrorPage({ warehouse, table: name }) {
      try {
        const table = reportingTable(name);
        const mark = await readWatermark(db, markOf(warehouse, name));
        const { batchSize } = deps.systems.warehouse(warehouse);
        const { rows, last, more } = await changedRows(db, { table, after: Number(mark ?? '0'), limit: batchSize });
        if (last === null) return { rows: 0, inserted: 0, updated: 0, more: false };
        const merged = await ask(warehouse, `warehouse/${warehouse}/${name}/${mark ?? '0'}`, (port, context) => port.merge(table, rows, context));
        const noted = await advanceWatermark(db, { name: markOf(warehouse, name), from: mark ?? null, to: String(last) });
        // Somebody else brought changes over meanwhile, perhaps newer ones of these rows that are older again now.
        if (!noted) await sendAgain(db, table, rows);
        return { rows: rows.length, ...merged, more: more || !noted };
      } catch (error) {
        throw toTemporal(error);
      }
    },

    async compareWarehouse({ warehouse, table: name }) {
      try {
        const table = reportingTable(name);
        const after = Number((await readWatermark(db, markOf(warehouse, name))) ?? '0');
        const before = await reportingTotals(db, table, after);
        if (before.pending > 0) return { state: 'behind', pending: before.pending };
        const theirs = await ask(warehouse, `warehouse/${warehouse}/${name}/totals`, (port, context) => port.totals(table, context));
        const now = await reportingTotals(db, table, after);
        if (now.pending > 0 || now.last !== before.last) return { state: 'behind', pending: now.pending };
        const differences = [
          ...(theirs.rows === now.rows ? [] : [`${name}: ${now.rows} rows here, ${theirs.rows} there`]),
          ...Object.entries(now.sums).flatMap(([column, sum]) => (theirs.sums[column] === sum ? [] : [`${name}.${column}: ${sum} here, ${theirs.sums[column] ?? 'nothing'} there`])),
        ];
        return differences.length === 0 ? { state: 'equal', rows: now.rows } : { state: 'differs', differences };
      } catch (error) {
        throw toTemporal(error);
      }
    },

    async caseOfWarehouseMirror({ warehouse }) {
      return await standingCaseOf(db, `warehouse-mirror/${warehouse}`);
    },
  };
}
