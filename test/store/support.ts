import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedStore } from '../../scripts/store-server/embedded.ts';
import { openStore } from '../../store/database.ts';
import type { Store, StoreOptions } from '../../store/database.ts';
import { migrateStore } from '../../store/migrate.ts';

interface TestServer {
  readonly urlOf: (database: string) => string;
  readonly admin: (statement: string) => Promise<void>;
  readonly stop: () => Promise<void>;
}

const TEMPLATE = 'migrated';

let server: Promise<TestServer> | undefined;

after(async function () {
  this.timeout(30_000);
  await (await server)?.stop();
});

/** One PostgreSQL for the whole mocha run; a hook of the whole run ends it. */
function testServer(): Promise<TestServer> {
  return (server ??= startServer());
}

async function startServer(): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'q2c-store-'));
  await chmod(folder, 0o711);
  const postgres = await startEmbeddedStore(folder, 0);
  const urlOf = (database: string) => Object.assign(new URL(postgres.url), { pathname: `/${database}` }).href;
  const admin = async (statement: string) => {
    const client = new pg.Client({ connectionString: urlOf('postgres') });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  await admin('alter role all set synchronous_commit = off');
  await admin(`create database ${TEMPLATE}`);
  const migrated = openStore(urlOf(TEMPLATE));
  await migrateStore(migrated);
  await migrated.close();
  const stop = async () => {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { urlOf, admin, stop };
}

/** The address of a database of its own, empty. */
export async function emptyDatabase(): Promise<string> {
  return await createDatabase('template1');
}

async function createDatabase(template: string): Promise<string> {
  const { urlOf, admin } = await testServer();
  const name = `t${randomBytes(6).toString('hex')}`;
  await admin(`create database ${name} template ${template}`);
  return urlOf(name);
}

/** A migrated store in a database of its own. */
export async function freshStore(options: StoreOptions = {}): Promise<Store> {
  return openStore(await createDatabase(TEMPLATE), options);
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
