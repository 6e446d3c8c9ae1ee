/** https://help.getharvest.com/api-v2/expenses-api/expenses/expenses/ and …/expense-categories/ ; of receipts only what is told of them is kept. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Account } from './account.ts';
import { COMPANY } from './company.ts';
import { unprocessable } from './errors.ts';
import { equalsNumber, filters, found, isActive, numberIn, queryOf, sendDeleted, sendList, sendText, updatedSince, type Service } from './http.ts';
import type { Expense, ExpenseCategory } from './model.ts';
import { Bool, DateText, Decimal, given, Integer, NullableText, readParameters } from './parameters.ts';
import { tokenOwner, whoAsks } from './people.ts';

const NewExpense = z.object({
  user_id: Integer.optional(),
  project_id: Integer,
  expense_category_id: Integer,
  spent_date: DateText,
  units: Integer.optional(),
  total_cost: Decimal.optional(),
  notes: NullableText.default(null),
  billable: Bool.default(true),
  receipt: z.object({ file_name: z.string(), file_size: z.int(), content_type: z.string() }).nullable().default(null),
});
const ExpenseChanges = z.object({ spent_date: DateText.optional(), total_cost: Decimal.optional(), notes: NullableText.optional(), billable: Bool.optional() });

export function createExpense(account: Account, body: unknown): Expense {
  const { user_id = tokenOwner(account).id, units, total_cost, ...values } = readParameters(NewExpense, body);
  const project = account.projects.get(values.project_id);
  if (project === undefined) throw unprocessable("Project can't be blank");
  if (!project.is_active) throw unprocessable('Project is archived');
  const category = account.expenseCategories.get(values.expense_category_id);
  if (category === undefined) throw unprocessable("Expense category can't be blank");
  const byUnit = category.unit_price !== null;
  if (byUnit ? units === undefined : total_cost === undefined) throw unprocessable(`${byUnit ? 'Units' : 'Total cost'} can't be blank`);
  const cost = byUnit ? Math.round((units ?? 0) * (category.unit_price ?? 0) * 100) / 100 : (total_cost ?? 0);
  return account.expenses.insert({ ...values, user_id, units: units ?? 1, total_cost: cost, approval_status: 'unsubmitted', is_billed: false });
}

export function installExpenses(app: FastifyInstance, service: Service): void {
  const { account } = service;
  const expenseAt = (id: number): Expense => found(account.expenses.get(id));
  const text = (expense: Expense): string => JSON.stringify(view(account, expense));

  app.get('/v2/expense_categories', (request, reply) => {
    const keep = filters<ExpenseCategory>(queryOf(request), { is_active: isActive, updated_since: updatedSince });
    return sendList(service, request, reply, 'expense_categories', account.expenseCategories.all().reverse().filter(keep), (category) => JSON.stringify(category));
  });
  app.get('/v2/expenses', (request, reply) => {
    const keep = filters<Expense>(queryOf(request), {
      user_id: equalsNumber((expense) => expense.user_id),
      client_id: equalsNumber((expense) => account.projects.get(expense.project_id)?.client_id ?? 0),
      project_id: equalsNumber((expense) => expense.project_id),
      is_billed: (value) => (expense) => expense.is_billed === (value === 'true'),
      approval_status: (value) => (expense) => expense.approval_status === value,
      updated_since: updatedSince,
      from: (value) => (expense) => expense.spent_date >= value,
      to: (value) => (expense) => expense.spent_date <= value,
    });
    const items = account.expenses.all().filter(keep).filter((expense) => !service.isMembers() || expense.user_id === whoAsks(service).id).sort((left, right) => right.spent_date.localeCompare(left.spent_date) || right.id - left.id);
    return sendList(service, request, reply, 'expenses', items, text);
  });
  app.post('/v2/expenses', (request, reply) => sendText(reply, text(createExpense(account, request.body)), 201));
  app.get('/v2/expenses/:id', (request, reply) => sendText(reply, text(expenseAt(numberIn(request, 'id')))));
  app.patch('/v2/expenses/:id', (request, reply) => {
    const expense = expenseAt(numberIn(request, 'id'));
    if (expense.approval_status === 'approved' || expense.is_billed) throw unprocessable('Item Approved and Locked for this Time Period');
    return sendText(reply, text(account.expenses.update(expense, given(readParameters(ExpenseChanges, request.body)))));
  });
  app.delete('/v2/expenses/:id', (request, reply) => {
    account.expenses.delete(expenseAt(numberIn(request, 'id')).id);
    return sendDeleted(reply);
  });
}

function view(account: Account, { user_id, project_id, expense_category_id, receipt, ...own }: Expense): object {
  const project = account.projects.get(project_id);
  const client = account.clients.get(project?.client_id ?? 0);
  const user = account.users.get(user_id);
  const category = account.expenseCategories.get(expense_category_id);
  const approved = own.approval_status === 'approved';
  return {
    ...own,
    is_closed: approved,
    is_locked: approved || own.is_billed,
    locked_reason: approved ? 'Item Approved and Locked for this Time Period' : null,
    receipt: receipt === null ? { url: null, file_name: null, file_size: null, content_type: null } : { url: `${COMPANY.base_uri}/expenses/${own.id}/receipt`, ...receipt },
    user: { id: user_id, name: user === undefined ? '' : `${user.first_name} ${user.last_name}` },
    project: { id: project_id, name: project?.name ?? '', code: project?.code ?? null },
    client: { id: client?.id ?? null, name: client?.name ?? '', currency: client?.currency ?? '' },
    expense_category: { id: expense_category_id, name: category?.name ?? '', unit_name: category?.unit_name ?? null, unit_price: category?.unit_price ?? null },
    invoice: null,
  };
}
