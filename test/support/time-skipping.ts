import { TestWorkflowEnvironment } from '@temporalio/testing';
import { loadTemporalConfig } from '../../scripts/temporal-server/config.ts';
import { valueTypes } from '../../scripts/temporal-server/namespace.ts';
import { timeSkippingServerPath } from '../../scripts/temporal-server/time-skipping.ts';
import { patiently, quietRuntime } from './temporal.ts';

/** A server that skips the time in which nothing happens, with our search attributes. Undefined, with the reason printed, where it cannot be had. */
export async function timeSkippingServer(): Promise<TestWorkflowEnvironment | undefined> {
  const path = await timeSkippingServerPath();
  if (path === undefined) return undefined;
  quietRuntime();
  const environment = await patiently(() => TestWorkflowEnvironment.createTimeSkipping({ server: { executable: { type: 'existing-path', path } } }));
  const { searchAttributes } = loadTemporalConfig();
  await environment.connection.operatorService.addSearchAttributes({ namespace: 'default', searchAttributes: Object.fromEntries(Object.entries(searchAttributes).map(([name, type]) => [name, valueTypes[type]])) });
  return environment;
}
