import { proxyActivities } from '@temporalio/workflow';
import type { Timesheet } from '../../../domain/model/time/timesheet.ts';
import type { PeerActivities } from './temporal-activities.ts';

const { validate, post, record } = proxyActivities<PeerActivities>({ startToCloseTimeout: '1 minute', retry: { initialInterval: '200 milliseconds', maximumInterval: '10 seconds' } });

/** One timesheet from validation to its record. */
export async function plainTimesheet(sheet: Timesheet): Promise<number> {
  const judged = await validate(sheet);
  const posted = judged.postings.length === 0 ? [] : await post(judged.postings);
  await record(sheet, judged, posted);
  return posted.length;
}
