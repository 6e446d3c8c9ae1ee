import type { ExpenseContext } from '../../../model/time/expense-context.ts';
import type { ExpenseReport } from '../../../model/time/expense-report.ts';
import { mayPass, mustChange, type ExpenseFinding, type HoldReason } from '../finding.ts';
import type { ReportInReview, ReportRule } from '../review.ts';

export function approvalHold({ approval, id, version }: ExpenseReport): HoldReason | undefined {
  if (approval.status !== 'draft' && approval.status !== 'submitted') return undefined;
  return { code: 'APPROVAL_PENDING', message: `Expense report ${id} version ${version} is ${approval.status} and not approved yet.`, waitsFor: `approval of expense report ${id} version ${version}` };
}

/** An approval taken back later than it was given, of this version or of one that came after it. */
export function isWithdrawn({ system, id, version, approval }: ExpenseReport, { withdrawals }: ExpenseContext): boolean {
  return withdrawals.some(({ report, at }) => report.system === system && report.id === id && report.version >= version && (approval.decidedAt === null || Date.parse(approval.decidedAt) <= Date.parse(at)));
}

/** The report was approved, in this version, by somebody who may, who is not the person; and the approval still stands. */
export const approvalRule: ReportRule = (review) => {
  const { report, context } = review;
  const { approval, id, version } = report;
  if (approval.status === 'rejected') {
    return [mustChange({ report }, 'APPROVAL_REJECTED', 'approval.status', { message: `${approval.approver ?? 'The approver'} rejected expense report ${id}${approval.reason === null ? '' : `: ${approval.reason}`}.`, mend: 'Correct the report as the approver asks and submit it again.' })];
  }
  if (isWithdrawn(report, context)) {
    return [mustChange({ report }, 'APPROVAL_WITHDRAWN', 'approval.status', { message: `The approval of expense report ${id} was withdrawn.`, mend: 'Correct the report and have it approved again.' })];
  }
  if (approval.status !== 'approved') return [];
  if (approval.approver === null || approval.decidedAt === null) {
    return [mustChange({ report }, 'APPROVER_MISSING', 'approval.approver', { message: `Expense report ${id} is approved, but not said by whom and when.`, mend: 'Have it approved in the expense system by its approver.' })];
  }
  const findings: ExpenseFinding[] = [];
  if (approval.of.id !== id || approval.of.version !== version) {
    findings.push(mustChange({ report }, 'APPROVAL_OF_OTHER_VERSION', 'approval.of', { message: `The approval is of report ${approval.of.id} version ${approval.of.version}, this is ${id} version ${version}.`, mend: 'Have this version approved.' }));
  }
  if (approval.approver.toLowerCase() === report.person.toLowerCase()) {
    findings.push(mustChange({ report }, 'APPROVER_IS_SELF', 'approval.approver', { message: `${approval.approver} approved their own expenses.`, mend: 'Have the report approved by somebody else who may.' }));
  } else {
    findings.push(...entitlement(review, approval.approver));
  }
  return findings;
};

/** Whoever may approve for the person may approve all of it; whoever may approve for a project, only the lines of that project. */
function entitlement({ report, person, lines }: ReportInReview, approver: string): ExpenseFinding[] {
  const ofPerson = person?.approvers ?? [];
  if (ofPerson.includes(approver)) return [];
  return lines.flatMap(({ line, project }) => {
    const entitled = [...ofPerson, ...(project?.approvers ?? [])];
    if (entitled.length === 0 || entitled.includes(approver)) return [];
    return [mayPass({ report, line }, 'APPROVER_NOT_ENTITLED', 'projectNumber', { message: `${approver} approves neither for ${report.person} nor for project ${project?.number ?? line.projectNumber}.`, mend: `Have it approved by ${entitled.join(' or ')}.` })];
  });
}
