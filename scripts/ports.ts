import { createServer } from 'node:net';
import { z } from 'zod';
import { FIRST_SANDBOX_PORT, SANDBOX_NAMES, SANDBOX_PORT_OFFSETS, type SandboxName } from '../sandbox/names.ts';
import type { TemporalDevConfig } from './temporal-server/config.ts';

/** Where each part listens on 127.0.0.1; the sandboxes' ports come from sandbox/names.ts, Temporal's own three from temporal-dev.yaml. */
const fixedPorts = { store: 5433, gateway: 8080, console: 8090, tryton: FIRST_SANDBOX_PORT + 4, workerMetrics: 9464 } as const;

export type PortName = keyof typeof fixedPorts | SandboxName | 'temporal' | 'ui' | 'temporalMetrics';
export type Ports = Readonly<Record<PortName, number>>;

const offsetSchema = z.coerce.number().int().min(0).max(50_000);
const portsSchema = z.record(z.enum(['temporal', 'ui', 'temporalMetrics', 'store', 'gateway', 'console', 'tryton', 'workerMetrics', ...SANDBOX_NAMES]), z.int());

/** All ports shifted by `offset`, so that a second installation, a test or a build machine does not collide with the first. */
export function portsFor(config: Pick<TemporalDevConfig, 'ports'>, offset = 0): Ports {
  const sandboxes = SANDBOX_NAMES.map((name): [string, number] => [name, FIRST_SANDBOX_PORT + SANDBOX_PORT_OFFSETS[name]]);
  const ports = { temporal: config.ports.frontend, ui: config.ports.ui, temporalMetrics: config.ports.metrics, ...fixedPorts, ...Object.fromEntries(sandboxes) };
  const shifted = portsSchema.parse(Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, port + offset])));
  const tooHigh = Object.entries(shifted).filter(([, value]) => value > 65_535);
  if (tooHigh.length > 0) throw new Error(`The port offset ${offset} moves ${tooHigh.map(([name]) => name).join(', ')} past 65535; choose a smaller one`);
  return shifted;
}

/**
 * The offset asked for by `--port-offset N`, else by Q2C_PORT_OFFSET, else 0.
 * @throws Error when it is not a whole number from 0 to 50000.
 */
export function portOffset(option: string | undefined, environment: Readonly<Record<string, string | undefined>> = process.env): number {
  const text = option ?? environment['Q2C_PORT_OFFSET'];
  if (text === undefined || text === '') return 0;
  const parsed = offsetSchema.safeParse(text);
  if (!parsed.success) throw new Error(`The port offset must be a whole number from 0 to 50000, not "${text}"`);
  return parsed.data;
}

export function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** A port that nobody uses now; somebody else may take it before the caller does. */
export function freePort(host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port: 0, host }, () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('No free port'))));
    });
  });
}

/** Those of the named ports that somebody else listens on. */
export async function busyPorts(ports: Ports, names: readonly PortName[]): Promise<PortName[]> {
  const free = await Promise.all(names.map((name) => isPortFree(ports[name])));
  return names.filter((_, index) => free[index] === false);
}
