import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { TrytonAddress } from './office.ts';

const run = promisify(execFile);
const MODULES = ['party', 'project', 'project_invoice', 'project_revenue', 'timesheet', 'timesheet_cost', 'account_invoice', 'sale'];
const PACKAGES = ['trytond', ...MODULES.map((module) => `trytond-${module.replaceAll('_', '-')}`)].map((name) => `${name}~=8.2.0`);
const DATABASE = 'q2c';

export interface TestTryton extends TrytonAddress {
  /** Ends all sessions, as Tryton does with those nobody used for long. */
  forgetSessions(): void;
  close(): Promise<void>;
}

/**
 * A real Tryton 8.2 on its own SQLite database, thrown away at the end. The installation and an empty database are kept in the user's cache.
 * Answers why not where Python or its package index is not to be had.
 */
export async function startTestTryton(): Promise<TestTryton | { readonly skipped: string }> {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'q2c', 'tryton-test-8.2');
  const bin = join(cache, 'venv', 'bin');
  try {
    await install(cache, bin);
  } catch (error) {
    return { skipped: `Tryton could not be installed with python3 and pip (${error instanceof Error ? error.message.split('\n', 1)[0] : String(error)})` };
  }
  const template = await emptyDatabase(cache, bin);
  const folder = await mkdtemp(join(tmpdir(), 'q2c-tryton-'));
  const database = join(folder, `${DATABASE}.sqlite`);
  await copyFile(template.file, database);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = spawn(join(bin, 'trytond'), ['-c', await writeConfig(folder, port), '-d', DATABASE], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => server.once('exit', () => { resolve(); }));
  const close = async () => {
    server.kill();
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  for (let tries = 0; !(await answers(url)); tries += 1) {
    if (tries > 150 || server.exitCode !== null) {
      await close();
      throw new Error(`Tryton did not answer on ${url}`);
    }
    await sleep(200);
  }
  return {
    url, database: DATABASE, user: 'admin', password: template.password, close,
    forgetSessions() {
      const file = new DatabaseSync(database, { timeout: 5000 });
      file.exec('DELETE FROM ir_session');
      file.close();
    },
  };
}

async function install(cache: string, bin: string): Promise<void> {
  if (existsSync(join(cache, 'installed'))) return;
  await mkdir(cache, { recursive: true });
  await run('python3', ['-m', 'venv', join(cache, 'venv')]);
  await run(join(bin, 'pip'), ['install', '--quiet', '--disable-pip-version-check', ...PACKAGES], { timeout: 150_000 });
  await writeFile(join(cache, 'installed'), PACKAGES.join('\n'));
}

/** A database with all modules and nothing else, made once: it takes some 20 s. Its password protects nothing but test data on the loopback address. */
async function emptyDatabase(cache: string, bin: string): Promise<{ readonly file: string; readonly password: string }> {
  const file = join(cache, 'empty.sqlite');
  const known = join(cache, 'empty.password');
  if (existsSync(file) && existsSync(known)) return { file, password: await readFile(known, 'utf8') };
  const folder = await mkdtemp(join(cache, 'making-'));
  const password = randomBytes(18).toString('base64url');
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  await writeFile(join(folder, `${DATABASE}.sqlite`), '');
  const admin = ['-c', await writeConfig(folder, 0), '-d', DATABASE];
  const environment = { ...process.env, TRYTONPASSFILE: passwordFile };
  await run(join(bin, 'trytond-admin'), [...admin, '--all', '--email', 'admin@northwind-consulting.example'], { env: environment });
  await run(join(bin, 'trytond-admin'), [...admin, '-u', ...MODULES, '--activate-dependencies'], { env: environment });
  await rename(passwordFile, known);
  await rename(join(folder, `${DATABASE}.sqlite`), file);
  await rm(folder, { recursive: true, force: true });
  return { file, password };
}

async function writeConfig(folder: string, port: number): Promise<string> {
  const file = join(folder, 'trytond.conf');
  await writeFile(file, `[database]\nuri = sqlite://\npath = ${folder}\n[web]\nlisten = 127.0.0.1:${port}\n`);
  return file;
}

async function answers(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/rpc/`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ id: 0, method: 'common.server.version', params: [] }) });
    return answer.ok;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const probe = createServer().once('error', reject).listen(0, '127.0.0.1', () => {
    const address = probe.address();
    probe.close(() => {
      if (typeof address === 'object' && address !== null) resolve(address.port);
      else reject(new Error('no port was given'));
    });
  });
  return promise;
}
