import { z } from 'zod';
import { SystemFailure } from '../../domain/failure.ts';
import type { ConnectorSettings } from '../connector.ts';
import type { CallContext } from '../ports.ts';
import type { WarehousePort } from '../warehouse-port.ts';
import { checkTable, plainSum, positional } from '../warehouse-rows.ts';
import { createSnowflakeClient, type Snowflake } from './client.ts';
import { snowflakeOptionsSchema } from './options.ts';
import { addColumn, COLUMNS, createTable, holds, merge, sent, stored, totals } from './sql.ts';

/** Of the rows in one statement; the text of a statement has a limit of 1 MB, and rows beyond it go into another statement. */
const MOST_TEXT = 500_000;

const columnRow = z.object({ TABLE_NAME: z.string(), COLUMN_NAME: z.string(), DATA_TYPE: z.string(), NUMERIC_SCALE: z.string().nullable() });
const mergeRow = z.object({ 'number of rows inserted': z.coerce.number().int(), 'number of rows updated': z.coerce.number().int().default(0) });

/** Snowflake over its SQL API as the warehouse. @throws ZodError for options or credentials of the wrong shape */
export function createSnowflake(settings: ConnectorSettings): WarehousePort {
  const options = snowflakeOptionsSchema.parse(settings.options ?? {});
  const snowflake = createSnowflakeClient(settings, options);
  const { system } = settings;

  /** By table and column, as they are stored: one look for all tables, since there is mostly nothing to make. */
  async function columnsOf(object: string, context: CallContext) {
    const rows = await read(snowflake, { sql: COLUMNS, binds: [options.schema], object }, columnRow, context);
    type StoredColumn = { readonly type: string; readonly scale: string | null };
    const tables = new Map<string, Map<string, StoredColumn>>();
    for (const { TABLE_NAME: table, COLUMN_NAME: column, DATA_TYPE: type, NUMERIC_SCALE: scale } of rows) {
      const columns = tables.get(table) ?? new Map<string, StoredColumn>();
      tables.set(table, columns.set(column, { type, scale }));
    }
    return tables;
  }

  return {
    kind: 'warehouse',
    system,
    batchSize: options.batchSize,

    async prepare(tables, context) {
      for (const table of tables) checkTable(table, system);
      const known = await columnsOf('warehouse tables', context);
      for (const table of tables) {
        const object = `warehouse table ${table.name}`;
        const columns = known.get(stored(table.name));
        if (columns === undefined) await snowflake.run({ sql: createTable(table), writes: true, object }, context);
        for (const column of columns === undefined ? [] : table.columns) {
          const found = columns?.get(stored(column.name));
          if (found === undefined) await snowflake.run({ sql: addColumn(table.name, column), writes: true, object }, context);
          else if (!holds(column.type, found)) throw otherType(system, table.name, column.name, found.type);
        }
      }
    },

    async merge(table, rows, context) {
      const object = `warehouse table ${table.name}`;
      let inserted = 0;
      let updated = 0;
      const types = table.columns.map(({ type }) => type);
      const lines = positional(table, rows, system).map((row) => JSON.stringify(row.map((value, index) => sent(types[index] ?? 'text', value))));
      for (const part of partsOf(lines)) {
        const [counted] = await read(snowflake, { sql: merge(table), binds: [`[${part.join(',')}]`], object, writes: true }, mergeRow, context);
        inserted += counted?.['number of rows inserted'] ?? 0;
        updated += counted?.['number of rows updated'] ?? 0;
      }
      return { inserted, updated };
    },

    async totals(table, context) {
      checkTable(table, system);
      const decimals = table.columns.filter(({ type }) => type === 'decimal').map(({ name }) => name);
      const totalsRow = z.object({ ROW_COUNT_: z.string().regex(/^\d+$/), ...Object.fromEntries(decimals.map((name) => [stored(name), z.string().nullable()])) });
      const [found = {}] = await read(snowflake, { sql: totals(table), object: `warehouse table ${table.name}` }, totalsRow, context);
      const values: Readonly<Record<string, string | null>> = found;
      return { rows: Number(values['ROW_COUNT_']), sums: Object.fromEntries(decimals.map((name) => [name, plainSum(values[stored(name)] ?? null)])) };
    },
  };
}

async function read<Row>(snowflake: Snowflake, statement: { sql: string; binds?: readonly string[]; object: string; writes?: boolean }, row: z.ZodType<Row>, context: CallContext): Promise<Row[]> {
  const { object, writes = false } = statement;
  const rows = await snowflake.run({ ...statement, writes }, context);
  const parsed = z.array(row).safeParse(rows);
  if (parsed.success) return parsed.data;
  throw new SystemFailure({ kind: 'contract', code: 'SNOWFLAKE_RESULT', message: `Snowflake's result for ${object} does not have the columns it should: ${z.prettifyError(parsed.error).slice(0, 500)}`, mend: 'Compare the evidence with Snowflake\'s documentation; the connector must be corrected.', system: snowflake.system, object, written: writes ? 'unknown' : 'no', evidence: JSON.stringify(rows.slice(0, 3)).slice(0, 2000) });
}

/** Rows in statements of bounded text. */
function partsOf(lines: readonly string[]): string[][] {
  const parts: string[][] = [];
  let size = MOST_TEXT;
  for (const line of lines) {
    if (size + line.length > MOST_TEXT) {
      parts.push([]);
      size = 0;
    }
    parts.at(-1)?.push(line);
    size += line.length + 1;
  }
  return parts;
}

function otherType(system: string, table: string, column: string, type: string): SystemFailure {
  return new SystemFailure({ kind: 'configuration', code: 'WAREHOUSE_COLUMN_TYPE', message: `The column ${column} of ${table} is there with the type ${type}, which would not keep what we write.`, mend: 'Rename or convert that column in the warehouse; it is made anew by itself. Nothing is ever dropped or narrowed by us.', system, object: `warehouse table ${table}`, written: 'no' });
}
