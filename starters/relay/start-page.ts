import { WorkflowExecutionAlreadyStartedError, type Client, type WorkflowStartOptions } from '@temporalio/client';
import { expenseReportProcessId, timesheetPageId, timesheetProcessId, type TimesheetInput, type TimesheetPageInput } from '../../domain/process/time-process.ts';
import { LINE_QUEUE } from '../../domain/process/task-queues.ts';
import type { Db } from '../../store/database.ts';
import { recordsOfPage, type PageRecord, type ReadyPage } from '../../store/time/pages.ts';
import { SearchAttribute } from '../../workflows/contracts/search-attributes.ts';
import type { Weight } from './page-order.ts';

/**
 * Starts what carries a page: one process for a page of timesheets, one of its own for a single timesheet and for each expense report.
 * A process that runs is joined and one that failed is begun anew, so that this may be done any number of times.
 * @returns 'ended' where every process of the page has been through already.
 */
export async function startPage(client: Client, db: Db, page: ReadyPage, { priority }: Weight): Promise<'running' | 'ended'> {
  if (page.kind === 'timesheets' && page.records > 1) return await startTimesheetPage(client, page, priority);
  const records = await recordsOfPage(db, page);
  if (page.kind === 'timesheets') {
    const [record] = records;
    if (record === undefined || record.contested) return await startTimesheetPage(client, page, priority);
    return await startRecord(client, 'timesheet', timesheetProcessId(record), record, page, priority);
  }
  const outcomes: ('running' | 'ended')[] = [];
  for (const record of records) {
    const id = expenseReportProcessId(record);
    outcomes.push(await startRecord(client, 'expenseReport', record.contested ? `${id}/${record.record}` : id, record, page, priority));
  }
  return outcomes.every((outcome) => outcome === 'ended') ? 'ended' : 'running';
}

async function startTimesheetPage(client: Client, page: ReadyPage, priority: number): Promise<'running' | 'ended'> {
  const { batch, legalEntity, records } = page;
  const input: TimesheetPageInput = { batch, page: page.page, legalEntity, records, priority };
  return await start(client, 'timesheetPage', {
    ...options('timesheetPage', page, priority, null),
    workflowId: timesheetPageId(page),
    args: [input],
    staticSummary: `${records} ${records === 1 ? 'timesheet' : 'timesheets'} of ${legalEntity}: page ${page.page} of batch ${batch}`,
  });
}

async function startRecord(client: Client, process: 'timesheet' | 'expenseReport', workflowId: string, record: PageRecord, page: ReadyPage, priority: number): Promise<'running' | 'ended'> {
  const { system, id, version, person } = record;
  const input: TimesheetInput = { record: record.record, system, id, version, person, legalEntity: page.legalEntity, priority };
  return await start(client, process, {
    ...options(process, page, priority, system),
    workflowId,
    args: [input],
    staticSummary: `${process === 'timesheet' ? 'Timesheet' : 'Expense report'} ${id} version ${version} from ${system}, ${page.legalEntity}`,
  });
}

function options(process: string, { legalEntity }: ReadyPage, priorityKey: number, system: string | null): Omit<WorkflowStartOptions, 'workflowId' | 'args'> {
  return {
    taskQueue: LINE_QUEUE,
    workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
    workflowIdConflictPolicy: 'USE_EXISTING',
    priority: { priorityKey, fairnessKey: legalEntity },
    typedSearchAttributes: [
      { key: SearchAttribute.process, value: process },
      { key: SearchAttribute.stage, value: 'received' },
      { key: SearchAttribute.legalEntity, value: legalEntity },
      ...(system === null ? [] : [{ key: SearchAttribute.system, value: system }]),
    ],
  };
}

async function start(client: Client, type: string, settings: WorkflowStartOptions): Promise<'running' | 'ended'> {
  try {
    await client.workflow.start(type, settings);
    return 'running';
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'ended';
    throw error;
  }
}
