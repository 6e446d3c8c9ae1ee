import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import type { CaseActivities } from '../../activities/contract.ts';
import type { CaseInput, CaseView } from '../../domain/process/exception-case.ts';
import { LINE_QUEUE } from '../../domain/process/task-queues.ts';
import { policyFor } from '../../domain/rules/exceptions/policy.ts';
import { exceptionCase } from '../../workflows/exception-case.ts';
import { caseQuery, resolveUpdate } from '../../workflows/contracts/exception-case.ts';
import { theFirm } from '../builders/firm.ts';
import { theBundle } from '../support/temporal.ts';
import { timeSkippingServer } from '../support/time-skipping.ts';

const HOUR_MS = 3_600_000;

const INPUT: CaseInput = {
  process: 'closed-won/salesforce/none',
  code: 'RATE_BELOW_CARD',
  kind: 'business_rule',
  subject: 'deal Claims platform',
  message: 'too low',
  mend: 'raise it',
  findings: [],
  system: null,
  legalEntity: null,
  deal: 'salesforce/none',
  amount: null,
  evidence: null,
  postingKey: null,
  configHash: null,
  without: [],
};

// Days pass in moments: the server skips the time in which nothing happens.
describe('A case that nobody works on', function () {
  this.timeout(60_000);
  let environment: TestWorkflowEnvironment;
  let worker: Worker;
  let running: Promise<void>;
  const told: { readonly owner: string; readonly occasion: string; readonly number: number; readonly hours: number }[] = [];

  before(async function () {
    const server = await timeSkippingServer();
    if (server === undefined) return this.skip();
    environment = server;
    const { config } = await theFirm();
    const policy = policyFor('RATE_BELOW_CARD', config);
    let openedAt = 0;
    const activities: CaseActivities = {
      registerCase: async () => {
        openedAt = await environment.currentTimeMs();
        const at = (hours: number) => new Date(openedAt + hours * HOUR_MS).toISOString();
        return { policy, actions: policy.actions, openedAt: at(0), remindAt: at(policy.slaHours - policy.remindHoursBefore), dueAt: at(policy.slaHours), secondPerson: false, configHash: null, rerouteTo: [], people: Object.fromEntries(config.people.map((person) => [person.id, person.roles])) };
      },
      notifyOwner: async ({ owner, occasion, number }) => {
        told.push({ owner, occasion, number, hours: Math.round(((await environment.currentTimeMs()) - openedAt) / HOUR_MS) });
      },
      recordCaseChange: async () => Promise.resolve(),
      recordResolution: async () => Promise.resolve(),
    };
    worker = await Worker.create({ connection: environment.nativeConnection, taskQueue: LINE_QUEUE, workflowBundle: await theBundle(), activities });
    running = worker.run();
  });

  after(async () => {
    if (environment === undefined) return;
    worker.shutdown();
    await running;
    await environment.teardown();
  });

  it('reminds its owner before it is due, escalates when it is, and again each time as much time has passed', async () => {
    const handle = await environment.client.workflow.start(exceptionCase, { workflowId: 'exception/waiting/1', taskQueue: LINE_QUEUE, args: [INPUT] });
    await environment.sleep('80 hours');
    assert.deepEqual(told, [
      { owner: 'finance_operations', occasion: 'reminder', number: 1, hours: 20 },
      { owner: 'controller', occasion: 'escalation', number: 1, hours: 24 },
      { owner: 'controller', occasion: 'escalation', number: 2, hours: 48 },
      { owner: 'controller', occasion: 'escalation', number: 3, hours: 72 },
    ]);
    const view: CaseView = await handle.query(caseQuery);
    assert.equal(view.owner, 'controller');
    assert.equal(view.reminders, 1);
    assert.equal(view.escalations, 3);
    await handle.executeUpdate(resolveUpdate, { args: [{ action: 'override', by: 'carla', reason: 'agreed' }] });
    assert.equal((await handle.result()).state, 'resolved');
  });
});
