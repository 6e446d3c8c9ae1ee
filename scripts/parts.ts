import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { activateFiles } from './activate-config.ts';
import { cacheFolder, type Progress } from './commands.ts';
import { projectFolder } from './data-folder.ts';
import { endpointsFile } from './endpoints.ts';
import type { SandboxName } from '../sandbox/names.ts';
import type { PortName, Ports } from './ports.ts';
import { acceptsTcp, answersHttp } from './probes.ts';
import { finishStore, prepareStore } from './store-server/embedded.ts';
import type { Part } from './supervisor.ts';
import { toArguments, type TemporalDevConfig } from './temporal-server/config.ts';
import { alignNamespace, temporalAnswers } from './temporal-server/namespace.ts';
import { obtainTemporalServer } from './temporal-server/obtain.ts';
import { prepareTryton } from './tryton/tryton.ts';
import { WORKER_NODE_FLAGS } from '../workers/node-flags.ts';

export interface PartSettings {
  readonly dataDir: string;
  readonly ports: Ports;
  readonly portOffset: number;
  readonly config: TemporalDevConfig;
  readonly progress: Progress;
  /** Named by the environment, so no local server is started. */
  readonly externalTemporal: { readonly address: string; readonly namespace: string } | undefined;
  /** DATABASE_URL, so no embedded store is started. */
  readonly externalStore: string | undefined;
  readonly storeUrl: string;
  readonly tryton: boolean;
  /** Folders of config/overlays/, in the order in which they are laid over the configuration. */
  readonly overlays: readonly string[];
  /** The stand-ins that the configuration names as addresses. */
  readonly sandboxes: readonly SandboxName[];
}

const mainFiles = {
  sandbox: 'sandbox/main.ts',
  worker: 'workers/main.ts',
  gateway: 'starters/gateway/main.ts',
  console: 'console/main.ts',
} as const;

export const consoleExists = existsSync(join(projectFolder, mainFiles.console));

/** The parts of a whole installation, each after those it needs. */
export function partsOf(settings: PartSettings): Part[] {
  const { ports } = settings;
  const local = (port: number, path: string) => `http://127.0.0.1:${port}${path}`;
  return [
    ...(settings.externalTemporal === undefined ? [serverPart(settings)] : []),
    ...(settings.externalStore === undefined ? [storePart(settings)] : []),
    ...(settings.tryton ? [trytonPart(settings)] : []),
    nodePart(settings, 'sandbox', [], async () => (await Promise.all(settings.sandboxes.map((system) => answersHttp(local(ports[system], '/__admin/requests'))))).every(Boolean)),
    workerPart(settings),
    nodePart(settings, 'gateway', ['server', 'store'], () => answersHttp(local(ports.gateway, '/readyz'))),
    ...(consoleExists ? [nodePart(settings, 'console', ['server', 'store'], () => acceptsTcp(ports.console))] : []),
  ];
}

/** The ports that must be free before `partsOf` can be started. */
export function portsUsed(settings: PartSettings): PortName[] {
  return [
    ...(settings.externalTemporal === undefined ? (['temporal', 'ui', 'temporalMetrics'] as const) : []),
    ...(settings.externalStore === undefined ? (['store'] as const) : []),
    ...(settings.tryton ? (['tryton'] as const) : []),
    ...settings.sandboxes,
    'workerMetrics',
    'gateway',
    ...(consoleExists ? (['console'] as const) : []),
  ];
}

function serverPart({ config, ports, dataDir, progress }: PartSettings): Part {
  const shifted = { ...config, ports: { frontend: ports.temporal, ui: ports.ui, metrics: ports.temporalMetrics } };
  const address = `${config.ip}:${ports.temporal}`;
  return {
    name: 'server',
    needs: [],
    readyWithinMs: 60_000,
    launch: async () => {
      const server = await obtainTemporalServer({ version: config.cliVersion, progress, acceptAddress: false });
      if (server.kind !== 'executable') throw new Error('The local Temporal server must be a program');
      return { command: server.path, args: toArguments(shifted, dataDir) };
    },
    ready: () => temporalAnswers(address, config.namespace.name),
    afterReady: async () => {
      const changes = await alignNamespace(address, shifted);
      if (changes.added.length > 0) progress(`  added to the server: search attributes ${changes.added.join(', ')}`);
    },
  };
}

function storePart({ dataDir, ports, storeUrl }: PartSettings): Part {
  return {
    name: 'store',
    needs: [],
    readyWithinMs: 60_000,
    launch: async () => {
      const { url: _url, ...launch } = await prepareStore(dataDir, ports.store);
      return launch;
    },
    ready: () => finishStore(storeUrl),
  };
}

function trytonPart({ dataDir, ports, progress }: PartSettings): Part {
  const tryton = prepareTryton({ cacheDir: cacheFolder(), dataDir, port: ports.tryton, progress });
  return { name: 'tryton', needs: [], readyWithinMs: 60_000, launch: () => tryton.launch(), ready: () => tryton.ready(), afterReady: () => tryton.setUp() };
}

/** A worker works by the active configuration, so the files under config/ are activated before it is started. */
function workerPart(settings: PartSettings): Part {
  const { config, ports, externalTemporal } = settings;
  const part = nodePart(settings, 'worker', ['server', 'store'], () => answersHttp(`http://127.0.0.1:${ports.workerMetrics}/readyz`));
  const localTemporal = externalTemporal === undefined ? { address: `${config.ip}:${ports.temporal}`, namespace: config.namespace.name } : undefined;
  let activated = false;
  return {
    ...part,
    launch: async () => {
      if (!activated) await activateFiles({ databaseUrl: settings.externalStore ?? settings.storeUrl, localTemporal, overlays: settings.overlays });
      activated = true;
      return part.launch();
    },
  };
}

function nodePart(settings: PartSettings, name: keyof typeof mainFiles, needs: readonly string[], ready: () => Promise<boolean>): Part {
  const present = needs.filter((need) => (need === 'server' && settings.externalTemporal === undefined) || (need === 'store' && settings.externalStore === undefined));
  return {
    name,
    needs: present,
    readyWithinMs: 60_000,
    launch: () =>
      Promise.resolve({
        command: process.execPath,
        args: ['--enable-source-maps', ...(name === 'worker' ? WORKER_NODE_FLAGS : []), join(projectFolder, mainFiles[name]), ...(name === 'sandbox' ? ['--only', settings.sandboxes.join(',')] : [])],
        cwd: projectFolder,
        environment: { ...environmentOf(settings), ...(name === 'worker' ? { PORT: String(settings.ports.workerMetrics) } : {}), ...(name === 'gateway' ? { PORT: String(settings.ports.gateway - settings.portOffset) } : {}) },
      }),
    ready,
  };
}

/** What tells a process of ours where the others are; `npm start` takes it on itself before it runs the sample deals. */
export function environmentOf(settings: PartSettings): Record<string, string> {
  const { ports, config } = settings;
  return {
    NODE_ENV: process.env['NODE_ENV'] ?? 'development',
    Q2C_DATA_DIR: settings.dataDir,
    Q2C_ENDPOINTS: endpointsFile(settings.dataDir),
    Q2C_PORT_OFFSET: String(settings.portOffset),
    DATABASE_URL: settings.externalStore ?? settings.storeUrl,
    ...(settings.externalTemporal === undefined ? { TEMPORAL_ADDRESS: `${config.ip}:${ports.temporal}`, TEMPORAL_NAMESPACE: config.namespace.name } : {}),
    ...(settings.tryton ? { Q2C_ERP: 'tryton' } : {}),
  };
}
