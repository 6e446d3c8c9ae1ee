import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import type { CaseActivities, DealActivities, PlanOutline, StepResult } from '../../activities/contract.ts';
import { LINE_QUEUE, targetQueue } from '../../domain/process/task-queues.ts';
import { policyFor } from '../../domain/rules/exceptions/policy.ts';
import { closedWon } from '../../workflows/closed-won.ts';
import { progressQuery } from '../../workflows/contracts/deal-process.ts';
import { theFirm } from '../builders/firm.ts';
import { theBundle } from '../support/temporal.ts';
import { timeSkippingServer } from '../support/time-skipping.ts';

const MINUTE_MS = 60_000;
const value = { amount: '8800.00', currency: 'USD' };
const PLAN: PlanOutline = {
  ref: 'plan',
  version: '1',
  amount: value,
  customers: [{ id: 'C1', name: 'Harbor Insurance', erp: 'netsuite' }],
  contracts: [{ id: 'S1', erp: 'netsuite', legalEntity: 'US01', customerId: 'C1' }],
  projects: [{ id: 'P1', number: 'US01-TECH-1', legalEntity: 'US01', region: 'NA', customerId: 'C1', contractId: 'S1', value, targets: { erp: 'netsuite', time: 'harvest', resources: null, reporting: null } }],
};

describe('A step that does not get through to its system', function () {
  this.timeout(60_000);
  let environment: TestWorkflowEnvironment | undefined;
  const workers: Worker[] = [];
  let running: Promise<unknown> = Promise.resolve();
  const cases: { readonly caseId: string; readonly code: string; readonly openedAfter: number; ended: string | null }[] = [];
  let attempts = 0;
  let answersAfter = 0;
  let beginning = 0;

  before(async function () {
    environment = await timeSkippingServer();
    if (environment === undefined) return this.skip();
    const { currentTimeMs } = environment;
    const now = () => currentTimeMs.call(environment);
    const { config } = await theFirm();
    beginning = await now();
    const done = async (): Promise<StepResult> => Promise.resolve({ state: 'done', externalId: 'X', url: null, created: true });
    const activities: DealActivities & CaseActivities = {
      loadDeal: async () => Promise.resolve({ ref: 'deal', version: '1', fingerprint: 'f', name: 'Claims platform', client: 'Harbor Insurance', amount: value, url: null, prior: null }),
      decideDeal: async () => Promise.resolve({ outcome: 'planned', plan: PLAN, configHash: 'config', transientSlaMinutes: 15 }),
      outlinePlan: async () => Promise.resolve(PLAN),
      ensureCustomer: done,
      ensureContract: done,
      ensureProject: async () => {
        attempts += 1;
        if ((await now()) - beginning < answersAfter * MINUTE_MS) throw ApplicationFailure.create({ type: 'transient', message: '503' });
        return await done();
      },
      ensureRateCard: done,
      ensureBillingSchedule: done,
      publishToTimeTracking: done,
      publishToResourceManagement: done,
      publishToReporting: done,
      setProjectStatus: async () => Promise.resolve({ status: 'active' }),
      writeBackToCrm: done,
      undoStep: async () => Promise.resolve({ how: 'deleted', detail: 'deleted' }),
      settlePosting: async () => Promise.resolve(),
      recordOutcome: async () => Promise.resolve(),
      registerCase: async ({ caseId, case: { code } }) => {
        const at = await now();
        cases.push({ caseId, code, openedAfter: Math.round((at - beginning) / MINUTE_MS), ended: null });
        const policy = policyFor(code, config);
        return { policy, actions: policy.actions, openedAt: new Date(at).toISOString(), remindAt: null, dueAt: new Date(at + policy.slaHours * 60 * MINUTE_MS).toISOString(), secondPerson: false, configHash: null, rerouteTo: [], people: { ines: ['integration_support'] } };
      },
      notifyOwner: async () => Promise.resolve(),
      recordCaseChange: async () => Promise.resolve(),
      recordResolution: async ({ caseId, closedBecause }) => {
        const known = cases.find((candidate) => candidate.caseId === caseId);
        if (known !== undefined) known.ended = closedBecause;
        return Promise.resolve();
      },
    };
    for (const taskQueue of [LINE_QUEUE, ...['salesforce', 'netsuite', 'harvest'].map(targetQueue)]) {
      workers.push(await Worker.create({ connection: environment.nativeConnection, taskQueue, activities, ...(taskQueue === LINE_QUEUE ? { workflowBundle: await theBundle() } : {}) }));
    }
    running = Promise.all(workers.map((worker) => worker.run()));
  });

  after(async () => {
    for (const worker of workers) worker.shutdown();
    await running;
    await environment?.teardown();
  });

  it('becomes a case for integration support after a quarter of an hour, while its retries go on, and closes it by itself when it gets through', async () => {
    assert.ok(environment !== undefined);
    answersAfter = 40;
    const handle = await environment.client.workflow.start(closedWon, { workflowId: 'closed-won/salesforce/retrying', taskQueue: LINE_QUEUE, args: [{ deal: { crm: 'salesforce', opportunityId: 'retrying' }, version: '', startedBy: 'test' }] });
    await environment.sleep('32 minutes');
    assert.deepEqual(cases.map(({ code }) => code), ['STILL_RETRYING']);
    const openedAfter = cases[0]?.openedAfter ?? 0;
    assert.ok(openedAfter >= 15 && openedAfter <= 17, `opened after ${openedAfter} minutes`);
    const before = attempts;
    assert.ok(before > 20, `${before} attempts`);
    assert.equal((await handle.query(progressQuery)).openCases.length, 1);
    assert.equal((await handle.result()).outcome, 'activated');
    assert.ok(attempts > before);
    assert.equal(cases.length, 1);
    await environment.sleep('1 minute');
    assert.equal(cases[0]?.ended, 'the step got through');
  });
});
