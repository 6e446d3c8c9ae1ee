import { createServer, type Server } from 'node:http';
import { Worker, type WorkerOptions, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createActivities } from '../activities/create.ts';
import type { Systems } from '../activities/dependencies.ts';
import { firmConfigSchema, type FirmConfig } from '../domain/config/schema.ts';
import { LINE_QUEUE, targetQueue } from '../domain/process/task-queues.ts';
import { activeConfig, activeConfigHash } from '../store/config-versions.ts';
import { openStore, type Store } from '../store/database.ts';
import { migrateStore } from '../store/migrate.ts';
import { heartbeatWhileRunning } from './heartbeat.ts';
import { bundleWorkflowsApart } from './bundle.ts';
import { createSlots } from './slots.ts';
import { connectWorker } from './temporal.ts';

export interface WorkersSettings {
  readonly databaseUrl: string;
  /** Unique among running workers: leases are held under it. */
  readonly identity: string;
  /** Where /readyz and /metrics are served; null for nowhere. */
  readonly port: number | null;
  readonly log: Logger;
  /** A bundle made before (tests, production images); made here where there is none. */
  readonly workflowBundle?: WorkflowBundleWithSourceMap;
  /** Makes the connectors of a configuration. */
  readonly systemsOf: (config: FirmConfig, store: Store) => Promise<Systems>;
}

export interface RunningWorkers {
  stop(): Promise<void>;
}

const CONFIG_POLL_MS = 1000;
/** Workflows kept in memory between their tasks; about 0.4 MB each. */
const CACHED_WORKFLOWS = 250;

/**
 * One worker for the workflows and the store's activities, and one for each target system's queue, all in this process.
 * Follows the active configuration: systems that join it get a worker, changed ones new connectors.
 */
export async function startWorkers(settings: WorkersSettings): Promise<RunningWorkers> {
  const { log } = settings;
  const store = openStore(settings.databaseUrl, { applicationName: 'q2c-worker', connections: 16 });
  await migrateStore(store);
  const { connection, namespace } = await connectWorker();
  const slots = createSlots(store, settings.identity);
  let systems: Systems = nothingConfigured();
  let configHash: string | undefined;
  const deps = { store, log, systems: forwarding(() => systems), withSlot: slots.withSlot };
  const activities = createActivities(deps);
  const workers = new Map<string, { readonly worker: Worker; readonly done: Promise<void> }>();
  let stopped = false;

  function run(queue: string, worker: Worker): void {
    const done = worker.run().catch((error: unknown) => {
      log.fatal({ error, queue }, 'a worker failed; the process ends so that its supervisor starts it anew');
      process.exitCode = 1;
      if (!stopped) process.exit(1);
    });
    workers.set(queue, { worker, done });
  }

  async function follow(config: FirmConfig): Promise<void> {
    systems = await settings.systemsOf(config, store);
    await slots.configure(config);
    for (const system of config.systems) {
      const queue = targetQueue(system.id);
      if (workers.has(queue)) continue;
      run(queue, await Worker.create({
        connection,
        namespace,
        taskQueue: queue,
        activities,
        interceptors: { activity: [heartbeatWhileRunning] },
        maxConcurrentActivityTaskExecutions: 50,
        ...(system.limits.requestsPerSecond === null ? {} : { maxTaskQueueActivitiesPerSecond: system.limits.requestsPerSecond }),
        shutdownGraceTime: '20 seconds',
      }));
    }
  }

  async function followActiveConfig(): Promise<void> {
    if ((await activeConfigHash(store.db)) === configHash) return;
    const active = await activeConfig(store.db);
    if (active === undefined) return;
    await follow(firmConfigSchema.parse(active.document));
    configHash = active.hash;
    log.info({ configHash: active.hash.slice(0, 12), systems: workers.size - 1 }, 'working by the active configuration');
  }

  run(LINE_QUEUE, await Worker.create({
    connection,
    namespace,
    taskQueue: LINE_QUEUE,
    workflowBundle: settings.workflowBundle ?? (await bundleWorkflowsApart()),
    activities,
    maxCachedWorkflows: CACHED_WORKFLOWS,
    maxConcurrentActivityTaskExecutions: 100,
    shutdownGraceTime: '20 seconds',
    ...versioning(),
  }));
  await followActiveConfig();
  const poll = setInterval(() => {
    followActiveConfig().catch((error: unknown) => {
      log.error({ error }, 'could not follow the active configuration; tried again in a moment');
    });
  }, CONFIG_POLL_MS);
  const server = settings.port === null ? undefined : await serveHealth(settings.port, () => configHash !== undefined);
  log.info({ queues: [...workers.keys()] }, 'workers are running');

  return {
    async stop() {
      if (stopped) return;
      stopped = true;
      clearInterval(poll);
      for (const { worker } of workers.values()) worker.shutdown();
      await Promise.all([...workers.values()].map(({ done }) => done));
      await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
      await slots.close();
      await connection.close();
      await store.close();
    },
  };
}

/** Deployments are switched on by naming the build; each workflow has declared its versioning behaviour. */
function versioning(): Pick<WorkerOptions, 'workerDeploymentOptions'> {
  const buildId = process.env['Q2C_BUILD_ID'];
  if (buildId === undefined) return {};
  return { workerDeploymentOptions: { useWorkerVersioning: true, version: { deploymentName: 'q2c', buildId }, defaultVersioningBehavior: 'AUTO_UPGRADE' } };
}

function forwarding(current: () => Systems): Systems {
  return { crm: (id) => current().crm(id), erp: (id) => current().erp(id), time: (id) => current().time(id), resources: (id) => current().resources(id) };
}

function nothingConfigured(): Systems {
  const none = (id: string): never => {
    throw new Error(`system ${id} is not known yet: no configuration is active`);
  };
  return { crm: none, erp: none, time: none, resources: none };
}

async function serveHealth(port: number, isConfigured: () => boolean): Promise<Server> {
  const server = createServer((request, response) => {
    const { rss, heapUsed } = process.memoryUsage();
    if (request.url === '/metrics') {
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(`# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes ${rss}\n# TYPE nodejs_heap_used_bytes gauge\nnodejs_heap_used_bytes ${heapUsed}\n`);
    } else if (request.url === '/readyz') {
      response.writeHead(200, { 'content-type': 'text/plain' }).end(isConfigured() ? 'ready\n' : 'ready; no configuration is active yet: npm run q2c -- config activate\n');
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
}
