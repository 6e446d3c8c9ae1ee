import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import type { CaseActivities } from '../../activities/contract.ts';
import type { ExpenseActivities, ExpenseDecisionView } from '../../activities/expenses/contract.ts';
import { LINE_QUEUE, targetQueue } from '../../domain/process/task-queues.ts';
import { policyFor } from '../../domain/rules/exceptions/policy.ts';
import type { CaseInput } from '../../domain/process/exception-case.ts';
import { resolveUpdate } from '../../workflows/contracts/exception-case.ts';
import type { expenseReport } from '../../workflows/expense-report.ts';
import { theFirm } from '../builders/firm.ts';
import { timeSkippingServer } from '../support/time-skipping.ts';
import { theExpenseBundle } from './line.ts';
import { withExpensePolicies } from './policies.ts';

const HOUR_MS = 3_600_000;
const HELD: ExpenseDecisionView = { outcome: 'held', findings: [], waits: { code: 'PROJECT_PENDING', message: 'Project X is being set up.' }, remarks: [], total: { amount: '1.00', currency: 'USD' }, lines: 1, postings: [], superseded: [], released: [], configHash: 'c' };
const POSTED: ExpenseDecisionView = { ...HELD, outcome: 'accepted', waits: null, postings: [{ key: 'EX-1', system: 'netsuite', kind: 'original', state: 'planned' }] };

// Days pass in moments: the server skips the time in which nothing happens.
describe('An expense report over days', function () {
  this.timeout(90_000);
  let environment: TestWorkflowEnvironment;
  const workers: Worker[] = [];
  const running: Promise<void>[] = [];
  /** What happened, with the hour since the report came. */
  const told: string[] = [];
  const opened: { readonly caseId: string; readonly input: CaseInput }[] = [];
  let began = 0;
  let judge: (hours: number) => ExpenseDecisionView = () => HELD;
  let postFailsUntil = 0;
  let returned = false;

  const hours = async () => ((await environment.currentTimeMs()) - began) / HOUR_MS;
  const note = async (what: string) => void told.push(`${what} at ${Math.round(await hours())} h`);

  before(async function () {
    const server = await timeSkippingServer();
    if (server === undefined) return this.skip();
    environment = server;
    const config = withExpensePolicies((await theFirm()).config);
    const cases: CaseActivities = {
      registerCase: async ({ caseId, case: input }) => {
        const now = await environment.currentTimeMs();
        const at = (ahead: number) => new Date(now + ahead * HOUR_MS).toISOString();
        const policy = policyFor(input.code, config);
        opened.push({ caseId, input });
        await note(`case ${input.code}`);
        return { policy, actions: policy.actions.filter((action) => !input.without.includes(action)), openedAt: at(0), remindAt: null, dueAt: at(1000), secondPerson: false, configHash: null, rerouteTo: [], people: Object.fromEntries(config.people.map((person) => [person.id, person.roles])) };
      },
      notifyOwner: async () => Promise.resolve(),
      recordCaseChange: async () => Promise.resolve(),
      recordResolution: async ({ closedBecause }) => await note(`closed (${closedBecause ?? 'by a person'})`),
    };
    const expenses: ExpenseActivities = {
      decideExpenseReport: async () => {
        const decision = returned ? { ...HELD, outcome: 'returned' as const, waits: null } : judge(await hours());
        await note(decision.outcome);
        return decision;
      },
      postExpense: async () => {
        if ((await hours()) < postFailsUntil) throw new Error('no route to the ERP');
        await note('posted');
        return { state: 'done', externalId: 'ER-1', url: null };
      },
      settleExpense: async () => Promise.resolve(),
      publishExpense: async () => Promise.resolve({ facts: 1 }),
      answerExpense: async () => Promise.resolve({ toTell: false, note: null }),
      tellExpenseAnswer: async () => await note('told'),
      giveUpExpenseAnswer: async () => Promise.resolve(),
      waiveExpenseFindings: async () => Promise.resolve(),
      returnExpenseReport: async () => {
        returned = true;
        return Promise.resolve();
      },
    };
    for (const taskQueue of [LINE_QUEUE, targetQueue('netsuite')]) {
      const worker = await Worker.create({ connection: environment.nativeConnection, taskQueue, ...(taskQueue === LINE_QUEUE ? { workflowBundle: await theExpenseBundle() } : {}), activities: { ...cases, ...expenses } });
      workers.push(worker);
      running.push(worker.run());
    }
  });

  after(async () => {
    if (environment === undefined) return;
    for (const worker of workers) worker.shutdown();
    await Promise.all(running);
    await environment.teardown();
  });

  async function begin(id: string) {
    told.length = 0;
    opened.length = 0;
    returned = false;
    postFailsUntil = 0;
    began = await environment.currentTimeMs();
    return await environment.client.workflow.start<typeof expenseReport>('expenseReport', { workflowId: `expense/canonical/${id}/1`, taskQueue: LINE_QUEUE, args: [{ record: 1, system: 'canonical', id, version: 1, person: 'ada@northwind-consulting.example', legalEntity: 'US01', priority: 2 }] });
  }

  it('is looked at again after an hour, then ever more seldom, and goes on by itself', async () => {
    judge = (at) => (at < 20 ? HELD : POSTED);
    assert.deepEqual(await (await begin('A')).result(), { outcome: 'posted', postings: 1 });
    assert.deepEqual(told, ['held at 0 h', 'held at 1 h', 'held at 3 h', 'held at 7 h', 'held at 15 h', 'accepted at 31 h', 'posted at 31 h']);
  });

  it('is shown to a person after five days, once, while it goes on looking', async () => {
    judge = (at) => (at < 200 ? HELD : POSTED);
    assert.equal((await (await begin('B')).result()).outcome, 'posted');
    const since = told.filter((what) => !what.startsWith('held'));
    assert.equal(since[0], 'case EXPENSE_HELD_LONG at 127 h');
    assert.deepEqual(since.slice(1).toSorted(), ['accepted at 223 h', 'closed (it is held no longer) at 223 h', 'posted at 223 h']);
    assert.match(opened[0]?.input.message ?? '', /has been waiting since .*: Project X is being set up\.$/);
  });

  it('may be given back by that person', async () => {
    judge = () => HELD;
    const run = await begin('C');
    const ending = run.result();
    for (let tries = 0; opened.length === 0 && tries < 200; tries += 1) await new Promise((resolve) => setTimeout(resolve, 50));
    const caseId = opened[0]?.caseId ?? '';
    assert.equal((await environment.client.workflow.getHandle(caseId).executeUpdate(resolveUpdate, { args: [{ action: 'return_to_submitter', by: 'carla', reason: 'the project never came' }] })).accepted, true);
    assert.equal((await ending).outcome, 'returned');
  });

  it('tells integration support where its posting does not get through for an hour, and closes the case when it does', async () => {
    judge = () => POSTED;
    const run = await begin('D');
    postFailsUntil = 3;
    assert.equal((await run.result()).outcome, 'posted');
    assert.equal(told[1], 'case STILL_RETRYING at 1 h');
    assert.ok(told.some((what) => what.startsWith('closed (the step got through)')));
  });
});
