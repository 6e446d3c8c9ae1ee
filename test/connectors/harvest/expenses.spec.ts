import assert from 'node:assert/strict';
import { createHarvest } from '../../../connectors/harvest/index.ts';
import type { ExpenseSource } from '../../../connectors/expense-source.ts';
import { isUnsupported } from '../../../connectors/ports.ts';
import { addDays } from '../../../domain/dates.ts';
import { generateCredentials } from '../../../sandbox/credentials.ts';
import { harvest } from '../../../sandbox/harvest/sandbox.ts';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import { callContext, silent, uniqueTag } from '../conformance/documents.ts';
import { describeExpenseSource, type ExpenseOffice } from '../conformance/expense-source.ts';
import { failureOf } from '../conformance/records.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import { testClock, type Person } from '../conformance/timesheet-source.ts';

const MONDAY = '2026-06-01';

describe('Harvest expenses', function () {
  this.timeout(60_000);
  const clock = testClock('2026-06-10T08:00:00Z');
  const credentials = generateCredentials().harvest;
  let sandbox: RunningSandbox;
  const url = () => sandbox.url;
  const admin = sandboxAdmin(url);
  const projects = new Map<string, { readonly id: number; readonly currency: string }>();
  const categories = new Map<string, number>();

  const newSource = (options: Record<string, unknown> = {}): ExpenseSource => {
    const { expenses } = createHarvest({ system: 'harvest', baseUrl: url(), credentials, options: { approver: 'approvals@northwind-consulting.example', ...options }, log: silent, limits: { concurrency: 8, requestsPerSecond: null, timeoutSeconds: 20 } }, () => clock.now());
    assert.ok(!isUnsupported(expenses));
    return expenses;
  };
  const seedOne = async (collection: string, record: object): Promise<string> => (await admin.seed({ [collection]: [record] }))[collection]?.[0] ?? '';
  const call = async (method: string, path: string, body?: object) => {
    const answer = await fetch(`${url()}/v2/${path}`, { method, headers: { authorization: `Bearer ${credentials.accessToken}`, 'harvest-account-id': credentials.accountId, 'user-agent': 'test', 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    assert.ok(answer.ok, await answer.text());
  };

  before(async () => {
    sandbox = await startSandbox(harvest, { port: 0, options: { ...credentials, requestsPerWindow: null }, now: () => new Date(clock.now()) });
    for (const { id, name } of (await admin.state())['expense_categories'] ?? []) categories.set(String(name), Number(id));
  });
  after(async () => sandbox?.close());

  const person = async (): Promise<Person> => {
    const email = `p${uniqueTag()}@northwind-consulting.example`;
    return { email, id: await seedOne('users', { first_name: 'Test', last_name: 'Person', email }) };
  };
  const project = async (currency: string): Promise<string> => {
    const number = `US01-TECH-${uniqueTag().toUpperCase()}`;
    const client_id = Number(await seedOne('clients', { name: `Acme ${number}`, currency }));
    projects.set(number, { id: Number(await seedOne('projects', { client_id, name: 'Cloud migration', code: number, is_billable: true, bill_by: 'none', budget_by: 'none' })), currency });
    return number;
  };
  const approval = (user: Person, from: string, approval_status: string) => seedOne('timesheet_approvals', { user_id: Number(user.id), from, to: addDays(from, 6), approval_status });
  const expense = (user: Person, projectNumber: string, category: string, values: object) => ({ user_id: Number(user.id), project_id: projects.get(projectNumber)?.id, expense_category_id: categories.get(category), ...values });

  const office: ExpenseOffice = {
    system: 'harvest',
    clock,
    many: 2_050,
    person,
    project,
    spend: (user, projectNumber, { date, amount, notes = '', receipt }) =>
      seedOne('expenses', expense(user, projectNumber, 'Meals', { spent_date: date, total_cost: Number(amount), notes, receipt: receipt === undefined ? null : { file_name: receipt.fileName, file_size: receipt.bytes, content_type: receipt.fileName.endsWith('.pdf') ? 'application/pdf' : receipt.fileName.endsWith('.jpg') ? 'image/jpeg' : 'application/octet-stream' } })),
    async approve(user, projectNumber, weekStart) {
      await approval(user, weekStart, 'approved');
      return `${user.id}:${weekStart}:${projects.get(projectNumber)?.currency}`;
    },
    withdraw: async (user, _reportId, weekStart) => void (await approval(user, weekStart, 'unsubmitted')),
    change: (id, amount) => call('PATCH', `expenses/${id}`, { total_cost: Number(amount) }),
    async remove(_reportId, expenses) {
      for (const id of expenses) await call('DELETE', `expenses/${id}`);
    },
    async approveMany(reports) {
      const number = await project('USD');
      const people = await Promise.all(Array.from({ length: Math.ceil(reports / 50) }, () => person()));
      const each = Array.from({ length: reports }, (_, index) => ({ user: people[index % people.length] ?? { id: '', email: '' }, weekStart: addDays('2025-01-06', 7 * Math.floor(index / people.length)) }));
      await admin.seed({ expenses: each.map(({ user, weekStart }) => expense(user, number, 'Meals', { spent_date: weekStart, total_cost: 8, approval_status: 'approved' })) });
      return new Set(each.map(({ user, weekStart }) => `${user.id}:${weekStart}:USD`));
    },
  };
  describeExpenseSource({ name: 'Harvest', source: () => newSource(), office: () => office, faults: sandboxFaults(url) });

  const sweep = async (since: string, options: Record<string, unknown> = {}) => {
    const found = [];
    for await (const change of newSource(options).changed(since, callContext())) if ('report' in change) found.push(change.report);
    return found;
  };
  const iso = () => new Date(clock.now()).toISOString();

  it('tells driving by distance and rate, also where the rate of the category has changed since', async () => {
    clock.advance(3_600_000);
    const since = iso();
    const user = await person();
    const number = await project('USD');
    await seedOne('expenses', expense(user, number, 'Mileage', { spent_date: MONDAY, units: 100 }));
    await seedOne('expenses', expense(user, number, 'Mileage', { spent_date: MONDAY, units: 50, total_cost: 35 }));
    await approval(user, MONDAY, 'approved');
    const lines = (await sweep(since)).find((report) => report.person === user.email)?.lines ?? [];
    assert.deepEqual(lines.map((line) => line.kind === 'mileage' && [line.distance, line.unit, line.ratePerUnit, line.amount.amount]), [['100', 'mi', '0.67', '67.00'], ['50', 'mi', '0.7', '35.00']]);
  });

  it("keeps a week's expenses for clients who pay in different currencies in a report of each currency", async () => {
    clock.advance(3_600_000);
    const since = iso();
    const user = await person();
    for (const currency of ['USD', 'EUR']) await office.spend(user, await project(currency), { date: MONDAY, amount: '20' });
    await approval(user, MONDAY, 'approved');
    const found = (await sweep(since, { expenses: { countries: { EUR: 'DE' }, categories: { Meals: 'ENTERTAINMENT' } } })).filter((report) => report.person === user.email).toSorted((left, right) => (left.currency < right.currency ? -1 : 1));
    assert.deepEqual(found.map(({ id, total, lines }) => [id, total.amount, lines.map((line) => line.kind === 'receipt' && [line.country, line.category])]), [[`${user.id}:${MONDAY}:EUR`, '20.00', [['DE', 'ENTERTAINMENT']]], [`${user.id}:${MONDAY}:USD`, '20.00', [['US', 'ENTERTAINMENT']]]]);
  });

  it("fails where the token would show one person's expenses only, or nothing is ever approved", async () => {
    for (const [mode, code] of [['member-token', 'HARVEST_TOKEN_NOT_ADMINISTRATOR'], ['no-approval', 'HARVEST_APPROVAL_OFF']] as const) {
      await fetch(`${url()}/__admin/mode`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ mode }) });
      assert.equal((await failureOf(() => sweep(iso()))).code, code);
    }
    await fetch(`${url()}/__admin/mode`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ mode: 'default' }) });
  });
});
