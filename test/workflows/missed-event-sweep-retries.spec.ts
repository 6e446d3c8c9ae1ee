import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import type { CaseActivities } from '../../activities/contract.ts';
import type { MissedEventSweepActivities } from '../../activities/sweep.ts';
import { LINE_QUEUE, targetQueue } from '../../domain/process/task-queues.ts';
import { policyFor } from '../../domain/rules/exceptions/policy.ts';
import { theFirm } from '../builders/firm.ts';
import { theBundle } from '../support/temporal.ts';
import { timeSkippingServer } from '../support/time-skipping.ts';

const HOUR_MS = 3_600_000;

// Hours pass in moments: the server skips the time in which nothing happens.
describe('The sweep for missed events over hours', function () {
  this.timeout(90_000);
  let environment: TestWorkflowEnvironment;
  const workers: Worker[] = [];
  const running: Promise<void>[] = [];
  /** What happened, with the hour since the sweep began. */
  const told: string[] = [];
  const register: { readonly caseId: string; open: boolean; readonly message: string }[] = [];
  let began = 0;
  let fails: (hours: number) => 'transient' | 'configuration' | undefined = () => undefined;

  const hours = async () => ((await environment.currentTimeMs()) - began) / HOUR_MS;
  const note = async (what: string) => void told.push(`${what} at ${Math.floor((await hours()) + 0.01)} h`);

  // A server of its own for each: one that has skipped time for a case does not always skip again.
  beforeEach(async function () {
    const server = await timeSkippingServer();
    if (server === undefined) return this.skip();
    environment = server;
    const { config } = await theFirm();
    const cases: CaseActivities = {
      registerCase: async ({ caseId, case: input }) => {
        const now = await environment.currentTimeMs();
        const at = (ahead: number) => new Date(now + ahead * HOUR_MS).toISOString();
        const policy = policyFor(input.code, config);
        register.push({ caseId, open: true, message: input.message });
        await note(`case ${input.code}`);
        return { policy, actions: policy.actions.filter((action) => !input.without.includes(action)), openedAt: at(0), remindAt: null, dueAt: at(1000), secondPerson: false, configHash: null, rerouteTo: [], people: Object.fromEntries(config.people.map((person) => [person.id, person.roles])) };
      },
      notifyOwner: async () => Promise.resolve(),
      recordCaseChange: async () => Promise.resolve(),
      recordResolution: async ({ caseId, closedBecause }) => {
        await note(`closed (${closedBecause ?? 'by a person'})`);
        const row = register.find((known) => known.caseId === caseId);
        if (row !== undefined) row.open = false;
      },
    };
    const sweeping: MissedEventSweepActivities = {
      sweepMissedEvents: async () => {
        const kind = fails(await hours());
        if (kind !== undefined) throw ApplicationFailure.create({ message: 'no route to the CRM', type: kind, nonRetryable: kind !== 'transient', details: [{ kind, code: 'SALESFORCE_AWAY', message: 'no route to the CRM.', mend: 'Wait.', system: 'salesforce', object: 'deals', written: 'no' }] });
        await note('swept');
        return { looked: 0, missed: 0, until: new Date().toISOString() };
      },
      caseOfSweep: async ({ crm }) => {
        const process = `missed-event-sweep/${crm}`;
        const open = register.find((row) => row.open);
        return await Promise.resolve({ process, caseId: open?.caseId ?? `exception/${process}/${register.length + 1}`, open: open !== undefined });
      },
    };
    for (const taskQueue of [LINE_QUEUE, targetQueue('salesforce')]) {
      const worker = await Worker.create({ connection: environment.nativeConnection, taskQueue, ...(taskQueue === LINE_QUEUE ? { workflowBundle: await theBundle() } : {}), activities: { ...cases, ...sweeping } });
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

  async function begin(name: string) {
    told.length = 0;
    register.length = 0;
    began = await environment.currentTimeMs();
    return await environment.client.workflow.start('missedEventSweep', { workflowId: `missed-event-sweep/salesforce-${name}`, taskQueue: LINE_QUEUE, args: [{ crm: 'salesforce' }] });
  }
  const settled = async () => {
    for (let tries = 0; register.some(({ open }) => open) && tries < 100; tries += 1) await new Promise((resolve) => setTimeout(resolve, 50));
  };

  it('that gets through within the hour is no case', async () => {
    fails = (at) => (at < 0.5 ? 'transient' : undefined);
    await (await begin('A')).result();
    assert.deepEqual(told, ['swept at 0 h']);
  });

  it('that keeps failing for passing reasons is one case after an hour, retries on, and closes it when it gets through', async () => {
    fails = (at) => (at < 3.5 ? 'transient' : undefined);
    await (await begin('B')).result();
    await settled();
    assert.deepEqual(told, ['case STILL_RETRYING at 1 h', 'swept at 3 h', 'closed (the sweep goes well again) at 3 h']);
    assert.match(register[0]?.message ?? '', /Deals of salesforce that no event told of are not found any more: .*has not got through for 60 minutes/);
  });

  it('that then fails for good names that in a case of its own', async () => {
    fails = (at) => (at < 1.5 ? 'transient' : 'configuration');
    await assert.rejects((await begin('D')).result());
    for (let tries = 0; told.length < 3 && tries < 100; tries += 1) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(told.toSorted(), ['case SALESFORCE_AWAY at 1 h', 'case STILL_RETRYING at 1 h', 'closed (it fails for good now; another case says why) at 1 h']);
    assert.deepEqual(register.map(({ caseId }) => caseId), ['exception/missed-event-sweep/salesforce/1', 'exception/missed-event-sweep/salesforce/2']);
  });
});
