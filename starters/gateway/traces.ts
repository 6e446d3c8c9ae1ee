import { context, propagation, SpanKind, SpanStatusCode, trace, type Span } from '@opentelemetry/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/**
 * A server span for each delivery, by OpenTelemetry's conventions (https://opentelemetry.io/docs/specs/semconv/http/http-spans/); a sender's own trace is
 * carried on. Without the query, which holds Salesforce's token.
 */
export function traceDeliveries(app: FastifyInstance, systemOf: (request: FastifyRequest) => string): void {
  const tracer = trace.getTracer('q2c');
  const spans = new WeakMap<FastifyRequest, Span>();
  app.addHook('onRequest', (request, _reply, done) => {
    const route = request.routeOptions.url;
    if (request.method === 'POST' && route !== undefined) {
      const attributes = { 'http.request.method': request.method, 'http.route': route, 'url.path': request.url.split('?', 1)[0] ?? '', 'q2c.system': systemOf(request) };
      spans.set(request, tracer.startSpan(`${request.method} ${route}`, { kind: SpanKind.SERVER, attributes }, propagation.extract(context.active(), request.headers)));
    }
    done();
  });
  // The body has been read by then; the handler runs within the span.
  app.addHook('preHandler', (request, _reply, done) => {
    const span = spans.get(request);
    if (span === undefined) done();
    else context.with(trace.setSpan(context.active(), span), done);
  });
  app.addHook('onResponse', (request, reply, done) => {
    const span = spans.get(request);
    span?.setAttribute('http.response.status_code', reply.statusCode);
    if (reply.statusCode >= 500) span?.setStatus({ code: SpanStatusCode.ERROR });
    span?.end();
    done();
  });
}
