import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { z } from 'zod';

const valueSchema = z.object({ stringValue: z.string().optional(), intValue: z.number().optional(), boolValue: z.boolean().optional() });
const attributesSchema = z.array(z.object({ key: z.string(), value: valueSchema })).transform((list) => Object.fromEntries(list.map(({ key, value }) => [key, value.stringValue ?? value.intValue ?? value.boolValue])));
const spanSchema = z.object({
  traceId: z.string().regex(/^[\da-f]{32}$/),
  spanId: z.string().regex(/^[\da-f]{16}$/),
  parentSpanId: z.string().optional(),
  name: z.string(),
  kind: z.number(),
  attributes: attributesSchema.default({}),
});
/** https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/collector/trace/v1/trace_service.proto, as JSON */
const requestSchema = z.object({
  resourceSpans: z.array(z.object({ resource: z.object({ attributes: attributesSchema }), scopeSpans: z.array(z.object({ spans: z.array(spanSchema) })) })),
});

export type CollectedSpan = z.infer<typeof spanSchema> & { readonly service: unknown };

export interface TraceCollector {
  readonly url: string;
  readonly spans: CollectedSpan[];
  /** All that came, as text. */
  readonly texts: string[];
  /** `away` cuts every connection, `silent` takes what comes and never answers. */
  become(state: 'well' | 'away' | 'silent'): void;
  close(): Promise<void>;
}

/** A receiver of traces by OTLP over HTTP, in JSON, on loopback. */
export async function startTraceCollector(): Promise<TraceCollector> {
  const spans: CollectedSpan[] = [];
  const texts: string[] = [];
  let state: 'well' | 'away' | 'silent' = 'well';
  const server = createServer((request, response) => {
    if (state === 'away') {
      request.destroy();
      return;
    }
    void json(request).then((body) => {
      if (state === 'silent') return;
      texts.push(JSON.stringify(body));
      const { resourceSpans } = requestSchema.parse(body);
      for (const { resource, scopeSpans } of resourceSpans) spans.push(...scopeSpans.flatMap((scope) => scope.spans.map((span) => ({ ...span, service: resource.attributes['service.name'] }))));
      response.writeHead(request.url === '/v1/traces' ? 200 : 404, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the collector has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    spans,
    texts,
    become: (next) => {
      state = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
