import type { Command } from 'commander';
import { targetQueue, LINE_QUEUE } from '../../domain/process/task-queues.ts';
import { firmConfigSchema } from '../../domain/config/schema.ts';
import { activeConfig } from '../../store/config-versions.ts';
import { withSession, type Session } from './session.ts';
import { budgetChecks } from './budget-checks.ts';
import { storeHealth, type Check } from './store-health.ts';

export function doctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('Looks at every part of the line and says what is wrong and what to do')
    .action(async () => {
      await withSession(program, async (session) => {
        const checks: Check[] = [];
        for (const look of [storeChecks, temporalChecks, gatewayChecks, systemChecks, tracesOfGateway]) checks.push(...(await look(session)));
        session.print(checks, checks.map((check) => `${check.ok ? '✓' : '✗'} ${check.what}: ${check.detail}`).join('\n'));
        if (checks.some((check) => !check.ok)) process.exitCode = 1;
      });
    });
}

async function storeChecks(session: Session): Promise<Check[]> {
  try {
    return await storeHealth(session.store().db, new Date());
  } catch (error) {
    return [{ what: 'store', ok: false, detail: `${message(error)}; npm run store starts the local one` }];
  }
}

async function temporalChecks(session: Session): Promise<Check[]> {
  try {
    const client = await session.client();
    const active = await activeConfig(session.store().db);
    const systems = active === undefined ? [] : firmConfigSchema.parse(active.document).systems.filter((system) => system.product !== 'warehouse').map((system) => targetQueue(system.id));
    const checks: Check[] = [{ what: 'temporal', ok: true, detail: `namespace ${client.options.namespace} answers` }];
    for (const name of [LINE_QUEUE, ...systems]) {
      const { pollers } = await client.workflowService.describeTaskQueue({ namespace: client.options.namespace, taskQueue: { name }, taskQueueType: name === LINE_QUEUE ? 1 : 2 });
      const count = pollers?.length ?? 0;
      checks.push({ what: `workers of ${name}`, ok: count > 0, detail: count > 0 ? `${count} polling` : 'nobody works on this queue: npm run worker' });
    }
    return checks;
  } catch (error) {
    return [{ what: 'temporal', ok: false, detail: `${message(error)}; npm run server starts the local one` }];
  }
}

async function gatewayChecks(session: Session): Promise<Check[]> {
  const url = session.endpoints.gateway?.url;
  if (url === undefined) return [{ what: 'gateway', ok: false, detail: 'its address is not known: npm start' }];
  try {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(3000) });
    return [{ what: 'gateway', ok: answer.ok, detail: `${url} ${answer.ok ? 'is ready' : `answers ${answer.status}`}` }];
  } catch (error) {
    return [{ what: 'gateway', ok: false, detail: `${url}: ${message(error)}; npm run gateway` }];
  }
}

const CIRCUIT = /^q2c_system_circuit\{system="([^"]+)"\} (\d)$/gm;

/** Systems that the worker called, and stopped calling for a moment because they kept failing. */
async function systemChecks(session: Session): Promise<Check[]> {
  const url = session.endpoints.worker?.url;
  if (url === undefined) return [];
  try {
    const metrics = await metricsOf(url);
    return [...circuitChecks(metrics), ...budgetChecks(metrics), ...clockChecks(metrics), traceCheck('worker', metrics)];
  } catch (error) {
    return [{ what: 'systems', ok: false, detail: `the worker at ${url} does not tell how they are: ${message(error)}; npm run worker` }];
  }
}

/** @param metrics of a worker, in Prometheus' text format */
export function circuitChecks(metrics: string): Check[] {
  return [...metrics.matchAll(CIRCUIT)].map(([, system = '', state]) => ({
    what: `system ${system}`,
    ok: state === '0',
    detail: state === '0' ? 'answers' : state === '1' ? 'kept failing; it is tried with one request at a time' : 'keeps failing and is not called for some seconds at a time; what waits for it goes on by itself when it answers',
  }));
}

/** A minute is more than answers take, and less than any system bears of what we sign. */
const CLOCK_SECONDS = 60;

/** @param metrics of a worker, in Prometheus' text format */
export function clockChecks(metrics: string): Check[] {
  const clocks = [...metrics.matchAll(/^q2c_system_clock_ahead_seconds\{system="([^"]+)"\} (-?\d+)$/gm)].map(([, system = '', ahead]) => ({ system, ahead: Number(ahead) }));
  const off = clocks.filter(({ ahead }) => Math.abs(ahead) > CLOCK_SECONDS);
  if (off.length === 0) return clocks.length === 0 ? [] : [{ what: 'clock', ok: true, detail: `within a minute of the clocks of ${clocks.length} ${clocks.length === 1 ? 'system' : 'systems'}` }];
  return off.map(({ system, ahead }) => ({
    what: `clock against ${system}`,
    ok: false,
    detail: `ours is ${Math.round(Math.abs(ahead) / 60)} min ${ahead > 0 ? 'ahead' : 'behind'}: synchronise the clock of the worker's host (NTP); where the others agree with ours, it is the system's that is wrong`,
  }));
}

/** Where the gateway does not answer, another check says so. */
async function tracesOfGateway({ endpoints: { gateway } }: Session): Promise<Check[]> {
  const metrics = gateway?.url === undefined ? null : await metricsOf(gateway.url).catch(() => null);
  return metrics === null ? [] : [traceCheck('gateway', metrics)];
}

/** @param metrics of a process, in Prometheus' text format */
export function traceCheck(process: string, metrics: string): Check {
  const what = `traces of the ${process}`;
  const [, to, failing] = /^q2c_trace_export_failing\{to="([^"]+)"\} (\d)$/m.exec(metrics) ?? [];
  if (to === undefined) return { what, ok: true, detail: 'not exported: OTEL_EXPORTER_OTLP_ENDPOINT is not set for it' };
  const spans = (result: string) => new RegExp(`^q2c_trace_spans_total\\{result="${result}"\\} (\\d+)$`, 'm').exec(metrics)?.[1] ?? '0';
  if (failing === '0') return { what, ok: true, detail: `exported to ${to}: ${spans('exported')} spans taken, ${spans('lost')} lost` };
  return { what, ok: false, detail: `${to} does not take them, ${spans('lost')} spans are lost; all else goes on without: start the collector or correct OTEL_EXPORTER_OTLP_ENDPOINT` };
}

async function metricsOf(url: string): Promise<string> {
  return await (await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(3000) })).text();
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
