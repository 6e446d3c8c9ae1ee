import assert from 'node:assert/strict';
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { z } from 'zod';

/** What the list of workflows in the Temporal UI shows for a query. */
export async function listed(client: Client, query: string): Promise<WorkflowExecutionInfo[]> {
  const executions = [];
  for await (const execution of client.workflow.list({ query })) executions.push(execution);
  return executions;
}

const metadataSchema = z.looseObject({ currentDetails: z.string() });

/** The head of a workflow's page in the Temporal UI: its summary and its current details (Markdown). */
export async function currentDetails(client: Client, workflowId: string): Promise<{ readonly summary: string; readonly details: string }> {
  const handle = client.workflow.getHandle(workflowId);
  const { staticSummary } = await handle.describe();
  const metadata = await handle.query('__temporal_workflow_metadata');
  const { currentDetails: details } = metadataSchema.parse(metadata);
  assert.ok(details !== '', `${workflowId} has details`);
  return { summary: (await staticSummary()) ?? '', details };
}
