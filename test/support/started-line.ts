import { spawn, type ChildProcess } from 'node:child_process';
import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { z } from 'zod';
import { readEndpoints, type Endpoints } from '../../connectors/addresses.ts';
import { projectFolder } from '../../scripts/data-folder.ts';
import { endLeftovers } from '../../scripts/leftovers.ts';
import { loadTemporalConfig } from '../../scripts/temporal-server/config.ts';
import { busyPorts, portsFor } from '../../scripts/ports.ts';
import { sellInHubSpot } from '../../starters/story/hubspot.ts';
import { sellInSalesforce } from '../../starters/story/salesforce.ts';
import type { SampleDeal } from '../../starters/story/sample-deals.ts';
import type { DealReference } from '../../domain/process/deal-process.ts';
import { openStore, type Store } from '../../store/database.ts';
import { sandboxAdmin } from '../connectors/conformance/admin.ts';
import { inventoryOf, type Inventory } from './inventory.ts';

export type PartName = 'server' | 'store' | 'sandbox' | 'worker' | 'gateway';

/** The whole line as `npm start` runs it, each part a process of its own, in a data folder of its own. */
export interface StartedLine {
  readonly dataDir: string;
  /** What the user has seen so far. */
  output(): string;
  untilSaid(what: string, limitMs: number): Promise<void>;
  /** Opened when first used; closed with the line. */
  store(): Promise<Store>;
  temporal(): Promise<Client>;
  endpoints(): Promise<Endpoints>;
  sell(sale: SampleDeal): Promise<DealReference>;
  inventory(clientNames: readonly string[]): Promise<Inventory[]>;
  /** SIGKILL, as the machine's out-of-memory killer sends it. @returns false where the part was not running */
  kill(part: PartName): Promise<boolean>;
  /** SIGKILL for the start process and all its parts at once, as a power cut. */
  killAll(): Promise<void>;
  startAgain(): Promise<void>;
  stop(): Promise<void>;
}

const LIMITS_RAISED = JSON.stringify({ harvest: { requestsPerWindow: null }, hubspot: { requestsPerTenSeconds: 100_000, searchesPerSecond: 1000 } });
const runRecord = z.object({ parts: z.array(z.object({ name: z.string(), pid: z.int() })) });

/** Starts `npm start` as a user does; ends once everything is ready. */
export async function startLine(): Promise<StartedLine> {
  const dataDir = await mkdtemp(join(tmpdir(), 'q2c-line-'));
  const offset = await freeOffset();
  const closing: (() => Promise<void>)[] = [];
  let said = '';
  let child: ChildProcess | undefined;
  let store: Store | undefined;
  let client: Client | undefined;

  async function start(): Promise<void> {
    said = '';
    const started = spawn(process.execPath, [join(projectFolder, 'scripts', 'start.ts'), '--port-offset', String(offset)], {
      cwd: projectFolder,
      env: { ...withoutAddresses(), Q2C_DATA_DIR: dataDir, Q2C_SANDBOX_OPTIONS: LIMITS_RAISED },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    for (const stream of [started.stdout, started.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
    await untilSaid('Everything is ready', 90_000);
  }

  async function untilSaid(what: string, limitMs: number): Promise<void> {
    const end = Date.now() + limitMs;
    while (!said.includes(what)) {
      if (child === undefined || child.exitCode !== null || Date.now() > end) throw new Error(`npm start never said "${what}"; it said:\n${said}`);
      await delay(50);
    }
  }

  async function pidOf(part: PartName): Promise<number | undefined> {
    const text = await readFile(join(dataDir, 'pids.json'), 'utf8').catch(() => undefined);
    return text === undefined ? undefined : runRecord.parse(JSON.parse(text)).parts.find(({ name }) => name === part)?.pid;
  }

  async function kill(part: PartName): Promise<boolean> {
    const pid = await pidOf(part);
    return pid !== undefined && killed(pid);
  }

  async function close(): Promise<void> {
    for (const one of closing.splice(0)) await one();
    store = undefined;
    client = undefined;
  }

  const endpoints = () => readEndpoints(dataDir);
  const stateOf = async (system: string) => {
    const url = (await endpoints()).sandbox[system]?.url ?? '';
    return await sandboxAdmin(() => url).state();
  };

  await start();
  return {
    dataDir,
    output: () => said,
    untilSaid,
    endpoints,
    async store() {
      if (store !== undefined) return store;
      const opened = openStore((await endpoints()).store?.url ?? '', { applicationName: 'test', connections: 2 });
      closing.push(() => opened.close());
      return (store = opened);
    },
    async temporal() {
      if (client !== undefined) return client;
      const { temporal } = await endpoints();
      const connection = await Connection.connect({ address: temporal?.address ?? '' });
      closing.push(() => connection.close());
      return (client = new Client({ connection, namespace: temporal?.namespace ?? 'default' }));
    },
    async sell(sale) {
      const sandbox = (await endpoints()).sandbox[sale.crm];
      const sellIn = sale.crm === 'salesforce' ? sellInSalesforce : sellInHubSpot;
      return { crm: sale.crm, opportunityId: await sellIn(sandbox?.url ?? '', sandbox?.['credentials'], sale) };
    },
    async inventory(clientNames) {
      const [netsuite, harvest] = [await stateOf('netsuite'), await stateOf('harvest')];
      return clientNames.map((name) => inventoryOf(netsuite, harvest, name));
    },
    kill,
    async killAll() {
      const pids = (await Promise.all((['server', 'store', 'sandbox', 'worker', 'gateway'] as const).map(pidOf))).filter((pid) => pid !== undefined);
      await close();
      for (const pid of [child?.pid, ...pids]) if (pid !== undefined) killed(pid);
      await ended(child);
    },
    startAgain: start,
    async stop() {
      await close();
      child?.kill('SIGINT');
      const orderly = await Promise.race([ended(child).then(() => true), delay(30_000, false, { ref: false })]);
      if (!orderly) child?.kill('SIGKILL');
      await endLeftovers(dataDir);
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function killed(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}

async function ended(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => child.once('exit', () => resolve()));
}

/** A start of its own: what other suites of this run have put into the environment would lead it to their servers. */
function withoutAddresses(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(TEMPORAL_|Q2C_|DATABASE_URL|PORT$)/.test(name) || name === 'Q2C_CACHE_DIR'));
}

/** An offset at which all ports are free now. */
async function freeOffset(): Promise<number> {
  const config = loadTemporalConfig();
  for (;;) {
    const offset = 10_000 + Math.floor(Math.random() * 20_000);
    const ports = portsFor(config, offset);
    if ((await busyPorts(ports, ['temporal', 'ui', 'temporalMetrics', 'store', 'gateway', 'console', 'salesforce', 'hubspot', 'netsuite', 'harvest', 'workerMetrics'])).length === 0) return offset;
  }
}
