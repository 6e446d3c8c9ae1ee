import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastLines } from './commands.ts';
import { recordRun, type RunRecord } from './leftovers.ts';
import { endProcess, identityOf, type ProcessIdentity } from './processes.ts';

/** How a part's process is started. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
  /** Called when the process has ended, for whatever reason. */
  readonly release?: () => void;
}

export interface Part {
  readonly name: string;
  /** Parts that must be ready before this one is started. */
  readonly needs: readonly string[];
  /** What has to be done before each start (obtaining, initialising), and how the process is started. */
  launch(): Promise<Launch>;
  ready(): Promise<boolean>;
  readonly readyWithinMs: number;
  /** Done once the part is ready, before it counts as ready. */
  afterReady?(): Promise<void>;
}

export interface SuperviseOptions {
  readonly dataDir: string;
  /** In the environment of all that is started (Q2C_RUN_ID), so that leftovers can be told apart. */
  readonly runId: string;
  /** Start a part again when it ends by itself. */
  readonly restart: boolean;
  readonly signal: AbortSignal;
  tell(line: string): void;
  /** A part has ended by itself and is not started again. */
  onLost(part: string, message: string): void;
}

export interface Supervisor {
  /** Ends everything, last started first: SIGINT, after 10 s SIGKILL. */
  stop(): Promise<void>;
}

/** A part did not become ready; the message has the end of its log. */
export class PartFailedError extends Error {
  constructor(part: string, what: string, logFile: string) {
    const log = existsSync(logFile) ? lastLines(readFileSync(logFile, 'utf8').slice(-8_000), 12) : '';
    super(`${part} ${what}. Its log is ${logFile}${log === '' ? '; it is empty.' : `; it ends:\n${log.replaceAll(/^/gm, '    ')}`}`);
    this.name = 'PartFailedError';
  }
}

interface Running {
  readonly part: Part;
  readonly child: ChildProcess;
  readonly identity: ProcessIdentity;
  readonly ended: Promise<string>;
}

const longestPauseMs = 30_000;
const stableAfterMs = 60_000;
const largestLog = 20 * 1024 * 1024;

/**
 * Starts each part as a process group of its own as soon as the parts it needs are ready.
 * @throws PartFailedError when one does not become ready; those started before have been stopped then.
 */
export async function supervise(parts: readonly Part[], options: SuperviseOptions): Promise<Supervisor> {
  const logs = join(options.dataDir, 'logs');
  mkdirSync(logs, { recursive: true });
  const started: Running[] = [];
  const startedAt = Date.now();
  let stopping = false;

  const logFileOf = (name: string) => join(logs, `${name}.log`);
  const record = () => recordRun(options.dataDir, runRecord(options.runId, started));

  async function start(part: Part): Promise<Running> {
    const launch = await part.launch();
    if (stopping || options.signal.aborted) {
      launch.release?.();
      throw new Error('stopped');
    }
    const running = spawnPart(part, launch, logFileOf(part.name), options.runId);
    started.push(running);
    record();
    await untilReady(running, logFileOf(part.name), options.signal);
    await part.afterReady?.();
    return running;
  }

  function forget(running: Running): void {
    const index = started.indexOf(running);
    if (index >= 0) started.splice(index, 1);
  }

  /** Waits for the part's end and starts it again, for as long as it takes. */
  async function keep(part: Part, first: Running): Promise<void> {
    let failures = 0;
    for (let running: Running | undefined = first; ; ) {
      const since = Date.now();
      let problem = `${part.name} could not be started again`;
      if (running !== undefined) {
        const how = await running.ended;
        forget(running);
        if (stopping) return;
        record();
        if (!options.restart) return options.onLost(part.name, new PartFailedError(part.name, `ended by itself (${how})`, logFileOf(part.name)).message);
        if (Date.now() - since > stableAfterMs) failures = 0;
        problem = `${part.name} ended (${how})`;
      }
      const pause = Math.min(1_000 * 2 ** failures, longestPauseMs);
      failures += 1;
      options.tell(`${problem}; starting it again in ${pause / 1000} s. Its log: ${logFileOf(part.name)}`);
      await sleep(pause);
      if (stopping) return;
      running = await startAgain(part);
    }
  }

  async function startAgain(part: Part): Promise<Running | undefined> {
    try {
      const running = await start(part);
      options.tell(`${part.name} runs again`);
      return running;
    } catch (error) {
      if (stopping) return undefined;
      options.tell(error instanceof Error ? error.message : String(error));
      for (const half of started.filter((one) => one.part === part)) {
        await endGroup(half);
        forget(half);
      }
      return undefined;
    }
  }

  async function stop(): Promise<void> {
    stopping = true;
    for (const running of started.toReversed()) {
      await endGroup(running);
    }
    recordRun(options.dataDir, undefined);
  }

  const ready = new Map<string, Promise<Running>>();
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => undefined);
  options.signal.addEventListener('abort', () => failure.reject(new Error('stopped')));
  for (const part of parts) {
    const before = part.needs.flatMap((name) => ready.get(name) ?? []);
    const one = Promise.all(before).then(async () => {
      const running = await start(part);
      options.tell(`  ${part.name.padEnd(9)} ready after ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
      return running;
    });
    one.catch((error: unknown) => failure.reject(error));
    ready.set(part.name, one);
  }
  try {
    await Promise.race([Promise.all(ready.values()), failure.promise]);
  } catch (error) {
    await stop();
    throw error;
  }
  for (const part of parts) {
    void ready.get(part.name)?.then((running) => keep(part, running));
  }
  return { stop };
}

function spawnPart(part: Part, launch: Launch, logFile: string, runId: string): Running {
  if (existsSync(logFile) && statSync(logFile).size > largestLog) renameSync(logFile, `${logFile}.1`);
  const log = openSync(logFile, 'a', 0o600);
  const ids = launch.uid === undefined || launch.gid === undefined ? {} : { uid: launch.uid, gid: launch.gid };
  const child = spawn(launch.command, launch.args, {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, ...launch.environment, Q2C_RUN_ID: runId },
    ...(launch.cwd === undefined ? {} : { cwd: launch.cwd }),
    ...ids,
  });
  closeSync(log);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${String(code)}` : signal));
  });
  void ended.then(() => launch.release?.());
  const identity = child.pid === undefined ? undefined : identityOf(child.pid);
  if (identity === undefined) throw new PartFailedError(part.name, 'could not be started', logFile);
  return { part, child, identity, ended };
}

async function untilReady(running: Running, logFile: string, signal: AbortSignal): Promise<void> {
  const { part, child } = running;
  const deadline = Date.now() + part.readyWithinMs;
  for (;;) {
    if (signal.aborted) throw new Error('stopped');
    if (child.exitCode !== null || child.signalCode !== null) throw new PartFailedError(part.name, `ended before it was ready (${await running.ended})`, logFile);
    if (await part.ready()) return;
    if (Date.now() > deadline) throw new PartFailedError(part.name, `was not ready within ${part.readyWithinMs / 1000} s`, logFile);
    await sleep(100);
  }
}

async function endGroup({ identity }: Running): Promise<void> {
  await endProcess(identity, 'SIGINT', 10_000);
  try {
    process.kill(-identity.pid, 'SIGKILL');
  } catch {
    // Nothing of the group is left, which is what is wanted.
  }
}

function runRecord(runId: string, started: readonly Running[]): RunRecord {
  return { runId, parts: started.map(({ part, identity }) => ({ name: part.name, ...identity })) };
}

/** Writes a file in one step, readable for its owner alone. */
export function writePrivateFile(path: string, text: string): void {
  const draft = `${path}.${process.pid}.new`;
  writeFileSync(draft, text, { mode: 0o600 });
  chmodSync(draft, 0o600);
  renameSync(draft, path);
}
