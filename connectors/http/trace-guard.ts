import type { Attributes } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-node';
import { Counter, Gauge } from 'prom-client';
import { httpRegistry } from './metrics.ts';
import { redact } from '../../domain/redact.ts';

const registers = [httpRegistry];

const ADDRESS = String.raw`[^\s"'<>()[\]/:,;=&?]{1,64}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}`;
/** A line of labor as connectors name it: what somebody worked on which day is nobody's business but the ledger's. */
const HOURS_OF = new RegExp(String.raw`-?[\d.]{1,20} hours of ${ADDRESS} on \d{4}-\d\d-\d\d for `, 'g');
const LABOR_OF = new RegExp(String.raw`labor of ${ADDRESS} on ([^\s,]{1,200}), \d{4}-\d\d-\d\d`, 'g');
const ADDRESSES = new RegExp(ADDRESS, 'g');

/**
 * Whatever library wrote a span, no token and no person's address leaves with it: names, attributes, events and statuses are redacted on their way out.
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
    name: clean(span.name),
    attributes: redactedAttributes(span.attributes),
    events: span.events.map((event) => (event.attributes === undefined ? event : { ...event, attributes: redactedAttributes(event.attributes) })),
    status: { code, ...(message === undefined ? {} : { message: clean(message) }) },
    spanContext: () => span.spanContext(),
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    kind, startTime, endTime, links, duration, ended, resource, instrumentationLibrary, droppedAttributesCount, droppedEventsCount, droppedLinksCount,
  };
}

/** Without secrets, and without people's addresses, hours and days. */
function clean(text: string): string {
  return redact(text).replace(HOURS_OF, 'labor on ').replace(LABOR_OF, 'labor on $1').replace(ADDRESSES, '[address]');
}

/** Lists become text. */
function redactedAttributes(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, typeof value === 'string' ? clean(value) : Array.isArray(value) ? clean(value.join(', ')) : value]));
}
