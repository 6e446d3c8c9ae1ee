import { setTimeout as delay } from 'node:timers/promises';
import type { ClientInterceptors } from '@temporalio/client';
import type { Logger } from 'pino';
import { z } from 'zod';
import { clockOfEnvironment } from '../../store/clock.ts';
import type { Store } from '../../store/database.ts';
import { lazyClient } from '../temporal.ts';
import { startHeldSweep } from './held.ts';
import { startPageDispatch } from './pages.ts';
import { startRelay } from './relay.ts';
import { ensureSchedules } from './schedules.ts';
import { hrSystems, mirroredWarehouses, serviceDesks, timeSystems } from './time-systems.ts';

const RETRY_MS = 5000;
/** The configuration may name other systems by then. */
const LOOK_AGAIN_MS = 60_000;

const maxRunningSchema = z.coerce.number().int().min(1).max(1000);

/** The relay of events and of pages as a part of the gateway's process. It runs while Temporal is away: what came then waits in the store. */
export function startRelayPart(store: Store, log: Logger, interceptors: ClientInterceptors = {}): { readonly name: string; stop(): Promise<void> } {
  const { client, close } = lazyClient(interceptors);
  const maxRunning = process.env['Q2C_PAGES_RUNNING'];
  const relay = startRelay({ store, client, log, name: `relay-${process.pid}` });
  const pages = startPageDispatch({ store, client, log, now: clockOfEnvironment(), ...(maxRunning === undefined ? {} : { maxRunning: maxRunningSchema.parse(maxRunning) }) });
  const held = startHeldSweep({ store, client, log, now: clockOfEnvironment() });
  const cut = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let scheduledFor: string | undefined;
  const schedule = async (): Promise<void> => {
    try {
      const systems = await timeSystems(store.db);
      const warehouses = await mirroredWarehouses(store.db);
      const people = await hrSystems(store.db);
      const desks = await serviceDesks(store.db);
      const name = [...systems, ...warehouses, ...people, ...desks].join(' ');
      if (scheduledFor !== name) await client.withAbortSignal(cut.signal, () => client.withDeadline(Date.now() + 10_000, () => ensureSchedules(client, systems, warehouses, people, desks)));
      scheduledFor = name;
      again(LOOK_AGAIN_MS);
    } catch (error) {
      if (!cut.signal.aborted) log.warn({ error: error instanceof Error ? error.message : String(error) }, 'schedules could not be made sure of; tried again in a moment');
      again(RETRY_MS);
    }
  };
  const again = (ms: number): void => {
    if (!cut.signal.aborted) timer = setTimeout(() => void schedule(), ms);
  };
  void schedule();
  return {
    name: 'relay',
    async stop() {
      cut.abort();
      clearTimeout(timer);
      await Promise.all([relay.stop(), pages.stop(), held.stop()]);
      await Promise.race([close(), delay(1000, undefined, { ref: false })]);
    },
  };
}
