import { copyFileSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { loadFirmConfig } from '../../starters/config/load.ts';
import { cacheFolder, lastLines, type Progress } from '../commands.ts';
import { projectFolder } from '../data-folder.ts';
import { readCredentials } from '../credentials.ts';
import { endProcess, identityOf } from '../processes.ts';
import { freePort } from '../ports.ts';
import { ensureTryton, setPassword, trytonConfiguration } from './install.ts';
import type { TrytonLogin } from './rpc.ts';
import { setUpTryton } from './setup.ts';

export interface TrytonSettings {
  readonly cacheDir: string;
  /** Holds credentials.json and tryton/ with the database. */
  readonly dataDir: string;
  readonly port: number;
  readonly progress: Progress;
}

export interface PreparedTryton {
  /** Installs what is missing and makes the database at the first start. */
  launch(): Promise<{ readonly command: string; readonly args: string[] }>;
  ready(): Promise<boolean>;
  setUp(): Promise<void>;
}

const credentialsSchema = z.object({ database: z.string().regex(/^\w+$/), user: z.literal('admin'), password: z.string().min(8) });

/** Tryton with its database in `dataDir`/tryton, its login as generated in credentials.json and a company per legal entity. */
export function prepareTryton(settings: TrytonSettings): PreparedTryton {
  const login = (): TrytonLogin => {
    const parsed = credentialsSchema.safeParse(readCredentials(settings.dataDir)['tryton']);
    if (!parsed.success) throw new Error('credentials.json in the data folder has no usable "tryton" entry {database, user: "admin", password}');
    return { url: `http://127.0.0.1:${settings.port}`, ...parsed.data };
  };
  return {
    async launch() {
      const { database, password } = login();
      const installation = await ensureTryton(settings.cacheDir, settings.progress);
      const folder = join(settings.dataDir, 'tryton');
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const configuration = join(folder, 'trytond.conf');
      writeFileSync(configuration, trytonConfiguration(folder, settings.port));
      const file = join(folder, `${database}.sqlite`);
      if (!existsSync(file)) {
        const draft = join(folder, 'draft.sqlite');
        copyFileSync(installation.template, draft);
        // A new password without --administrator would take the administrator's rights away.
        await setPassword(installation, configuration, 'draft', password, ['-p', '--administrator']);
        renameSync(draft, file);
      }
      return { command: join(installation.bin, 'trytond'), args: ['-c', configuration, '-d', database] };
    },
    async ready() {
      const { url, database, user, password } = login();
      try {
        const response = await fetch(`${url}/${database}/rpc/`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ id: 1, method: 'common.db.login', params: [user, { password }, 'en'] }),
          signal: AbortSignal.timeout(10_000),
        });
        return response.ok;
      } catch {
        return false;
      }
    },
    async setUp() {
      const loaded = await loadFirmConfig(join(projectFolder, 'config'), { overlays: ['tryton'] });
      if (!loaded.ok) throw new Error(`The configuration has ${loaded.mistakes.length} mistakes; npm run q2c -- config check lists them`);
      await setUpTryton(login(), loaded.config);
    },
  };
}

export interface RunningTryton {
  readonly url: string;
  readonly database: string;
  stop(): Promise<void>;
}

/** Starts Tryton for a test or benchmark; ended with this process. `port` 0 takes a free one. */
export async function startTryton(settings: { readonly dataDir: string; readonly port?: number; readonly progress?: Progress }): Promise<RunningTryton> {
  const port = settings.port === undefined || settings.port === 0 ? await freePort() : settings.port;
  const tryton = prepareTryton({ cacheDir: cacheFolder(), dataDir: settings.dataDir, port, progress: settings.progress ?? console.log });
  const launch = await tryton.launch();
  let log = '';
  const child = spawn(launch.command, launch.args, { stdio: ['ignore', 'ignore', 'pipe'] });
  child.stderr.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString('utf8')).slice(-10_000);
  });
  const identity = child.pid === undefined ? undefined : identityOf(child.pid);
  if (identity === undefined) throw new Error(`Tryton (${launch.command}) could not be started`);
  const killNow = () => child.kill('SIGKILL');
  process.once('exit', killNow);
  const stop = async () => {
    await endProcess(identity, 'SIGTERM', 5_000);
    process.removeListener('exit', killNow);
  };
  const deadline = Date.now() + 60_000;
  while (!(await tryton.ready())) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`Tryton did not start:\n${lastLines(log, 8)}`);
    }
    await sleep(150);
  }
  await tryton.setUp();
  return { url: `http://127.0.0.1:${port}`, database: 'q2c', stop };
}
