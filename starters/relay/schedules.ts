import { ScheduleAlreadyRunning, type Client, type ScheduleOptions } from '@temporalio/client';
import { LINE_QUEUE } from '../../domain/process/task-queues.ts';

/** CRMs that can tell which closed-won deals changed; the others bring every deal themselves. */
const SWEPT = ['salesforce', 'hubspot'] as const;

/**
 * Makes sure each CRM is swept for deals whose webhook never came, each time system for timesheets that no event told of and for approved expenses,
 * each HR system for people who changed, that payrolls begin before their cutoff, that warehouses get what changed and are held against the store each
 * night, and that service desks have the exception cases as tickets. Existing schedules are left as an operator may have set them.
 */
export async function ensureSchedules(client: Client, timeSystems: readonly string[], warehouses: readonly string[] = [], hrSystems: readonly string[] = [], serviceDesks: readonly string[] = []): Promise<void> {
  for (const crm of SWEPT) {
    await ensure(client, {
      scheduleId: `missed-event-sweep/${crm}`,
      spec: { intervals: [{ every: '5 minutes' }] },
      action: { type: 'startWorkflow', workflowType: 'missedEventSweep', workflowId: `missed-event-sweep/${crm}`, taskQueue: LINE_QUEUE, args: [{ crm }], staticSummary: `Closed-won deals of ${crm} without an event` },
    });
  }
  await ensure(client, {
    scheduleId: 'payroll-calendar',
    spec: { intervals: [{ every: '15 minutes' }] },
    action: { type: 'startWorkflow', workflowType: 'payrollCalendar', workflowId: 'payroll-calendar', taskQueue: LINE_QUEUE, args: [], staticSummary: 'Payrolls whose cutoff is near' },
  });
  for (const hr of hrSystems) {
    await ensure(client, {
      scheduleId: `reference-sync/${hr}`,
      spec: { intervals: [{ every: '30 minutes', offset: '7 minutes' }] },
      action: { type: 'startWorkflow', workflowType: 'referenceSync', workflowId: `reference-sync/${hr}`, taskQueue: LINE_QUEUE, args: [{ hr }], staticSummary: `People who changed in ${hr}` },
    });
  }
  for (const system of timeSystems) {
    await ensure(client, {
      scheduleId: `timesheet-sweep/${system}`,
      spec: { intervals: [{ every: '10 minutes', offset: '2 minutes' }] },
      action: { type: 'startWorkflow', workflowType: 'timesheetSweep', workflowId: `timesheet-sweep/${system}`, taskQueue: LINE_QUEUE, args: [{ system }], staticSummary: `Timesheets that changed in ${system}` },
    });
    await ensure(client, {
      scheduleId: `expense-sweep/${system}`,
      spec: { intervals: [{ every: '10 minutes', offset: '4 minutes' }] },
      action: { type: 'startWorkflow', workflowType: 'expenseSweep', workflowId: `expense-sweep/${system}`, taskQueue: LINE_QUEUE, args: [{ system }], staticSummary: `Approved expenses that changed in ${system}` },
    });
  }
  for (const desk of serviceDesks) {
    await ensure(client, {
      scheduleId: `case-tickets/${desk}`,
      spec: { intervals: [{ every: '1 minute' }] },
      action: { type: 'startWorkflow', workflowType: 'caseTickets', workflowId: `case-tickets/${desk}`, taskQueue: LINE_QUEUE, args: [{ desk }], staticSummary: `Exception cases as tickets in ${desk}` },
    });
  }
  for (const warehouse of warehouses) {
    const mirror = (id: string, spec: ScheduleOptions['spec'], compareAll: boolean, staticSummary: string) =>
      ensure(client, { scheduleId: id, spec, action: { type: 'startWorkflow', workflowType: 'warehouseMirror', workflowId: id, taskQueue: LINE_QUEUE, args: [{ warehouse, compareAll }], staticSummary } });
    await mirror(`warehouse-mirror/${warehouse}`, { intervals: [{ every: '15 minutes', offset: '7 minutes' }] }, false, `Reporting facts that changed, for ${warehouse}`);
    await mirror(`warehouse-comparison/${warehouse}`, { intervals: [{ every: '1 day', offset: '3 hours' }] }, true, `Reporting facts in ${warehouse} against the store`);
  }
}

async function ensure(client: Client, schedule: Omit<ScheduleOptions, 'policies'>): Promise<void> {
  try {
    await client.schedule.create({ ...schedule, policies: { overlap: 'SKIP', catchupWindow: '1 minute' } });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}
