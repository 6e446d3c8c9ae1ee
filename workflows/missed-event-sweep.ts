import { proxyActivities, setWorkflowOptions } from '@temporalio/workflow';
import { onDeployment } from './versioning.ts';
import type { SweepActivities } from '../activities/contract.ts';
import { onTarget } from './activity-options.ts';

/** Asks a CRM for closed-won deals whose webhook never came. Started by a schedule; the next run makes good what this one could not. */
export async function missedEventSweep(input: { readonly crm: string }): Promise<Awaited<ReturnType<SweepActivities['sweepMissedEvents']>>> {
  const { sweepMissedEvents } = proxyActivities<SweepActivities>({ ...onTarget(input.crm, `deals of ${input.crm} without an event`, input.crm), startToCloseTimeout: '10 minutes' });
  return await sweepMissedEvents(input);
}

// Short: it ends on the build it began with.
setWorkflowOptions(onDeployment('PINNED'), missedEventSweep);
