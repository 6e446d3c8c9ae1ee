import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';

const tracer = trace.getTracer('q2c.connectors');

export interface TracedCall {
  readonly system: string;
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  readonly host: string;
  readonly object: string;
}

/**
 * A client span around one request, by OpenTelemetry's conventions for HTTP clients (https://opentelemetry.io/docs/specs/semconv/http/http-spans/);
 * nothing where no tracing is set up. `work` gets the headers that carry the trace on, and answers the status.
 */
export async function traced<Answer extends { readonly status: number }>(call: TracedCall, work: (headers: Readonly<Record<string, string>>) => Promise<Answer>): Promise<Answer> {
  const span = tracer.startSpan(call.method, {
    kind: SpanKind.CLIENT,
    attributes: { 'http.request.method': call.method, 'server.address': call.host, 'url.path': call.path, 'q2c.system': call.system, 'q2c.object': call.object },
  });
  const active = trace.setSpan(context.active(), span);
  const headers: Record<string, string> = {};
  propagation.inject(active, headers);
  try {
    const answer = await context.with(active, () => work(headers));
    span.setAttribute('http.response.status_code', answer.status);
    if (answer.status >= 400) span.setStatus({ code: SpanStatusCode.ERROR });
    return answer;
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    span.setAttribute('error.type', error instanceof Error ? error.name : 'unknown');
    throw error;
  } finally {
    span.end();
  }
}
