import { TestWorkflowEnvironment } from '@temporalio/testing';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { pino } from 'pino';
import { loadTemporalConfig } from '../../scripts/temporal-server/config.ts';
import { obtainTemporalServer } from '../../scripts/temporal-server/obtain.ts';
import { installRuntime } from '../../workers/runtime.ts';
import { keptBundle } from './bundles.ts';

let starting: Promise<TestWorkflowEnvironment> | undefined;
let bundling: Promise<WorkflowBundleWithSourceMap> | undefined;

/** The SDK's own messages go where Q2C_TEST_LOG says. The SDK ends its runtime with the last connection, so that each spec file begins with a new one. */
export function quietRuntime(): void {
  installRuntime(pino({ level: process.env['Q2C_TEST_LOG'] ?? 'silent' }));
}

/** One real Temporal server in memory for the whole mocha run, with the search attributes and settings of temporal-dev.yaml. */
export function theTemporalServer(): Promise<TestWorkflowEnvironment> {
  return (starting ??= startServer());
}

/** The SDK gives its servers five seconds to answer, which is little on a busy machine: one that took longer is started again. */
export async function patiently<Started>(start: () => Promise<Started>): Promise<Started> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await start();
    } catch (error) {
      if (tries === 6 || !/did not start within/.test(String(error))) throw error;
    }
  }
}

export async function stopTemporalServer(): Promise<void> {
  const running = starting;
  starting = undefined;
  await (await running)?.teardown();
}

/** The workflows, bundled once. */
export function theBundle(): Promise<WorkflowBundleWithSourceMap> {
  return (bundling ??= keptBundle());
}

async function startServer(): Promise<TestWorkflowEnvironment> {
  quietRuntime();
  const config = loadTemporalConfig();
  const server = await obtainTemporalServer({ version: config.cliVersion, acceptAddress: false, progress: (line) => process.stdout.write(`${line}\n`) });
  if (server.kind !== 'executable') throw new Error('tests need a Temporal server of their own');
  const environment = await patiently(() => TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: server.path },
      extraArgs: [
        ...Object.entries(config.searchAttributes).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
        ...Object.entries(config.dynamicConfig).flatMap(([name, value]) => ['--dynamic-config-value', `${name}=${JSON.stringify(value)}`]),
      ],
      log: { format: 'pretty', level: 'error' },
    },
  }));
  process.env['TEMPORAL_ADDRESS'] = environment.address;
  process.env['TEMPORAL_NAMESPACE'] = environment.namespace ?? 'default';
  return environment;
}
