import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { WorkflowFailedError } from '@temporalio/client';
import { SystemFailure, type Failure } from '../../domain/failure.ts';
import { LINE_QUEUE } from '../../domain/process/task-queues.ts';
import { casesOf } from '../../store/cases.ts';
import { startTestLine, type TestLine } from '../support/line.ts';
import { stopTemporalServer } from '../support/temporal.ts';

describe('The sweep for missed events', function () {
  this.timeout(120_000);
  const PROCESS = 'missed-event-sweep/salesforce';
  const broken = new Map<string, Failure['kind']>();
  let line: TestLine;
  before(async () => {
    line = await startTestLine({
      systems: (inMemory) => ({
        ...inMemory,
        crm: (id) => ({
          ...inMemory.crm(id),
          async *changedClosedWon() {
            await Promise.resolve();
            const kind = broken.get(id);
            if (kind !== undefined) throw new SystemFailure({ kind, code: 'SALESFORCE_INVALID_FIELD', message: 'the deals cannot be asked for: no such column Delivery_Status__c.', mend: 'Add the field to the org.', system: id, object: `deals of ${id}`, written: 'no', evidence: 'INVALID_FIELD' });
            yield* [];
          },
        }),
      }),
    });
  });
  after(async () => {
    await line.stop();
    await stopTemporalServer();
  });
  afterEach(() => {
    broken.clear();
  });

  const sweep = (crm = 'salesforce') => line.client.workflow.execute('missedEventSweep', { workflowId: `missed-event-sweep/${crm}-${randomUUID()}`, taskQueue: LINE_QUEUE, args: [{ crm }] });
  const fails = (crm?: string) => assert.rejects(sweep(crm), WorkflowFailedError);
  const cases = async (process = PROCESS) => (await casesOf(line.store.db, process)).map(({ case_id, state }) => [case_id, state]);
  const becomes = (expected: string[][], process?: string) => line.until(`the cases are ${JSON.stringify(expected)}`, async () => JSON.stringify(await cases(process)) === JSON.stringify(expected));

  it('that goes well opens no case', async () => {
    await sweep();
    assert.deepEqual(await cases(), []);
  });

  it('that fails for good is one case for its CRM however often it fails, until the next one goes well', async () => {
    broken.set('salesforce', 'contract');
    await fails();
    await becomes([[`exception/${PROCESS}/1`, 'open']]);
    const [open] = await casesOf(line.store.db, PROCESS);
    assert.deepEqual([open?.code, open?.kind, open?.owner, open?.systems, open?.permitted_actions], ['SALESFORCE_INVALID_FIELD', 'contract', 'integration_support', ['salesforce'], ['retry']]);
    assert.match(open?.message ?? '', /no such column Delivery_Status__c/);
    await Promise.all([fails(), fails()]);
    assert.deepEqual(await cases(), [[`exception/${PROCESS}/1`, 'open']]);
    broken.clear();
    await sweep();
    await becomes([[`exception/${PROCESS}/1`, 'closed']]);
  });

  it('that fails again later is another case', async () => {
    broken.set('salesforce', 'configuration');
    await fails();
    await becomes([[`exception/${PROCESS}/1`, 'closed'], [`exception/${PROCESS}/2`, 'open']]);
  });

  it('that still fails after a person thought it mended is another case too', async () => {
    broken.set('salesforce', 'configuration');
    const answer = await line.resolve(`exception/${PROCESS}/2`, { action: 'retry', by: 'ines', reason: 'the field is there now' });
    assert.equal(answer.accepted, true, answer.message);
    await line.until('it is resolved', async () => (await cases())[1]?.[1] === 'resolved');
    await fails();
    await line.until('another is open', async () => (await cases())[2]?.join(' ') === `exception/${PROCESS}/3 open`);
  });

  it('of one CRM says nothing of another\'s', async () => {
    broken.set('hubspot', 'contract');
    await fails('hubspot');
    await becomes([['exception/missed-event-sweep/hubspot/1', 'open']], 'missed-event-sweep/hubspot');
    await sweep('salesforce');
    await line.until('the case of Salesforce is closed', async () => (await cases())[2]?.[1] === 'closed');
    assert.equal((await cases('missed-event-sweep/hubspot'))[0]?.[1], 'open');
  });
});
