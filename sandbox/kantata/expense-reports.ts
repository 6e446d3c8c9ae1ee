/**
 * Expense report submissions: expenses of one person and project, approved together. https://developer.kantata.com/tag/Expense-Report-Submissions
 * What may be done with one is taken to be as with timesheets (unverified), so it goes by the same modes.
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { stamp } from './account.ts';
import { invalid } from './errors.ts';
import { bodyOf, idIn, idNumber, queryOf, readBody, sendObjects } from './http.ts';
import { byTime, installList, is, route, type Service } from './lists.ts';
import type { ExpenseReport, SubmissionStatus } from './model.ts';
import { tokenOwner } from './people.ts';
import type { SubmissionRights } from './presenters.ts';
import { APPROVED_CANCELS_MODE, APPROVED_IS_FINAL_MODE } from './submissions.ts';

const NewReport = z.strictObject({ line_item_ids: z.array(idNumber).min(1, "can't be blank"), title: z.string().min(1, "can't be blank"), workspace_id: idNumber, user_id: idNumber.optional(), comment: z.string().optional() });
const Resolution = z.strictObject({ description: z.string().nullish() });
/** An admin action: submits expenses of a person in one project, and decides at once if asked. */
const Seeded = z.object({ user_id: z.coerce.number(), workspace_id: z.coerce.number(), line_item_ids: z.array(z.coerce.number()), status: z.enum(['pending', 'approved']).default('approved') });

export function rightsOfReport({ mode }: Pick<Service, 'mode'>, { status }: ExpenseReport): SubmissionRights {
  const approvedMay = status === 'approved' && mode() !== APPROVED_IS_FINAL_MODE;
  return {
    can_approve_submission: status === 'pending',
    can_reject_submission: status === 'pending' || (approvedMay && mode() !== APPROVED_CANCELS_MODE),
    can_cancel_submission: status === 'pending' || approvedMay,
    can_resubmit_submission: status === 'rejected' || status === 'cancelled',
  };
}

function submit(service: Service, values: unknown): ExpenseReport {
  const { account } = service;
  const { line_item_ids: ids, workspace_id: workspaceId, title, ...given } = readBody(NewReport, values);
  const userId = given.user_id ?? tokenOwner(service).id;
  const expenses = ids.map((id) => account.expenses.get(id));
  account.workspaces.need(workspaceId);
  if (expenses.some((expense) => expense === undefined || expense.workspace_id !== workspaceId || expense.user_id !== userId)) throw invalid('must be expenses of the user in this project', 'line_item_ids');
  if (expenses.some((expense) => expense !== undefined && expense.active_submission_id !== null)) throw invalid('have been submitted already', 'line_item_ids');
  return account.transaction(() => {
    const report = account.expenseReports.insert({ workspace_id: workspaceId, user_id: userId, title, status: 'pending', resolution: null, submitted_expense_ids: ids });
    for (const expense of expenses) if (expense !== undefined) account.expenses.update(expense, { active_submission_id: report.id });
    return report;
  });
}

function release({ account }: Pick<Service, 'account'>, report: ExpenseReport): void {
  for (const id of report.submitted_expense_ids) {
    const expense = account.expenses.get(id);
    if (expense?.active_submission_id === report.id) account.expenses.update(expense, { active_submission_id: null });
  }
}

function resolve(service: Service, report: ExpenseReport, status: Exclude<SubmissionStatus, 'pending'>, description: string | null): void {
  const rights = rightsOfReport(service, report);
  if (!{ approved: rights.can_approve_submission, rejected: rights.can_reject_submission, cancelled: rights.can_cancel_submission }[status]) throw invalid(`An expense report that is ${report.status} cannot be ${status}`, 'base');
  const { account } = service;
  account.transaction(() => {
    account.expenseReports.update(report, { status, resolution: { description, creator_id: tokenOwner(service).id, created_at: stamp(account.now()) } });
    if (status !== 'approved') release(service, report);
  });
}

export function seedExpenseReport(service: Service, record: unknown): ExpenseReport {
  const { status, ...values } = readBody(Seeded, record);
  const made = submit(service, { ...values, title: 'Expenses' });
  if (status === 'approved') resolve(service, made, 'approved', null);
  return made;
}

export function installExpenseReports(app: FastifyInstance, service: Service): void {
  const { account, presenters } = service;
  const path = '/expense_report_submissions';
  installList(app, service, path, {
    table: account.expenseReports,
    presenter: presenters.expense_report_submissions,
    filters: { ...byTime, workspace_id: is(({ workspace_id }) => workspace_id), all_on_account: () => () => true },
    orders: { created_at: ({ created_at }) => created_at },
    defaultOrder: 'created_at:desc',
  });
  route(app, 'POST', path, (request, reply) => {
    const query = queryOf(request, []);
    return sendObjects(reply, presenters.expense_report_submissions, [submit(service, bodyOf('expense_report_submission', z.looseObject({}), request)).id], query);
  });
  // As timesheets (unverified); what was on it is open again.
  route(app, 'DELETE', `${path}/:id`, (request, reply) => {
    const report = account.expenseReports.need(idIn(request));
    account.transaction(() => {
      release(service, report);
      account.expenseReports.delete(report.id);
    });
    return reply.code(204).send();
  });
  for (const [action, status] of [['approve', 'approved'], ['reject', 'rejected'], ['cancel', 'cancelled']] as const) {
    route(app, 'PUT', `${path}/:id/${action}`, (request, reply) => {
      const query = queryOf(request, []);
      const report = account.expenseReports.need(idIn(request));
      resolve(service, report, status, bodyOf('resolution', Resolution, request).description ?? null);
      return sendObjects(reply, presenters.expense_report_submissions, [report.id], query);
    });
  }
}
