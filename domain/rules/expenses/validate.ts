import type { Approval } from '../../model/time/approval.ts';
import type { ExpensePosting } from '../../model/time/expense-posting.ts';
import type { ExpenseContext, PostedExpense, ReportRef } from '../../model/time/expense-context.ts';
import type { ExpenseReport } from '../../model/time/expense-report.ts';
import type { Instant } from '../../dates.ts';
import { originalPosting, reversalPosting } from './book.ts';
import { mustChange, type ExpenseFinding, type HoldReason } from './finding.ts';
import { reviewOf, type ReportInReview } from './review.ts';
import { REPORT_RULES } from './rules/all.ts';
import { approvalHold, approvalRule, isWithdrawn } from './rules/approval.ts';
import { mileageRuleFor } from './rules/mileage.ts';
import { perDiemRuleFor } from './rules/per-diem.ts';
import { bookedIn, periodHold } from './rules/period.ts';
import { isInactive, projectHold } from './rules/project.ts';
import { isRef, standingOf, versionsOf } from './versions.ts';

export type ExpenseDecision =
  /** `posting` books the report; `reversal` comes first and takes back what it corrects. */
  | { readonly outcome: 'accepted'; readonly posting: ExpensePosting; readonly reversal: ExpensePosting | null; readonly corrects: ReportRef | null; readonly remarks: readonly string[] }
  /** This version was accepted before, with the same content. `approval`: it was approved once more, later: a withdrawal decided in between does not take it back. */
  | { readonly outcome: 'repeat'; readonly approval: Approval | null }
  /** The approval is taken back: what is in force of the report is reversed, and approvals decided up to `at` no longer count. */
  | { readonly outcome: 'withdrawn'; readonly at: Instant; readonly reversal: ExpensePosting | null; readonly takesBack: ReportRef | null }
  | { readonly outcome: 'rejected'; readonly findings: readonly ExpenseFinding[] }
  | { readonly outcome: 'held'; readonly reason: HoldReason };

/**
 * Judges an expense report as a whole, as it was approved as a whole: accepted with its postings, rejected with all its findings, or held for what it waits for.
 * Pure: the same report and context always give the same answer, in whatever order the lines stand. Never throws for documents that follow their schemas.
 */
export function validateExpenseReport(report: ExpenseReport, context: ExpenseContext): ExpenseDecision {
  if (report.approval.status === 'withdrawn') return withdraw(report, context);
  const standing = standingOf(report, context);
  if (standing.kind === 'repeat') return { outcome: 'repeat', approval: approvedAgain(report, standing.posted, context) };
  if (standing.kind === 'refused') return { outcome: 'rejected', findings: [standing.finding] };
  if (standing.kind === 'held') return { outcome: 'held', reason: standing.reason };
  const pending = isWithdrawn(report, context) ? undefined : approvalHold(report);
  if (pending !== undefined) return { outcome: 'held', reason: pending };

  const original = standing.kind === 'correction' ? standing.original : undefined;
  const review = reviewOf(report, context, original);
  const project = projectHold(review);
  if (project !== undefined) return { outcome: 'held', reason: project };

  const isWaived = ({ code, path, overridable }: ExpenseFinding) => overridable && context.waivers.some((waiver) => isRef(report, waiver.report) && waiver.code === code && waiver.path === path);
  const found = distinct(REPORT_RULES.flatMap((rule) => rule(review)));
  const standingFindings = found.filter((finding) => !isWaived(finding));
  if (standingFindings.length > 0) return { outcome: 'rejected', findings: standingFindings };
  const period = periodHold(review);
  if (period !== undefined) return { outcome: 'held', reason: period };

  const reversal = original === undefined ? null : reversalPosting(original, context);
  if (reversal === undefined) return { outcome: 'rejected', findings: [noPeriodToReverse(report)] };
  const booking = versionsOf(context, report).filter((posted) => posted.report.version === report.version).length;
  return {
    outcome: 'accepted',
    posting: originalPosting(review, booking),
    reversal,
    corrects: original === undefined ? null : refOf(original),
    remarks: [...remarksOf(review), ...new Set(found.map(({ code }) => `WAIVED_${code}`))].toSorted(),
  };
}

function approvedAgain(report: ExpenseReport, { report: known }: PostedExpense, context: ExpenseContext): Approval | null {
  const { approval } = report;
  const isLater = approval.status === 'approved' && approval.decidedAt !== null && known.approval.decidedAt !== null && Date.parse(approval.decidedAt) > Date.parse(known.approval.decidedAt);
  return isLater && approvalRule(reviewOf(report, context, undefined)).length === 0 ? approval : null;
}

function withdraw(report: ExpenseReport, context: ExpenseContext): ExpenseDecision {
  const at = report.approval.decidedAt ?? context.time.asOf;
  const stands = (posted: PostedExpense) => posted.state === 'in_force' && posted.report.version <= report.version && (posted.report.approval.decidedAt === null || Date.parse(posted.report.approval.decidedAt) <= Date.parse(at));
  const inForce = versionsOf(context, report).find(stands);
  if (inForce === undefined) return { outcome: 'withdrawn', at, reversal: null, takesBack: null };
  const reversal = reversalPosting(inForce, context);
  return reversal === undefined ? { outcome: 'rejected', findings: [noPeriodToReverse(report)] } : { outcome: 'withdrawn', at, reversal, takesBack: refOf(inForce) };
}

function noPeriodToReverse(report: ExpenseReport): ExpenseFinding {
  return mustChange({ report }, 'PERIOD_CLOSED', 'lines', { message: 'What was posted must be taken back, but no accounting period of the employer is open for it.', mend: 'Ask finance to open the next period, then retry.' });
}

function refOf({ report: { system, id, version } }: PostedExpense): ReportRef {
  return { system, id, version };
}

/** What was let pass by policy, for the people who look at the posting. */
function remarksOf(review: ReportInReview): string[] {
  const { lines } = review;
  const period = bookedIn(review);
  const unverified = lines.some(({ line }) => (line.kind === 'per_diem' ? perDiemRuleFor(line, review) : line.kind === 'mileage' ? mileageRuleFor(line, review) : undefined)?.verified === false);
  return [
    ...(period?.outcome === 'open' && period.late ? ['LATE_REPORT'] : []),
    ...(lines.some((line) => isInactive(line, review)) ? ['INACTIVE_PROJECT_GRACE'] : []),
    ...(lines.some(({ line, project }) => project !== undefined && project.number !== line.projectNumber) ? ['PROJECT_CODE_CHANGED'] : []),
    ...(unverified ? ['EXPENSE_RATE_NOT_VERIFIED'] : []),
  ];
}

function distinct(findings: readonly ExpenseFinding[]): ExpenseFinding[] {
  return [...new Map(findings.map((finding) => [`${finding.code} ${finding.path} ${finding.message}`, finding])).values()];
}
