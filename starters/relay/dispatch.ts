import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import { changeOrderId, closedWonId, type DealEvent, type DealProcessInput, type DealReference } from '../../domain/process/deal-process.ts';
import { LINE_QUEUE } from '../../domain/process/task-queues.ts';
import type { Store } from '../../store/database.ts';
import { dealProcess } from '../../store/deal-processes.ts';
import type { changeOrder } from '../../workflows/change-order.ts';
import type { closedWon } from '../../workflows/closed-won.ts';
import { dealChangedSignal } from '../../workflows/contracts/deal-process.ts';
import { dealSearchAttributes } from '../../workflows/contracts/search-attributes.ts';

export type Dispatched =
  | { readonly disposition: 'started' | 'joined or started' | 'amends'; readonly workflowId: string }
  | { readonly disposition: 'ignored'; readonly reason: string };

const ACTIVATION_PRIORITY = 4;

/**
 * Decides by the store, never by Visibility, what a deal's event begins: the first process of the deal, the running one (which it joins),
 * or a change order for a deal that has been activated before.
 */
export async function dispatchDeal(client: Client, store: Store, deal: DealReference, event: DealEvent, { force = false } = {}): Promise<Dispatched> {
  const known = await dealProcess(store.db, deal);
  const { version } = event;
  if (known !== undefined && version !== '') {
    if (known.state === 'activated' && version <= (known.version_applied ?? '')) return { disposition: 'ignored', reason: `version ${version} has been applied already` };
    if (known.state === 'aborted' && version <= (known.version_seen ?? '')) return { disposition: 'ignored', reason: `the process was aborted at version ${known.version_seen ?? ''}: change the deal to start it over` };
  }
  if (known?.state === 'activated') return await amend(client, deal, event, force);
  try {
    const workflowId = closedWonId(deal);
    await client.workflow.signalWithStart<typeof closedWon, [DealEvent]>('closedWon', {
      ...options('closedWon', deal, event, force),
      workflowId,
      workflowIdReusePolicy: known?.state === 'aborted' || known?.state === 'failed' ? 'ALLOW_DUPLICATE' : 'ALLOW_DUPLICATE_FAILED_ONLY',
      staticSummary: `Closed-won deal ${deal.opportunityId} from ${deal.crm}`,
    });
    return { disposition: 'joined or started', workflowId };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const ended = await dealProcess(store.db, deal);
    if (!force && version !== '' && version <= (ended?.version_applied ?? '')) return { disposition: 'ignored', reason: `version ${version} has been applied meanwhile` };
    return await amend(client, deal, event, force);
  }
}

async function amend(client: Client, deal: DealReference, event: DealEvent, force: boolean): Promise<Dispatched> {
  const workflowId = changeOrderId(deal);
  await client.workflow.signalWithStart<typeof changeOrder, [DealEvent]>('changeOrder', {
    ...options('changeOrder', deal, event, force),
    workflowId,
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    staticSummary: `Change of deal ${deal.opportunityId} from ${deal.crm}`,
  });
  return { disposition: 'amends', workflowId };
}

function options(process: 'closedWon' | 'changeOrder', deal: DealReference, event: DealEvent, force: boolean) {
  const input: DealProcessInput = { deal, version: event.version, startedBy: event.source, force };
  return {
    taskQueue: LINE_QUEUE,
    args: [input] as [DealProcessInput],
    signal: dealChangedSignal,
    signalArgs: [event] as [DealEvent],
    typedSearchAttributes: dealSearchAttributes(process, deal),
    priority: { priorityKey: ACTIVATION_PRIORITY, fairnessKey: deal.crm },
  };
}
