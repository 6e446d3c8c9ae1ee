import { createServer, type Server } from 'node:http';
import { asyncLocalStorage } from '@temporalio/activity';
import { Worker, type WorkerOptions, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createActivities } from '../activities/create.ts';
import type { Systems } from '../activities/dependencies.ts';
import { httpRegistry } from '../connectors/http/metrics.ts';
import type { TraceExport } from '../connectors/http/trace-export.ts';
import { firmConfigSchema, type FirmConfig } from '../domain/config/schema.ts';
import { LINE_QUEUE } from '../domain/process/task-queues.ts';
import { activeConfig, activeConfigHash } from '../store/config-versions.ts';
import { openStore, type Store } from '../store/database.ts';
import { migrateStore } from '../store/migrate.ts';
import { heartbeatWhileRunning } from './heartbeat.ts';
import { bundleWorkflowsApart } from './bundle.ts';
import { createRates } from './rates.ts';
import { repeatInTurn } from './repeat.ts';
import { createSlots } from './slots.ts';
import { createTargetWorkers } from './target-workers.ts';
import { connectWorker } from './temporal.ts';

export interface WorkersSettings {
  readonly databaseUrl: string;
  /** Unique among running workers: leases are held under it. */
  readonly identity: string;
  /** Where /readyz and /metrics are served; null for nowhere. */
  readonly port: number | null;
  readonly log: Logger;
  /** A bundle made before (tests, production images), traced where `traces` are given; made here where there is none. */
  readonly workflowBundle?: WorkflowBundleWithSourceMap;
  /** The moment at which time is judged, for runs of a sample month; now unless told. */
  readonly now?: () => Date;
  /** Makes the connectors of a configuration. */
  readonly systemsOf: (config: FirmConfig, store: Store) => Promise<Systems>;
  /** Where spans go; left out where no traces are exported. */
  readonly traces?: TraceExport | undefined;
  /** Changes when credentials were renewed, so that connectors are made anew; left out where they never are. */
  readonly secretsVersion?: () => Promise<string>;
}

export interface RunningWorkers {
  stop(): Promise<void>;
}

const CONFIG_POLL_MS = 1000;
/** Workflows kept in memory between their tasks; about 0.4 MB each. */
const CACHED_WORKFLOWS = 250;
/** The server's own default. It keeps a queue's last rate until a worker tells another, so that none cannot be told by leaving it out. */
const NO_RATE_LIMIT = 100_000;

/**
 * One worker for the workflows and the store's activities, and one for each target system's queue, all in this process.
 * Follows the active configuration and renewed credentials: systems that join get a worker, all of them new connectors.
 */
export async function startWorkers(settings: WorkersSettings): Promise<RunningWorkers> {
  const { log } = settings;
  const store = openStore(settings.databaseUrl, { applicationName: 'q2c-worker', connections: 16 });
  await migrateStore(store);
  const { connection, namespace } = await connectWorker();
  const slots = createSlots(store, settings.identity, { log, priorityNow: () => asyncLocalStorage.getStore()?.info.priority?.priorityKey });
  const rates = await createRates(store, settings.identity, log);
  let systems: Systems = nothingConfigured();
  let configHash: string | undefined;
  let secretsUsed: string | undefined;
  const deps = { store, log, systems: forwarding(() => systems), withSlot: slots.withSlot, now: settings.now ?? (() => new Date()) };
  const activities = createActivities(deps);
  const tracing = settings.traces === undefined ? null : (await import('./tracing.ts')).workerTracing(settings.traces);
  const activityInterceptors = [...(tracing?.activity ?? []), heartbeatWhileRunning];
  let stopped = false;
  const failed = (queue: string, error: unknown) => {
    log.fatal({ error, queue }, 'a worker failed; the process ends so that its supervisor starts it anew');
    process.exitCode = 1;
    if (!stopped) process.exit(1);
  };
  const targets = createTargetWorkers({
    create: ({ queue, requestsPerSecond }) =>
      Worker.create({
        connection,
        namespace,
        taskQueue: queue,
        activities,
        interceptors: { activity: activityInterceptors },
        maxConcurrentActivityTaskExecutions: 50,
        maxTaskQueueActivitiesPerSecond: requestsPerSecond ?? NO_RATE_LIMIT,
        shutdownGraceTime: '20 seconds',
      }),
    onFailed: failed,
  });

  async function follow(config: FirmConfig): Promise<void> {
    systems = await settings.systemsOf(config, store);
    await slots.configure(config);
    await targets.follow(config);
  }

  async function followActiveConfig(): Promise<void> {
    const activeHash = await activeConfigHash(store.db);
    if (activeHash === undefined) return;
    const secretsNow = await settings.secretsVersion?.();
    if (activeHash === configHash && secretsNow === secretsUsed) return;
    const active = await activeConfig(store.db);
    if (active === undefined) return;
    await follow(firmConfigSchema.parse(active.document));
    const renewed = configHash === active.hash;
    configHash = active.hash;
    secretsUsed = secretsNow;
    log.info({ configHash: active.hash.slice(0, 12), systems: targets.queues().length }, renewed ? 'working with renewed credentials' : 'working by the active configuration');
  }

  const line = await Worker.create({
    connection,
    namespace,
    taskQueue: LINE_QUEUE,
    workflowBundle: settings.workflowBundle ?? (await bundleWorkflowsApart({ traced: tracing !== null })),
    activities,
    interceptors: { activity: activityInterceptors },
    ...(tracing === null ? {} : { sinks: tracing.sinks }),
    maxCachedWorkflows: CACHED_WORKFLOWS,
    maxConcurrentActivityTaskExecutions: 100,
    shutdownGraceTime: '20 seconds',
    ...versioning(),
  });
  const lineDone = line.run().catch((error: unknown) => {
    failed(LINE_QUEUE, error);
  });
  await followActiveConfig();
  const following = repeatInTurn({
    everyMs: CONFIG_POLL_MS,
    work: followActiveConfig,
    onError: (error) => {
      log.error({ error }, 'could not follow the active configuration and credentials; tried again in a moment');
    },
  });
  const server = settings.port === null ? undefined : await serveHealth(settings.port, () => configHash !== undefined);
  log.info({ queues: [LINE_QUEUE, ...targets.queues()] }, 'workers are running');

  return {
    async stop() {
      if (stopped) return;
      stopped = true;
      line.shutdown();
      await following.stop();
      await Promise.all([lineDone, targets.stop()]);
      await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
      await slots.close();
      await rates.close();
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
  return {
    crm: (id) => current().crm(id),
    erp: (id) => current().erp(id),
    time: (id) => current().time(id),
    resources: (id) => current().resources(id),
    payroll: (id) => current().payroll(id),
    billing: (id) => current().billing(id),
    hr: (id) => current().hr(id),
    warehouse: (id) => current().warehouse(id),
    serviceDesk: (id) => current().serviceDesk(id),
  };
}

function nothingConfigured(): Systems {
  const none = (id: string): never => {
    throw new Error(`system ${id} is not known yet: no configuration is active`);
  };
  return { crm: none, erp: none, time: none, resources: none, payroll: none, billing: none, hr: none, warehouse: none, serviceDesk: none };
}

async function serveHealth(port: number, isConfigured: () => boolean): Promise<Server> {
  const server = createServer((request, response) => {
    const { rss, heapUsed } = process.memoryUsage();
    if (request.url === '/metrics') {
      void httpRegistry.metrics().then((systems) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(`${systems}# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes ${rss}\n# TYPE nodejs_heap_used_bytes gauge\nnodejs_heap_used_bytes ${heapUsed}\n`));
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
