import { condition, defineSignal, proxyActivities, setHandler, startChild, workflowInfo } from '@temporalio/workflow';
import type { Timesheet } from '../../../domain/model/time/timesheet.ts';
import type { PeerActivities } from './temporal-activities.ts';

const { decide, post, record } = proxyActivities<PeerActivities>({ startToCloseTimeout: '1 minute', retry: { initialInterval: '200 milliseconds', maximumInterval: '10 seconds' } });

export const resolveSignal = defineSignal<[string]>('resolve');

/** One timesheet from its validation to its record; refused entries get a case of their own. */
export async function plainTimesheet(sheet: Timesheet): Promise<number> {
  const { postings, refused } = await decide(sheet);
  if (refused.length > 0) await startChild(exceptionCase, { workflowId: `case/${workflowInfo().workflowId}`, parentClosePolicy: 'ABANDON', args: [refused] });
  const posted = postings.length === 0 ? [] : await post(postings);
  await record(sheet, posted);
  return posted.length;
}

/** Waits until somebody resolves it. */
export async function exceptionCase(_codes: readonly string[]): Promise<string> {
  let resolution: string | undefined;
  setHandler(resolveSignal, (given) => {
    resolution = given;
  });
  await condition(() => resolution !== undefined);
  return resolution ?? '';
}
