import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { startSweep } from '../../starters/change-events/sweeps.ts';
import { stopTemporalServer, theTemporalServer } from '../support/temporal.ts';

describe('The sweep that a gap in the change events asks for', function () {
  this.timeout(60_000);
  before(async () => void (await theTemporalServer()));
  after(stopTemporalServer);

  it('is the CRM\'s own process, one at a time; who asks while it runs is told to ask again', async () => {
    const { client } = await theTemporalServer();
    assert.equal(await startSweep(client, 'salesforce'), true);
    assert.equal(await startSweep(client, 'salesforce'), false);
    const sweep = await client.workflow.getHandle('missed-event-sweep/salesforce/asked').describe();
    assert.deepEqual([sweep.type, sweep.taskQueue, sweep.status.name], ['missedEventSweep', 'line', 'RUNNING']);
    await client.workflow.getHandle('missed-event-sweep/salesforce/asked').terminate();
    assert.equal(await startSweep(client, 'salesforce'), true);
  });
});
