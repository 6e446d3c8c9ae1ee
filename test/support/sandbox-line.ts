import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Client, WorkflowNotFoundError } from '@temporalio/client';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { pino } from 'pino';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import type { Endpoints } from '../../connectors/addresses.ts';
import type { TraceExport } from '../../connectors/http/trace-export.ts';
import type { FirmConfig } from '../../domain/config/schema.ts';
import type { Opportunity } from '../../domain/model/opportunity.ts';
import { changeOrderId, closedWonId, type DealReference } from '../../domain/process/deal-process.ts';
import type { Resolution, ResolutionAnswer } from '../../domain/process/exception-case.ts';
import { startSandboxes, type RunningSandboxes } from '../../sandbox/all.ts';
import { generateCredentials, type Credentials } from '../../sandbox/credentials.ts';
import { sandboxesBehind, type SandboxName } from '../../sandbox/names.ts';
import type { TrytonLogin } from '../../scripts/tryton/rpc.ts';
import { activateFirmConfig } from '../../starters/config/activate.ts';
import { storeInbox } from '../../starters/gateway/inbox.ts';
import { createGateway } from '../../starters/gateway/server.ts';
import { startRelay } from '../../starters/relay/relay.ts';
import { dealStatus } from '../../starters/status/deal-status.ts';
import { sellInHubSpot } from '../../starters/story/hubspot.ts';
import { clientInterceptors } from '../../starters/traced-client.ts';
import { sellInSalesforce } from '../../starters/story/salesforce.ts';
import type { SampleDeal } from '../../starters/story/sample-deals.ts';
import { casesOf, type CaseRow } from '../../store/cases.ts';
import type { Store } from '../../store/database.ts';
import { dealProcess, type DealProcessRow } from '../../store/deal-processes.ts';
import { inboxDepth } from '../../store/inbox-relay.ts';
import { canonicalJson, sha256 } from '../../store/json.ts';
import { startWorkers } from '../../workers/fleet.ts';
import { createSystems } from '../../workers/systems.ts';
import { resolveUpdate } from '../../workflows/contracts/exception-case.ts';
import { theFirm } from '../builders/firm.ts';
import { sandboxAdmin } from '../connectors/conformance/admin.ts';
import { freshStore } from '../store/support.ts';
import { inventoryOf, type Inventory } from './inventory.ts';
import { theBundle, theTemporalServer } from './temporal.ts';
import { until } from './until.ts';

export type Admin = ReturnType<typeof sandboxAdmin>;

export interface SandboxLine {
  readonly store: Store;
  readonly client: Client;
  readonly credentials: Credentials;
  readonly endpoints: Endpoints & { readonly store: { readonly url: string } };
  readonly gatewayUrl: string;
  /** The firm as the line started with it. */
  readonly firm: FirmConfig;
  url(system: SandboxName): string;
  admin(system: SandboxName): Admin;
  activate(config: FirmConfig): Promise<void>;
  /** A seller enters the deal in her CRM and closes it as won. */
  sell(sale: SampleDeal): Promise<DealReference>;
  /** A person changes records in the vendor's own pages; the vendor tells of it by its webhook. */
  changeByHand(system: SandboxName, records: Readonly<Record<string, readonly object[]>>): Promise<void>;
  /** Whether the vendor's events reach the gateway. */
  setWebhooks(system: SandboxName, on: boolean): Promise<void>;
  /** Sends a deal to POST /v1/deals, signed as Standard Webhooks lays down. @returns its reference and the answer */
  post(deal: Opportunity): Promise<{ readonly deal: DealReference; readonly status: number }>;
  /** Events that come in wait in the inbox until the relay runs again. */
  pauseRelay(): Promise<void>;
  resumeRelay(): void;
  /** Waits until every event has been relayed and no process of the deal runs. */
  quiet(deal: DealReference): Promise<void>;
  readonly until: typeof until;
  /** Waits until the deal has come to an end (or to this one). @throws Error with its status when it does not in time, milliseconds */
  ended(deal: DealReference, state?: DealProcessRow['state'], limitMs?: number): Promise<DealProcessRow>;
  /** What NetSuite and Harvest hold for a client, by its name. */
  inventory(clientName: string): Promise<Inventory>;
  openCase(deal: DealReference, code?: string): Promise<CaseRow>;
  casesOf(deal: DealReference): Promise<CaseRow[]>;
  /** A person resolves a case. @throws AssertionError where the answer is refused */
  resolve(caseId: string, resolution: Resolution): Promise<ResolutionAnswer>;
  /** The same, where the case may have been closed in the meantime, or closes while it is answered. */
  tryToResolve(caseId: string, resolution: Resolution): Promise<ResolutionAnswer | 'closed'>;
  stop(): Promise<void>;
}

export interface SandboxLineSettings {
  /** What the firm's configuration has otherwise; the limits are raised already. */
  readonly change?: (config: FirmConfig) => FirmConfig;
  /** Folders under config/overlays/: which systems the line runs on. */
  readonly overlays?: readonly string[];
  /** The moment at which time is judged; now unless told. */
  readonly now?: () => Date;
  /** A Tryton that runs beside the sandboxes, where `npm start` would have its own. */
  readonly tryton?: TrytonLogin;
  /** Where spans go, and workflows bundled with what carries a trace through them. */
  readonly traces?: { readonly to: TraceExport; readonly bundle: WorkflowBundleWithSourceMap };
}

/** The whole line in one process: the vendors' sandboxes, the gateway, its relay and the workers with the real connectors, on a real Temporal server and a real store. */
export async function startSandboxLine({ change = (config) => config, overlays = [], now, tryton, traces }: SandboxLineSettings = {}): Promise<SandboxLine> {
  const { client, connection } = await theTemporalServer();
  const store = await freshStore();
  const credentials = { ...generateCredentials(), ...(tryton === undefined ? {} : { tryton: { database: tryton.database, user: tryton.user, password: tryton.password } }) };
  const log = pino({ level: process.env['Q2C_TEST_LOG'] ?? 'silent' });
  const gateway = createGateway({ inbox: storeInbox(store.db), credentials, now: () => new Date(), log, traced: traces !== undefined });
  const gatewayUrl = await gateway.listen({ host: '127.0.0.1', port: 0 });
  const relaysClient = traces === undefined ? client : new Client({ connection, namespace: client.options.namespace, interceptors: await clientInterceptors(traces.to) });
  const relaying = () => startRelay({ store, client: relaysClient, log, name: `relay-${randomUUID()}` });
  let relay: ReturnType<typeof startRelay> | undefined = relaying();
  const firm = change(withoutLimits((await theFirm(overlays)).config));
  const sandboxes: RunningSandboxes = await startSandboxes({
    credentials,
    only: sandboxesBehind(firm.systems.map(({ address }) => address)),
    webhookBaseUrl: gatewayUrl,
    options: { harvest: { requestsPerWindow: null }, hubspot: { requestsPerTenSeconds: 100_000, searchesPerSecond: 1000 }, netsuite: { concurrencyLimit: 100 }, clockify: { requestsPerSecond: null }, kantata: { requestsPerSecond: null } },
  });
  const endpoints = {
    gateway: { url: gatewayUrl },
    store: { url: store.url },
    sandbox: Object.fromEntries([...sandboxes.running, ...(tryton === undefined ? [] : [{ name: 'tryton', url: tryton.url }])].map(({ name, url }) => [name, { url, credentials: z.record(z.string(), z.unknown()).parse(Reflect.get(credentials, name) ?? {}) }])),
  };
  const activate = async (config: FirmConfig) => {
    await activateFirmConfig({ store, client, config, hash: sha256(canonicalJson(config)), files: [], by: 'test' });
  };
  await activate(firm);
  const workers = await startWorkers({
    databaseUrl: store.url,
    identity: randomUUID(),
    port: null,
    log,
    workflowBundle: traces?.bundle ?? (await theBundle()),
    traces: traces?.to,
    ...(now === undefined ? {} : { now }),
    systemsOf: (config, usedStore) => createSystems(config, { store: usedStore, log, secrets: async () => Promise.resolve(credentials), endpoints: async () => Promise.resolve(endpoints) }),
  });

  const allCases = async (deal: DealReference) => [...(await casesOf(store.db, closedWonId(deal))), ...(await casesOf(store.db, changeOrderId(deal)))];
  const explained = async <T>(deal: DealReference, waiting: Promise<T>): Promise<T> => {
    try {
      return await waiting;
    } catch (error) {
      throw new Error(`${String(error)}\n${JSON.stringify(await dealStatus({ store, client, endpoints }, deal), null, 1)}`);
    }
  };
  const answer = (caseId: string, resolution: Resolution): Promise<ResolutionAnswer> => client.workflow.getHandle(caseId).executeUpdate(resolveUpdate, { args: [resolution] });
  const admins = new Map<SandboxName, Admin>();
  const adminOf = (system: SandboxName): Admin => {
    const admin = admins.get(system) ?? sandboxAdmin(() => sandboxes.url(system));
    admins.set(system, admin);
    return admin;
  };

  return {
    store,
    client,
    credentials,
    endpoints,
    gatewayUrl,
    firm,
    url: (system) => sandboxes.url(system),
    admin: adminOf,
    activate,
    async sell(sale) {
      const sellIn = sale.crm === 'salesforce' ? sellInSalesforce : sellInHubSpot;
      return { crm: sale.crm, opportunityId: await sellIn(sandboxes.url(sale.crm), credentials[sale.crm], sale) };
    },
    async changeByHand(system, records) {
      await command(`${sandboxes.url(system)}/__admin/seed?notify=true`, 'POST', records);
    },
    async setWebhooks(system, on) {
      await command(`${sandboxes.url(system)}/__admin/webhooks`, 'PUT', { url: on ? `${gatewayUrl}/webhooks/${system}` : null });
    },
    async post(deal) {
      const body = JSON.stringify(deal);
      const id = `msg_${randomUUID()}`;
      const at = new Date();
      const signature = new Webhook(credentials.canonical.signingSecret).sign(id, at, body);
      const answer = await fetch(`${gatewayUrl}/v1/deals`, { method: 'POST', headers: { 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': String(Math.floor(at.getTime() / 1000)), 'webhook-signature': signature }, body });
      return { deal: { crm: 'canonical', opportunityId: deal.id }, status: answer.status };
    },
    async pauseRelay() {
      await relay?.stop();
      relay = undefined;
    },
    resumeRelay() {
      relay ??= relaying();
    },
    quiet: (deal) =>
      explained(deal, until('nothing of the deal is under way', async () => {
        if ((await inboxDepth(store.db)).received > 0) return false;
        const running = await Promise.all([closedWonId(deal), changeOrderId(deal)].map((workflowId) => isRunning(client, workflowId)));
        return !running.includes(true);
      }).then(() => undefined)),
    until,
    ended: (deal, state, limitMs) =>
      explained(deal, until(`${deal.crm}/${deal.opportunityId} is ${state ?? 'at an end'}`, async () => {
        const row = await dealProcess(store.db, deal);
        return row !== undefined && (state === undefined ? row.state === 'activated' || row.state === 'aborted' : row.state === state) && row;
      }, limitMs)),
    async inventory(clientName) {
      return inventoryOf(await adminOf('netsuite').state(), await adminOf('harvest').state(), clientName);
    },
    casesOf: allCases,
    openCase: (deal, code) => explained(deal, until(`a case ${code ?? ''} is open`, async () => (await allCases(deal)).find((row) => row.state === 'open' && (code === undefined || row.code === code)))),
    async tryToResolve(caseId, resolution) {
      try {
        return await answer(caseId, resolution);
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return 'closed';
        throw error;
      }
    },
    async resolve(caseId, resolution) {
      const given = await answer(caseId, resolution);
      assert.ok(given.accepted, given.message);
      return given;
    },
    async stop() {
      await workers.stop();
      await relay?.stop();
      await gateway.close();
      await sandboxes.close();
      await store.close();
    },
  };
}

async function command(url: string, method: string, body: object): Promise<void> {
  const answer = await fetch(url, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
}

async function isRunning(client: Client, workflowId: string): Promise<boolean> {
  try {
    return (await client.workflow.getHandle(workflowId).describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** The vendors' limits only make a test slow: the sandboxes and the queues that keep to them have tests of their own. */
export function withoutLimits(config: FirmConfig): FirmConfig {
  return { ...config, systems: config.systems.map((system) => ({ ...system, limits: { ...system.limits, requestsPerSecond: null } })) };
}
