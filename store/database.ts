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
  /** A transaction whose process says nothing for so long is rolled back by the store, milliseconds; 60,000 unless told. */
  readonly idleInTransactionMs?: number;
  /** Told of the loss of an idle connection; the next statement opens a new one. */
  readonly onConnectionLost?: (error: Error) => void;
}

/** Statements touch few rows by an index: compiling them or spreading them over workers costs more than it gives, and disks seek fast. */
const SHORT_STATEMENTS = '-c jit=off -c max_parallel_workers_per_gather=0 -c random_page_cost=1.1';

/**
 * Our transactions wait for nothing but the store: one that idles for a minute belongs to a host that vanished (power, network), and would hold its locks until the
 * store's host gives up the connection, two hours by Linux' own account. There is no `lock_timeout`: decisions and migrations wait for each other's locks
 * for as long as those who hold them work, and what must not wait (tokens, slots) does not wait for rows (target-rate.ts, target-limit.ts).
 */
const IDLE_IN_TRANSACTION_MS = 60_000;
/** The first sign of life that a silent connection is asked for, so that a store's host that vanished is noticed. */
const KEEP_ALIVE_AFTER_MS = 30_000;

/** Opens the store. No connection is made before the first statement; nothing is migrated (see `migrateStore`). */
export function openStore(url: string, options: StoreOptions = {}): Store {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.connections ?? 10,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 10_000,
    application_name: options.applicationName ?? 'q2c',
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
    options: `-c timezone=UTC -c idle_in_transaction_session_timeout=${options.idleInTransactionMs ?? IDLE_IN_TRANSACTION_MS} ${SHORT_STATEMENTS}`,
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
