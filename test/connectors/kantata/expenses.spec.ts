import assert from 'node:assert/strict';
import type { ExpenseSource } from '../../../connectors/expense-source.ts';
import { isUnsupported } from '../../../connectors/ports.ts';
import { addDays } from '../../../domain/dates.ts';
import { itTakesBadAnswers } from '../conformance/bad-answers.ts';
import { callContext, uniqueTag } from '../conformance/documents.ts';
import { describeExpenseSource, type ExpenseOffice } from '../conformance/expense-source.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import { testClock, type Person } from '../conformance/timesheet-source.ts';
import { startAccount, type KantataAccount } from './support.ts';

const MONDAY = '2026-06-01';
const SUBUNITS: Readonly<Record<string, number>> = { JPY: 1, KWD: 1000 };

describe('Kantata expenses', function () {
  this.timeout(60_000);
  const clock = testClock('2026-06-10T08:00:00Z');
  let account: KantataAccount;
  const projects = new Map<string, { readonly id: string; readonly currency: string }>();
  const source = (options: Record<string, unknown> = {}): ExpenseSource => {
    const { expenses } = account.time(options);
    assert.ok(!isUnsupported(expenses));
    return expenses;
  };

  before(async () => {
    account = await startAccount({ now: () => clock.now() });
  });
  after(async () => account?.sandbox.close());

  const person = async (): Promise<Person> => {
    const email = `p${uniqueTag()}@northwind-consulting.example`;
    return { email, id: await account.seedOne('users', { full_name: 'Test Person', email_address: email }) };
  };
  const project = async (currency: string): Promise<string> => {
    const title = `Project ${uniqueTag()}`;
    projects.set(title, { id: await account.seedOne('workspaces', { title, currency, price: 1 }), currency });
    return title;
  };
  const spend: ExpenseOffice['spend'] = async (user, projectNumber, { date, amount, notes, receipt }) => {
    const { id = '', currency = '' } = projects.get(projectNumber) ?? {};
    const receiptId = receipt === undefined ? null : await account.seedOne('attachments', { filename: receipt.fileName, filesize: receipt.bytes });
    return await account.seedOne('expenses', { workspace_id: id, user_id: user.id, date, category: 'Food', amount_in_cents: Math.round(Number(amount) * (SUBUNITS[currency] ?? 100)), notes: notes ?? null, ...(receiptId === null ? {} : { receipt_id: receiptId }) });
  };

  const office: ExpenseOffice = {
    system: 'kantata',
    clock,
    many: 1_050,
    person,
    project,
    spend,
    async approve(user, projectNumber, weekStart) {
      const { id } = projects.get(projectNumber) ?? {};
      const own = (await account.all('expenses')).filter((expense) => expense['workspace_id'] === id && expense['user_id'] === user.id && String(expense['date']) >= weekStart && String(expense['date']) <= addDays(weekStart, 6));
      return await account.seedOne('expense_report_submissions', { user_id: user.id, workspace_id: id, line_item_ids: own.map((expense) => expense['id']) });
    },
    withdraw: async (_user, reportId) => void (await account.call('PUT', `/expense_report_submissions/${reportId}/reject`, { resolution: { description: 'Please correct' } })),
    change: async (id, amount) => void (await account.call('PUT', `/expenses/${id}`, { expense: { amount_in_cents: Math.round(Number(amount) * 100) } })),
    remove: async (reportId) => void (await account.call('DELETE', `/expense_report_submissions/${reportId}`)),
    async approveMany(reports) {
      const user = await person();
      const number = await project('USD');
      const workspace_id = projects.get(number)?.id ?? '';
      const made = await account.admin.seed({ expenses: Array.from({ length: reports }, () => ({ workspace_id, user_id: user.id, date: MONDAY, amount_in_cents: 800 })) });
      const submitted = await account.admin.seed({ expense_report_submissions: (made['expenses'] ?? []).map((id) => ({ user_id: user.id, workspace_id, line_item_ids: [id] })) });
      return new Set(submitted['expense_report_submissions'] ?? []);
    },
  };
  describeExpenseSource({ name: 'Kantata', badAnswers: { every: { 'numbers-as-text': 'refused', 'unknown-values': 'refused' } }, source: () => source(), office: () => office, faults: sandboxFaults(() => account.sandbox.url) });

  for (const [name, method] of [['reject, as it looks at the report', 'GET'], ['reject', 'PUT']] as const) {
    itTakesBadAnswers({
      name, writes: method === 'PUT', spoils: { method, path: 'expense_report_submissions' },
      arrange: async () => {
        const { expenseReports } = account.time({});
        assert.ok(!isUnsupported(expenseReports) && !isUnsupported(expenseReports.reject));
        const { reject } = expenseReports;
        const user = await person();
        const number = await project('USD');
        await spend(user, number, { date: MONDAY, amount: '10' });
        const reportId = await office.approve(user, number, MONDAY);
        return async () => {
          await reject({ reportId, version: 1, person: user.email, reason: 'A receipt is missing', findings: [] }, callContext());
          const report = (await account.all('expense_report_submissions')).find(({ id }) => String(id) === reportId);
          assert.equal(report?.['status'], 'rejected', 'a report that nobody gave back is taken for one that was');
        };
      },
    }, sandboxFaults(() => account.sandbox.url), method === 'GET' ? { 'unknown-values': 'refused', 'numbers-as-text': 'refused' } : { 'wrong-schema': 'taken' });
  }

  const sweep = async (since: string, options: Record<string, unknown> = {}) => {
    const found = [];
    for await (const change of source(options).changed(since, callContext())) if ('report' in change) found.push(change.report);
    return found;
  };
  const iso = () => new Date(clock.now()).toISOString();

  it('leaves out what the firm paid itself, and tells driving by the rate that is configured', async () => {
    clock.advance(3_600_000);
    const since = iso();
    const user = await person();
    const number = await project('USD');
    const { id: workspace_id } = projects.get(number) ?? {};
    await account.seedOne('expenses', { workspace_id, user_id: user.id, date: MONDAY, category: 'Mileage', amount_in_cents: 7000 });
    await account.seedOne('expenses', { workspace_id, user_id: user.id, date: MONDAY, category: 'Travel', amount_in_cents: 90_000, reimbursable: false });
    await office.approve(user, number, MONDAY);
    const [report] = await sweep(since, { expenses: { mileage: { unit: 'mi', ratePerUnit: '0.70' } } });
    assert.deepEqual([report?.total.amount, report?.lines.map((line) => line.kind === 'mileage' && [line.distance, line.unit, line.ratePerUnit])], ['70.00', [['100', 'mi', '0.70']]]);
    const [otherwise] = await sweep(since);
    assert.deepEqual(otherwise?.lines.map((line) => line.kind === 'receipt' && line.category), ['MILEAGE'], 'which the rules do not pay by receipt');
  });
});
