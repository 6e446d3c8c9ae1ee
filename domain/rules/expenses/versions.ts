import type { ExpenseContext, PostedExpense, ReportRef } from '../../model/time/expense-context.ts';
import type { ExpenseReport } from '../../model/time/expense-report.ts';
import { mustChange, reportName, type ExpenseFinding, type HoldReason } from './finding.ts';
import { canonical } from './review.ts';

/** What a report is to what was accepted before. */
export type Standing =
  | { readonly kind: 'new' }
  | { readonly kind: 'correction'; readonly original: PostedExpense }
  /** This very version was accepted before: nothing more to do. */
  | { readonly kind: 'repeat'; readonly posted: PostedExpense }
  | { readonly kind: 'held'; readonly reason: HoldReason }
  | { readonly kind: 'refused'; readonly finding: ExpenseFinding };

/** Two reports with the same content, whatever the order of their lines and wherever they stand with their approver. */
export function sameReport(left: ExpenseReport, right: ExpenseReport): boolean {
  return contentOf(left) === contentOf(right);
}

function contentOf({ approval: _approval, lines, ...head }: ExpenseReport): string {
  return canonical({ ...head, lines: lines.map(canonical).toSorted() });
}

export function isRef(report: ReportRef, ref: ReportRef): boolean {
  return report.system === ref.system && report.id === ref.id && report.version === ref.version;
}

/** Accepted versions of a report, the latest booking of a version last. */
export function versionsOf(context: ExpenseContext, report: Pick<ReportRef, 'system' | 'id'>): PostedExpense[] {
  return context.posted.filter((posted) => posted.report.system === report.system && posted.report.id === report.id);
}

/**
 * Where a report stands. A correction whose original was not seen yet is held for it, so that nothing depends on which of the two arrives first;
 * the correction of an original that was refused or taken back stands on its own.
 */
export function standingOf(report: ExpenseReport, context: ExpenseContext): Standing {
  const versions = versionsOf(context, report);
  const itself = versions.filter((posted) => posted.report.version === report.version);
  const inForce = versions.filter(({ state }) => state === 'in_force').toSorted((left, right) => right.report.version - left.report.version)[0];
  const live = itself.find(({ state }) => state !== 'reversed');
  if (live !== undefined) {
    if (sameReport(live.report, report)) return { kind: 'repeat', posted: live };
    return refused(report, 'VERSION_REUSED', 'version', 'This version was posted before with another content.', 'Raise the version with each change.');
  }
  if (inForce !== undefined && inForce.report.version > report.version) {
    return refused(report, 'REPORT_STALE', 'version', `Version ${inForce.report.version} of this report is posted already.`, 'Nothing, unless this older version is right: then submit it as a new version.');
  }
  const replacedBy = context.posted.find(({ state, report: other }) => state === 'in_force' && other.system === report.system && other.id !== report.id && other.replaces?.id === report.id && other.replaces.version >= report.version);
  if (replacedBy !== undefined) {
    return refused(report, 'REPORT_STALE', 'version', `Report ${replacedBy.report.id} version ${replacedBy.report.version}, which replaces this one, is posted already.`, 'Nothing, unless this report is right: then submit a new version of the other.');
  }
  if (report.replaces === null || (report.replaces.id === report.id && inForce !== undefined)) {
    if (report.replaces !== null && report.replaces.version >= report.version) return itselfReplaced(report, report.replaces.version);
    return inForce === undefined ? { kind: 'new' } : ofSamePerson(report, inForce);
  }
  return correctionOf(report, { system: report.system, ...report.replaces }, context);
}

function correctionOf(report: ExpenseReport, replaces: ReportRef, context: ExpenseContext): Standing {
  if (replaces.id === report.id && replaces.version >= report.version) return itselfReplaced(report, replaces.version);
  const bookings = versionsOf(context, replaces).filter((posted) => posted.report.version === replaces.version);
  const original = bookings.find(({ state }) => state !== 'reversed') ?? bookings[0];
  if (original === undefined) {
    const inForce = versionsOf(context, replaces).find(({ state }) => state === 'in_force');
    if (inForce !== undefined && inForce.report.version > replaces.version) return superseded(report, inForce);
    if (context.refused.some((ref) => isRef(ref, replaces))) return inForce === undefined ? { kind: 'new' } : ofSamePerson(report, inForce);
    const waitsFor = `expense report ${replaces.id} version ${replaces.version}`;
    return { kind: 'held', reason: { code: 'ORIGINAL_NOT_SEEN', message: `The correction replaces ${waitsFor}, which has not arrived yet.`, waitsFor } };
  }
  if (original.state === 'in_force') return ofSamePerson(report, original);
  if (original.report.person !== report.person) return otherPerson(report, original);
  if (nothingStands(original, context)) return { kind: 'new' };
  return superseded(report, original);
}

function superseded(report: ExpenseReport, { report: known }: PostedExpense): Standing {
  return refused(report, 'ORIGINAL_SUPERSEDED', 'replaces', `What it replaces has another correction already: ${reportName(known)} is posted.`, 'Look at the newest version and correct that one.');
}

/** A report that is not in force, and whatever replaced it was taken back itself. */
function nothingStands({ report: { system, id, version } }: PostedExpense, context: ExpenseContext): boolean {
  return context.posted.every(({ state, report }) => state === 'reversed' || report.system !== system || !((report.id === id && report.version > version) || (report.id !== id && report.replaces?.id === id && report.replaces.version >= version)));
}

function ofSamePerson(report: ExpenseReport, original: PostedExpense): Standing {
  return original.report.person === report.person ? { kind: 'correction', original } : otherPerson(report, original);
}

function otherPerson(report: ExpenseReport, original: PostedExpense): Standing {
  return refused(report, 'CORRECTION_OF_OTHER_PERSON', 'replaces', `The report it replaces is of ${original.report.person}.`, "Take the other person's report back and submit a new one.");
}

function itselfReplaced(report: ExpenseReport, version: number): Standing {
  return refused(report, 'CORRECTION_OF_ITSELF', 'replaces', `The report says it replaces version ${version} of itself.`, 'Let the correction name the earlier version it replaces.');
}

function refused(report: ExpenseReport, code: string, field: string, message: string, mend: string): Standing {
  return { kind: 'refused', finding: mustChange({ report }, code, field, { message, mend }) };
}
