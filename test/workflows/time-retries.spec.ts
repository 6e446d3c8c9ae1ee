import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import type { CaseActivities } from '../../activities/contract.ts';
import type { PageDecision, TimeActivities } from '../../activities/time/contract.ts';
import { LINE_QUEUE, targetQueue } from '../../domain/process/task-queues.ts';
import { policyFor } from '../../domain/rules/exceptions/policy.ts';
import { timeProgressQuery } from '../../workflows/contracts/time.ts';
import { timesheetPage } from '../../workflows/timesheet-page.ts';
import { theFirm } from '../builders/firm.ts';
import { theBundle } from '../support/temporal.ts';
import { timeSkippingServer } from '../support/time-skipping.ts';

const MINUTE_MS = 60_000;
const DECISION: PageDecision = { records: 2, entries: 10, accepted: 10, repeats: 0, rejected: 0, held: 0, withdrawn: 0, targets: [{ system: 'netsuite', postings: 10 }], open: [], released: [], superseded: [], answers: [], configHash: 'config' };

// Hours pass in moments: the server skips the time in which nothing happens.
describe('A page of time whose ERP does not answer', function () {
  this.timeout(60_000);
  let environment: TestWorkflowEnvironment | undefined;
  const workers: Worker[] = [];
  let running: Promise<unknown> = Promise.resolve();
  const cases: { readonly caseId: string; readonly code: string; readonly openedAfter: number; ended: string | null }[] = [];
  let attempts = 0;
  let beginning = 0;
  const answersAfter = 100;

  before(async function () {
    environment = await timeSkippingServer();
    if (environment === undefined) return this.skip();
    const { currentTimeMs } = environment;
    const now = () => currentTimeMs.call(environment);
    const { config } = await theFirm();
    beginning = await now();
    const nothing = async () => Promise.resolve();
    const activities: TimeActivities & CaseActivities = {
      decideTimesheets: async () => Promise.resolve(DECISION),
      refusalOf: async () => Promise.resolve(null),
      postLabor: async () => {
        attempts += 1;
        if ((await now()) - beginning < answersAfter * MINUTE_MS) throw ApplicationFailure.create({ type: 'transient', message: '503', nextRetryDelay: '6 minutes' });
        return { posted: 10, refused: [] };
      },
      publishTime: async () => Promise.resolve({ facts: 10 }),
      answerTimeSystem: async () => Promise.resolve({ rejected: 0, locked: 2, notOffered: 0 }),
      giveUpAnswers: nothing,
      finishPage: nothing,
      waiveFindings: nothing,
      returnTimesheet: async () => Promise.resolve({ system: 'harvest' }),
      retryRefused: nothing,
      settleDoubtful: nothing,
      registerCase: async ({ caseId, case: { code } }) => {
        const at = await now();
        cases.push({ caseId, code, openedAfter: Math.round((at - beginning) / MINUTE_MS), ended: null });
        const policy = policyFor(code, config);
        return { policy, actions: policy.actions, openedAt: new Date(at).toISOString(), remindAt: null, dueAt: new Date(at + policy.slaHours * 60 * MINUTE_MS).toISOString(), secondPerson: false, configHash: null, rerouteTo: [], people: { ines: ['integration_support'] } };
      },
      notifyOwner: nothing,
      recordCaseChange: nothing,
      recordResolution: async ({ caseId, closedBecause }) => {
        const known = cases.find((candidate) => candidate.caseId === caseId);
        if (known !== undefined) known.ended = closedBecause;
        return Promise.resolve();
      },
    };
    for (const taskQueue of [LINE_QUEUE, targetQueue('netsuite')]) {
      workers.push(await Worker.create({ connection: environment.nativeConnection, taskQueue, activities, ...(taskQueue === LINE_QUEUE ? { workflowBundle: await theBundle() } : {}) }));
    }
    running = Promise.all(workers.map((worker) => worker.run()));
  });

  after(async () => {
    for (const worker of workers) worker.shutdown();
    await running;
    await environment?.teardown();
  });

  it('becomes a case for integration support after an hour, while its retries go on, and the case closes by itself when it gets through', async () => {
    assert.ok(environment !== undefined);
    const handle = await environment.client.workflow.start(timesheetPage, { workflowId: 'timesheets/retrying/1', taskQueue: LINE_QUEUE, args: [{ batch: 'retrying', page: 1, legalEntity: 'US01', records: 2, priority: 2 }] });
    await environment.sleep('75 minutes');
    assert.deepEqual(cases.map(({ code, ended }) => [code, ended]), [['STILL_RETRYING', null]]);
    const openedAfter = cases[0]?.openedAfter ?? 0;
    assert.ok(openedAfter >= 60 && openedAfter <= 62, `opened after ${openedAfter} minutes`);
    const before = attempts;
    assert.ok(before > 8, `${before} attempts`);
    const { stage, openCases } = await handle.query(timeProgressQuery);
    assert.deepEqual([stage, openCases.map(({ code }) => code)], ['posting', ['STILL_RETRYING']]);
    assert.equal((await handle.result()).posted, 10);
    assert.ok(attempts > before);
    await environment.sleep('1 minute');
    assert.deepEqual(cases.map(({ ended }) => ended), ['the step got through']);
  });
});
