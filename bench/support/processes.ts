import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastLines } from '../../scripts/commands.ts';
import { projectFolder } from '../../scripts/data-folder.ts';
import { endProcess, identityOf, signalProcess, waitForEnd } from '../../scripts/processes.ts';

export interface StartedProcess {
  readonly pid: number;
  stop(): Promise<void>;
}

interface Settings {
  readonly name: string;
  readonly dataDir: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly ready: () => Promise<boolean>;
}

export interface NodeProcessSettings extends Settings {
  /** Of this project. */
  readonly file: string;
  readonly nodeArguments?: readonly string[];
  readonly programArguments?: readonly string[];
}

export interface ProcessSettings extends Settings {
  readonly command: string;
  readonly args: readonly string[];
}

const READY_WITHIN_MS = 60_000;

/**
 * Starts a file of this project as a process of its own, its output in `<dataDir>/<name>.log`; it never outlives this process.
 * @throws Error with the end of its log when it is not ready within a minute
 */
export function startNode({ file, nodeArguments = [], programArguments = [], ...settings }: NodeProcessSettings): Promise<StartedProcess> {
  return startProcess({ ...settings, command: process.execPath, args: ['--enable-source-maps', ...nodeArguments, join(projectFolder, file), ...programArguments] });
}

/** The same for any program. @throws Error with the end of its log when it is not ready within a minute */
export async function startProcess({ name, command, args, dataDir, environment, ready }: ProcessSettings): Promise<StartedProcess> {
  const logFile = join(dataDir, `${name}.log`);
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(command, args, { cwd: projectFolder, env: { ...process.env, ...environment }, stdio: ['ignore', log, log] });
  closeSync(log);
  const identity = child.pid === undefined ? undefined : identityOf(child.pid);
  if (identity === undefined) throw new Error(`${command} could not be started`);
  const killNow = () => child.kill('SIGKILL');
  process.once('exit', killNow);
  const stop = async () => {
    await endProcess(identity, 'SIGTERM', 20_000);
    process.removeListener('exit', killNow);
  };
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!(await ready().catch(() => false))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`${name} did not become ready. The end of its log:\n${lastLines(readFileSync(logFile, 'utf8'), 15)}`);
    }
    await sleep(100);
  }
  return { pid: identity.pid, stop };
}

/** Ends a process as a crash would, at once and without a word to it, and waits until it is gone. */
export async function killProcess(pid: number): Promise<void> {
  const identity = identityOf(pid);
  if (identity === undefined) return;
  signalProcess(identity, 'SIGKILL');
  await waitForEnd(identity, 5_000);
  // Its other threads may hold its ports for a moment more.
  for (const deadline = Date.now() + 5_000; existsSync(`/proc/${pid}`) && Date.now() < deadline; ) await sleep(20);
}
