import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedStore } from '../../../scripts/store-server/embedded.ts';
import { lastingPorts } from '../../support/installation.ts';
import { killProcess, startNode } from '../../support/processes.ts';
import type { PeerSettings } from '../peers/application.ts';
import { prepareMonth } from '../month.ts';
import { createPeerTables } from '../books.ts';
import type { Ground, RunningEngine } from './engine.ts';
import { sizeOf } from './files.ts';

/** The server of an engine that has one: its data stay in its folder from start to start. */
export interface EngineServer {
  readonly pid: number;
  stop(): Promise<void>;
}

export interface PeerDefinition {
  readonly name: string;
  readonly file: string;
  /** Prepares what the engine needs, and says how its server is started, as often as it is. */
  prepare(place: { readonly dataDir: string; readonly storeUrl: string; readonly tell: (line: string) => void }): Promise<{
    /** For the application. */
    readonly engine: Readonly<Record<string, string>>;
    startServer?(): Promise<EngineServer>;
    /** Once the application answers. */
    introduce?(): Promise<void>;
    /** Files and folders that are the engine's own store. */
    readonly keeps: readonly string[];
  }>;
}

/** A peer's application with its database and its engine's server, each a process of its own. */
export async function startPeer({ name, file, prepare }: PeerDefinition, ground: Ground): Promise<RunningEngine> {
  const dataDir = await mkdtemp(join(tmpdir(), `q2c-bench-${name}-`));
  const ending: (() => Promise<void>)[] = [() => rm(dataDir, { recursive: true, force: true, maxRetries: 5 })];
  const stop = async () => {
    for (const end of ending.splice(0).toReversed()) await end().catch((error: unknown) => ground.tell(`${name} could not be ended in order: ${String(error)}`));
  };
  try {
    const store = await startEmbeddedStore(dataDir, 0);
    ending.push(() => store.stop());
    await prepareMonth(store.url, ground.month);
    await createPeerTables(store.url);
    const watch = new pg.Client({ connectionString: store.url, application_name: 'bench' });
    watch.on('error', () => undefined);
    await watch.connect();
    ending.push(() => watch.end());
    const { engine, startServer, introduce, keeps } = await prepare({ dataDir, storeUrl: store.url, tell: ground.tell });
    const [port = 0] = await lastingPorts(1);
    const settings: PeerSettings = { port, storeUrl: store.url, asOf: ground.month.asOf, erp: ground.erp, engine: { ...engine } };
    const address = `http://127.0.0.1:${settings.port}`;

    const startApplication = () => startNode({ name, file, dataDir, environment: { NODE_ENV: 'production', PEER_SETTINGS: JSON.stringify(settings) }, ready: async () => (await (await fetch(address)).text()) === 'ready' });
    let server = await startServer?.();
    ending.push(async () => server?.stop());
    let application = await startApplication();
    ending.push(() => application.stop());
    await introduce?.();

    return {
      storeUrl: store.url,
      pids: () => ({ store: store.pid, application: application.pid, ...(server === undefined ? {} : { server: server.pid }) }),
      async send(_batch, sheets) {
        const answer = await fetch(`${address}/timesheets`, { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body: sheets.map(({ sheet }) => `${JSON.stringify(sheet)}\n`).join('') });
        const text = await answer.text();
        if (!answer.ok) throw new Error(`${name} does not take the timesheets: ${answer.status} ${text}`);
      },
      async finished() {
        const { rows } = await watch.query<{ count: number }>('select count(*)::int as count from peer_done');
        return rows[0]?.count ?? 0;
      },
      async storedBytes() {
        const { rows } = await watch.query<{ bytes: string }>('select sum(pg_database_size(oid)) as bytes from pg_database');
        const sizes = await Promise.all(keeps.map(sizeOf));
        return sizes.reduce((sum, size) => sum + size, Number(rows[0]?.bytes ?? 0));
      },
      async crash() {
        await killProcess(application.pid);
        if (server !== undefined) await killProcess(server.pid);
        server = await startServer?.();
        application = await startApplication();
        await introduce?.();
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
