import { mayPass, mustChange, type HoldReason, type TimeFinding } from '../finding.ts';
import type { Timesheet } from '../../../model/time/timesheet.ts';
import type { EntryInReview, EntryRule } from '../review.ts';

export function approvalHold({ approval, id, version }: Timesheet): HoldReason | undefined {
  if (approval.status !== 'draft' && approval.status !== 'submitted') return undefined;
  return { code: 'APPROVAL_PENDING', message: `Timesheet ${id} version ${version} is ${approval.status} and not approved yet.`, waitsFor: `approval of timesheet ${id} version ${version}` };
}

/**
 * The timesheet was approved, in this version, by somebody who may, who is not the person; and the approval still stands. Of an older version
 * an entry counts that every later one tells of too: until a later version of the entry itself is accepted, what that would replace stays.
 */
export const approvalRule: EntryRule = (review) => {
  const { entry, sheet } = review;
  const { approval } = sheet;
  const at = 'approval.status';
  const later = review.index.context.laterVersions?.find(({ entries }) => !entries.includes(entry.id));
  if (later !== undefined) {
    return [mustChange(entry, 'TIMESHEET_STALE', 'version', { message: `Version ${later.version} of timesheet ${sheet.id}, which came before, no longer holds this entry.`, mend: 'Nothing, unless the entry belongs in the newest version: then add it there.' })];
  }
  if (approval.status === 'rejected') {
    return [mustChange(entry, 'APPROVAL_REJECTED', at, { message: `${approval.approver ?? 'The approver'} rejected timesheet ${sheet.id}${approval.reason === null ? '' : `: ${approval.reason}`}.`, mend: 'Correct the timesheet as the approver asks and submit it again.' })];
  }
  if (approval.status === 'withdrawn' || isWithdrawn(review)) {
    return [mustChange(entry, 'APPROVAL_WITHDRAWN', at, { message: `The approval of timesheet ${sheet.id} was withdrawn.`, mend: 'Correct the timesheet and have it approved again.' })];
  }
  if (approval.status !== 'approved') return [];
  if (approval.approver === null || approval.decidedAt === null) {
    return [mustChange(entry, 'APPROVER_MISSING', 'approval.approver', { message: `Timesheet ${sheet.id} is approved, but not said by whom and when.`, mend: 'Have it approved in the time system by its approver.' })];
  }
  const findings: TimeFinding[] = [];
  if (approval.of.id !== sheet.id || approval.of.version !== sheet.version) {
    findings.push(mustChange(entry, 'APPROVAL_OF_OTHER_VERSION', 'approval.of', { message: `The approval is of timesheet ${approval.of.id} version ${approval.of.version}, this is ${sheet.id} version ${sheet.version}.`, mend: 'Have this version approved.' }));
  }
  if (approval.approver.toLowerCase() === sheet.person.toLowerCase() || approval.approver.toLowerCase() === entry.person.toLowerCase()) {
    findings.push(mustChange(entry, 'APPROVER_IS_SELF', 'approval.approver', { message: `${approval.approver} approved their own time.`, mend: 'Have the timesheet approved by somebody else who may.' }));
  } else if (!mayApprove(review, approval.approver)) {
    findings.push(mayPass(entry, 'APPROVER_NOT_ENTITLED', 'approval.approver', { message: `${approval.approver} approves neither for ${entry.person} nor for project ${review.project?.number ?? entry.projectNumber}.`, mend: `Have it approved by ${[...(review.person?.approvers ?? []), ...(review.project?.approvers ?? [])].join(' or ')}.` }));
  }
  return findings;
};

function isWithdrawn({ sheet, index }: EntryInReview): boolean {
  return index.context.withdrawals.some(({ timesheet, at }) => timesheet.system === sheet.system && timesheet.id === sheet.id && timesheet.version >= sheet.version && (sheet.approval.decidedAt === null || Date.parse(sheet.approval.decidedAt) <= Date.parse(at)));
}

function mayApprove({ person, project }: EntryInReview, approver: string): boolean {
  const entitled = [...(person?.approvers ?? []), ...(project?.approvers ?? [])];
  return entitled.length === 0 || entitled.includes(approver);
}
