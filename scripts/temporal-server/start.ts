import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastLines, type Progress } from '../commands.ts';
import { endProcess, identityOf } from '../processes.ts';
import { freePort } from '../ports.ts';
import { loadTemporalConfig, toArguments } from './config.ts';
import { alignNamespace, temporalAnswers } from './namespace.ts';
import { obtainTemporalServer } from './obtain.ts';

export interface StartTemporalOptions {
  /** Holds the database file and server.log. */
  readonly dataDir: string;
  /** A free one unless given. */
  readonly port?: number;
  readonly uiPort?: number;
  /** No web pages; true unless told. */
  readonly headless?: boolean;
  /** Of its SQLite file, over those of temporal-dev.yaml. */
  readonly pragmas?: Readonly<Record<string, string>>;
  readonly progress?: Progress;
}

export interface RunningTemporal {
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string | undefined;
  readonly pid: number;
  stop(): Promise<void>;
}

/**
 * Starts a local Temporal server with the settings of temporal-dev.yaml, for tests and benchmarks: on free ports, ended when
 * this process ends.
 * @throws Error with the end of its log when it does not answer within 30 s.
 */
export async function startTemporal(options: StartTemporalOptions): Promise<RunningTemporal> {
  const base = loadTemporalConfig();
  const server = await obtainTemporalServer({ version: base.cliVersion, progress: options.progress ?? console.log, acceptAddress: false });
  if (server.kind !== 'executable') throw new Error('A test needs a Temporal server of its own');
  const headless = options.headless ?? true;
  const ports = { frontend: options.port ?? (await freePort()), ui: options.uiPort ?? (await freePort()), metrics: await freePort() };
  const config = { ...base, ports, database: { ...base.database, pragmas: { ...base.database.pragmas, ...options.pragmas } } };
  mkdirSync(options.dataDir, { recursive: true });
  const logFile = join(options.dataDir, 'server.log');
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(server.path, toArguments(config, options.dataDir, { headless }), { stdio: ['ignore', log, log] });
  closeSync(log);
  const identity = child.pid === undefined ? undefined : identityOf(child.pid);
  if (identity === undefined) throw new Error(`The Temporal server ${server.path} could not be started`);
  const killNow = () => child.kill('SIGKILL');
  process.once('exit', killNow);
  const stop = async () => {
    await endProcess(identity, 'SIGINT');
    process.removeListener('exit', killNow);
  };

  const address = `${config.ip}:${ports.frontend}`;
  const deadline = Date.now() + 30_000;
  while (!(await temporalAnswers(address, config.namespace.name))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`The Temporal server did not start. The end of its log:\n${lastLines(readFileSync(logFile, 'utf8'), 10)}`);
    }
    await sleep(100);
  }
  await alignNamespace(address, config);
  return { address, namespace: config.namespace.name, uiUrl: headless ? undefined : `http://${config.ip}:${ports.ui}`, pid: identity.pid, stop };
}
