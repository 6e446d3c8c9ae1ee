import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import type { CaseActivities } from '../../activities/contract.ts';
import type { AcknowledgementResult, CutoffRisk, PayrollActivities } from '../../activities/payroll/contract.ts';
import type { CaseInput } from '../../domain/process/exception-case.ts';
import { LINE_QUEUE, targetQueue } from '../../domain/process/task-queues.ts';
import { policyFor } from '../../domain/rules/exceptions/policy.ts';
import { resolveUpdate } from '../../workflows/contracts/exception-case.ts';
import { payrollProgressQuery } from '../../workflows/contracts/payroll-export.ts';
import type { payrollExport } from '../../workflows/payroll-export.ts';
import { theFirm } from '../builders/firm.ts';
import { theBundle } from '../support/temporal.ts';
import { timeSkippingServer } from '../support/time-skipping.ts';

const HOUR_MS = 3_600_000;

// Days pass in moments: the server skips the time in which nothing happens. After a run it skips ten years, to the timeout of what it ran, so that
// each test has a server of its own.
describe('A payroll run over days', function () {
  this.timeout(90_000);
  let environment: TestWorkflowEnvironment;
  const workers: Worker[] = [];
  const running: Promise<void>[] = [];
  /** What happened, with the hour since the run began. */
  const told: string[] = [];
  const opened: CaseInput[] = [];
  let began = 0;
  let risk: (hours: number) => CutoffRisk = () => ({ waiting: 0, held: 0, rejected: 0 });
  let answer: (hours: number) => AcknowledgementResult = () => ({ state: 'waiting' });
  let byHand: unknown;
  let sendFailsUntil = 0;
  let claimed = false;

  const hours = async () => ((await environment.currentTimeMs()) - began) / HOUR_MS;
  const note = async (what: string) => void told.push(`${what} at ${Math.round((await hours()) * 10) / 10} h`);

  beforeEach(async function () {
    const server = await timeSkippingServer();
    if (server === undefined) return this.skip();
    environment = server;
    const { config } = await theFirm();
    const policy = policyFor('*', config);
    const cases: CaseActivities = {
      registerCase: async ({ case: input }) => {
        const now = await environment.currentTimeMs();
        const at = (ahead: number) => new Date(now + ahead * HOUR_MS).toISOString();
        opened.push(input);
        await note(`case ${input.code}`);
        return { policy, actions: policy.actions.filter((action) => !input.without.includes(action)), openedAt: at(0), remindAt: null, dueAt: at(1000), secondPerson: false, configHash: null, rerouteTo: [], people: Object.fromEntries(config.people.map((person) => [person.id, person.roles])) };
      },
      notifyOwner: async () => Promise.resolve(),
      recordCaseChange: async () => Promise.resolve(),
      recordResolution: async ({ closedBecause }) => await note(`closed (${closedBecause ?? 'by a person'})`),
    };
    const payroll: PayrollActivities = {
      planPayroll: async () => Promise.resolve({ from: '2026-11-01', to: '2026-11-15', cutoffAt: new Date(began + 48 * HOUR_MS).toISOString(), payDate: '2026-11-20', system: 'payroll', atRiskHoursBefore: 4, settleSeconds: 60, acknowledgedWithinHours: 1, transientSlaMinutes: 30, configHash: null }),
      cutoffRisk: async ({ told: before, toldUnposted }) => {
        const seen = risk(await hours());
        if (before === seen.waiting + seen.held + seen.rejected > 0 && toldUnposted === (seen.unposted ?? 0) > 0) throw new Error('nothing new');
        return seen;
      },
      claimHours: async () => {
        if (claimed) return null;
        claimed = true;
        await note('hours taken');
        return { exportId: 'US01.P.1', number: 1, state: 'planned', system: 'payroll', payLines: 1, lines: 1, people: 1, hours: '8' };
      },
      sendHours: async () => {
        if ((await hours()) < sendFailsUntil) throw new Error('no route to the bureau');
        await note('sent');
        return { files: [], checksum: 'c' };
      },
      awaitAcknowledgement: async () => {
        const seen = answer(await hours());
        if (seen.state === 'waiting') throw new Error('not yet');
        return seen;
      },
      acknowledgeByHand: async (input) => {
        byHand = input;
        answer = () => ({ state: 'accepted', lines: 1 });
        return Promise.resolve();
      },
      settleRejectedHours: async () => Promise.resolve({ lines: 0 }),
      payrollsDue: async () => Promise.resolve([]),
      booksDue: async () => Promise.resolve([]),
      booksRisk: async () => Promise.resolve({ state: 'nothing', closesAt: null, timesheets: 0, lines: 0, refused: 0, inDoubt: 0, systems: [] }),
    };
    for (const taskQueue of [LINE_QUEUE, targetQueue('payroll')]) {
      const worker = await Worker.create({ connection: environment.nativeConnection, taskQueue, ...(taskQueue === LINE_QUEUE ? { workflowBundle: await theBundle() } : {}), activities: { ...cases, ...payroll } });
      workers.push(worker);
      running.push(worker.run());
    }
  });

  afterEach(async () => {
    if (environment === undefined) return;
    for (const worker of workers.splice(0)) worker.shutdown();
    await Promise.all(running.splice(0));
    await environment.teardown();
  });

  async function begin(id: string) {
    told.length = 0;
    opened.length = 0;
    claimed = false;
    sendFailsUntil = 0;
    risk = () => ({ waiting: 0, held: 0, rejected: 0 });
    answer = () => ({ state: 'waiting' });
    began = await environment.currentTimeMs();
    return await environment.client.workflow.start<typeof payrollExport>('payrollExport', { workflowId: `payroll/US01/${id}`, taskQueue: LINE_QUEUE, args: [{ legalEntity: 'US01', payPeriod: id }] });
  }

  it('tells of time that would miss the cutoff from four hours before it on, and closes the case once nothing is left', async () => {
    const run = await begin('A');
    risk = (at) => ({ waiting: at < 46 ? 7 : 0, held: 0, rejected: at < 47 ? 2 : 0 });
    answer = () => ({ state: 'accepted', lines: 1 });
    await run.result();
    assert.deepEqual(told, ['case PAYROLL_CUTOFF_AT_RISK at 44 h', 'closed (nothing is left that payroll would miss) at 47 h', 'hours taken at 48 h', 'sent at 48 h']);
    assert.match(opened[0]?.message ?? '', /^9 timesheets of US01 will miss the payroll of A .*: 7 not decided yet, 0 held for another record, 2 rejected/);
  });

  it('tells of accepted time that is not in the ERP near the cutoff by a case of its own, which closes when it is there', async () => {
    const run = await begin('F');
    risk = (at) => ({ waiting: at < 46 ? 1 : 0, held: 0, rejected: 0, unposted: at > 45 && at < 47 ? 3 : 0 });
    answer = () => ({ state: 'accepted', lines: 1 });
    await run.result();
    assert.deepEqual(told.map((what) => what.replace(/\.\d h/, ' h')).slice(0, 4), [
      'case PAYROLL_CUTOFF_AT_RISK at 44 h', 'case LABOR_UNPOSTED_AT_CUTOFF at 45 h', 'closed (nothing is left that payroll would miss) at 46 h', 'closed (everything accepted is in the ERP) at 47 h',
    ]);
    assert.match(opened[1]?.message ?? '', /^3 accepted timesheets of US01 are not in the ERP, and the payroll cutoff of F is near/);
  });

  it('says at the cutoff that what is left is paid with the next pay period', async () => {
    const run = await begin('B');
    risk = () => ({ waiting: 1, held: 0, rejected: 0 });
    answer = () => ({ state: 'accepted', lines: 1 });
    await run.result();
    assert.deepEqual(told.slice(0, 2), ['case PAYROLL_CUTOFF_AT_RISK at 44 h', 'closed (the cutoff has come: what was left is paid with the next pay period) at 48 h']);
  });

  it('tells once of an acknowledgement that is overdue, and closes the case when it comes in the end', async () => {
    const run = await begin('C');
    answer = (at) => (at < 50.5 ? { state: 'waiting' } : { state: 'accepted', lines: 1 });
    assert.equal((await run.result()).exports[0]?.state, 'accepted');
    assert.equal(told[2], 'case PAYROLL_ACK_OVERDUE at 49 h');
    assert.match(told[3] ?? '', /^closed \(the bureau has acknowledged\) at 50.5 h$/);
    assert.equal(told.length, 4);
    const { historyLength } = await run.describe();
    assert.ok(historyLength < 150, `${historyLength} events`);
  });

  it('tells again of one that a person looked into and that still does not come, and takes the bureau\'s word in the end', async () => {
    const run = await begin('D');
    await environment.sleep(49.5 * HOUR_MS);
    const caseOf = async () => (await run.query(payrollProgressQuery)).openCases[0]?.caseId ?? '';
    await environment.client.workflow.getHandle(await caseOf()).executeUpdate(resolveUpdate, { args: [{ action: 'retry', by: 'ines', reason: 'they are on it' }] });
    await environment.sleep(1.5 * HOUR_MS);
    await environment.client.workflow.getHandle(await caseOf()).executeUpdate(resolveUpdate, { args: [{ action: 'confirm_done', by: 'ines', reason: 'by phone', externalId: 'PB-9' }] });
    assert.equal((await run.result()).exports[0]?.state, 'accepted');
    assert.deepEqual(told.filter((what) => what.startsWith('case')).map((what) => what.replace(/\.\d/, '')), ['case PAYROLL_ACK_OVERDUE at 49 h', 'case PAYROLL_ACK_OVERDUE at 50 h']);
    assert.deepEqual(byHand, { exportId: 'US01.P.1', process: 'payroll/US01/D', by: 'ines', reason: 'by phone', reference: 'PB-9' });
  });

  it('tells integration support of a bureau that cannot be reached for long, while it goes on trying', async () => {
    const run = await begin('E');
    sendFailsUntil = 52;
    answer = () => ({ state: 'accepted', lines: 1 });
    await run.result();
    assert.deepEqual(told.map((what) => what.replace(/\.\d h/, ' h')), ['hours taken at 48 h', 'case STILL_RETRYING at 48 h', 'sent at 52 h', 'closed (the step got through, or failed for good) at 52 h']);
  });
});
