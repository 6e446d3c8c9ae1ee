import { randomBytes } from 'node:crypto';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { z } from 'zod';
import { lastLines } from '../commands.ts';
import { tryLock } from '../lock.ts';
import { commandLineOf, endProcess, identityOf, type ProcessIdentity } from '../processes.ts';
import { freePort } from '../ports.ts';
import { postgresBinaries } from './postgres-binaries.ts';
import { postgresUser } from './postgres-user.ts';

export interface StoreCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
  readonly url: string;
  /** Gives the data folder free for the next start. */
  release(): void;
}

export interface EmbeddedStore {
  /** postgres://user:password@127.0.0.1:port/q2c */
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

const database = 'q2c';
const accessSchema = z.strictObject({ user: z.string(), password: z.string() });

/** For a small machine that other programs share. Commits are durable: fsync and synchronous_commit stay on. */
const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '256MB',
  effective_cache_size: '1GB',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  fsync: 'on',
  synchronous_commit: 'on',
  wal_level: 'minimal',
  max_wal_senders: '0',
  wal_compression: 'on',
  min_wal_size: '128MB',
  max_wal_size: '1GB',
  checkpoint_timeout: '15min',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // A first month fills empty tables within minutes: their statistics have to keep up.
  autovacuum_naptime: '5s',
} as const;

const undurable = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' } as const;

/**
 * Starts the embedded PostgreSQL with its data in `dataDir`/postgres, which is made at the first start, and ends it when this
 * process ends.
 * @param port 0 takes a free one.
 * @param durable false for data that is thrown away: nothing is forced to disk.
 * @throws Error with the end of PostgreSQL's log when it does not come up.
 */
export async function startEmbeddedStore(dataDir: string, port: number, durable = true): Promise<EmbeddedStore> {
  const prepared = await prepareStore(dataDir, port === 0 ? await freePort() : port, durable);
  try {
    for (let attempt = 1; ; attempt += 1) {
      const started = spawnStore(prepared);
      const problem = await untilReady(started.child, started.log, prepared.url);
      if (problem === undefined) return runningStore(started.child, prepared);
      started.child.kill('SIGKILL');
      // Sessions of a server that was killed keep its shared memory for a moment.
      if (!/shared memory|lock file/.test(problem) || attempt === 20) throw new Error(`The embedded PostgreSQL did not start:\n${problem}`);
      await sleep(500);
    }
  } catch (error) {
    prepared.release();
    throw error;
  }
}

/**
 * Makes the data folder ready (initdb at the first start, what a killed server left is cleared away) and says how to run the
 * server. `finishStore` has to be called once it listens.
 * @throws Error when another process runs the store of this folder.
 */
export async function prepareStore(dataDir: string, port: number, durable = true): Promise<StoreCommand> {
  mkdirSync(dataDir, { recursive: true });
  const folder = join(realpathSync(dataDir), 'postgres');
  const attempt = tryLock(join(dataDir, 'postgres.lock'));
  if (attempt.kind === 'taken') throw new Error(`The store in ${dataDir} is run by process ${attempt.by.pid} already; stop that one first, or use another folder (Q2C_DATA_DIR)`);
  try {
    const binaries = await postgresBinaries();
    const user = postgresUser([folder, binaries.postgres]);
    const access = accessOf(dataDir, folder);
    if (existsSync(join(folder, 'PG_VERSION'))) await clearStalePid(folder);
    else initialise(folder, binaries.initdb, user, access);
    const flags = Object.entries({ ...settings, ...(durable ? {} : undurable), port: String(port) }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    return {
      ...user.command(binaries.postgres, ['-D', folder, ...flags]),
      url: urlOf(access, port),
      release: () => attempt.lock.release(),
    };
  } catch (error) {
    attempt.lock.release();
    throw error;
  }
}

/** The address of the store of this folder, known before it runs (its password is made here at the first start). */
export function storeUrl(dataDir: string, port: number): string {
  mkdirSync(dataDir, { recursive: true });
  return urlOf(accessOf(dataDir, join(realpathSync(dataDir), 'postgres')), port);
}

function urlOf(access: z.infer<typeof accessSchema>, port: number): string {
  return `postgres://${access.user}:${access.password}@127.0.0.1:${port}/${database}`;
}

/** Whether the server takes connections; its own database is made if that is missing. */
export async function finishStore(url: string): Promise<boolean> {
  const maintenance = new URL(url);
  maintenance.pathname = '/postgres';
  const client = new pg.Client({ connectionString: maintenance.href, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const found = await client.query('select 1 from pg_database where datname = $1', [database]);
    if (found.rowCount === 0) await client.query(`create database ${database}`);
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function accessOf(dataDir: string, folder: string): z.infer<typeof accessSchema> {
  const file = join(dataDir, 'store.json');
  if (existsSync(file)) return accessSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  if (existsSync(join(folder, 'PG_VERSION'))) {
    throw new Error(`${file} with the store's password is gone, but the data in ${folder} is still there. Put the file back, or delete that folder to begin with an empty store.`);
  }
  const access = { user: 'q2c', password: randomBytes(24).toString('hex') };
  const draft = `${file}.new`;
  writeFileSync(draft, `${JSON.stringify(access, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, file);
  return access;
}

/** Made beside its place and moved there, so that killing this process half-way leaves nothing that looks finished. */
function initialise(folder: string, initdb: string, user: ReturnType<typeof postgresUser>, access: z.infer<typeof accessSchema>): void {
  const draft = `${folder}.new`;
  rmSync(draft, { recursive: true, force: true });
  user.makeFolder(draft);
  const passwordFolder = mkdtempSync(join(tmpdir(), 'q2c-initdb-'));
  const passwordFile = join(passwordFolder, 'password');
  try {
    writeFileSync(passwordFile, `${access.password}\n`, { mode: 0o600 });
    if (user.ids !== undefined) for (const path of [passwordFolder, passwordFile]) chownSync(path, user.ids.uid, user.ids.gid);
    const flags = ['--auth=scram-sha-256', `--username=${access.user}`, `--pwfile=${passwordFile}`, '--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
    const { command, args, ...ids } = user.command(initdb, [`--pgdata=${draft}`, ...flags]);
    const result = spawnSync(command, args, { encoding: 'utf8', ...ids });
    if (result.status !== 0) throw new Error(`The store could not be initialised in ${folder}: ${lastLines(`${result.stderr ?? ''}${result.error?.message ?? ''}`)}`);
    renameSync(draft, folder);
  } finally {
    rmSync(passwordFolder, { recursive: true, force: true });
  }
}

/**
 * Removes the lock of a server that was killed. PostgreSQL itself only asks whether a process of that number exists, which may
 * by now be somebody else's; if it really is a server of this folder that outlived its starter, it is stopped.
 */
export async function clearStalePid(folder: string): Promise<'none' | 'removed' | 'stopped'> {
  const file = join(folder, 'postmaster.pid');
  if (!existsSync(file)) return 'none';
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  const left = Number.isInteger(pid) && pid > 1 ? identityOf(pid) : undefined;
  if (left !== undefined && isServerOf(left, folder)) {
    await endProcess(left, 'SIGINT', 15_000);
    rmSync(file, { force: true });
    return 'stopped';
  }
  rmSync(file, { force: true });
  return 'removed';
}

function isServerOf(candidate: ProcessIdentity, folder: string): boolean {
  if (!/postgres/.test(commandLineOf(candidate.pid))) return false;
  if (process.platform !== 'linux') return commandLineOf(candidate.pid).includes(folder);
  try {
    return readlinkSync(`/proc/${candidate.pid}/cwd`) === realpathSync(folder);
  } catch {
    return false;
  }
}

function spawnStore(prepared: StoreCommand): { child: ChildProcess; log: () => string } {
  let log = '';
  const ids = prepared.uid === undefined || prepared.gid === undefined ? {} : { uid: prepared.uid, gid: prepared.gid };
  const child = spawn(prepared.command, prepared.args, { stdio: ['ignore', 'ignore', 'pipe'], ...ids });
  child.stderr.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString('utf8')).slice(-10_000);
  });
  child.once('error', (error) => {
    log += error.message;
  });
  return { child, log: () => log };
}

async function untilReady(child: ChildProcess, log: () => string, url: string): Promise<string | undefined> {
  const deadline = Date.now() + 60_000;
  while (!(await finishStore(url))) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined || Date.now() > deadline) return lastLines(log(), 10);
    await sleep(50);
  }
  return child.exitCode === null ? undefined : lastLines(log(), 10);
}

function runningStore(child: ChildProcess, prepared: StoreCommand): EmbeddedStore {
  const identity = child.pid === undefined ? undefined : identityOf(child.pid);
  if (identity === undefined) throw new Error('The embedded PostgreSQL ended at once');
  const endNow = () => child.kill('SIGQUIT');
  process.once('exit', endNow);
  return {
    url: prepared.url,
    pid: identity.pid,
    stop: async () => {
      await endProcess(identity, 'SIGINT', 15_000);
      process.removeListener('exit', endNow);
      prepared.release();
    },
  };
}
