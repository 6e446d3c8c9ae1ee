import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { RefusalReason } from './problem.ts';

export type EventStatus = 'accepted' | 'duplicate' | 'conflict' | 'quarantined' | 'ignored';

export interface GatewayMetrics {
  readonly contentType: string;
  refused(system: string, reason: RefusalReason): void;
  events(system: string, status: EventStatus, count: number): void;
  /** Documents of time and expenses, by what was answered. */
  records(kind: string, answers: readonly { readonly status: 'received' | 'known' | 'invalid' }[]): void;
  observe(system: string, status: number, seconds: number): void;
  inFlight(count: number): void;
  text(): Promise<string>;
}

/** A registry of its own, so that two gateways in one process do not share counts. */
export function gatewayMetrics(): GatewayMetrics {
  const registers = [new Registry()];
  const [registry = new Registry()] = registers;
  collectDefaultMetrics({ register: registry });
  const refused = new Counter({ name: 'q2c_gateway_refused_total', help: 'Requests refused, by reason', labelNames: ['system', 'reason'], registers });
  const events = new Counter({ name: 'q2c_gateway_events_total', help: 'Events received, by what became of them', labelNames: ['system', 'status'], registers });
  const records = new Counter({ name: 'q2c_gateway_records_total', help: 'Timesheets and expense reports, by what was answered', labelNames: ['kind', 'status'], registers });
  const duration = new Histogram({
    name: 'q2c_gateway_request_seconds',
    help: 'Seconds from the first byte of a delivery to the answer',
    labelNames: ['system', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const inFlight = new Gauge({ name: 'q2c_gateway_in_flight', help: 'Deliveries being worked on', registers });
  return {
    contentType: registry.contentType,
    refused: (system, reason) => refused.inc({ system, reason }),
    events: (system, status, count) => {
      if (count > 0) events.inc({ system, status }, count);
    },
    records: (kind, answers) => {
      for (const status of ['received', 'known', 'invalid'] as const) {
        const count = answers.filter((answer) => answer.status === status).length;
        if (count > 0) records.inc({ kind, status }, count);
      }
    },
    observe: (system, status, seconds) => duration.observe({ system, status: String(status) }, seconds),
    inFlight: (count) => inFlight.set(count),
    text: () => registry.metrics(),
  };
}
