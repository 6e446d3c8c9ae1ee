import fastify, { type FastifyInstance } from 'fastify';
import { installAdmin, type LoggedRequest } from './admin.ts';
import { installBodies } from './bodies.ts';
import { deliveryQueue, type DeliveryPolicy, type WebhookDelivery } from './deliveries.ts';
import { installFaults, type FaultAnswers } from './faults.ts';
import { openRecords, type RecordStore } from './records.ts';

export type { Collection, RecordStore } from './records.ts';
export type { DeliveryPolicy, WebhookDelivery } from './deliveries.ts';
export type { FaultAnswers, VendorAnswer } from './faults.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The body's bytes as they arrived; undefined without a body. */
    rawBody?: Buffer;
    /** The kind of fault that an order laid on this request. */
    fault?: string;
  }
}

export interface SandboxDefinition {
  readonly name: string;
  readonly title: string;
  /** Modes beside 'default' that `POST /__admin/mode` accepts. */
  readonly modes?: readonly string[];
  /** The vendor's own wording for the faults 'status' and 'expired-token'. */
  readonly faultAnswers?: FaultAnswers;
  register(context: SandboxContext): void | Promise<void>;
  /** Records that are there from the beginning; called when the store is empty: at the first start and after a reset. */
  initialRecords?(context: SandboxContext): void;
  /** Stores one vendor-shaped record that `POST /__admin/seed` brought, and answers its ID. Default: put under `record.id`. */
  seed?(context: SandboxContext, collection: string, record: Record<string, unknown>, notify: boolean): string;
}

export interface SandboxContext {
  /** An encapsulated Fastify instance: hooks and error handlers set here do not touch the admin endpoints. */
  readonly app: FastifyInstance;
  readonly records: RecordStore;
  readonly options: Readonly<Record<string, unknown>>;
  readonly now: () => Date;
  /** 'default' unless changed by `POST /__admin/mode`. */
  readonly mode: () => string;
  /** This sandbox's own base URL, for links in answers; known once it listens. */
  readonly baseUrl: () => string;
  /** Queues an event durably; it is retried as its policy says. Without a subscriber's address it is dropped. */
  readonly deliver: (delivery: WebhookDelivery) => void;
  readonly deliveryPolicy: (name: string, policy: DeliveryPolicy) => void;
  /** Work to do when `POST /__admin/reset` empties the sandbox (rate-limit windows, caches). */
  readonly onReset: (work: () => void) => void;
}

export interface SandboxSettings {
  /** 0 takes a free port. */
  readonly port: number;
  /** SQLite file; without it everything is in memory. */
  readonly dataFile?: string;
  readonly options?: Record<string, unknown>;
  /** Where webhooks go until `PUT /__admin/webhooks` says otherwise. */
  readonly webhookUrl?: string;
  readonly now?: () => Date;
}

export interface RunningSandbox {
  readonly url: string;
  readonly name: string;
  close(): Promise<void>;
}

interface Setting {
  readonly value: string | null;
}

const KEPT_REQUESTS = 1000;

/** Starts one sandbox on the loopback address. Throws when the port is taken or the definition's options are not valid. */
export async function startSandbox(definition: SandboxDefinition, settings: SandboxSettings): Promise<RunningSandbox> {
  const records = openRecords(settings.dataFile);
  const stored = records.collection<Setting>('__settings');
  const now = settings.now ?? (() => new Date());
  const mode = (): string => stored.get('mode')?.value ?? 'default';
  const webhookUrl = (): string | undefined => {
    const set = stored.get('webhookUrl');
    return set === undefined ? settings.webhookUrl : (set.value ?? undefined);
  };
  const deliveries = deliveryQueue(records, webhookUrl, now);
  const root = fastify({
    logger: false,
    bodyLimit: 32 * 1024 * 1024,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 2000 },
  });
  const requests: LoggedRequest[] = [];
  const resets: (() => void)[] = [];
  let baseUrl = '';

  root.addHook('onResponse', async (request, reply) => logRequest(request.method, request.url, reply.statusCode, request.fault));
  root.addHook('onRequestAbort', async (request) => logRequest(request.method, request.url, 0, request.fault));
  // A vendor dates its answers by its own clock.
  root.addHook('onRequest', async (_request, reply) => void reply.raw.setHeader('date', now().toUTCString()));
  installBodies(root);
  const faults = installFaults(root, definition.faultAnswers, now);

  const context = (app: FastifyInstance): SandboxContext => ({
    app,
    records,
    options: settings.options ?? {},
    now,
    mode,
    baseUrl: () => baseUrl,
    deliver: (delivery) => deliveries.deliver(delivery),
    deliveryPolicy: (name, policy) => deliveries.policy(name, policy),
    onReset: (work) => void resets.push(work),
  });
  let vendor: SandboxContext | undefined;

  function logRequest(method: string, url: string, status: number, fault: string | undefined): void {
    if (url.startsWith('/__admin')) return;
    requests.push({ at: now().toISOString(), method, url, status, ...(fault === undefined ? {} : { fault }) });
    if (requests.length > KEPT_REQUESTS) requests.shift();
  }

  function fillWhenEmpty(): void {
    if (vendor === undefined || stored.get('filled') !== undefined) return;
    definition.initialRecords?.(vendor);
    stored.put('filled', { value: now().toISOString() });
  }

  await root.register(async (app) => {
    installAdmin(app, {
      title: definition.title,
      records,
      faults,
      deliveries,
      requests: () => requests,
      webhookUrl,
      setWebhookUrl: (url) => stored.put('webhookUrl', { value: url ?? null }),
      mode,
      modes: ['default', ...(definition.modes ?? [])],
      setMode: (value) => stored.put('mode', { value }),
      seed(collection, record, notify) {
        if (vendor === undefined) throw new Error('the sandbox is not ready yet; try again');
        return definition.seed === undefined
          ? seedPlainly(records, collection, record)
          : definition.seed(vendor, collection, record, notify);
      },
      reset() {
        const url = stored.get('webhookUrl');
        records.reset();
        if (url !== undefined) stored.put('webhookUrl', url);
        faults.clear();
        requests.splice(0);
        for (const work of resets) work();
        fillWhenEmpty();
      },
    });
  });
  await root.register(async (app) => {
    vendor = context(app);
    await definition.register(vendor);
    fillWhenEmpty();
  });

  baseUrl = await root.listen({ port: settings.port, host: '127.0.0.1' });
  deliveries.start();

  return {
    url: baseUrl,
    name: definition.name,
    async close() {
      deliveries.close();
      await root.close();
      records.close();
    },
  };
}

function seedPlainly(records: RecordStore, collection: string, record: Record<string, unknown>): string {
  const given = record['id'];
  const id = typeof given === 'string' || typeof given === 'number' ? String(given) : String(records.nextId(collection));
  records.collection(collection).put(id, { ...record, id });
  return id;
}
