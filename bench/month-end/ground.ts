import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureCredentials } from '../../sandbox/credentials.ts';
import { answersHttp } from '../../scripts/probes.ts';
import { freePorts } from '../support/installation.ts';
import { startNode } from '../support/processes.ts';
import type { Ground } from './engines/engine.ts';
import { erpAt, type Erp } from './erp.ts';
import type { Month } from './month.ts';
import { SYSTEM } from './work.ts';

/** NetSuite's own for an account without SuiteCloud Plus, and what config/systems.yaml says. */
export const DEFAULT_CONCURRENCY = 15;

export interface CommonGround {
  readonly erp: Erp;
  /** What an engine needs to work on a month. */
  readonly of: (month: Month) => Ground;
  stop(): Promise<void>;
}

/** The one ERP sandbox that every engine posts to, a process of its own, which is emptied before each run. */
export async function startGround(settings: { readonly latencyMs: number; readonly profileDir: string | undefined; readonly tell: (line: string) => void }): Promise<CommonGround> {
  const { latencyMs, profileDir, tell } = settings;
  const sandboxDir = await mkdtemp(join(tmpdir(), 'q2c-bench-erp-'));
  const { offset, ports } = await freePorts();
  const credentials = ensureCredentials(sandboxDir);
  const url = `http://127.0.0.1:${ports.netsuite}`;
  try {
    const sandbox = await startNode({
      name: 'sandbox',
      file: 'sandbox/main.ts',
      programArguments: ['--only', 'netsuite'],
      dataDir: sandboxDir,
      environment: { NODE_ENV: 'production', Q2C_DATA_DIR: sandboxDir, Q2C_PORT_OFFSET: String(offset), Q2C_SANDBOX_OPTIONS: JSON.stringify({ netsuite: { latencyMs, concurrencyLimit: DEFAULT_CONCURRENCY } }) },
      ready: () => answersHttp(`${url}/__admin/limits`),
    });
    return {
      erp: erpAt(url),
      of(month) {
        const system = month.config.systems.find(({ id }) => id === SYSTEM);
        return { tell, month, erp: { baseUrl: url, credentials: credentials.netsuite, options: system?.options, concurrency: DEFAULT_CONCURRENCY }, sandboxDir, sandboxPid: sandbox.pid, portOffset: offset, profileDir };
      },
      async stop() {
        await sandbox.stop();
        await rm(sandboxDir, { recursive: true, force: true, maxRetries: 5 });
      },
    };
  } catch (error) {
    await rm(sandboxDir, { recursive: true, force: true, maxRetries: 5 });
    throw error;
  }
}
