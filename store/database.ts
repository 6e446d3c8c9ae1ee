import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { preparingPool } from './prepared.ts';
import type { Database } from './schema.ts';

export type Db = Kysely<Database>;

export interface Store {
  readonly db: Db;
  readonly url: string;
  /** Waits for running statements and closes all connections. */
  close(): Promise<void>;
}

export interface StoreOptions {
  /** Connections of this process; 10 unless told. */
  readonly connections?: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName?: string;
  /** How long a caller waits for a free or new connection before it fails, milliseconds; 10,000 unless told. */
  readonly connectTimeoutMs?: number;
  /** Told of the loss of an idle connection; the next statement opens a new one. */
  readonly onConnectionLost?: (error: Error) => void;
}

/** Statements touch few rows by an index: compiling them or spreading them over workers costs more than it gives, and disks seek fast. */
const SHORT_STATEMENTS = '-c jit=off -c max_parallel_workers_per_gather=0 -c random_page_cost=1.1';

/** Opens the store. No connection is made before the first statement; nothing is migrated (see `migrateStore`). */
export function openStore(url: string, options: StoreOptions = {}): Store {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.connections ?? 10,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 10_000,
    application_name: options.applicationName ?? 'q2c',
    keepAlive: true,
    options: `-c timezone=UTC ${SHORT_STATEMENTS}`,
    types: { getTypeParser: typeParser },
  });
  pool.on('error', (error) => options.onConnectionLost?.(error));
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool: preparingPool(pool) }) });
  let closing: Promise<void> | undefined;
  return {
    db,
    url,
    close: () => (closing ??= pool.ended ? Promise.resolve() : pool.end()),
  };
}

const { builtins } = pg.types;

/** timestamptz as an ISO instant, bigint as an exact number, date as YYYY-MM-DD, numeric as a decimal string. */
function typeParser(oid: number, format?: 'text' | 'binary') {
  // oxlint-disable-next-line typescript/no-unsafe-return -- its types say no more
  if (format === 'binary') return pg.types.getTypeParser(oid, 'binary');
  if (oid === builtins.TIMESTAMPTZ) return instant;
  if (oid === builtins.INT8) return exactInteger;
  if (oid === builtins.DATE || oid === builtins.NUMERIC) return String;
  // oxlint-disable-next-line typescript/no-unsafe-return -- its types say no more
  return pg.types.getTypeParser(oid, 'text');
}

function instant(text: string): string {
  return new Date(`${text.slice(0, 10)}T${text.slice(11).replace('+00', 'Z')}`).toISOString();
}

function exactInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`the store returned ${text}, which a number cannot hold exactly`);
  return value;
}
