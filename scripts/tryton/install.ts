import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath, lastLines, runCommand, type Environment, type Progress } from '../commands.ts';
import { withLock } from '../lock.ts';

export interface TrytonInstallation {
  /** The programs trytond and trytond-admin. */
  readonly bin: string;
  /** An empty database with all modules; its administrator has a password that nobody knows. */
  readonly template: string;
}

const requirements = join(import.meta.dirname, 'requirements.txt');
const modules = ['party', 'project', 'timesheet', 'timesheet_cost', 'project_invoice', 'project_revenue', 'account_invoice', 'sale', 'company', 'currency'];

/**
 * Installs Tryton (versions of requirements.txt) into a Python environment in the cache folder and prepares a database there to
 * copy from. Done once per machine, in about half a minute.
 * @throws Error saying what to install when Python or the packages cannot be had.
 */
export async function ensureTryton(cacheDir: string, progress: Progress): Promise<TrytonInstallation> {
  const pins = readFileSync(requirements);
  const key = createHash('sha256').update(pins).update(modules.join()).digest('hex').slice(0, 12);
  const folder = join(cacheDir, `tryton-8.2-${key}`);
  const installation = { bin: join(folder, 'venv', 'bin'), template: join(folder, 'template.sqlite') };
  if (existsSync(installation.template)) return installation;
  mkdirSync(folder, { recursive: true });
  return withLock(
    `${folder}.lock`,
    async () => {
      if (existsSync(installation.template)) return installation;
      const python = await findPython();
      progress('Installing Tryton 8.2 with pip, once per machine …');
      rmSync(join(folder, 'venv'), { recursive: true, force: true });
      await mustRun(python, ['-m', 'venv', join(folder, 'venv')], 'The Python environment for Tryton could not be made (Debian: apt-get install python3-venv)');
      await mustRun(join(installation.bin, 'pip'), ['install', '--quiet', '--disable-pip-version-check', '--requirement', requirements], 'Tryton could not be installed with pip');
      progress('Preparing its database …');
      await makeTemplate(installation, folder);
      return installation;
    },
    (by) => progress(`Waiting for process ${by.pid}, which is installing Tryton …`),
  );
}

async function makeTemplate(installation: TrytonInstallation, folder: string): Promise<void> {
  const work = join(folder, 'work');
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work);
  writeFileSync(join(work, 'template.sqlite'), '');
  const configuration = join(work, 'trytond.conf');
  writeFileSync(configuration, trytonConfiguration(work, 0));
  const password = randomBytes(24).toString('hex');
  await setPassword(installation, configuration, 'template', password, ['-u', ...modules, '--activate-dependencies', '--email', 'admin@q2c.example']);
  renameSync(join(work, 'template.sqlite'), installation.template);
  rmSync(work, { recursive: true, force: true });
}

/** Runs trytond-admin with the administrator's password handed over in a file that is gone afterwards. */
export async function setPassword(installation: TrytonInstallation, configuration: string, database: string, password: string, args: readonly string[]): Promise<void> {
  const passFile = `${configuration}.pass`;
  writeFileSync(passFile, password, { mode: 0o600 });
  try {
    await mustRun(join(installation.bin, 'trytond-admin'), ['-c', configuration, '-d', database, ...args], "Tryton's database could not be prepared", { ...process.env, TRYTONPASSFILE: passFile });
  } finally {
    rmSync(passFile, { force: true });
  }
}

/** trytond.conf for databases in `folder`, listening on 127.0.0.1. */
export function trytonConfiguration(folder: string, port: number): string {
  return `[database]\nuri = sqlite://\npath = ${folder}\n\n[web]\nlisten = 127.0.0.1:${port}\n`;
}

async function findPython(): Promise<string> {
  for (const name of ['python3', 'python']) {
    const path = findOnPath(name);
    if (path === undefined) continue;
    const result = await runCommand(path, ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))'], { timeoutMs: 20_000 });
    if (result.code === 0) return path;
  }
  throw new Error('Tryton needs Python 3.9 or newer with venv, and none is on PATH. Install it, or start without --erp tryton.');
}

async function mustRun(command: string, args: readonly string[], problem: string, environment: Environment = process.env): Promise<void> {
  const result = await runCommand(command, args, { environment, timeoutMs: 10 * 60_000 });
  if (result.code !== 0) throw new Error(`${problem}:\n${lastLines(result.output, 8)}`);
}
