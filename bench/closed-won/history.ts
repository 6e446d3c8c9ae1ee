import type { Client } from '@temporalio/client';

export interface HistoryShape {
  readonly events: number;
  readonly activities: number;
  readonly workflowTasks: number;
}

/** What a process's history is made of, its later runs not included. */
export async function historyShape(client: Client, workflowId: string): Promise<HistoryShape> {
  const events = (await client.workflow.getHandle(workflowId).fetchHistory()).events ?? [];
  return {
    events: events.length,
    activities: events.filter((event) => event.activityTaskScheduledEventAttributes != null).length,
    workflowTasks: events.filter((event) => event.workflowTaskCompletedEventAttributes != null).length,
  };
}
