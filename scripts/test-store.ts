import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { openStore } from '../store/database.ts';
import { migrateStore } from '../store/migrate.ts';
import { startEmbeddedStore } from './store-server/embedded.ts';

/** Where a lane of `npm test` keeps its PostgreSQL; unset where a suite is run by mocha alone, which then starts one. */
export const TEST_STORE = 'Q2C_TEST_STORE';
/** The database that each test's own is copied from. */
export const MIGRATED = 'migrated';

export interface TestStore {
  /** postgres://user:password@127.0.0.1:port/q2c, as the superuser. */
  readonly url: string;
  stop(): Promise<void>;
}

/** A PostgreSQL in a temporary folder with a migrated, empty database to copy: made once for many tests, as that takes seconds. */
export async function startTestStore(): Promise<TestStore> {
  const folder = await mkdtemp(join(tmpdir(), 'q2c-store-'));
  await chmod(folder, 0o711);
  const postgres = await startEmbeddedStore(folder, 0, false);
  await administer(postgres.url, `create database ${MIGRATED}`);
  const migrated = openStore(databaseOf(postgres.url, MIGRATED));
  await migrateStore(migrated);
  await migrated.close();
  return {
    url: postgres.url,
    async stop() {
      // At once, without writing down what is thrown away.
      process.kill(postgres.pid, 'SIGQUIT');
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The address of another database of the same server. */
export function databaseOf(url: string, database: string): string {
  return Object.assign(new URL(url), { pathname: `/${database}` }).href;
}

/** Runs one statement outside of every test's database. */
export async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseOf(url, 'postgres') });
  await client.connect();
  await client.query(statement).finally(() => client.end());
}
