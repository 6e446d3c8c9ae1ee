import { join } from 'node:path';
import { z } from 'zod';
import { readCredentials } from './credentials.ts';
import type { SandboxName } from '../sandbox/names.ts';
import type { Ports } from './ports.ts';
import { writePrivateFile } from './supervisor.ts';

const address = z.strictObject({ url: z.string() });

export const endpointsSchema = z.strictObject({
  temporal: z.strictObject({ address: z.string(), namespace: z.string() }),
  /** Absent where the Temporal server is somebody else's. */
  ui: address.optional(),
  gateway: address,
  /** Its health and metrics. */
  worker: address,
  console: address.optional(),
  store: address,
  sandbox: z.record(z.string(), z.strictObject({ url: z.string(), credentials: z.record(z.string(), z.unknown()) })),
});
/** Everything that was started: where it listens and with which test credentials it is used. */
export type Endpoints = z.infer<typeof endpointsSchema>;

export interface EndpointSources {
  readonly dataDir: string;
  readonly ports: Ports;
  readonly temporal: { readonly address: string; readonly namespace: string };
  readonly ownServer: boolean;
  readonly storeUrl: string;
  readonly tryton: boolean;
  readonly sandboxes: readonly SandboxName[];
  readonly console: boolean;
}

export function endpointsFile(dataDir: string): string {
  return join(dataDir, 'endpoints.json');
}

/** Composes the list and writes it to endpoints.json, which only its owner can read. */
export function writeEndpoints(sources: EndpointSources): Endpoints {
  const { ports } = sources;
  const credentials = readCredentials(sources.dataDir);
  const systems = [...sources.sandboxes, ...(sources.tryton ? ['tryton' as const] : [])];
  const local = (port: number) => `http://127.0.0.1:${port}`;
  const endpoints: Endpoints = {
    temporal: { ...sources.temporal },
    ...(sources.ownServer ? { ui: { url: local(ports.ui) } } : {}),
    gateway: { url: local(ports.gateway) },
    worker: { url: local(ports.workerMetrics) },
    ...(sources.console ? { console: { url: local(ports.console) } } : {}),
    store: { url: sources.storeUrl },
    sandbox: Object.fromEntries(systems.map((system) => [system, { url: local(ports[system]), credentials: credentials[system] ?? {} }])),
  };
  writePrivateFile(endpointsFile(sources.dataDir), `${JSON.stringify(endpoints, null, 2)}\n`);
  return endpoints;
}
