import type { Attributes } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-node';
import { Counter, Gauge } from 'prom-client';
import { httpRegistry } from './metrics.ts';
import { redact } from './redact.ts';

const registers = [httpRegistry];

/**
 * Whatever library wrote a span, no token leaves with it: names, attributes, events and statuses are redacted on their way out.
 * Counts what the collector took and what it did not.
 */
export function guardedExporter(exporter: SpanExporter, to: string): SpanExporter {
  const { spans: counted, failing } = metrics();
  failing.reset();
  failing.set({ to }, 0);
  return {
    export(spans, done) {
      exporter.export(spans.map(redacted), (result) => {
        const taken = result.code === ExportResultCode.SUCCESS;
        counted.inc({ result: taken ? 'exported' : 'lost' }, spans.length);
        failing.set({ to }, taken ? 0 : 1);
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    ...(exporter.forceFlush === undefined ? {} : { forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve() }),
  };
}

function metrics() {
  const spans = httpRegistry.getSingleMetric('q2c_trace_spans_total');
  const failing = httpRegistry.getSingleMetric('q2c_trace_export_failing');
  return {
    spans: spans instanceof Counter ? spans : new Counter({ name: 'q2c_trace_spans_total', help: 'Spans that the collector took (exported) or did not (lost)', labelNames: ['result'], registers }),
    failing: failing instanceof Gauge ? failing : new Gauge({ name: 'q2c_trace_export_failing', help: 'Where traces go, and whether the last ones were not taken: 0 they were, 1 they were not', labelNames: ['to'], registers }),
  };
}

function redacted(span: ReadableSpan): ReadableSpan {
  const { kind, parentSpanId, startTime, endTime, links, duration, ended, resource, instrumentationLibrary, droppedAttributesCount, droppedEventsCount, droppedLinksCount } = span;
  const { code, message } = span.status;
  return {
    name: redact(span.name),
    attributes: redactedAttributes(span.attributes),
    events: span.events.map((event) => (event.attributes === undefined ? event : { ...event, attributes: redactedAttributes(event.attributes) })),
    status: { code, ...(message === undefined ? {} : { message: redact(message) }) },
    spanContext: () => span.spanContext(),
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    kind, startTime, endTime, links, duration, ended, resource, instrumentationLibrary, droppedAttributesCount, droppedEventsCount, droppedLinksCount,
  };
}

/** Lists become text. */
function redactedAttributes(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, typeof value === 'string' ? redact(value) : Array.isArray(value) ? redact(value.join(', ')) : value]));
}
