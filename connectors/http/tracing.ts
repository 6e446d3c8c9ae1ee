import { context, propagation, SpanKind, SpanStatusCode, trace, type Attributes } from '@opentelemetry/api';

export interface TracedCall {
  readonly system: string;
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  readonly host: string;
  readonly object: string;
}

export interface TracedStep {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
  /** Headers that may carry a trace on from before; without one the step belongs to the trace under way, or begins one. */
  readonly continues?: Readonly<Record<string, unknown>>;
}

export interface StepSpan {
  /** The headers that carry the trace on; none where no tracing is set up. */
  readonly headers: Readonly<Record<string, string>>;
  set(attributes: Attributes): void;
  failed(): void;
}

/** A span around some work; nothing where no tracing is set up (trace-export.ts). */
export async function inSpan<Result>(step: TracedStep, work: (span: StepSpan) => Promise<Result>): Promise<Result> {
  const before = step.continues === undefined ? context.active() : propagation.extract(context.active(), step.continues);
  const span = trace.getTracer('q2c').startSpan(step.name, { kind: step.kind, attributes: step.attributes }, before);
  const active = trace.setSpan(before, span);
  const failed = () => {
    span.setStatus({ code: SpanStatusCode.ERROR });
  };
  try {
    return await context.with(active, () => work({ headers: headersOf(active), failed, set: (attributes) => span.setAttributes(attributes) }));
  } catch (error) {
    failed();
    span.setAttribute('error.type', error instanceof Error ? error.name : 'unknown');
    throw error;
  } finally {
    span.end();
  }
}

/** What carries the trace under way on, for a message that is kept until its receiver comes for it. */
export function traceHeaders(): Readonly<Record<string, string>> {
  return headersOf(context.active());
}

/** A client span around one request, by OpenTelemetry's conventions for HTTP clients (https://opentelemetry.io/docs/specs/semconv/http/http-spans/). */
export async function traced<Answer extends { readonly status: number }>(call: TracedCall, work: (headers: Readonly<Record<string, string>>) => Promise<Answer>): Promise<Answer> {
  const attributes = { 'http.request.method': call.method, 'server.address': call.host, 'url.path': call.path, 'q2c.system': call.system, 'q2c.object': call.object };
  return await inSpan({ name: call.method, kind: SpanKind.CLIENT, attributes }, async (span) => {
    const answer = await work(span.headers);
    span.set({ 'http.response.status_code': answer.status });
    if (answer.status >= 400) span.failed();
    return answer;
  });
}

function headersOf(active: ReturnType<typeof context.active>): Record<string, string> {
  const headers: Record<string, string> = {};
  propagation.inject(active, headers);
  return headers;
}
