import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { TrytonAddress } from './office.ts';

const run = promisify(execFile);
/** Tryton's client for scripts, by its makers: https://docs.tryton.org/latest/client-library/ (LGPL-3.0-or-later). A tool of the tests alone. */
const PACKAGE = 'proteus==8.2.0';

const seenSchema = z.object({
  customer: z.object({ name: z.string(), identifiers: z.array(z.string()), addresses: z.array(z.object({ city: z.string().nullable(), postalCode: z.string().nullable(), country: z.string() })) }),
  projects: z.array(z.object({ name: z.string(), customer: z.string(), company: z.string(), tasks: z.array(z.string()) })),
  lines: z.array(z.object({ date: z.string(), seconds: z.number(), description: z.string(), work: z.string() })),
});

export interface LookedFor {
  readonly company: string;
  readonly customer: string;
  readonly project: string;
  readonly person: string;
}

/** What Tryton's own client sees. @throws Error with its words where it does not get through */
export async function askWithProteus({ url, database, user, password }: TrytonAddress, asked: LookedFor): Promise<z.infer<typeof seenSchema>> {
  const { host, protocol } = new URL(url);
  const python = spawn(await installProteus(), [join(import.meta.dirname, 'own-client.py')], { stdio: 'pipe' });
  const ended = new Promise<number | null>((resolve) => python.once('exit', resolve));
  python.stdin.end(JSON.stringify({ ...asked, address: `${protocol}//${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}/${database}/rpc/` }));
  const [out, problem] = await Promise.all([text(python.stdout), text(python.stderr)]);
  if ((await ended) !== 0) throw new Error(`proteus did not get through: ${problem.replaceAll(password, '…').slice(-2000)}`);
  return seenSchema.parse(JSON.parse(out));
}

/** An environment of its own, so that it shares nothing with the server it asks. @returns its Python */
async function installProteus(): Promise<string> {
  const folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'q2c', PACKAGE.replace('==', '-'));
  const bin = join(folder, 'venv', 'bin');
  if (existsSync(join(folder, 'installed'))) return join(bin, 'python');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await run('python3', ['-m', 'venv', join(folder, 'venv')]);
  await run(join(bin, 'pip'), ['install', '--quiet', '--disable-pip-version-check', PACKAGE], { timeout: 150_000 });
  await writeFile(join(folder, 'installed'), PACKAGE);
  return join(bin, 'python');
}
