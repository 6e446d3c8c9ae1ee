import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { pino } from 'pino';
import { timesheetEventId } from '../../starters/relay/dispatch-timesheet.ts';
import { startRelay } from '../../starters/relay/relay.ts';
import { ensureSchedules } from '../../starters/relay/schedules.ts';
import { timeSystems } from '../../starters/relay/time-systems.ts';
import { activateConfig, storeConfig } from '../../store/config-versions.ts';
import type { Store } from '../../store/database.ts';
import { loadEvent } from '../../store/inbox-relay.ts';
import { receiveEvents, type IncomingEvent } from '../../store/inbox.ts';
import { freshStore } from '../store/support.ts';
import { stopTemporalServer, theTemporalServer } from '../support/temporal.ts';

const event = (businessKey: string, eventId = `event of ${businessKey}`): IncomingEvent => ({ source: 'clockify', eventId, kind: 'timesheet.changed', businessKey, version: null, occurredAt: null, headers: {}, rawBody: Buffer.from('{}'), payload: {} });

describe('relay: news of a timesheet', function () {
  this.timeout(30_000);
  let store: Store;
  let client: Client;
  let relay: { stop(): Promise<void> };
  before(async () => {
    store = await freshStore();
    ({ client } = await theTemporalServer());
    relay = startRelay({ store, client, log: pino({ level: 'silent' }), name: 'test' });
  });
  after(async () => {
    await relay.stop();
    for await (const { workflowId } of client.workflow.list({ query: "ExecutionStatus = 'Running'" })) await client.workflow.getHandle(workflowId).terminate('the test is over').catch(() => undefined);
    await store.close();
    await stopTemporalServer();
  });

  async function settled(incoming: IncomingEvent) {
    const [receipt] = await receiveEvents(store.db, [incoming]);
    for (let waited = 0; waited < 10_000; waited += 50) {
      const row = await loadEvent(store.db, receipt?.id ?? 0);
      if (row !== undefined && row.state !== 'received') return row;
      await delay(50);
    }
    throw new Error('the event was not relayed in time');
  }

  it('starts the reading of that timesheet, once for each event', async () => {
    const workflowId = timesheetEventId({ system: 'clockify', timesheetId: 'A-1', event: 'event of A-1' });
    const row = await settled(event('A-1'));
    assert.deepEqual([row.state, row.workflow_id], ['dispatched', workflowId]);
    const handle = client.workflow.getHandle(workflowId);
    assert.equal((await handle.describe()).type, 'timesheetEvent');
    const { events } = await handle.fetchHistory();
    const input = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]?.data;
    assert.deepEqual(JSON.parse(Buffer.from(input ?? []).toString()), { system: 'clockify', timesheetId: 'A-1', event: 'event of A-1' });
  });

  it('that names no timesheet starts nothing', async () => {
    assert.deepEqual((await settled(event(''))).disposition, 'the event names no timesheet');
  });

  it('may fail to come: each time system of the configuration in force is swept by schedule', async () => {
    assert.deepEqual(await timeSystems(store.db), []);
    const document = { systems: [{ id: 'harvest', kind: 'time' }, { id: 'netsuite', kind: 'erp' }, { id: 'clockify', kind: 'time' }] };
    await storeConfig(store.db, { hash: 'h1', document, files: {} });
    await activateConfig(store.db, { hash: 'h1', by: 'test' });
    const systems = await timeSystems(store.db);
    assert.deepEqual(systems, ['harvest', 'clockify']);
    await ensureSchedules(client, systems);
    await ensureSchedules(client, systems);
    for (const system of systems) {
      const handle = client.schedule.getHandle(`timesheet-sweep/${system}`);
      const { action } = await handle.describe();
      assert.equal(action.workflowType, 'timesheetSweep');
      await handle.delete();
      const expenses = client.schedule.getHandle(`expense-sweep/${system}`);
      assert.equal((await expenses.describe()).action.workflowType, 'expenseSweep');
      await expenses.delete();
    }
    for (const crm of ['salesforce', 'hubspot']) await client.schedule.getHandle(`missed-event-sweep/${crm}`).delete();
  });
});
