import { proxyActivities, setWorkflowOptions } from '@temporalio/workflow';
import type { MissedEventSweepActivities } from '../activities/sweep.ts';
import { onStore, onTarget } from './activity-options.ts';
import { sweepWithCase } from './sweep-case.ts';
import { onDeployment } from './versioning.ts';

/** How long it may fail for passing reasons before integration support is told. */
const SLA_MINUTES = 60;

/**
 * Asks a CRM for closed-won deals whose webhook never came. Started by a schedule; the next run makes good what this one could not.
 * One that fails for good, or for passing reasons for an hour, opens an exception case of its CRM, once; the next one that goes well closes it.
 */
export async function missedEventSweep(input: { readonly crm: string }): Promise<Awaited<ReturnType<MissedEventSweepActivities['sweepMissedEvents']>>> {
  const { crm } = input;
  const { sweepMissedEvents } = proxyActivities<MissedEventSweepActivities>({ ...onTarget(crm, `deals of ${crm} without an event`, crm), startToCloseTimeout: '10 minutes' });
  const { caseOfSweep } = proxyActivities<MissedEventSweepActivities>(onStore(`case of the sweep of ${crm}`));
  return await sweepWithCase({
    system: crm,
    subject: `missed-event sweep of ${crm}`,
    sweep: () => sweepMissedEvents(input),
    caseOfSweep: () => caseOfSweep(input),
    consequence: `Deals of ${crm} that no event told of are not found any more`,
    remedy: 'deals of the meantime are found then',
    all: `all of ${crm}`,
    slaMinutes: SLA_MINUTES,
  });
}

// Short: it ends on the build it began with.
setWorkflowOptions(onDeployment('PINNED'), missedEventSweep);
