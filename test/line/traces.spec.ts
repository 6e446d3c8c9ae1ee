import assert from 'node:assert/strict';
import { Client } from '@temporalio/client';
import { Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { after, before, describe, it } from 'mocha';
import { pino } from 'pino';
import { startTraceExport, type TraceExport } from '../../connectors/http/trace-export.ts';
import { httpRegistry } from '../../connectors/http/metrics.ts';
import { closedWonId, type DealReference } from '../../domain/process/deal-process.ts';
import { startPageDispatch } from '../../starters/relay/pages.ts';
import { clientInterceptors } from '../../starters/traced-client.ts';
import { bundleWorkflows } from '../../workers/bundle.ts';
import { memoryLog } from '../connectors/http/support.ts';
import { API_TOKEN, sheet, timeGateway } from '../gateway/time/support.ts';
import { recordedHistories } from '../support/histories.ts';
import { assertOneOfEverything } from '../support/one-of-everything.ts';
import { aSale } from '../support/sales.ts';
import { startSandboxLine, type SandboxLine } from '../support/sandbox-line.ts';
import { startTraceCollector, type CollectedSpan, type TraceCollector } from '../support/trace-collector.ts';
import { stopTemporalServer, theBundle, theTemporalServer } from '../support/temporal.ts';

/** Entries of the credentials that name somebody and open nothing. */
const NO_SECRETS = new Set(['clientId', 'username', 'organizationId', 'portalId', 'accountId', 'certificateId', 'certificateThumbprint', 'tenantId', 'database', 'user', 'publicKeyPem', 'workspaceId']);

describe('Where traces are exported', function () {
  this.timeout(90_000);
  let collector: TraceCollector;
  let traces: TraceExport;
  let bundle: WorkflowBundleWithSourceMap;
  let line: SandboxLine;
  let traced: DealReference;

  before(async () => {
    collector = await startTraceCollector();
    // Nothing is sent before the test says so.
    const settings = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '3600000', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '2048' };
    Object.assign(process.env, settings);
    const exported = await startTraceExport('q2c-test', memoryLog());
    for (const name of Object.keys(settings)) Reflect.deleteProperty(process.env, name);
    assert.ok(exported !== null);
    traces = exported;
    bundle = await bundleWorkflows({ traced: true });
    line = await startSandboxLine({ traces: { to: traces, bundle } });
  });
  after(async () => {
    await line.stop();
    await traces.stop();
    await collector.close();
    await stopTemporalServer();
  });

  it('one trace goes from the webhook to the requests that the deal makes of the ERP', async () => {
    traced = await line.sell(aSale({ crm: 'hubspot' }));
    await line.ended(traced, 'activated');
    await line.quiet(traced);
    await traces.processor.forceFlush();

    const workflowId = closedWonId(traced);
    const run = only(collector.spans.filter(({ name, attributes }) => name === 'RunWorkflow:closedWon' && attributes['q2c.object'] === workflowId));
    const ofTrace = new Map(collector.spans.filter(({ traceId }) => traceId === run.traceId).map((span) => [span.spanId, span]));
    const above = (span: CollectedSpan): string[] => {
      const parent = ofTrace.get(span.parentSpanId ?? '');
      return parent === undefined ? [] : [parent.name, ...above(parent)];
    };
    assert.deepEqual(above(run), ['SignalWithStartWorkflow:closedWon', 'relay deal.changed', 'POST /webhooks/hubspot']);
    const [delivery] = [...ofTrace.values()].filter(({ parentSpanId }) => parentSpanId === undefined);
    assert.deepEqual([delivery?.name, delivery?.kind, delivery?.attributes['q2c.object']], ['POST /webhooks/hubspot', 2, `hubspot/${traced.opportunityId}`]);

    const requests = [...ofTrace.values()].filter(({ kind }) => kind === 3);
    const toNetSuite = requests.filter(({ attributes }) => attributes['q2c.system'] === 'netsuite' && attributes['http.request.method'] === 'PUT');
    assert.ok(toNetSuite.length >= 3, `customer, project and contract are written within the trace, found ${toNetSuite.length}`);
    for (const request of toNetSuite) {
      const [activity, ...further] = above(request);
      assert.match(activity ?? '', /^RunActivity:/);
      assert.deepEqual(further, ['RunWorkflow:closedWon', ...above(run)]);
      const { attributes } = ofTrace.get(request.parentSpanId ?? '') ?? run;
      assert.deepEqual([attributes['q2c.system'], attributes['q2c.object'], typeof attributes['q2c.attempt']], ['netsuite', workflowId, 'number']);
    }
    assert.ok(toNetSuite.some(({ attributes }) => String(attributes['q2c.object']).startsWith('project ')), 'a request names the business object it is about');
    assert.deepEqual(new Set(collector.spans.map(({ service }) => service)), new Set(['q2c-test']));
  });

  it('one trace goes from the request that brings timesheets to the process of their page', async () => {
    const { client } = line;
    const { connection } = await theTemporalServer();
    const gateway = await timeGateway(line.store, { traced: true });
    const dispatcher = startPageDispatch({ store: line.store, log: pino({ level: 'silent' }), client: new Client({ connection, namespace: client.options.namespace, interceptors: await clientInterceptors(traces) }) });
    try {
      const answer = await fetch(`${gateway.url}/v1/timesheets`, { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${API_TOKEN}`, 'idempotency-key': 'two-sheets' }, body: JSON.stringify([sheet(), sheet()]) });
      assert.equal(answer.status, 202, await answer.text());
      await line.until('the page has been decided', async () => {
        await traces.processor.forceFlush();
        return collector.spans.some(({ name }) => name === 'RunActivity:decideTimesheets');
      });
    } finally {
      await dispatcher.stop();
      await gateway.close();
      await traces.processor.forceFlush();
    }
    const decided = collector.spans.find(({ name }) => name === 'RunActivity:decideTimesheets');
    const started = only(collector.spans.filter(({ name, traceId }) => name === 'StartWorkflow:timesheetPage' && traceId === decided?.traceId));
    const dispatched = only(collector.spans.filter(({ spanId }) => spanId === started.parentSpanId));
    const brought = only(collector.spans.filter(({ spanId }) => spanId === dispatched.parentSpanId));
    assert.deepEqual([dispatched.name, brought.name, brought.parentSpanId], ['dispatch page', 'POST /v1/timesheets', undefined]);
    assert.match(String(brought.attributes['q2c.object']), /^batch \d{4}-/);
  });

  it('no secret of any system is in what was exported', () => {
    const everything = collector.texts.join('\n');
    assert.ok(everything.includes('/services/rest/auth/oauth2/v1/token'), 'requests for tokens are among what was exported');
    const secrets = secretsOf(line.credentials);
    assert.ok(secrets.length >= 10);
    assert.deepEqual(secrets.filter((secret) => everything.includes(secret)), []);
    assert.doesNotMatch(everything, /Bearer [\w.-]{8}|\beyJ[\w-]{10}|PRIVATE KEY/);
  });

  it('a deal is activated while the collector is away, as if there were none', async () => {
    const spans = collector.spans.length;
    collector.become('away');
    const sale = aSale({ crm: 'hubspot' });
    const whileAway = await line.sell(sale);
    await line.ended(whileAway, 'activated');
    await line.quiet(whileAway);
    assertOneOfEverything(sale, await line.inventory(sale.client.name));
    await assert.rejects(traces.processor.forceFlush());
    assert.equal(collector.spans.length, spans);
    assert.match(await httpRegistry.metrics(), /q2c_trace_export_failing\{to="http:\/\/127\.0\.0\.1:\d+"\} 1/);
  });

  it('a process that began with traces goes on without them, and recorded ones go on with them', async () => {
    const fetched = await line.client.workflow.getHandle(closedWonId(traced)).fetchHistory();
    assert.deepEqual(await mistakesOf(await theBundle(), [{ workflowId: closedWonId(traced), history: fetched }]), { failed: [], spans: 0 });
    assert.deepEqual(await mistakesOf(bundle, await recordedHistories()), { failed: [], spans: 0 });
  });
});

/** What does not replay, and how many spans the replay told of. */
async function mistakesOf(workflowBundle: WorkflowBundleWithSourceMap, histories: Parameters<typeof Worker.runReplayHistories>[1]): Promise<{ failed: string[]; spans: number }> {
  let spans = 0;
  const failed: string[] = [];
  const sinks = { trace: { ended: { fn: () => void (spans += 1) } } };
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle, reuseV8Context: true, sinks }, histories)) if (error !== undefined) failed.push(`${workflowId}: ${error.message}`);
  return { failed, spans };
}

function only<Item>(items: readonly Item[]): Item {
  const [item] = items;
  assert.ok(item !== undefined && items.length === 1, `one was expected, there are ${items.length}`);
  return item;
}

/** Of a key in PEM each line counts. */
function secretsOf(value: unknown, name = ''): string[] {
  if (typeof value === 'string') return NO_SECRETS.has(name) ? [] : value.split('\n').filter((text) => text.length >= 12 && !text.startsWith('-----'));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => secretsOf(part, Array.isArray(value) ? name : key));
}
