import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { z } from 'zod';
import { migrateStore } from '../../store/migrate.ts';
import { openStore } from '../../store/database.ts';
import { startNotifying } from '../notify/notify.ts';
import { notifyTarget } from '../notify/target.ts';
import { startChangeEventsPart } from '../change-events/part.ts';
import { startRelayPart } from '../relay/part.ts';
import { startTraceExport } from '../../connectors/http/trace-export.ts';
import { dataDirectory, readSecrets } from '../../connectors/secrets.ts';
import { clientInterceptors } from '../traced-client.ts';
import { gatewayCredentialsSchema, type GatewayLimits } from './deps.ts';
import { storeInbox } from './inbox.ts';
import { createGateway } from './server.ts';
import { storeTimeIntake } from './time/store.ts';

/** A part of this process; stopped in reverse order of its start. */
interface Part {
  readonly name: string;
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
const DEFAULT_PORT = 8080;
const STOP_WITHIN_MS = 15_000;

const log = pino({
  name: 'gateway',
  level: process.env['LOG_LEVEL'] ?? 'info',
  redact: ['*.authorization', '*["webhook-signature"]', '*["x-hubspot-signature-v3"]', '*.token', 'headers', 'req.headers'],
});

await main(log).catch((error: unknown) => {
  log.fatal({ err: error }, 'the gateway could not start');
  process.exitCode = 1;
});

async function main(logger: Logger): Promise<void> {
  const parts = await startParts(logger);
  let stopping: Promise<void> | undefined;
  const stop = (signal: NodeJS.Signals) => {
    // A connection to Temporal still being tried would hold the process for seconds more.
    stopping ??= stopParts(parts, signal, logger).then(() => process.exit(0));
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
}

async function startParts(logger: Logger): Promise<readonly Part[]> {
  const url = process.env['DATABASE_URL'];
  if (url === undefined || url === '') throw new Error('DATABASE_URL is not set: "npm run store" prints the address of the embedded store, "npm start" sets it by itself');
  const credentials = gatewayCredentialsSchema.parse(await readSecrets(dataDirectory()));
  const notifyLog = logger.child({ part: 'notify' });
  const send = notifyTarget(process.env, notifyLog);
  const store = openStore(url, { applicationName: 'q2c gateway', connectTimeoutMs: 3_000, onConnectionLost: (error) => logger.warn({ err: error }, 'a connection to the store was lost') });
  const parts: Part[] = [{ name: 'store', stop: () => store.close() }];
  try {
    const traces = await startTraceExport('q2c-gateway', logger);
    if (traces !== null) parts.push({ name: 'traces', stop: () => traces.stop() });
    await migrateStore(store);
    const app = createGateway({ inbox: storeInbox(store.db), timeIntake: storeTimeIntake(store.db), credentials, limits: configuredLimits(), now: () => new Date(), log: logger, publicUrl: process.env['Q2C_PUBLIC_URL'], traced: traces !== null });
    parts.push({ name: 'gateway', stop: () => app.close() });
    const address = await app.listen({ host: HOST, port: port() });
    const interceptors = await clientInterceptors(traces);
    parts.push(startRelayPart(store, logger.child({ part: 'relay' }), interceptors));
    parts.push(startChangeEventsPart(store, logger.child({ part: 'change-events' }), { interceptors }));
    parts.push({ name: 'notify', ...startNotifying({ db: store.db, log: notifyLog, send }) });
    logger.info({ address, systems: Object.keys(credentials) }, 'gateway ready');
    return parts;
  } catch (error) {
    await stopParts(parts, 'a failed start', logger);
    throw error;
  }
}

async function stopParts(parts: readonly Part[], because: string, logger: Logger): Promise<void> {
  logger.info({ because }, 'stopping');
  const orderly = (async () => {
    for (const part of parts.toReversed()) {
      await part.stop().catch((error: unknown) => logger.error({ err: error, part: part.name }, 'could not be stopped in order'));
    }
    return true;
  })();
  const done = await Promise.race([orderly, delay(STOP_WITHIN_MS, false, { ref: false })]);
  if (done) return;
  logger.error({ ms: STOP_WITHIN_MS }, 'not stopped in time: ending at once; what was not acknowledged will be sent again');
  process.exit(1);
}

/** Q2C_BULK_BYTES: most bytes of a streamed body. */
function configuredLimits(): Partial<GatewayLimits> {
  const given = process.env['Q2C_BULK_BYTES'];
  return given === undefined ? {} : { bulkBytes: z.coerce.number('Q2C_BULK_BYTES is not a number of bytes').int().positive().parse(given) };
}

function port(): number {
  const first = Number(process.env['PORT'] ?? DEFAULT_PORT);
  const offset = Number(process.env['Q2C_PORT_OFFSET'] ?? 0);
  const sum = first + offset;
  if (!Number.isInteger(sum) || sum < 0 || sum > 65_535) throw new Error(`PORT plus Q2C_PORT_OFFSET is not a port number: PORT=${process.env['PORT'] ?? ''}, Q2C_PORT_OFFSET=${process.env['Q2C_PORT_OFFSET'] ?? ''}`);
  return sum;
}
