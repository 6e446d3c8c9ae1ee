import type { Client } from '@temporalio/client';
import { LINE_QUEUE } from '../../domain/process/task-queues.ts';
import { SearchAttribute } from '../../workflows/contracts/search-attributes.ts';

const TIMESHEET_PRIORITY = 2;

export interface TimesheetEvent {
  readonly system: string;
  readonly timesheetId: string;
  /** The event's ID in the inbox: the same event again joins or repeats the same reading. */
  readonly event: string;
}

export function timesheetEventId({ system, event }: TimesheetEvent): string {
  return `timesheet-event/${system}/${event}`;
}

/** Lets the timesheet that an event told of be read from its time system. */
export async function dispatchTimesheetEvent(client: Client, event: TimesheetEvent): Promise<string> {
  const workflowId = timesheetEventId(event);
  await client.workflow.start('timesheetEvent', {
    workflowId,
    taskQueue: LINE_QUEUE,
    args: [event],
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowIdConflictPolicy: 'USE_EXISTING',
    priority: { priorityKey: TIMESHEET_PRIORITY, fairnessKey: event.system },
    staticSummary: `Timesheet ${event.timesheetId} changed in ${event.system}`,
    typedSearchAttributes: [
      { key: SearchAttribute.process, value: 'timesheetEvent' },
      { key: SearchAttribute.system, value: event.system },
      { key: SearchAttribute.stage, value: 'loading' },
    ],
  });
  return workflowId;
}
