import { pino } from 'pino';
import { startTraceExport } from '../../connectors/http/trace-export.ts';
import { openStore } from '../../store/database.ts';
import { migrateStore } from '../../store/migrate.ts';
import { clientInterceptors } from '../traced-client.ts';
import { startChangeEventsPart } from './part.ts';

/** The subscriptions to change events as a process of their own: `node starters/change-events/main.ts`, with DATABASE_URL and TEMPORAL_* as for the gateway. */
const log = pino({ name: 'change-events', level: process.env['LOG_LEVEL'] ?? 'info' });

await main().catch((error: unknown) => {
  log.fatal({ err: error }, 'the subscriptions to change events could not start');
  process.exitCode = 1;
});

async function main(): Promise<void> {
  const url = process.env['DATABASE_URL'];
  if (url === undefined || url === '') throw new Error('DATABASE_URL is not set: "npm run store" prints the address of the embedded store');
  const store = openStore(url, { applicationName: 'q2c change events', connections: 3, onConnectionLost: (error) => log.warn({ err: error }, 'a connection to the store was lost') });
  const traces = await startTraceExport('q2c-change-events', log);
  await migrateStore(store);
  const part = startChangeEventsPart(store, log, { interceptors: await clientInterceptors(traces) });
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= (async () => {
      await part.stop();
      await traces?.stop();
      await store.close();
      process.exit(0);
    })();
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
}
