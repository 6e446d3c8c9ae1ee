import { existsSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { z } from 'zod';
import { connectorOptionSchemas } from '../../connectors/options.ts';
import type { FirmConfig } from '../../domain/config/schema.ts';
import { readCredentials } from '../../scripts/credentials.ts';
import { projectFolder } from '../../scripts/data-folder.ts';
import { writeEndpoints } from '../../scripts/endpoints.ts';
import { answersHttp } from '../../scripts/probes.ts';
import { startEmbeddedStore } from '../../scripts/store-server/embedded.ts';
import { startTemporal } from '../../scripts/temporal-server/start.ts';
import { ensureCredentials } from '../../sandbox/credentials.ts';
import { activateFirmConfig } from '../../starters/config/activate.ts';
import { loadFirmConfig } from '../../starters/config/load.ts';
import { openStore } from '../../store/database.ts';
import { canonicalJson, sha256 } from '../../store/json.ts';
import { migrateStore } from '../../store/migrate.ts';
import { WORKER_NODE_FLAGS } from '../../workers/node-flags.ts';
import { freePorts } from '../support/installation.ts';
import { startNode } from '../support/processes.ts';

const SANDBOXES = ['salesforce', 'hubspot', 'netsuite', 'harvest'] as const;

export type PartName = 'server' | 'store' | 'sandbox' | 'worker' | 'gateway' | 'bare worker';

export interface Installation {
  readonly client: Client;
  readonly storeUrl: string;
  readonly gatewayUrl: string;
  readonly sandboxUrls: Readonly<Record<'salesforce' | 'netsuite' | 'harvest', string>>;
  readonly webhookToken: string;
  readonly organizationId: string;
  readonly pids: Readonly<Record<PartName, number>>;
  stop(): Promise<void>;
}

/** Lifted so that the line is measured, not a vendor's limit. */
const SANDBOX_OPTIONS = {
  harvest: { requestsPerWindow: null, reportsPerWindow: null },
  netsuite: { concurrencyLimit: 10_000 },
  hubspot: { requestsPerTenSeconds: 1_000_000, searchesPerSecond: 1_000_000, dailyRequests: 1_000_000_000 },
  salesforce: { dailyApiRequests: 1_000_000_000 },
};

/**
 * The whole line with every part a process of its own, as npm start has it, in a temporary folder and on free ports; and the peer's worker.
 * @param profileDir where the worker leaves a CPU profile when it ends
 */
export async function startInstallation(tell: (line: string) => void, profileDir: string | undefined): Promise<Installation> {
  const dataDir = await mkdtemp(join(tmpdir(), 'q2c-bench-'));
  const started: (() => Promise<void>)[] = [() => Promise.resolve(rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 }))];
  let stopping: Promise<void> | undefined;
  const stop = () => (stopping ??= (async () => {
    for (const end of started.toReversed()) await end().catch((error: unknown) => tell(`could not be ended in order: ${String(error)}`));
  })());
  try {
    const { offset, ports } = await freePorts();
    const temporal = await startTemporal({ dataDir, progress: tell });
    started.push(() => temporal.stop());
    const store = await startEmbeddedStore(dataDir, ports.store);
    started.push(() => store.stop());
    ensureCredentials(dataDir);
    writeEndpoints({ dataDir, ports, temporal: { address: temporal.address, namespace: temporal.namespace }, ownServer: false, storeUrl: store.url, tryton: false, sandboxes: SANDBOXES, console: false });
    const connection = await Connection.connect({ address: temporal.address });
    started.push(() => connection.close());
    const client = new Client({ connection, namespace: temporal.namespace });
    await activate(store.url, client);

    const environment = {
      NODE_ENV: 'production',
      Q2C_DATA_DIR: dataDir,
      Q2C_ENDPOINTS: join(dataDir, 'endpoints.json'),
      Q2C_PORT_OFFSET: String(offset),
      Q2C_SANDBOX_OPTIONS: JSON.stringify(SANDBOX_OPTIONS),
      DATABASE_URL: store.url,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
    };
    const local = (port: number, path = '') => `http://127.0.0.1:${port}${path}`;
    const start = async (settings: Pick<Parameters<typeof startNode>[0], 'name' | 'file' | 'ready'> & { more?: Record<string, string>; nodeArguments?: readonly string[]; programArguments?: readonly string[] }) => {
      const part = await startNode({ ...settings, dataDir, environment: { ...environment, ...settings.more } });
      started.push(() => part.stop());
      return part.pid;
    };
    const sandbox = await start({ name: 'sandbox', file: 'sandbox/main.ts', programArguments: ['--only', SANDBOXES.join(',')], ready: () => answersHttp(local(ports.harvest, '/__admin/mode')) });
    const gateway = await start({ name: 'gateway', file: 'starters/gateway/main.ts', more: { PORT: String(ports.gateway - offset) }, ready: () => answersHttp(local(ports.gateway, '/readyz')) });
    await pauseSweeps(client);
    const worker = await start({ name: 'worker', file: 'workers/main.ts', more: { PORT: String(ports.workerMetrics) }, ready: () => answersHttp(local(ports.workerMetrics, '/readyz')), nodeArguments: [...WORKER_NODE_FLAGS, ...(profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`])] });
    const bareReady = join(dataDir, 'bare-worker.ready');
    const bare = await start({ name: 'bare-worker', file: 'bench/closed-won/bare/worker.ts', more: { BARE_READY: bareReady }, ready: () => Promise.resolve(existsSync(bareReady)) });

    const { organizationId, webhookToken } = z.looseObject({ organizationId: z.string(), webhookToken: z.string() }).parse(readCredentials(dataDir)['salesforce']);
    return {
      client,
      storeUrl: store.url,
      gatewayUrl: local(ports.gateway),
      sandboxUrls: { salesforce: local(ports.salesforce), netsuite: local(ports.netsuite), harvest: local(ports.harvest) },
      webhookToken,
      organizationId,
      pids: { server: temporal.pid, store: store.pid, sandbox, worker, gateway, 'bare worker': bare },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The sweep for missed events would find the deals that wait to be sent, and carry them before their turn. */
async function pauseSweeps(client: Client): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (const crm of ['salesforce', 'hubspot']) {
    const sweep = client.schedule.getHandle(`missed-event-sweep/${crm}`);
    for (;;) {
      try {
        await sweep.pause('a benchmark sends each deal itself');
        break;
      } catch (error) {
        // The gateway makes the schedules after it has begun to answer.
        if (Date.now() > deadline) throw error;
        await delay(200);
      }
    }
  }
}

/** The example firm's configuration without limits on concurrency and rate, so that the line is measured and not they. */
async function activate(storeUrl: string, client: Client): Promise<void> {
  const loaded = await loadFirmConfig(join(projectFolder, 'config'), { optionSchemas: connectorOptionSchemas });
  if (!loaded.ok) throw new Error(`the configuration has mistakes:\n${loaded.mistakes.map((mistake) => `${mistake.file}:${mistake.line}: ${mistake.message}`).join('\n')}`);
  const config: FirmConfig = { ...loaded.config, systems: loaded.config.systems.map((system) => ({ ...system, limits: { ...system.limits, concurrency: null, requestsPerSecond: null } })) };
  const store = openStore(storeUrl, { applicationName: 'bench', connections: 2 });
  try {
    await migrateStore(store);
    await activateFirmConfig({ store, client, config, hash: sha256(canonicalJson(config)), files: loaded.files, by: 'bench' });
  } finally {
    await store.close();
  }
}
