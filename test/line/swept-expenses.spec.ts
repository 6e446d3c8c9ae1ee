import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { createHarvest } from '../../connectors/harvest/index.ts';
import { createNetSuite } from '../../connectors/netsuite/index.ts';
import { netSuiteOptionsSchema } from '../../connectors/netsuite/options.ts';
import { addDays } from '../../domain/dates.ts';
import { LINE_QUEUE } from '../../domain/process/task-queues.ts';
import { startSandboxes, type RunningSandboxes } from '../../sandbox/all.ts';
import { seedNetSuite } from '../../starters/month-end/load.ts';
import { openCases } from '../../store/cases.ts';
import { advanceWatermark, readWatermark } from '../../store/watermarks.ts';
import { theFirm } from '../builders/firm.ts';
import { anAssignment, aPerson, aProject, BOSS } from '../builders/time.ts';
import { sandboxAdmin } from '../connectors/conformance/admin.ts';
import { silent, uniqueTag } from '../connectors/conformance/documents.ts';
import { stopTemporalServer } from '../support/temporal.ts';
import { startTimeLine, type TimeLine } from '../support/time-line.ts';

const sweepSchema = z.object({ received: z.number(), known: z.number(), unreadable: z.number() });
const limits = { concurrency: 8, requestsPerSecond: null, timeoutSeconds: 30 };

/** The Monday of the last full week. */
function lastMonday(): string {
  const today = new Date();
  return addDays(today.toISOString().slice(0, 10), -((today.getUTCDay() + 6) % 7) - 7);
}

describe('Expenses approved in Harvest', function () {
  this.timeout(120_000);
  const tag = uniqueTag();
  const person = `ada.${tag}@northwind-consulting.example`;
  const projectNumber = `US01-TECH-${tag.toUpperCase()}`;
  const monday = lastMonday();
  let sandboxes: RunningSandboxes;
  let line: TimeLine;
  let user = '';
  let meal = '';
  const harvest = sandboxAdmin(() => sandboxes.url('harvest'));
  const netSuite = sandboxAdmin(() => sandboxes.url('netsuite'));

  before(async () => {
    sandboxes = await startSandboxes({ only: ['harvest', 'netsuite'], options: { harvest: { requestsPerWindow: null }, netsuite: { concurrencyLimit: 100 } } });
    const { config } = await theFirm();
    const options = config.systems.find(({ id }) => id === 'netsuite')?.options;
    const time = createHarvest({ system: 'harvest', baseUrl: sandboxes.url('harvest'), credentials: sandboxes.credentials.harvest, options: { approver: BOSS }, log: silent, limits });
    const erp = createNetSuite({ system: 'netsuite', baseUrl: sandboxes.url('netsuite'), credentials: sandboxes.credentials.netsuite, options, log: silent, limits });
    line = await startTimeLine({}, { now: () => new Date(), systems: (inMemory) => ({ ...inMemory, time: () => time, erp: () => erp }) });
    await line.knows({ people: [aPerson({ email: person })], projects: [aProject({ number: projectNumber })], assignments: [anAssignment({ person, projectNumber })] });
    await seedNetSuite(sandboxes.url('netsuite'), { people: [{ email: person, legalEntity: 'US01' }], worksFor: new Map([[person, new Set(['US01'])]]), projects: [{ number: projectNumber, legalEntity: 'US01', tasks: [] }] }, netSuiteOptionsSchema.parse(options).subsidiaries);

    const state = await harvest.state();
    const category = (name: string) => state['expense_categories']?.find((each) => each['name'] === name)?.['id'];
    user = await seedOne('users', { first_name: 'Ada', last_name: 'Byron', email: person });
    const client_id = Number(await seedOne('clients', { name: `Acme ${tag}`, currency: 'USD' }));
    const project_id = Number(await seedOne('projects', { client_id, name: 'Cloud migration', code: projectNumber, is_billable: true, bill_by: 'none', budget_by: 'none' }));
    meal = await seedOne('expenses', { user_id: Number(user), project_id, expense_category_id: category('Meals'), spent_date: monday, total_cost: 41.2, notes: 'Trattoria Roma', receipt: { file_name: `roma-${tag}.pdf`, file_size: 39_410, content_type: 'application/pdf' } });
    await seedOne('expenses', { user_id: Number(user), project_id, expense_category_id: category('Mileage'), spent_date: addDays(monday, 1), units: 100, notes: 'To the plant and back' });
  });
  after(async () => {
    await line?.stop();
    await sandboxes?.close();
    await stopTemporalServer();
  });

  const seedOne = async (collection: string, record: object): Promise<string> => (await harvest.seed({ [collection]: [record] }))[collection]?.[0] ?? '';
  const approval = (approval_status: string) => seedOne('timesheet_approvals', { user_id: Number(user), from: monday, to: addDays(monday, 6), approval_status });
  const sweep = async () => sweepSchema.parse(await line.client.workflow.execute('expenseSweep', { workflowId: `expense-sweep/${randomUUID()}`, taskQueue: LINE_QUEUE, args: [{ system: 'harvest' }] }));
  const totals = async (record: string, field: string) => ((await netSuite.state())[record] ?? []).map(({ fields }) => Reflect.get(Object(fields), field));
  /** Until nothing is under way, with these reports and this many journal entries in the ERP. */
  async function inTheErp(reports: readonly number[], journals: number): Promise<void> {
    await line.until(`${JSON.stringify(reports)} and ${journals} journal entries are in the ERP`, async () => {
      await line.posted();
      const open = await openCases(line.store.db);
      assert.deepEqual(open.map(({ code, message }) => [code, message]), []);
      return (await totals('expenseReport', 'total')).length === reports.length && (await totals('journalEntry', 'tranId')).length === journals;
    });
    assert.deepEqual((await totals('expenseReport', 'total')).toSorted(), [...reports].toSorted());
  }

  it('are not taken before they are approved', async () => {
    await sweep();
    await line.posted();
    assert.deepEqual(await totals('expenseReport', 'total'), []);
  });

  it('end as one expense report in the ERP, once, however often they are swept', async () => {
    await approval('approved');
    assert.deepEqual(await sweep(), { received: 1, known: 0, unreadable: 0 });
    await inTheErp([108.2], 0);
    assert.deepEqual(await sweep(), { received: 0, known: 1, unreadable: 0 });
    await inTheErp([108.2], 0);
  });

  it('are booked anew when they are corrected and approved again', async () => {
    await approval('unsubmitted');
    await harvest.seed({ expenses: [{ id: Number(meal), total_cost: 45.5 }] });
    await approval('approved');
    assert.equal((await sweep()).received, 1);
    await inTheErp([108.2, 112.5], 1);
  });

  it('are taken back when they are deleted', async () => {
    for (const { id } of (await harvest.state())['expenses'] ?? []) {
      const { accessToken, accountId } = sandboxes.credentials.harvest;
      const answer = await fetch(`${sandboxes.url('harvest')}/v2/expenses/${String(id)}`, { method: 'DELETE', headers: { authorization: `Bearer ${accessToken}`, 'harvest-account-id': accountId, 'user-agent': 'test' } });
      assert.ok(answer.ok);
    }
    const name = 'expenses-looked-again/harvest';
    await advanceWatermark(line.store.db, { name, from: (await readWatermark(line.store.db, name)) ?? null, to: addDays(new Date().toISOString().slice(0, 10), -1) });
    assert.equal((await sweep()).received, 1);
    await inTheErp([108.2, 112.5], 2);
  });
});
