import { spawn } from 'node:child_process';
import { endProcess, identityOf } from './processes.ts';

export interface ForegroundCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
}

/** Runs a server in the foreground until it ends or somebody presses Ctrl-C; returns the exit code for this process. */
export async function runInForeground(launch: ForegroundCommand, afterStart: (running: () => boolean) => Promise<void>): Promise<number> {
  const ids = launch.uid === undefined || launch.gid === undefined ? {} : { uid: launch.uid, gid: launch.gid };
  const child = spawn(launch.command, launch.args, { stdio: ['ignore', 'inherit', 'inherit'], detached: true, ...ids });
  const ended = new Promise<number>((resolve) => {
    child.once('exit', (code) => resolve(code ?? 1));
    child.once('error', (error) => {
      console.error(error.message);
      resolve(1);
    });
  });
  const identity = child.pid === undefined ? undefined : identityOf(child.pid);
  if (identity === undefined) return ended;
  let asked = false;
  const stop = () => {
    asked = true;
    void endProcess(identity, 'SIGINT', 10_000);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  process.once('exit', () => child.kill('SIGKILL'));
  await afterStart(() => child.exitCode === null && child.signalCode === null && !asked);
  const code = await ended;
  return asked ? 0 : code;
}
