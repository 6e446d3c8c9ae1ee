import { ScheduleAlreadyRunning, type Client } from '@temporalio/client';
import { LINE_QUEUE } from '../../domain/process/task-queues.ts';

/** CRMs that can tell which closed-won deals changed; the others bring every deal themselves. */
const SWEPT = ['salesforce', 'hubspot'] as const;
const EVERY = '5 minutes';

/** Makes sure each CRM is swept for deals whose webhook never came. Existing schedules are left as an operator may have set them. */
export async function ensureSchedules(client: Client): Promise<void> {
  for (const crm of SWEPT) {
    try {
      await client.schedule.create({
        scheduleId: `missed-event-sweep/${crm}`,
        spec: { intervals: [{ every: EVERY }] },
        policies: { overlap: 'SKIP', catchupWindow: '1 minute' },
        action: { type: 'startWorkflow', workflowType: 'missedEventSweep', workflowId: `missed-event-sweep/${crm}`, taskQueue: LINE_QUEUE, args: [{ crm }], staticSummary: `Closed-won deals of ${crm} without an event` },
      });
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    }
  }
}
