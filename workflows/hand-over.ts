import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { getExternalWorkflowHandle, isCancellation, ParentClosePolicy, sleep, startChild } from '@temporalio/workflow';
import type { PageDecision, ReleasedRecord } from '../activities/time/contract.ts';
import { timesheetProcessOf } from '../domain/process/time-process.ts';
import { SearchAttribute } from './contracts/search-attributes.ts';
import { lookAgainSignal } from './contracts/time.ts';
import type { timesheet } from './timesheet.ts';

/** So many processes are started at once. */
const AT_ONCE = 20;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 60_000;

/**
 * Gives what a decision left open to processes of its own: a refused timesheet to one that sees it through with a person, one held before to
 * one that carries out what was decided now. Processes of versions that were superseded are told, and those that have lines which need not be
 * posted any more.
 * @param terms.toldBefore whom this process has told before: two that take something back from each other end all the same
 */
export async function handOver(decision: PageDecision, terms: { readonly open: boolean; readonly priority: number; readonly toldBefore?: Set<string> }): Promise<void> {
  const { toldBefore = new Set() } = terms;
  const news = decision.superseded.filter((workflowId) => !toldBefore.has(workflowId));
  await inGroups(news, async (workflowId) => {
    toldBefore.add(workflowId);
    await lookAgain(workflowId, 'superseded');
  });
  await inGroups(decision.released, (record) => release(record, terms.priority));
  if (terms.open) await inGroups(decision.open, async (record) => void (await startTimesheet(record, terms.priority, record.code, true)));
}

async function inGroups<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  for (let from = 0; from < items.length; from += AT_ONCE) await Promise.all(items.slice(from, from + AT_ONCE).map(work));
}

/** Until a process of it has begun with what was decided, or one that runs has heard of it: one that ends just then is followed by another. */
async function release(record: ReleasedRecord, priority: number): Promise<void> {
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    if (await startTimesheet(record, priority, 'what it waited for has come')) return;
    if (await lookAgain(timesheetProcessOf(record), 'released')) return;
    await sleep(waitMs);
  }
}

/** @returns false where its process runs already */
async function startTimesheet(released: ReleasedRecord, priority: number, why: string, refused = false): Promise<boolean> {
  const { record, system, id, version, person, legalEntity } = released;
  try {
    await startChild<typeof timesheet>('timesheet', {
      workflowId: timesheetProcessOf(released),
      args: [{ record, system, id, version, person, legalEntity, priority, ...(refused ? { refused } : {}) }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `${why}: timesheet ${id} version ${version} of ${person}`.slice(0, 190),
      priority: { priorityKey: priority, fairnessKey: legalEntity },
      typedSearchAttributes: [
        { key: SearchAttribute.process, value: 'timesheet' },
        { key: SearchAttribute.system, value: system },
        { key: SearchAttribute.legalEntity, value: legalEntity },
        ...(refused ? [{ key: SearchAttribute.stage, value: 'waiting' }] : []),
      ],
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

/** @returns false where there is no such process, or no more */
async function lookAgain(workflowId: string, reason: 'superseded' | 'released'): Promise<boolean> {
  try {
    await getExternalWorkflowHandle(workflowId).signal(lookAgainSignal, { reason });
    return true;
  } catch (error) {
    if (isCancellation(error)) throw error;
    return false;
  }
}
