import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { getExternalWorkflowHandle, ParentClosePolicy, startChild } from '@temporalio/workflow';
import type { PageDecision, ReleasedRecord } from '../activities/time/contract.ts';
import { timesheetProcessId } from '../domain/process/time-process.ts';
import { SearchAttribute } from './contracts/search-attributes.ts';
import { lookAgainSignal } from './contracts/time.ts';
import type { timesheet } from './timesheet.ts';

/** So many processes are started at once. */
const AT_ONCE = 20;

/**
 * Gives what a decision left open to processes of its own: a refused timesheet to one that sees it through with a person, one held before to
 * one that carries out what was decided now. Processes of versions that were superseded are told.
 */
export async function handOver(decision: PageDecision, terms: { readonly open: boolean; readonly priority: number }): Promise<void> {
  await inGroups(decision.superseded, (workflowId) => lookAgain(workflowId, 'superseded'));
  await inGroups(decision.released, async (record) => {
    if (!(await startTimesheet(record, terms.priority, 'what it waited for has come'))) await lookAgain(timesheetProcessId(record), 'released');
  });
  if (terms.open) await inGroups(decision.open, async (record) => void (await startTimesheet(record, terms.priority, record.code)));
}

async function inGroups<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  for (let from = 0; from < items.length; from += AT_ONCE) await Promise.all(items.slice(from, from + AT_ONCE).map(work));
}

/** @returns false where its process runs already */
async function startTimesheet({ record, system, id, version, person, legalEntity }: ReleasedRecord, priority: number, why: string): Promise<boolean> {
  try {
    await startChild<typeof timesheet>('timesheet', {
      workflowId: timesheetProcessId({ system, id, version }),
      args: [{ record, system, id, version, person, legalEntity, priority }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `${why}: timesheet ${id} version ${version} of ${person}`.slice(0, 190),
      priority: { priorityKey: priority, fairnessKey: legalEntity },
      typedSearchAttributes: [
        { key: SearchAttribute.process, value: 'timesheet' },
        { key: SearchAttribute.system, value: system },
        { key: SearchAttribute.legalEntity, value: legalEntity },
      ],
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

async function lookAgain(workflowId: string, reason: 'superseded' | 'released'): Promise<void> {
  try {
    await getExternalWorkflowHandle(workflowId).signal(lookAgainSignal, { reason });
  } catch {
    // It needs nobody any more: its process has ended.
  }
}
