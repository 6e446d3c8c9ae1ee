import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Circuit } from './circuit.ts';
import { knownClients } from './clients.ts';
import { clocksAhead } from './clock-skew.ts';

/** What the connectors of this process did, for whoever scrapes it: one registry for all systems. */
export const httpRegistry = new Registry();
const registers = [httpRegistry];

const requests = new Histogram({
  name: 'q2c_system_request_seconds',
  help: 'Seconds of a request to a system, by its answer: a status, or why there was none',
  labelNames: ['system', 'method', 'answer'],
  buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  registers,
});
const tokens = new Counter({ name: 'q2c_system_tokens_refused_total', help: 'Requests whose token a system refused', labelNames: ['system'], registers });
const CIRCUIT = { closed: 0, half_open: 1, open: 2 } as const;
new Gauge({
  name: 'q2c_system_circuit',
  help: 'Whether a system is called: 0 yes, 1 one probe at a time, 2 not for a moment as it kept failing',
  labelNames: ['system'],
  registers,
  collect() {
    this.reset();
    for (const [system, state] of circuitStates()) this.set({ system }, CIRCUIT[state.state]);
  },
});
new Gauge({
  name: 'q2c_system_requests_waiting',
  help: 'Requests that wait for their turn within a system\'s limits',
  labelNames: ['system'],
  registers,
  collect() {
    this.reset();
    for (const { limit: { system }, budget } of knownClients()) this.inc({ system }, budget.state().waiting);
  },
});

new Gauge({
  name: 'q2c_system_requests_per_second',
  help: 'Requests per second to a system over all processes: as configured, and as allowed now, which is less after it refused for too many; none where any number may go',
  labelNames: ['limit', 'of'],
  registers,
  collect() {
    this.reset();
    for (const { limit: { name: limit }, budget } of knownClients()) {
      const { configured, now } = budget.state().perSecond;
      if (configured !== null) this.set({ limit, of: 'configured' }, configured);
      if (now !== null) this.set({ limit, of: 'now' }, now);
    }
  },
});
new Gauge({
  name: 'q2c_system_vendor_requests',
  help: 'Requests of a window as the vendor counts them: its limit, and what remains by what it told this process last, less what was sent since',
  labelNames: ['limit', 'window', 'of'],
  registers,
  collect() {
    this.reset();
    for (const { limit: { name: limit }, budget } of knownClients()) {
      for (const { name, limit: most, remaining } of budget.state().windows) {
        this.set({ limit, window: name, of: 'limit' }, most);
        this.set({ limit, window: name, of: 'remaining' }, remaining);
      }
    }
  },
});

new Gauge({
  name: 'q2c_system_clock_ahead_seconds',
  help: 'Seconds by which our clock is ahead of a system\'s (negative: behind), as its newest answer was dated',
  labelNames: ['system'],
  registers,
  collect() {
    this.reset();
    for (const [system, ms] of clocksAhead()) this.set({ system }, Math.round(ms / 1000));
  },
});

/** The worst circuit of each system: one may have several hosts. */
export function circuitStates(): ReadonlyMap<string, ReturnType<Circuit['state']>> {
  const worst = new Map<string, ReturnType<Circuit['state']>>();
  for (const { limit: { system }, circuit } of knownClients()) {
    const state = circuit.state();
    const before = worst.get(system);
    if (before === undefined || CIRCUIT[state.state] > CIRCUIT[before.state]) worst.set(system, state);
  }
  return worst;
}

export function observeRequest(system: string, method: string, answer: number | string, seconds: number): void {
  requests.observe({ system, method, answer: String(answer) }, seconds);
}

export function countRefusedToken(system: string): void {
  tokens.inc({ system });
}
