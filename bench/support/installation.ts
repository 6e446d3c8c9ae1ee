import { loadTemporalConfig } from '../../scripts/temporal-server/config.ts';
import { busyPorts, isPortFree, portsFor, type PortName, type Ports } from '../../scripts/ports.ts';

const NEEDED: readonly PortName[] = ['store', 'gateway', 'salesforce', 'hubspot', 'netsuite', 'harvest', 'workerMetrics'];

/** Ports for a whole installation that nobody uses now. @throws Error where none are found */
export async function freePorts(): Promise<{ readonly offset: number; readonly ports: Ports }> {
  const config = loadTemporalConfig();
  for (let attempt = 0; attempt < 50; attempt += 1) {
    // Below 32768, where the kernel's own choice of ports for outgoing connections begins.
    const offset = 10_000 + Math.floor(Math.random() * 12_000);
    const ports = portsFor(config, offset);
    if ((await busyPorts(ports, NEEDED)).length === 0) return { offset, ports };
  }
  throw new Error('no free ports were found in 50 attempts');
}

/** Ports for servers that are started again on the same ones: below those the kernel gives to outgoing connections. @throws Error where none are found */
export async function lastingPorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let attempt = 0; attempt < 200 && found.size < count; attempt += 1) {
    const port = 23_000 + Math.floor(Math.random() * 9_000);
    if (await isPortFree(port)) found.add(port);
  }
  if (found.size < count) throw new Error(`${count} free ports were not found in 200 attempts`);
  return [...found];
}
