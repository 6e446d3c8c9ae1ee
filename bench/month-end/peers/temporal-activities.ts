import type { LaborPosting } from '../../../domain/model/time/labor-posting.ts';
import type { Timesheet } from '../../../domain/model/time/timesheet.ts';
import type { Decided, Posted, Work } from '../work.ts';

export type PeerActivities = ReturnType<typeof activitiesOf>;

export function activitiesOf(work: Work) {
  return {
    decide: (sheet: Timesheet): Promise<Decided> => work.decide(sheet),
    post: (postings: readonly LaborPosting[]): Promise<readonly Posted[]> => work.post(postings),
    record: (sheet: Timesheet, posted: readonly Posted[]): Promise<void> => work.record(sheet, posted),
  };
}
