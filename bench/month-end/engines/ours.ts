import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { readCredentials } from '../../../scripts/credentials.ts';
import { writeEndpoints } from '../../../scripts/endpoints.ts';
import { portsFor } from '../../../scripts/ports.ts';
import { answersHttp } from '../../../scripts/probes.ts';
import { startEmbeddedStore } from '../../../scripts/store-server/embedded.ts';
import { loadTemporalConfig } from '../../../scripts/temporal-server/config.ts';
import { WORKER_NODE_FLAGS } from '../../../workers/node-flags.ts';
import { lastingPorts } from '../../support/installation.ts';
import { killProcess, startNode } from '../../support/processes.ts';
import { prepareMonth } from '../month.ts';
import { senderTo } from '../send.ts';
import type { Engine, Ground, RunningEngine } from './engine.ts';
import { sizeOf } from './files.ts';
import { startTemporalServer, TEMPORAL_SERVER, temporalFiles } from './temporal-server.ts';

/** This project: every part the process that npm start makes of it. */
export const ourEngine: Engine = {
  name: 'ours',
  title: 'ours',
  settings: `${TEMPORAL_SERVER}; PostgreSQL with fsync and synchronous_commit on; worker and gateway as npm start runs them; the ERP's limit as slots leased in the store`,
  start: (ground) => startOurs(ground, 1),
};

/** @param workers processes that work for the one store and server */
export async function startOurs(ground: Ground, workers: number): Promise<RunningEngine> {
  const dataDir = await mkdtemp(join(tmpdir(), 'q2c-bench-ours-'));
  const ending: (() => Promise<void>)[] = [() => rm(dataDir, { recursive: true, force: true, maxRetries: 5 })];
  const stop = async () => {
    for (const end of ending.splice(0).toReversed()) await end().catch((error: unknown) => ground.tell(`ours could not be ended in order: ${String(error)}`));
  };
  try {
    const ports = portsFor(loadTemporalConfig(), ground.portOffset);
    await copyFile(join(ground.sandboxDir, 'credentials.json'), join(dataDir, 'credentials.json'));
    const store = await startEmbeddedStore(dataDir, ports.store);
    ending.push(() => store.stop());
    await prepareMonth(store.url, ground.month);
    const watch = new pg.Client({ connectionString: store.url, application_name: 'bench' });
    watch.on('error', () => undefined);
    await watch.connect();
    ending.push(() => watch.end());

    const [temporalPort = 0] = await lastingPorts(1);
    const startServer = () => startTemporalServer({ dataDir, port: temporalPort, tell: ground.tell });
    let server = await startServer();
    ending.push(() => server.stop());
    writeEndpoints({ dataDir, ports, temporal: { address: server.address, namespace: server.namespace }, ownServer: false, storeUrl: store.url, tryton: false, sandboxes: ['netsuite'], console: false });
    const environment = {
      NODE_ENV: 'production',
      Q2C_DATA_DIR: dataDir,
      Q2C_ENDPOINTS: join(dataDir, 'endpoints.json'),
      Q2C_PORT_OFFSET: String(ground.portOffset),
      DATABASE_URL: store.url,
      Q2C_CLOCK: ground.month.asOf,
      TEMPORAL_ADDRESS: server.address,
      TEMPORAL_NAMESPACE: server.namespace,
    };
    const local = (port: number, path = '') => `http://127.0.0.1:${port}${path}`;
    const profiling = ground.profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${ground.profileDir}`];
    const startGateway = () => startNode({ name: 'gateway', file: 'starters/gateway/main.ts', dataDir, environment: { ...environment, PORT: String(ports.gateway - ground.portOffset) }, nodeArguments: profiling, ready: () => answersHttp(local(ports.gateway, '/readyz')) });
    const workerPorts = [ports.workerMetrics, ...(await lastingPorts(workers - 1))];
    const startWorker = (port: number) => startNode({ name: 'worker', file: 'workers/main.ts', dataDir, environment: { ...environment, PORT: String(port) }, nodeArguments: [...WORKER_NODE_FLAGS, ...profiling], ready: () => answersHttp(local(port, '/readyz')) });
    const working: Awaited<ReturnType<typeof startWorker>>[] = [];
    // One after the other: each bundles the workflows, which takes a processor for some seconds.
    const startWorkers = async () => {
      working.length = 0;
      for (const port of workerPorts) working.push(await startWorker(port));
    };
    let gateway = await startGateway();
    ending.push(() => gateway.stop());
    ending.push(async () => void (await Promise.all(working.map((worker) => worker.stop()))));
    await startWorkers();
    const sender = senderTo(local(ports.gateway), readCredentials(dataDir));

    return {
      storeUrl: store.url,
      pids: () => ({ store: store.pid, server: server.pid, gateway: gateway.pid, ...Object.fromEntries(working.map(({ pid }, index) => [index === 0 ? 'worker' : `worker ${index + 1}`, pid])) }),
      send: sender.bulk,
      sendOne: sender.single,
      async finished() {
        const { rows } = await watch.query<{ count: number }>(`select coalesce(sum(records), 0)::int as count from time_page where state = 'done'`);
        return rows[0]?.count ?? 0;
      },
      async storedBytes() {
        const { rows } = await watch.query<{ bytes: string }>('select sum(pg_database_size(oid)) as bytes from pg_database');
        const sizes = await Promise.all(temporalFiles(dataDir).map(sizeOf));
        return sizes.reduce((sum, size) => sum + size, Number(rows[0]?.bytes ?? 0));
      },
      async crash() {
        for (const { pid } of [...working, gateway, server]) await killProcess(pid);
        server = await startServer();
        [gateway] = await Promise.all([startGateway(), startWorkers()]);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
