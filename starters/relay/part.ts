import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Store } from '../../store/database.ts';
import { lazyClient } from '../temporal.ts';
import { startRelay } from './relay.ts';
import { ensureSchedules } from './schedules.ts';

const RETRY_MS = 5000;

/** The relay as a part of the gateway's process. It runs while Temporal is away: events then wait in the inbox. */
export function startRelayPart(store: Store, log: Logger): { readonly name: string; stop(): Promise<void> } {
  const { client, close } = lazyClient();
  const relay = startRelay({ store, client, log, name: `relay-${process.pid}` });
  const cut = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const schedule = (): void => {
    client.withAbortSignal(cut.signal, () => client.withDeadline(Date.now() + 10_000, () => ensureSchedules(client))).catch((error: unknown) => {
      if (cut.signal.aborted) return;
      log.warn({ error: error instanceof Error ? error.message : String(error) }, 'schedules could not be made sure of; tried again in a moment');
      timer = setTimeout(schedule, RETRY_MS);
    });
  };
  schedule();
  return {
    name: 'relay',
    async stop() {
      cut.abort();
      clearTimeout(timer);
      await relay.stop();
      await Promise.race([close(), delay(1000, undefined, { ref: false })]);
    },
  };
}
