/** Expenses and their receipts: those on an expense report that is pending or approved are locked. https://developer.kantata.com/tag/Expenses */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { invalid } from './errors.ts';
import { bodyOf, idIn, idNumber, localDate, queryOf, readBody, sendObjects } from './http.ts';
import { byTime, flag, installList, is, route, type Service } from './lists.ts';
import type { Attachment, Expense } from './model.ts';
import { tokenOwner } from './people.ts';

const Values = {
  date: localDate,
  category: z.string().min(1, "can't be blank").max(255),
  amount_in_cents: z.int(),
  notes: z.string().max(60_000).nullish(),
  is_billable: z.boolean().optional(),
  reimbursable: z.boolean().optional(),
  story_id: idNumber.nullish(),
  receipt_id: idNumber.nullish(),
};
const NewExpense = z.strictObject({ workspace_id: idNumber, user_id: idNumber.optional(), ...Values });
const Changes = z.strictObject(Values).partial();
/** What an upload leaves. */
const NewAttachment = z.object({ filename: z.string().min(1), filesize: z.int() });

export function createAttachment({ account }: Service, values: unknown): Attachment {
  return account.attachments.insert(readBody(NewAttachment, values));
}

export function createExpense(service: Service, values: unknown): Expense {
  const { account } = service;
  const { workspace_id, user_id = tokenOwner(service).id, ...given } = readBody(NewExpense, values);
  if (account.workspaces.get(workspace_id) === undefined || account.users.get(user_id) === undefined) throw invalid('must exist', 'workspace_id');
  if (given.story_id != null && account.stories.get(given.story_id)?.workspace_id !== workspace_id) throw invalid('is not a task of this project', 'story_id');
  if (given.receipt_id != null) account.attachments.need(given.receipt_id);
  return account.expenses.insert({
    workspace_id, user_id, story_id: given.story_id ?? null, date: given.date, category: given.category, notes: given.notes ?? null, amount_in_cents: given.amount_in_cents,
    is_billable: given.is_billable ?? true, is_invoiced: false, reimbursable: given.reimbursable ?? true, receipt_id: given.receipt_id ?? null, active_submission_id: null,
  });
}

function unlocked(expense: Expense): Expense {
  if (expense.active_submission_id !== null) throw invalid('Expense is on an expense report and cannot be changed', 'base');
  return expense;
}

export function installExpenses(app: FastifyInstance, service: Service): void {
  const { account, presenters } = service;
  installList(app, service, '/expenses', {
    table: account.expenses,
    presenter: presenters.expenses,
    filters: {
      ...byTime,
      workspace_id: is(({ workspace_id }) => workspace_id),
      approved: flag(({ active_submission_id }) => account.expenseReports.get(active_submission_id)?.status === 'approved'),
      date_expensed_between: (value) => ({ date }: Expense) => {
        const [from = '', to = ''] = value.split(':');
        return (from === '' || date >= from) && (to === '' || date <= to);
      },
    },
    hidden: { from_archived_workspaces: ({ workspace_id }) => account.workspaces.get(workspace_id)?.archived === true },
    orders: { date: ({ date }) => date },
    defaultOrder: 'date:desc',
  });
  route(app, 'POST', '/expenses', (request, reply) => {
    const query = queryOf(request, []);
    return sendObjects(reply, presenters.expenses, [createExpense(service, bodyOf('expense', z.looseObject({}), request)).id], query);
  });
  route(app, 'PUT', '/expenses/:id', (request, reply) => {
    const query = queryOf(request, []);
    const expense = unlocked(account.expenses.need(idIn(request)));
    const changes = bodyOf('expense', Changes, request);
    account.expenses.update(expense, Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)));
    return sendObjects(reply, presenters.expenses, [expense.id], query);
  });
  route(app, 'DELETE', '/expenses/:id', (request, reply) => {
    account.expenses.delete(unlocked(account.expenses.need(idIn(request))).id);
    return reply.code(204).send();
  });
}
