import { readFileSync, readdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

/** A process that stays the same one even when its number is given to another: number and start time. */
export const processIdentitySchema = z.strictObject({ pid: z.int().positive(), startedAt: z.string().min(1) });
export type ProcessIdentity = z.infer<typeof processIdentitySchema>;

/** The identity of a running process, undefined when there is none of that number. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const startedAt = process.platform === 'linux' ? linuxStartTime(pid) : startTimeByPs(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

export function isRunning(identity: ProcessIdentity): boolean {
  return identityOf(identity.pid)?.startedAt === identity.startedAt;
}

/** Ticks since boot (field 22 of proc(5) stat) with the boot's ID, so that no two processes of one machine are alike. */
function linuxStartTime(pid: number): string | undefined {
  const stat = readOrUndefined(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  const ticks = fields[19];
  if (state === 'Z' || state === 'X' || ticks === undefined) return undefined;
  return `${readOrUndefined('/proc/sys/kernel/random/boot_id')?.trim() ?? 'boot'}:${ticks}`;
}

function startTimeByPs(pid: number): string | undefined {
  const result = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
  const text = (result.stdout ?? '').trim();
  return text === '' ? undefined : text;
}

/** The program's arguments as the kernel knows them; empty where that cannot be read. */
export function commandLineOf(pid: number): string {
  if (process.platform === 'linux') return (readOrUndefined(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ').trim();
  return (spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '').trim();
}

/** Processes that were started with `name=value` in their environment (Linux only, elsewhere none). */
export function processesWithEnvironment(name: string, value: string): ProcessIdentity[] {
  if (process.platform !== 'linux') return [];
  const entry = `${name}=${value}`;
  return readdirSync('/proc')
    .filter((folder) => /^\d+$/.test(folder) && Number(folder) !== process.pid)
    .filter((folder) => (readOrUndefined(`/proc/${folder}/environ`) ?? '').split('\0').includes(entry))
    .flatMap((folder) => identityOf(Number(folder)) ?? []);
}

/** Sends a signal to exactly this process; false when it has ended already. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isRunning(identity)) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch (error) {
    if (isErrorWithCode(error, 'ESRCH')) return false;
    throw error;
  }
}

/** Waits until the process has ended; false when it still runs after `timeoutMs`. */
export async function waitForEnd(identity: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (isRunning(identity)) {
    if (Date.now() > deadline) return false;
    await sleep(50);
  }
  return true;
}

/** Asks the process to end, first politely, after `graceMs` by force. */
export async function endProcess(identity: ProcessIdentity, signal: NodeJS.Signals = 'SIGINT', graceMs = 10_000): Promise<void> {
  if (!signalProcess(identity, signal)) return;
  if (await waitForEnd(identity, graceMs)) return;
  signalProcess(identity, 'SIGKILL');
  await waitForEnd(identity, 5_000);
}

export function isErrorWithCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code);
}

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
