import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, Worker } from '@temporalio/worker';
import type { PageDecision, TimeActivities } from '../../activities/time/contract.ts';
import { LINE_QUEUE } from '../../domain/process/task-queues.ts';
import { timesheetProcessOf } from '../../domain/process/time-process.ts';
import { timesheetPage } from '../../workflows/timesheet-page.ts';
import { timesheet } from '../../workflows/timesheet.ts';
import { stopTemporalServer, theTemporalServer } from '../support/temporal.ts';

const NOTHING: PageDecision = { records: 1, entries: 1, accepted: 1, repeats: 0, rejected: 0, held: 0, withdrawn: 0, targets: [], open: [], released: [], superseded: [], answers: [], configHash: 'config' };
const RELEASED = { record: 7, system: 'harvest', id: 'TS-hand-over', version: 1, person: 'ada@northwind-consulting.example', legalEntity: 'US01', contested: false };
const quiet = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} };
const PAGE = 'timesheets/hand-over/1';

describe('A timesheet that a page brings free', function () {
  this.timeout(90_000);
  after(stopTemporalServer);

  it('is carried out by a second process where the first ended before it could be told', async () => {
    const environment = await theTemporalServer();
    const { client } = environment;
    const own = timesheetProcessOf(RELEASED);
    const decidedBy: string[] = [];
    const mayEnd = Promise.withResolvers<void>();
    const activities: Partial<TimeActivities> = {
      decideTimesheets: async ({ process }) => {
        decidedBy.push(process);
        return Promise.resolve(process === PAGE ? { ...NOTHING, released: [RELEASED] } : NOTHING);
      },
      publishTime: async () => Promise.resolve({ facts: 1 }),
      finishPage: async ({ selection }) => {
        if ('records' in selection) await mayEnd.promise;
      },
    };
    const workflowBundle = await bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('../../workflows/all.ts', import.meta.url)),
      logger: quiet,
      workflowInterceptorModules: [fileURLToPath(new URL('../support/slow-signals.ts', import.meta.url))],
    });
    const worker = await Worker.create({ connection: environment.nativeConnection, taskQueue: LINE_QUEUE, activities, workflowBundle });
    await worker.runUntil(async () => {
      const { legalEntity } = RELEASED;
      const first = await client.workflow.start(timesheet, { workflowId: own, taskQueue: LINE_QUEUE, args: [{ ...RELEASED, priority: 2 }] });
      while (!decidedBy.includes(own)) await delay(20);
      const page = await client.workflow.start(timesheetPage, { workflowId: PAGE, taskQueue: LINE_QUEUE, args: [{ batch: 'hand-over', page: 1, legalEntity, records: 1, priority: 2 }] });
      while ((await page.fetchHistory()).events?.every(({ startChildWorkflowExecutionFailedEventAttributes: running }) => running == null) ?? true) await delay(20);
      mayEnd.resolve();
      await first.result();
      await page.result();
      const second = client.workflow.getHandle(own);
      await second.result();
      assert.notEqual((await second.describe()).runId, first.firstExecutionRunId);
      assert.deepEqual(decidedBy, [own, PAGE, own]);
    });
  });
});
