import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { administer, databaseOf, MIGRATED, startTestStore, TEST_STORE, type TestStore } from '../../scripts/test-store.ts';
import { openStore } from '../../store/database.ts';
import type { Store, StoreOptions } from '../../store/database.ts';

let own: Promise<TestStore> | undefined;

after(async function () {
  this.timeout(30_000);
  await (await own)?.stop();
});

/** The PostgreSQL of `npm test`, else one for the whole mocha run, which a hook of the whole run ends. */
async function serverUrl(): Promise<string> {
  return process.env[TEST_STORE] ?? (await (own ??= startTestStore())).url;
}

/** The address of a database of its own, empty. */
export async function emptyDatabase(): Promise<string> {
  return await createDatabase('template1');
}

async function createDatabase(template: string): Promise<string> {
  const url = await serverUrl();
  const name = `t${randomBytes(6).toString('hex')}`;
  await administer(url, `create database ${name} template ${template} strategy file_copy`);
  return databaseOf(url, name);
}

/** A migrated store in a database of its own. */
export async function freshStore(options: StoreOptions = {}): Promise<Store> {
  return openStore(await createDatabase(MIGRATED), options);
}

/** What somebody with the database's superuser password can do. */
export async function asSuperuser(store: Store, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: store.url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
