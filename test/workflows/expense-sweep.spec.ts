import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { WorkflowFailedError } from '@temporalio/client';
import { LINE_QUEUE } from '../../domain/process/task-queues.ts';
import { casesOf } from '../../store/cases.ts';
import { batchStatuses } from '../../store/time/batches.ts';
import { aReport, aTaxi } from '../builders/expenses.ts';
import { startTestLine, type TestLine } from '../support/line.ts';
import { stopTemporalServer } from '../support/temporal.ts';

describe('The sweep of expenses by schedule', function () {
  this.timeout(120_000);
  const PROCESS = 'expense-sweep/harvest';
  let line: TestLine;
  before(async () => {
    line = await startTestLine();
    line.fakes.putExpenseReport(aReport([aTaxi()], { system: 'harvest' }), new Date().toISOString());
  });
  after(async () => {
    await line.stop();
    await stopTemporalServer();
  });

  const sweep = () => line.client.workflow.execute('expenseSweep', { workflowId: `expense-sweep/harvest-${randomUUID()}`, taskQueue: LINE_QUEUE, args: [{ system: 'harvest' }] });
  const cases = async () => (await casesOf(line.store.db, PROCESS)).map(({ case_id, state }) => [case_id, state]);
  const becomes = (expected: string[][]) => line.until(`the cases are ${JSON.stringify(expected)}`, async () => JSON.stringify(await cases()) === JSON.stringify(expected));

  it('that fails opens one case and ends, so that the next one can begin however long nobody looks', async () => {
    line.fakes.fail('expenses harvest', { kind: 'configuration', times: 2 });
    await assert.rejects(sweep(), WorkflowFailedError);
    await becomes([[`exception/${PROCESS}/1`, 'open']]);
    const [open] = await casesOf(line.store.db, PROCESS);
    assert.deepEqual([open?.code, open?.owner, open?.permitted_actions], ['ORDERED_FAILURE', 'integration_support', ['retry']]);
    await assert.rejects(sweep(), WorkflowFailedError);
    assert.deepEqual(await cases(), [[`exception/${PROCESS}/1`, 'open']]);
  });

  it('that goes well takes in what the failed ones could not, and closes the case', async () => {
    await sweep();
    await becomes([[`exception/${PROCESS}/1`, 'closed']]);
    assert.deepEqual((await batchStatuses(line.store.db, { limit: 10 })).map(({ state, records }) => [state, records.received + records.decided]).filter(([, records]) => records !== 0), [['sealed', 1]]);
  });
});
