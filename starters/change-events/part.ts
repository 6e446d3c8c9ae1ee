import { setTimeout as delay } from 'node:timers/promises';
import type { ClientInterceptors } from '@temporalio/client';
import { z } from 'zod';
import { readEndpoints, resolveAddress } from '../../connectors/addresses.ts';
import type { Log } from '../../connectors/ports.ts';
import { salesforceOptionsSchema } from '../../connectors/salesforce/options.ts';
import { createChangeEventSource } from '../../connectors/salesforce/pubsub/subscription.ts';
import { dataDirectory, readSecrets } from '../../connectors/secrets.ts';
import { activeConfig, activeConfigHash } from '../../store/config-versions.ts';
import type { Store } from '../../store/database.ts';
import { storeInbox } from '../gateway/inbox.ts';
import { lazyClient } from '../temporal.ts';
import { subscriptionCases, TROUBLES } from './cases.ts';
import { startSubscriber } from './subscriber.ts';
import { startSweep, sweeps } from './sweeps.ts';

const systemsSchema = z.looseObject({
  systems: z.array(z.looseObject({
    id: z.string(),
    product: z.string(),
    address: z.string().default(''),
    credentials: z.string().nullable().default(null),
    limits: z.looseObject({ timeoutSeconds: z.number() }).default({ timeoutSeconds: 30 }),
    options: z.record(z.string(), z.unknown()).default({}),
  })),
});
type SystemEntry = z.infer<typeof systemsSchema>['systems'][number];

interface Running {
  /** The configuration and credentials it was made with. */
  readonly made: string;
  stop(): Promise<void>;
}

const LOOK_AGAIN_MS = 30_000;
const RETRY_MS = 5000;

/**
 * Subscribes to the change events of each Salesforce system whose options ask for them, as the configuration in force says; when its
 * entry or its credentials change a subscription is made anew, from where the one before had come to. Runs as a part of the gateway's process or as one of its own (main.ts).
 */
export function startChangeEventsPart(store: Store, log: Log, { lookAgainMs = LOOK_AGAIN_MS, interceptors = {} }: { readonly lookAgainMs?: number; readonly interceptors?: ClientInterceptors } = {}): { readonly name: string; stop(): Promise<void> } {
  const { client, close } = lazyClient(interceptors);
  const cut = new AbortController();
  const subscriptions = new Map<string, Running>();
  let hashSeen: string | undefined;
  let wanted: readonly SystemEntry[] = [];

  const cases = new Map<string, ReturnType<typeof subscriptionCases>>();
  const casesOf = (system: string) => {
    const known = cases.get(system) ?? subscriptionCases({ client, db: store.db, log, system });
    cases.set(system, known);
    return known;
  };

  async function start(system: SystemEntry, credentials: unknown): Promise<() => Promise<void>> {
    const dataDir = dataDirectory();
    const options = salesforceOptionsSchema.parse(system.options);
    const source = createChangeEventSource({
      system: system.id,
      baseUrl: resolveAddress(system.address, await readEndpoints(dataDir)),
      credentials,
      limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: system.limits.timeoutSeconds },
      options: system.options,
      log,
    });
    const asked = sweeps(() => startSweep(client, system.id), log);
    const subscriber = startSubscriber({ db: store.db, inbox: storeInbox(store.db), log, system: system.id, source, options, sweeps: asked, cases: casesOf(system.id) });
    log.info({ system: system.id, topic: source.topic }, 'subscribed to change events');
    return async () => {
      asked.stop();
      await subscriber.stop();
      source.close();
    };
  }

  async function follow(): Promise<void> {
    const hash = await activeConfigHash(store.db);
    if (hash !== hashSeen) {
      const all = salesforceSystems((await activeConfig(store.db))?.document);
      wanted = all.filter(({ options }) => (options['changeEvents'] ?? null) !== null);
      hashSeen = hash;
      for (const { id } of all) {
        if (wanted.some((system) => system.id === id)) continue;
        for (const trouble of TROUBLES) void casesOf(id).settle(trouble, `the configuration asks for no change events of ${id} any more`);
      }
    }
    for (const id of subscriptions.keys()) if (!wanted.some((system) => system.id === id)) await end(id);
    if (wanted.length === 0) return;
    const secrets = await readSecrets(dataDirectory());
    for (const system of wanted) {
      const credentials = system.credentials === null ? undefined : secrets[system.credentials];
      const made = JSON.stringify([system, credentials]);
      if (subscriptions.get(system.id)?.made === made) continue;
      await end(system.id);
      try {
        subscriptions.set(system.id, { made, stop: await start(system, credentials) });
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        log.error({ system: system.id, error: message }, 'no change events are taken: correct config/systems.yaml or the credentials; tried again in a moment');
        void casesOf(system.id).raise('stopped', { code: 'CHANGE_EVENTS_NOT_CONFIGURED', kind: 'configuration', message: `No change events are taken from ${system.id}: ${message}. Until it is mended only the missed-event sweep finds changed deals, every few minutes and closed-won ones only.`, mend: 'Correct the system\'s entry in config/systems.yaml and activate it, or its credentials; the subscription begins by itself then, and this case closes itself.' });
      }
    }
  }

  async function end(id: string): Promise<void> {
    const subscription = subscriptions.get(id);
    subscriptions.delete(id);
    await subscription?.stop();
  }

  async function run(): Promise<void> {
    while (!cut.signal.aborted) {
      let pause = lookAgainMs;
      try {
        await follow();
      } catch (error) {
        pause = RETRY_MS;
        log.warn({ error: error instanceof Error ? error.message : String(error) }, 'the configuration in force or the credentials could not be read; tried again in a moment');
      }
      await delay(pause, undefined, { signal: cut.signal }).catch(() => undefined);
    }
  }

  const running = run();
  return {
    name: 'change-events',
    async stop() {
      cut.abort();
      await running;
      await Promise.all([...subscriptions.values()].map((subscription) => subscription.stop()));
      await Promise.all([...cases.values()].map((own) => own.stop()));
      await Promise.race([close(), delay(1000, undefined, { ref: false })]);
    },
  };
}

function salesforceSystems(document: unknown): readonly SystemEntry[] {
  const config = systemsSchema.safeParse(document);
  return config.success ? config.data.systems.filter(({ product }) => product === 'salesforce') : [];
}
