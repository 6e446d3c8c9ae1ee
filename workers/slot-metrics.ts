import { Counter, Gauge } from 'prom-client';
import { httpRegistry } from '../connectors/http/metrics.ts';

export interface SlotsOfSystem {
  readonly system: string;
  readonly configured: number;
  /** Over all workers, for now. */
  readonly limit: number;
  /** Of this worker. */
  readonly held: number;
  readonly busy: number;
  readonly waiting: number;
}

const sources = new Set<() => readonly SlotsOfSystem[]>();
const registers = [httpRegistry];

new Gauge({
  name: 'q2c_system_slots_allowed',
  help: 'Calls at once to a system over all workers: as configured, and as it takes for now, which is less after it refused for too many',
  labelNames: ['system', 'of'],
  registers,
  collect() {
    this.reset();
    for (const { system, configured, limit } of [...sources].flatMap((source) => source())) {
      this.set({ system, of: 'configured' }, configured);
      this.set({ system, of: 'now' }, limit);
    }
  },
});
new Gauge({
  name: 'q2c_system_slots',
  help: 'Slots of a system that this worker has leased and uses, and calls that wait for one',
  labelNames: ['system', 'state'],
  registers,
  collect() {
    this.reset();
    for (const { system, held, busy, waiting } of [...sources].flatMap((source) => source())) {
      this.inc({ system, state: 'held' }, held);
      this.inc({ system, state: 'busy' }, busy);
      this.inc({ system, state: 'waiting' }, waiting);
    }
  },
});
const refusals = new Counter({ name: 'q2c_system_too_many_at_once_total', help: 'Requests a system refused because too many were under way at once', labelNames: ['system'], registers });

const tooFast = new Counter({ name: 'q2c_system_too_many_per_second_total', help: 'Requests a system refused because too many came in a short time', labelNames: ['system'], registers });

/** @returns ends it */
export function watchSlots(source: () => readonly SlotsOfSystem[]): () => void {
  sources.add(source);
  return () => void sources.delete(source);
}

export function countTooManyAtOnce(system: string): void {
  refusals.inc({ system });
}

export function countTooManyPerSecond(system: string): void {
  tooFast.inc({ system });
}
