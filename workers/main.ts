import { hostname } from 'node:os';
import { pino } from 'pino';
import { readEndpoints } from '../connectors/addresses.ts';
import { startTraceExport } from '../connectors/http/trace-export.ts';
import { dataDirectory, readSecrets } from '../connectors/secrets.ts';
import { clockOfEnvironment } from '../store/clock.ts';
import { startWorkers } from './fleet.ts';
import { installRuntime } from './runtime.ts';
import { secretsVersion } from './secrets-version.ts';
import { createSystems } from './systems.ts';

const log = pino({ name: 'worker', level: process.env['Q2C_LOG_LEVEL'] ?? 'info' });
const databaseUrl = process.env['DATABASE_URL'];
if (databaseUrl === undefined) {
  log.fatal('DATABASE_URL is not set: start everything with npm start, or give the address of your PostgreSQL');
  process.exit(1);
}
installRuntime(log);
const traces = await startTraceExport('q2c-worker', log);
const dataDir = dataDirectory();
const workers = await startWorkers({
  databaseUrl,
  identity: `${hostname()}-${process.pid}`,
  port: Number(process.env['PORT'] ?? 9464 + Number(process.env['Q2C_PORT_OFFSET'] ?? 0)),
  log,
  now: clockOfEnvironment(),
  ...(traces === null ? {} : { traces }),
  systemsOf: (config, store) => createSystems(config, { store, log, secrets: () => readSecrets(dataDir), endpoints: () => readEndpoints(dataDir) }),
  secretsVersion: async () => secretsVersion(await readSecrets(dataDir)),
});

let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    log.info('stopping: running steps are finished first');
    workers.stop().then(() => traces?.stop()).then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ error }, 'could not stop cleanly');
        process.exit(1);
      },
    );
  });
}
