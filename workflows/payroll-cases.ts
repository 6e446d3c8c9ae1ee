import type { AcknowledgementResult, CutoffRisk, ExportOutline } from '../activities/payroll/contract.ts';
import type { CaseAction } from '../domain/config/schema.ts';
import type { Failure } from '../domain/failure.ts';
import type { CaseInput } from '../domain/process/exception-case.ts';
import type { PayrollRun } from '../domain/process/payroll-process.ts';

/** Payroll is never given up: people must be paid. */
const NEVER: readonly CaseAction[] = ['override', 'reroute', 'return_to_submitter', 'confirm_not_done', 'abort'];
const EVIDENCE_LENGTH = 3900;

/** What people are told of a payroll run. */
export function createPayrollCases({ run, process, configHash }: { readonly run: PayrollRun; readonly process: string; readonly configHash: () => string | null }) {
  const { legalEntity, payPeriod } = run;

  function caseOf(part: Pick<CaseInput, 'code' | 'kind' | 'subject' | 'message' | 'mend'> & Partial<CaseInput>): CaseInput {
    return { process, findings: [], system: null, legalEntity, deal: `payroll/${legalEntity}/${payPeriod}`, amount: null, evidence: null, postingKey: null, configHash: configHash(), without: [...NEVER, 'confirm_done'], ...part };
  }

  return {
    atRisk: ({ waiting, held, rejected }: CutoffRisk, cutoffAt: string): CaseInput =>
      caseOf({
        code: 'PAYROLL_CUTOFF_AT_RISK',
        kind: 'business_rule',
        subject: `payroll of ${legalEntity} for ${payPeriod}`,
        message: `${waiting + held + rejected} timesheets of ${legalEntity} will miss the payroll of ${payPeriod} (cutoff ${cutoffAt}): ${waiting} not decided yet, ${held} held for another record, ${rejected} rejected and not corrected.`,
        mend: 'Have the rejected ones corrected and approved, and look what the held ones wait for. What is left at the cutoff is paid with the next pay period; the case closes by itself.',
      }),

    unposted: ({ unposted = 0 }: CutoffRisk, cutoffAt: string): CaseInput =>
      caseOf({
        code: 'LABOR_UNPOSTED_AT_CUTOFF',
        kind: 'business_rule',
        subject: `labor of ${legalEntity} for ${payPeriod}`,
        message: `${unposted} accepted timesheets of ${legalEntity} are not in the ERP, and the payroll cutoff of ${payPeriod} is near (${cutoffAt}).`,
        mend: 'See to the cases and pending activities about their posting: refused, in doubt, or an ERP that does not answer. Their hours are paid all the same; the case closes by itself when the ERP has them.',
      }),

    overdue: ({ exportId, system, lines, hours }: ExportOutline, withinHours: number): CaseInput =>
      caseOf({
        code: 'PAYROLL_ACK_OVERDUE',
        kind: 'contract',
        subject: `payroll export ${exportId}`,
        system,
        message: `${system} has not acknowledged payroll export ${exportId} (${hours} hours in ${lines} lines) within ${withinHours} hours.`,
        mend: 'Ask the payroll bureau whether it has the files. "retry" looks again at once; "confirm_done", with the bureau\'s reference as externalId, takes its word for all lines. The case closes by itself when the acknowledgement comes.',
        without: NEVER,
      }),

    rejected: ({ exportId, system, lines }: ExportOutline, { state, rejected, reason, examples }: Extract<AcknowledgementResult, { state: 'lines_rejected' | 'refused' }>): CaseInput =>
      caseOf({
        code: state === 'refused' ? 'PAYROLL_EXPORT_REFUSED' : 'PAYROLL_LINES_REJECTED',
        kind: 'business_rule',
        subject: `payroll export ${exportId}`,
        system,
        message: state === 'refused' ? `${system} refused payroll export ${exportId} as a whole: ${reason ?? 'no reason was given'}.` : `${system} rejected ${rejected} of ${lines} lines of payroll export ${exportId}.`,
        mend: 'Mend the cause with the bureau or at the source, then "retry": the rejected hours go into another export, with what was corrected meanwhile. "confirm_done", with a reference as externalId, where they are paid by hand.',
        evidence: examples.join('\n').slice(0, EVIDENCE_LENGTH),
        without: NEVER,
      }),

    failed: ({ code, kind, message, mend, system, object, evidence }: Failure): CaseInput => caseOf({ code, kind, subject: object, message, mend, system, evidence: evidence ?? null }),

    stillRetrying: (subject: string, system: string, minutes: number): CaseInput =>
      caseOf({
        code: 'STILL_RETRYING',
        kind: 'transient',
        subject,
        system,
        message: `${subject} has not got through to ${system} for ${minutes} minutes.`,
        mend: 'It is being retried all the time and goes on by itself once the system answers. Look at the pending activity for the last error.',
      }),
  };
}

export type PayrollCases = ReturnType<typeof createPayrollCases>;
