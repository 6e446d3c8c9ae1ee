import { context, diag, DiagLogLevel, propagation, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { detectResourcesSync, envDetectorSync, Resource } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../ports.ts';
import { redact } from '../../domain/redact.ts';
import { guardedExporter } from './trace-guard.ts';
import type { TraceExport } from './trace-export.ts';

const COMPLAIN_EVERY_MS = 60_000;

export interface TraceSettings {
  readonly service: string;
  readonly to: string;
  readonly log: Log;
  readonly stopWithinMs: number;
}

/**
 * Sets up tracing for this process. Spans wait in a bounded queue (OTEL_BSP_MAX_QUEUE_SIZE, 2,048 unless told) and are sent beside the work: while the
 * collector is away they are dropped. Baggage is neither taken nor sent on: what a caller writes there is no vendor's business.
 */
export function exportTraces({ service, to, log, stopWithinMs }: TraceSettings): TraceExport {
  diag.setLogger(complaints(log), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const resource = new Resource({ 'service.name': service }).merge(detectResourcesSync({ detectors: [envDetectorSync] }));
  const processor = new BatchSpanProcessor(guardedExporter(new OTLPTraceExporter(), to));
  const provider = new NodeTracerProvider({ resource, spanProcessors: [processor] });
  provider.register({ propagator: new W3CTraceContextPropagator() });
  return {
    to,
    processor,
    resource,
    async stop() {
      const sent = provider.shutdown().catch((error: unknown) => {
        log.warn({ to, error: redact(String(error)) }, 'the last traces could not be exported');
      });
      await Promise.race([sent, delay(stopWithinMs, undefined, { ref: false })]);
      for (const api of [trace, context, propagation, diag]) api.disable();
    },
  };
}

/** What OpenTelemetry has to say, once a minute at the most: a collector that is away is no reason to fill the log. */
function complaints(log: Log) {
  let quietUntil = 0;
  const complain = (...said: readonly unknown[]): void => {
    if (performance.now() < quietUntil) return;
    quietUntil = performance.now() + COMPLAIN_EVERY_MS;
    log.warn({ said: redact(said.map(String).join(' ')).slice(0, 500) }, 'traces are not exported as they should be; nothing else waits for it');
  };
  const nothing = () => undefined;
  return { error: complain, warn: complain, info: nothing, debug: nothing, verbose: nothing };
}
