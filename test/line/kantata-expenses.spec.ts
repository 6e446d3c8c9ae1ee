import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { createKantata } from '../../connectors/kantata/index.ts';
import { createNetSuite } from '../../connectors/netsuite/index.ts';
import { netSuiteOptionsSchema } from '../../connectors/netsuite/options.ts';
import { addDays } from '../../domain/dates.ts';
import { LINE_QUEUE } from '../../domain/process/task-queues.ts';
import { startSandboxes, type RunningSandboxes } from '../../sandbox/all.ts';
import { seedNetSuite } from '../../starters/month-end/load.ts';
import { openCases } from '../../store/cases.ts';
import { theFirm } from '../builders/firm.ts';
import { anAssignment, aPerson, aProject } from '../builders/time.ts';
import { sandboxAdmin } from '../connectors/conformance/admin.ts';
import { silent, uniqueTag } from '../connectors/conformance/documents.ts';
import { stopTemporalServer } from '../support/temporal.ts';
import { startTimeLine, type TimeLine } from '../support/time-line.ts';

const sweepSchema = z.object({ received: z.number(), known: z.number(), unreadable: z.number() });
/** Who approves in the sandbox. */
const APPROVER = 'ingrid.solberg@northwind-consulting.example';
const limits = { concurrency: 8, requestsPerSecond: null, timeoutSeconds: 30 };

/** The Monday of the last full week. */
function lastMonday(): string {
  const today = new Date();
  return addDays(today.toISOString().slice(0, 10), -((today.getUTCDay() + 6) % 7) - 7);
}

describe('Expense reports approved in Kantata', function () {
  this.timeout(120_000);
  const tag = uniqueTag();
  const person = `ada.${tag}@northwind-consulting.example`;
  const projectNumber = `US01-TECH-${tag.toUpperCase()}`;
  const monday = lastMonday();
  let sandboxes: RunningSandboxes;
  let line: TimeLine;
  let head: { readonly user_id: string; readonly workspace_id: string };
  const kantata = sandboxAdmin(() => sandboxes.url('kantata'));
  const netSuite = sandboxAdmin(() => sandboxes.url('netsuite'));

  before(async () => {
    sandboxes = await startSandboxes({ only: ['kantata', 'netsuite'], options: { kantata: { requestsPerSecond: null }, netsuite: { concurrencyLimit: 100 } } });
    const { config } = await theFirm(['kantata']);
    const options = config.systems.find(({ id }) => id === 'netsuite')?.options;
    const time = createKantata({ system: 'kantata', baseUrl: sandboxes.url('kantata'), credentials: sandboxes.credentials.kantata, options: {}, log: silent, limits });
    const erp = createNetSuite({ system: 'netsuite', baseUrl: sandboxes.url('netsuite'), credentials: sandboxes.credentials.netsuite, options, log: silent, limits });
    line = await startTimeLine({}, { overlays: ['kantata'], now: () => new Date(), systems: (inMemory) => ({ ...inMemory, time: () => time, erp: () => erp }) });
    await line.knows({ people: [aPerson({ email: person, approvers: [APPROVER] })], projects: [aProject({ number: projectNumber })], assignments: [anAssignment({ person, projectNumber })] });
    await seedNetSuite(sandboxes.url('netsuite'), { people: [{ email: person, legalEntity: 'US01' }], worksFor: new Map([[person, new Set(['US01'])]]), projects: [{ number: projectNumber, legalEntity: 'US01', tasks: [] }] }, netSuiteOptionsSchema.parse(options).subsidiaries);
    head = { user_id: await seedOne('users', { full_name: 'Ada Byron', email_address: person }), workspace_id: await seedOne('workspaces', { title: projectNumber, currency: 'USD', price: 1, require_expense_approvals: true }) };
  });
  after(async () => {
    await line?.stop();
    await sandboxes?.close();
    await stopTemporalServer();
  });

  const seedOne = async (collection: string, record: object): Promise<string> => (await kantata.seed({ [collection]: [record] }))[collection]?.[0] ?? '';
  /** Ada submits a dinner, with its receipt or without, and her manager approves it. */
  async function approved(day: number, cents: number, receipt: boolean): Promise<string> {
    const receiptId = receipt ? { receipt_id: await seedOne('attachments', { filename: `receipt-${tag}-${cents}.pdf`, filesize: 39_410 + cents }) } : {};
    const expense = await seedOne('expenses', { ...head, date: addDays(monday, day), category: 'Food', amount_in_cents: cents, notes: `Dinner ${cents}`, ...receiptId });
    return await seedOne('expense_report_submissions', { ...head, line_item_ids: [expense] });
  }
  const inKantata = async (id: string) => (await kantata.state())['expense_report_submissions']?.find((each) => String(each['id']) === id);
  const sweep = async () => sweepSchema.parse(await line.client.workflow.execute('expenseSweep', { workflowId: `expense-sweep/${randomUUID()}`, taskQueue: LINE_QUEUE, args: [{ system: 'kantata' }] }));
  const fields = async (record: string, field: string) => ((await netSuite.state())[record] ?? []).map((each) => Reflect.get(Object(each['fields']), field));
  async function inTheErp(reports: readonly number[], journals: number): Promise<void> {
    await line.until(`${JSON.stringify(reports)} and ${journals} journal entries are in the ERP`, async () => {
      await line.posted();
      assert.deepEqual((await openCases(line.store.db)).map(({ code, message }) => [code, message]), []);
      return (await fields('expenseReport', 'total')).length === reports.length && (await fields('journalEntry', 'tranId')).length === journals;
    });
    assert.deepEqual((await fields('expenseReport', 'total')).toSorted(), [...reports].toSorted());
  }

  let dinner = '';

  it('end as one expense report in the ERP, once, however often they are swept', async () => {
    dinner = await approved(0, 8450, true);
    assert.deepEqual(await sweep(), { received: 1, known: 0, unreadable: 0 });
    await inTheErp([84.5], 0);
    assert.deepEqual(await sweep(), { received: 0, known: 1, unreadable: 0 });
    await inTheErp([84.5], 0);
    assert.deepEqual(await openCases(line.store.db), []);
  });

  it('go back to Kantata, with what is wrong, where the rules refuse them; nothing of them is in the ERP', async () => {
    const without = await approved(1, 9100, false);
    assert.equal((await sweep()).received, 1);
    const open = await line.until('a case is open', async () => {
      await line.posted();
      return (await openCases(line.store.db))[0];
    });
    assert.equal(open.code, 'EXPENSE_RECEIPT_MISSING');
    const submission = await line.until('Kantata has rejected it', async () => {
      const now = await inKantata(without);
      return now?.['status'] === 'rejected' ? now : undefined;
    });
    assert.match(JSON.stringify(submission['resolution']), /91\.00 USD for Own meals has no receipt.*Add the receipt/, 'Ada reads what to do, before anybody has looked at the case');
    const answer = await line.resolve(open.case_id, { action: 'return_to_submitter', by: 'carla', reason: 'the receipt is not there' });
    assert.equal(answer.accepted, true, JSON.stringify(answer));
    await line.until('the case is closed', async () => ((await openCases(line.store.db)).length === 0 ? true : undefined));
    await inTheErp([84.5], 0);
  });

  it('are booked when they come again, corrected', async () => {
    await approved(1, 9100, true);
    assert.equal((await sweep()).received, 2, 'the new report, and that the one before is approved no more');
    await inTheErp([84.5, 91], 0);
  });

  it('are taken back in the ERP when their approval is taken back in Kantata', async () => {
    const answer = await fetch(`${sandboxes.url('kantata')}/api/v1/expense_report_submissions/${dinner}/reject`, { method: 'PUT', headers: { authorization: `Bearer ${sandboxes.credentials.kantata.accessToken}`, 'content-type': 'application/json' }, body: JSON.stringify({ resolution: { description: 'It was a private dinner' } }) });
    assert.ok(answer.ok, await answer.text());
    await sweep();
    await inTheErp([84.5, 91], 1);
    assert.deepEqual(await openCases(line.store.db), []);
  });
});
