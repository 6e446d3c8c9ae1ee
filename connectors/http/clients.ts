import type { Budget } from './budget.ts';
import type { Circuit } from './circuit.ts';
import type { SharedLimit } from './shared-rate.ts';

/** What this process knows of one of its HTTP clients, for metrics and for whoever holds a system's limits over all processes. */
export interface KnownClient {
  readonly limit: SharedLimit;
  readonly circuit: Pick<Circuit, 'state'>;
  readonly budget: Pick<Budget, 'state' | 'squeeze' | 'share' | 'rateChanged'>;
}

/** The newest client of each limit and place (host, and what it is for): connectors are made anew when the configuration or the credentials change. */
const clients = new Map<string, KnownClient>();

export function register(client: KnownClient, place: string): void {
  clients.set(`${client.limit.name} ${place}`, client);
}

export function knownClients(): Iterable<KnownClient> {
  return clients.values();
}
