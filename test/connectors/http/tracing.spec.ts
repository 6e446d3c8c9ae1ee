import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { SpanKind, trace } from '@opentelemetry/api';
import { z } from 'zod';
import { fixedHeaders } from '../../../connectors/http/auth.ts';
import { meaningOfStatus } from '../../../connectors/http/classify.ts';
import { createHttpClient } from '../../../connectors/http/client.ts';
import { httpRegistry } from '../../../connectors/http/metrics.ts';
import { startTraceExport, traceCollector, traceMetrics, type TraceExport } from '../../../connectors/http/trace-export.ts';
import { inSpan } from '../../../connectors/http/tracing.ts';
import { traceCheck } from '../../../starters/q2c/doctor.ts';
import { startTraceCollector, type TraceCollector } from '../../support/trace-collector.ts';
import { answerJson, callContext, failureOf, memoryLog, testServer, type TestServer } from './support.ts';

describe('Traces of requests to systems', function () {
  this.timeout(20_000);
  let collector: TraceCollector;
  let server: TestServer;
  let traces: TraceExport | null = null;
  before(async () => {
    collector = await startTraceCollector();
    server = await testServer((request, response) => (request.url.startsWith('/refused') ? answerJson(response, 422, { reason: 'no' }) : answerJson(response, 200, { id: '1' })));
  });
  afterEach(async () => {
    await traces?.stop();
    traces = null;
    collector.spans.length = 0;
    collector.become('well');
  });
  after(async () => {
    await server?.close();
    await collector?.close();
  });

  /** Nothing is sent before the test says so. */
  async function exporting(more: Readonly<Record<string, string>> = {}): Promise<TraceExport> {
    const settings = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '3600000', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '4096', ...more };
    Object.assign(process.env, settings);
    try {
      traces = await startTraceExport('q2c-test', memoryLog(), { stopWithinMs: 200 });
    } finally {
      for (const name of Object.keys(settings)) Reflect.deleteProperty(process.env, name);
    }
    return traces ?? assert.fail('an address was given');
  }

  const client = () => createHttpClient({ system: 'erp', baseUrl: server.url, auth: fixedHeaders({ authorization: 'Bearer a-token-of-the-test' }), classify: (answer, request) => meaningOfStatus('ERP', answer, request), limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 5 }, log: memoryLog() });
  const read = (path = '/records/1') => client().request({ method: 'GET', path, query: { secret: 'of-the-query' }, answer: z.object({ id: z.string() }), object: 'project US01-TECH-7K3QF9QX', writes: false, context: callContext() });

  it('are a span each, with the system and the business object, and the trace goes on in the request\'s headers', async () => {
    const { processor } = await exporting();
    await read();
    const sent = server.received.at(-1);
    assert.equal((await failureOf(read('/refused'))).kind, 'business_rule');
    await processor.forceFlush();
    const [taken, refused] = collector.spans;
    assert.deepEqual([taken?.name, taken?.kind, taken?.service], ['GET', 3, 'q2c-test']);
    assert.deepEqual(taken?.attributes, { 'http.request.method': 'GET', 'server.address': server.url, 'url.path': '/records/1', 'q2c.system': 'erp', 'q2c.object': 'project US01-TECH-7K3QF9QX', 'http.response.status_code': 200 });
    assert.equal(sent?.headers['traceparent'], `00-${taken?.traceId}-${taken?.spanId}-01`);
    assert.equal(refused?.attributes['http.response.status_code'], 422);
    assert.doesNotMatch(collector.texts.join(), /of-the-query|a-token-of-the-test/);
  });

  it('carry no token, whatever library wrote it into a span', async () => {
    const { processor } = await exporting();
    const span = trace.getTracer('a library').startSpan('GET /hook?token=9f8e7d6c5b4a', { attributes: { 'http.request.header.authorization': ['Bearer 1234567890abcdef'], note: 'client_secret=hunter2hunter2' } });
    span.recordException(new Error('refused: {"access_token":"eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0"}'));
    span.end();
    await processor.forceFlush();
    assert.equal(collector.spans.length, 1);
    assert.doesNotMatch(collector.texts.at(-1) ?? '', /9f8e7d6c5b4a|1234567890abcdef|hunter2|eyJ/);
    assert.match(collector.texts.at(-1) ?? '', /\[redacted\]/);
  });

  it('name no person by address, and nobody\'s hours', async () => {
    const { processor } = await exporting();
    const objects = ['7.25 hours of ada.l@client.example on 2026-11-16 for US01-TECH-7K3QF9QX', 'labor of ada.l@client.example on US01-TECH-7K3QF9QX, 2026-11-16 (posting 01J)', 'the person with the address ada.l@client.example', 'customer Harbor Insurance'];
    for (const object of objects) trace.getTracer('q2c').startSpan('GET', { attributes: { 'q2c.object': object, 'url.path': '/people/ada.l%40client.example/rates' } }).end();
    await processor.forceFlush();
    assert.deepEqual(collector.spans.map(({ attributes }) => attributes['q2c.object']), ['labor on US01-TECH-7K3QF9QX', 'labor on US01-TECH-7K3QF9QX (posting 01J)', 'the person with the address [address]', 'customer Harbor Insurance']);
    assert.equal(collector.spans[0]?.attributes['url.path'], '/people/[address]/rates');
  });

  it('wait in a queue of bounded length, and are dropped beyond it', async () => {
    const { processor } = await exporting({ OTEL_BSP_MAX_QUEUE_SIZE: '50', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '50', OTEL_BSP_EXPORT_TIMEOUT: '500', OTEL_EXPORTER_OTLP_TIMEOUT: '400' });
    collector.become('silent');
    for (let step = 0; step < 1000; step += 1) assert.equal(await inSpan({ name: `step ${step}`, kind: SpanKind.INTERNAL, attributes: {} }, () => Promise.resolve(step)), step);
    // The first 50 are on their way to a collector that never answers, 50 wait.
    await processor.forceFlush().catch(() => undefined);
    collector.become('well');
    await processor.forceFlush();
    assert.ok(collector.spans.length <= 50, `${collector.spans.length} spans were kept`);
    assert.match(await httpRegistry.metrics(), /q2c_trace_spans_total\{result="lost"\} \d+/);
  });

  it('keep no process from ending while the collector is silent', async () => {
    const exported = await exporting();
    await read();
    collector.become('silent');
    const startedAt = performance.now();
    await exported.stop();
    assert.ok(performance.now() - startedAt < 4000, 'the exporter\'s own patience would be ten seconds');
  });

  it('are told of by the doctor: whether, and to which host', async () => {
    assert.deepEqual(traceCheck('worker', 'q2c_system_circuit{system="erp"} 0\n'), { what: 'traces of the worker', ok: true, detail: 'not exported: OTEL_EXPORTER_OTLP_ENDPOINT is not set for it' });
    const { processor } = await exporting();
    await read();
    await processor.forceFlush();
    const well = traceCheck('gateway', await traceMetrics());
    assert.ok(well.ok);
    assert.match(well.detail, new RegExp(`^exported to ${collector.url}: [1-9]\\d* spans taken`));
    collector.become('away');
    await read();
    await processor.forceFlush().catch(() => undefined);
    const away = traceCheck('gateway', await traceMetrics());
    assert.ok(!away.ok);
    assert.match(away.detail, new RegExp(`^${collector.url} does not take them, [1-9]`));
  });

  it('go where OpenTelemetry\'s own variables say, of which only the host is told', () => {
    assert.equal(traceCollector({}), null);
    assert.equal(traceCollector({ OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }), null);
    assert.equal(traceCollector({ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://user:secret@collector.example:4318/tenant/key' }), 'https://collector.example:4318');
    assert.equal(traceCollector({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:1', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://b:2/v1/traces' }), 'http://b:2');
    assert.equal(traceCollector({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:1', OTEL_SDK_DISABLED: 'true' }), null);
    assert.equal(traceCollector({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:1', OTEL_TRACES_EXPORTER: 'none' }), null);
    assert.throws(() => traceCollector({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector' }), /is no address/);
  });

  it('cost nothing where they go nowhere: none of what exports them is loaded', async () => {
    const program = `
      import { createRequire } from 'node:module';
      import { startTraceExport } from './connectors/http/trace-export.ts';
      import { clientInterceptors } from './starters/traced-client.ts';
      import './workers/fleet.ts';
      const traces = await startTraceExport('q2c-test', console);
      const interceptors = await clientInterceptors(traces);
      const loaded = Object.keys(createRequire(process.cwd() + '/x.js').cache).filter((name) => /@opentelemetry.(?!api)|interceptors-opentelemetry/.test(name));
      console.log(JSON.stringify({ traces, interceptors, loaded, some: Object.keys(createRequire(process.cwd() + '/x.js').cache).length > 100 }));`;
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('OTEL_')));
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module-typescript', '-e', program], { cwd: new URL('../../..', import.meta.url), env });
    assert.deepEqual(JSON.parse(stdout), { traces: null, interceptors: {}, loaded: [], some: true });
  });
});
