import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { BARE_QUEUE } from './bare/queue.ts';
import type { bare } from './bare/workflow.ts';
import { runLoad, type LoadResult } from './load.ts';

/** The peer: a workflow of as many activities that do nothing, started by the client, which waits for each result. */
export async function carryBare(client: Client, steps: number, count: number, inFlight: number, limitMs: number): Promise<LoadResult & { readonly workflowIds: readonly string[] }> {
  const workflowIds = Array.from({ length: count }, () => `bare/${randomUUID()}`);
  const result = await runLoad(workflowIds, inFlight, limitMs, async (workflowId) => {
    const last = await client.workflow.execute<typeof bare>('bare', { workflowId, taskQueue: BARE_QUEUE, args: [steps] });
    if (last !== steps) throw new Error(`${workflowId} ended after ${last} of ${steps} steps`);
  });
  return { ...result, workflowIds };
}
