import { addDays } from '../../../dates.ts';
import { mayPass, mustChange, notConfigured, type ExpenseFinding, type HoldReason } from '../finding.ts';
import { eachLine, type LineInReview, type ReportInReview } from '../review.ts';

export function projectHold({ lines }: ReportInReview): HoldReason | undefined {
  const pending = lines.find(({ project }) => project?.status === 'pending')?.project;
  if (pending === undefined) return undefined;
  return { code: 'PROJECT_PENDING', message: `Project ${pending.number} is being set up and not active yet.`, waitsFor: `activation of project ${pending.number}` };
}

export function isInactive({ project }: LineInReview, { today }: ReportInReview): boolean {
  if (project === undefined) return false;
  return project.status === 'closed' || project.status === 'cancelled' || (project.inactiveFrom !== null && today >= project.inactiveFrom);
}

function withinGrace({ project, line }: LineInReview, { policy, today }: ReportInReview): boolean {
  if (project?.inactiveFrom == null || project.status === 'cancelled') return false;
  return line.incurredOn < project.inactiveFrom && today <= addDays(project.inactiveFrom, policy?.inactiveProjectGraceDays ?? 0);
}

/** The project is known, active, and under way on the day of the expense. */
export const projectRule = eachLine((review, of) => {
  const { line, project, report } = review;
  if (project === undefined) {
    return [mustChange({ report, line }, 'PROJECT_UNKNOWN', 'projectNumber', { message: `There is no project ${line.projectNumber}.`, mend: 'Pick the project again in the expense system; ask the project management office where it is missing.' })];
  }
  const findings: ExpenseFinding[] = [];
  if (isInactive(review, of) && !withinGrace(review, of)) {
    findings.push(mayPass({ report, line }, 'PROJECT_NOT_ACTIVE', 'projectNumber', { message: `Project ${project.number} is ${project.status === 'active' ? 'inactive' : project.status}${project.inactiveFrom === null ? '' : ` since ${project.inactiveFrom}`}; what was spent before is paid for ${of.policy?.inactiveProjectGraceDays ?? 0} days after.`, mend: 'Book the expense on the project that follows, or ask the project manager to reopen the code.' }));
  }
  if (line.incurredOn < project.startDate || line.incurredOn > project.endDate) {
    findings.push(mayPass({ report, line }, 'PROJECT_DATES_EXCEEDED', 'incurredOn', { message: `Project ${project.number} runs from ${project.startDate} to ${project.endDate}; the expense is of ${line.incurredOn}.`, mend: "Correct the date or the project, or have the project's dates extended by a change order." }));
  }
  if (line.task !== null && project.tasks.length > 0 && !project.tasks.some(({ code }) => code === line.task)) {
    findings.push(mustChange({ report, line }, 'TASK_UNKNOWN', 'task', { message: `Project ${project.number} has no task ${line.task}.`, mend: `Pick one of its tasks: ${project.tasks.map(({ code }) => code).join(', ')}.` }));
  }
  return findings;
});

/** The person is assigned to the project on the day. Internal projects are open to all. */
export const assignmentRule = eachLine(({ line, report, project, assignments, covering }) => {
  if (project === undefined || project.kind === 'internal' || covering.length > 0) return [];
  if (assignments.length === 0) {
    return [mustChange({ report, line }, 'ASSIGNMENT_MISSING', 'projectNumber', { message: `${report.person} is not assigned to project ${project.number}.`, mend: 'Pick the right project, or ask the project manager for an assignment.' })];
  }
  const spans = assignments.map(({ from, to }) => `${from} to ${to ?? 'open end'}`).toSorted().join(', ');
  return [mayPass({ report, line }, 'ASSIGNMENT_NOT_COVERING_DATE', 'incurredOn', { message: `${report.person} is assigned to project ${project.number} only from ${spans}; the expense is of ${line.incurredOn}.`, mend: 'Correct the date, or ask the project manager to extend the assignment.' })];
});

/** Only what a client can be billed for is claimed as billable. */
export const billableRule = eachLine(({ line, report, project, category }) => {
  if (!line.billable || project === undefined) return [];
  if (project.kind === 'internal' || project.billingMethod === null) {
    return [mustChange({ report, line }, 'BILLABLE_ON_INTERNAL_PROJECT', 'billable', { message: `Project ${project.number} is internal: nobody is billed for its expenses.`, mend: 'Mark the expense as not billable, or pick the client project it was for.' })];
  }
  if (project.tasks.find(({ code }) => code === line.task)?.billable === false) {
    return [mustChange({ report, line }, 'BILLABLE_ON_NON_BILLABLE_TASK', 'task', { message: `Task ${line.task} of project ${project.number} is not billable.`, mend: 'Mark the expense as not billable, or pick a billable task.' })];
  }
  if (category?.billable === false) {
    return [mustChange({ report, line }, 'EXPENSE_NOT_BILLABLE', 'billable', { message: `${category.name} is not billed on to clients.`, mend: 'Mark the expense as not billable, or pick the category it belongs to.' })];
  }
  return [];
});

/** The cost goes to a cost center that exists in the project's legal entity. */
export const costCenterRule = eachLine(({ line, report, project }, { index, context }) => {
  if (project === undefined) return [];
  const entity = index.entity(project.legalEntity);
  if (entity === undefined) {
    return [notConfigured({ report, line }, 'LEGAL_ENTITY_UNKNOWN', 'projectNumber', { message: `The legal entity ${project.legalEntity} of project ${project.number} is not one of ours.`, mend: 'Add it to config/legal-entities.yaml, or correct the project.' })];
  }
  const wanted = line.costCenter ?? project.costCenter;
  if (entity.costCenters.includes(wanted)) return [];
  if (line.costCenter === null) {
    return [notConfigured({ report, line }, 'COST_CENTER_MISSING', 'costCenter', { message: `The cost center ${project.costCenter} of project ${project.number} is not one of ${entity.code}.`, mend: "Correct the project's cost center, or add it to config/legal-entities.yaml." })];
  }
  const owner = context.time.legalEntities.find(({ costCenters }) => costCenters.includes(wanted));
  return [
    owner === undefined
      ? mustChange({ report, line }, 'COST_CENTER_UNKNOWN', 'costCenter', { message: `There is no cost center ${wanted}.`, mend: "Leave it empty to take the project's, or pick one that exists." })
      : mustChange({ report, line }, 'COST_CENTER_OF_OTHER_ENTITY', 'costCenter', { message: `Cost center ${wanted} belongs to ${owner.code}; project ${project.number} is of ${entity.code}.`, mend: `Leave it empty to take the project's, or pick one of ${entity.code}.` }),
  ];
});
