import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

/** One line for the person who waits. */
export type Progress = (line: string) => void;

export interface CommandResult {
  /** Exit code; undefined when the command could not be started, was killed or ran out of time. */
  readonly code: number | undefined;
  readonly output: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly environment?: Environment;
  readonly timeoutMs: number;
  /** Called every `everyMs` while the command runs, with the seconds so far. */
  readonly beat?: { readonly everyMs: number; readonly tell: (seconds: number) => void };
}

/** Runs a command to its end and keeps the last 20,000 characters of what it printed. Never throws. */
export function runCommand(command: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
  return new Promise((resolve) => {
    const started = Date.now();
    let output = '';
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...(options.environment ?? process.env) },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    });
    const killGroup = () => {
      if (child.pid === undefined) return;
      try {
        process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
      } catch {
        child.kill('SIGKILL');
      }
    };
    const timer = setTimeout(() => {
      output += `\nstopped after ${Math.round(options.timeoutMs / 1000)} s`;
      killGroup();
    }, options.timeoutMs);
    const beat = options.beat;
    const beats = beat === undefined ? undefined : setInterval(() => beat.tell(Math.round((Date.now() - started) / 1000)), beat.everyMs);
    process.once('exit', killGroup);
    const finish = (code: number | undefined) => {
      clearTimeout(timer);
      clearInterval(beats);
      process.removeListener('exit', killGroup);
      resolve({ code, output: output.trim() });
    };
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString('utf8')).slice(-20_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) => {
      output += error.message;
      finish(undefined);
    });
    child.once('close', (code) => finish(code ?? undefined));
  });
}

/** The full path of a program on PATH. */
export function findOnPath(name: string, environment: Environment = process.env): string | undefined {
  const file = process.platform === 'win32' ? `${name}.exe` : name;
  return (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '').map((folder) => join(folder, file)).find(isExecutable);
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Where programs that took long to obtain are kept, outside node_modules. */
export function cacheFolder(environment: Environment = process.env): string {
  const base = environment['XDG_CACHE_HOME'];
  return join(base === undefined || base === '' ? join(environment['HOME'] ?? homedir(), '.cache') : base, 'q2c');
}

/** The last lines of a program's output, for a message. */
export function lastLines(text: string, count = 5): string {
  return text.trim().split('\n').slice(-count).join('\n');
}
