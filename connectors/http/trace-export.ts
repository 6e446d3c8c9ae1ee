import type { Resource } from '@opentelemetry/resources';
import type { SpanProcessor } from '@opentelemetry/sdk-trace-node';
import type { Log } from '../ports.ts';
import { httpRegistry } from './metrics.ts';

const STOP_WITHIN_MS = 5_000;
const TRACE_METRICS = ['q2c_trace_spans_total', 'q2c_trace_export_failing'] as const;

/** Traces of this process on their way to a collector. */
export interface TraceExport {
  /** Scheme, host and port of the collector. */
  readonly to: string;
  /** For spans that are made elsewhere than by the tracer: those of workflows. */
  readonly processor: SpanProcessor;
  readonly resource: Resource;
  /** Sends what waits, but not for long. Never throws. */
  stop(): Promise<void>;
}

/**
 * Where OpenTelemetry's own environment variables send traces; null for nowhere. The host alone: a path or user may be a secret.
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 */
export function traceCollector(env: NodeJS.ProcessEnv): string | null {
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true' || env['OTEL_TRACES_EXPORTER'] === 'none') return null;
  const address = [env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'], env['OTEL_EXPORTER_OTLP_ENDPOINT']].find((value) => value !== undefined && value.trim() !== '');
  if (address === undefined) return null;
  if (!URL.canParse(address)) throw new Error('OTEL_EXPORTER_OTLP_ENDPOINT (or …_TRACES_ENDPOINT) is no address: expected "http://collector:4318"');
  return new URL(address).origin;
}

/** What became of this process's spans, in Prometheus' text format; empty where none are exported. */
export async function traceMetrics(): Promise<string> {
  const told = TRACE_METRICS.filter((name) => httpRegistry.getSingleMetric(name) !== undefined);
  return (await Promise.all(told.map((name) => httpRegistry.getSingleMetricAsString(name)))).map((text) => `${text}\n`).join('');
}

/**
 * Exports this process's spans where the environment says so; else neither OpenTelemetry's SDK nor its exporter is loaded (its API is, and does nothing).
 * @param service - the process, as `service.name` unless OTEL_SERVICE_NAME says otherwise
 * @throws Error where the address cannot be read
 */
export async function startTraceExport(service: string, log: Log, { stopWithinMs = STOP_WITHIN_MS } = {}): Promise<TraceExport | null> {
  const to = traceCollector(process.env);
  if (to === null) return null;
  const { exportTraces } = await import('./trace-sdk.ts');
  log.info({ to }, 'traces are exported');
  return exportTraces({ service, to, log, stopWithinMs });
}
