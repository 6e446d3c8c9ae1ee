import type { LaborPosting } from '../../../domain/model/time/labor-posting.ts';
import type { Timesheet } from '../../../domain/model/time/timesheet.ts';
import type { Judged, Posted, Work } from '../work.ts';

export type PeerActivities = ReturnType<typeof activitiesOf>;

export function activitiesOf(work: Work) {
  return {
    validate: (sheet: Timesheet): Promise<Judged> => Promise.resolve(work.validate(sheet)),
    post: (postings: readonly LaborPosting[]): Promise<readonly Posted[]> => work.post(postings),
    record: (sheet: Timesheet, judged: Judged, posted: readonly Posted[]): Promise<void> => work.record(sheet, judged, posted),
  };
}
