import { z } from 'zod';
import type { ExpenseAnswers } from '../expense-answers.ts';
import { storableText } from '../storable-text.ts';
import type { Kantata } from './client.ts';
import { idText } from './envelope.ts';

/** https://developer.kantata.com/tag/Expense-Report-Submissions */
const reportRow = z.object({
  id: idText,
  /** Any other would be taken for one that is given back already. */
  status: z.enum(['new', 'pending', 'approved', 'rejected', 'cancelled']),
  permissions: z.object({ can_reject_submission: z.boolean().nullish(), can_cancel_submission: z.boolean().nullish() }).nullish(),
});
/** As the API shows and as it filters them ("new" is what waits for its first decision). */
const OPEN: ReadonlySet<string> = new Set(['approved', 'pending', 'new']);
const NOTE_LENGTH = 1000;
const reportId = /^\d{1,15}$/;

/** Expense report submissions of Kantata: the line knows a report by the submission's ID. */
export function createExpenseAnswers(kantata: Kantata): ExpenseAnswers {
  return {
    async reject(rejection, context) {
      const { reportId: id, person, reason, findings } = rejection;
      const about = { object: `expense report ${id}`, context };
      const report = reportId.test(id) ? ((await kantata.show(`/expense_report_submissions/${id}`, reportRow, about))?.row ?? null) : null;
      if (report === null) {
        throw kantata.failure(about, { kind: 'business_rule', code: 'KANTATA_EXPENSE_REPORT_UNKNOWN', message: `Kantata has no ${about.object} that our token may see: ${person} cannot be told there what is wrong with it.`, mend: `Tell ${person} by another way (${reason}); then choose "confirm_done".` });
      }
      // Given back already. What is submitted again is another submission, with an ID of its own.
      if (!OPEN.has(report.status)) return;
      const { can_reject_submission: mayReject = true, can_cancel_submission: mayCancel = false } = report.permissions ?? {};
      if (mayReject !== true && mayCancel !== true) {
        throw kantata.failure(about, { kind: 'business_rule', code: 'KANTATA_APPROVAL_FINAL', message: `Kantata does not let our token take back the approval of ${about.object} of ${person}: it may be invoiced there, or approvals are final in this account.`, mend: `Have the report corrected in Kantata by an Account Administrator (${reason}); then choose "confirm_done".` });
      }
      const said = findings.map(({ path, message, mend }) => `${path === '' ? '' : `${path}: `}${message} ${mend}`);
      const told = reason.split('\n').filter((line) => line !== '' && !said.some((each) => each.endsWith(line)));
      await kantata.act('PUT', `/expense_report_submissions/${id}/${mayReject === true ? 'reject' : 'cancel'}`, { resolution: { description: storableText([...told, ...said].join('\n'), NOTE_LENGTH) } }, about);
    },
    lock: { unsupported: 'Kantata itself locks expenses when their report is approved, for everybody; only a rejected or cancelled report opens them.' },
  };
}
