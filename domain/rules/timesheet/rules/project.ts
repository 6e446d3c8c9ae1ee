import { addDays } from '../../../dates.ts';
import { mayPass, mustChange, type TimeFinding } from '../finding.ts';
import { isTakenBack, type EntryInReview, type EntryRule } from '../review.ts';

/** Whether work on a project that is inactive by now is taken by the grace policy of the person's region: done before it became inactive, told soon after. */
export function withinGrace({ entry, project, ruleSet, person, index }: EntryInReview): boolean {
  if (project?.inactiveFrom == null || person === undefined || project.status === 'cancelled') return false;
  const today = index.today(person.timeZone);
  return entry.workDate < project.inactiveFrom && today <= addDays(project.inactiveFrom, ruleSet?.inactiveProjectGraceDays ?? 0);
}

export function isInactive({ project, person, index }: EntryInReview): boolean {
  if (project === undefined) return false;
  if (project.status === 'closed' || project.status === 'cancelled') return true;
  return project.inactiveFrom !== null && person !== undefined && index.today(person.timeZone) >= project.inactiveFrom;
}

/** The work is for a project that is known, active, and under way on the work date. */
export const projectRule: EntryRule = (review) => {
  const { entry, project, original } = review;
  if (isTakenBack(review) && (project !== undefined || original !== undefined)) return [];
  if (project === undefined) {
    return [mustChange(entry, 'PROJECT_UNKNOWN', 'projectNumber', { message: `There is no project ${entry.projectNumber}.`, mend: 'Pick the project again in the time system; ask the project management office where it is missing.' })];
  }
  const findings: TimeFinding[] = [];
  if (isInactive(review) && !withinGrace(review)) {
    findings.push(
      mayPass(entry, 'PROJECT_NOT_ACTIVE', 'projectNumber', {
        message: `Project ${project.number} is ${project.status === 'active' ? 'inactive' : project.status}${project.inactiveFrom === null ? '' : ` since ${project.inactiveFrom}`}; ${review.ruleSet === undefined ? 'no grace is given' : `work done before is taken for ${review.ruleSet.inactiveProjectGraceDays} days after (${review.ruleSet.code})`}.`,
        mend: 'Book the time on the project that follows, or ask the project manager to reopen the code.',
      }),
    );
  }
  if (entry.workDate < project.startDate || entry.workDate > project.endDate) {
    findings.push(mayPass(entry, 'PROJECT_DATES_EXCEEDED', 'workDate', { message: `Project ${project.number} runs from ${project.startDate} to ${project.endDate}; the work is of ${entry.workDate}.`, mend: "Correct the work date or the project, or have the project's dates extended by a change order." }));
  }
  if (entry.task !== null && project.tasks.length > 0 && !project.tasks.some(({ code }) => code === entry.task)) {
    findings.push(mustChange(entry, 'TASK_UNKNOWN', 'task', { message: `Project ${project.number} has no task ${entry.task}.`, mend: `Pick one of its tasks: ${project.tasks.map(({ code }) => code).join(', ')}.` }));
  }
  return findings;
};
