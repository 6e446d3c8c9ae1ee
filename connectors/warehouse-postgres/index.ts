import pg from 'pg';
import { z } from 'zod';
import { SystemFailure } from '../../domain/failure.ts';
import type { ConnectorSettings } from '../connector.ts';
import type { CallContext } from '../ports.ts';
import type { WarehousePort, WarehouseTable } from '../warehouse-port.ts';
import { checkTable, plainSum, positional } from '../warehouse-rows.ts';
import { warehouseFailure } from './failures.ts';
import { warehousePostgresCredentialsSchema, warehousePostgresOptionsSchema } from './options.ts';
import { addColumn, createTable, holds, merge, quoted, totals } from './sql.ts';

const columnRow = z.object({ name: z.string(), type: z.string() });
const mergedRow = z.object({ inserted: z.number().int(), updated: z.number().int() });
const totalsRow = z.looseObject({ rows: z.string() });

/**
 * A PostgreSQL database of its own as the warehouse (the store's schema `reporting` needs no mirror to be read).
 * @throws ZodError for options or credentials of the wrong shape
 */
export function createWarehousePostgres(settings: ConnectorSettings): WarehousePort {
  const options = warehousePostgresOptionsSchema.parse(settings.options ?? {});
  const { url } = warehousePostgresCredentialsSchema.parse(settings.credentials);
  const { system } = settings;
  const place = (table: WarehouseTable) => `${quoted(options.schema)}.${quoted(table.name)}`;
  // Connectors are made anew with each configuration: connections that nobody uses end by themselves.
  const pool = new pg.Pool({
    connectionString: url,
    max: settings.limits.concurrency ?? 2,
    idleTimeoutMillis: 10_000,
    allowExitOnIdle: true,
    connectionTimeoutMillis: settings.limits.timeoutSeconds * 1000,
    statement_timeout: options.statementSeconds * 1000,
    application_name: 'q2c warehouse',
    keepAlive: true,
    options: '-c timezone=UTC -c datestyle=ISO',
  });
  pool.on('error', (error) => settings.log.warn({ system, error: error.message }, 'an idle connection to the warehouse was lost'));

  /** Runs statements on one connection, which is ended where the step is cancelled. */
  async function using<Result>(object: string, writes: boolean, context: CallContext, work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    context.signal.throwIfAborted();
    context.heartbeat(`${system}: ${object}`);
    let client: pg.PoolClient;
    try {
      client = await pool.connect();
    } catch (error) {
      throw warehouseFailure(error, { system, object, writes: false });
    }
    let broken = false;
    const stop = () => {
      if (broken) return;
      broken = true;
      client.release(true);
    };
    // A connection that is lost says so as an event too, which would end the process if nobody listened.
    client.on('error', stop);
    context.signal.addEventListener('abort', stop, { once: true });
    try {
      return await work(client);
    } catch (error) {
      context.signal.throwIfAborted();
      throw warehouseFailure(error, { system, object, writes });
    } finally {
      context.signal.removeEventListener('abort', stop);
      if (!broken) {
        client.off('error', stop);
        client.release();
      }
    }
  }

  async function prepareTable(client: pg.PoolClient, table: WarehouseTable): Promise<void> {
    await client.query(createTable(place(table), table));
    const { rows } = await client.query('select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute where attrelid = to_regclass($1) and attnum > 0 and not attisdropped', [place(table)]);
    const known = new Map(z.array(columnRow).parse(rows).map(({ name, type }) => [name, type]));
    for (const column of table.columns) {
      const type = known.get(column.name);
      if (type === undefined) await client.query(addColumn(place(table), column));
      else if (!holds(column.type, type)) throw otherType(system, table.name, column.name, type);
    }
  }

  return {
    kind: 'warehouse',
    system,
    batchSize: options.batchSize,

    async prepare(tables, context) {
      for (const table of tables) checkTable(table, system);
      await using('warehouse tables', true, context, async (client) => {
        const { rows } = await client.query('select to_regnamespace($1) is null as missing', [quoted(options.schema)]);
        // Asked first: `create schema if not exists` needs the right to make one even where it is there.
        if (z.array(z.object({ missing: z.boolean() })).parse(rows)[0]?.missing === true) await client.query(`create schema if not exists ${quoted(options.schema)}`);
        for (const table of tables) await prepareTable(client, table);
      });
    },

    async merge(table, rows, context) {
      const values = positional(table, rows, system);
      if (values.length === 0) return { inserted: 0, updated: 0 };
      return await using(`warehouse table ${table.name}`, true, context, async (client) => {
        const answer = await client.query(merge(place(table), table), [JSON.stringify(values)]);
        return mergedRow.parse(answer.rows[0]);
      });
    },

    async totals(table, context) {
      checkTable(table, system);
      return await using(`warehouse table ${table.name}`, false, context, async (client) => {
        const answer = await client.query(totals(place(table), table));
        const found = totalsRow.parse(answer.rows[0]);
        const decimals = table.columns.filter(({ type }) => type === 'decimal');
        return { rows: Number(found.rows), sums: Object.fromEntries(decimals.map(({ name }) => [name, plainSum(z.string().nullable().parse(found[`sum ${name}`]))])) };
      });
    },
  };
}

function otherType(system: string, table: string, column: string, type: string): SystemFailure {
  return new SystemFailure({ kind: 'configuration', code: 'WAREHOUSE_COLUMN_TYPE', message: `The column ${column} of ${table} is there with the type ${type}, which would not keep what we write.`, mend: 'Rename or convert that column in the warehouse; it is made anew by itself. Nothing is ever dropped or narrowed by us.', system, object: `warehouse table ${table}`, written: 'no' });
}
