import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { pino } from 'pino';
import { storeInbox } from '../../starters/gateway/inbox.ts';
import { startPageDispatch } from '../../starters/relay/pages.ts';
import { startRelay } from '../../starters/relay/relay.ts';
import { startWorkspace, type ClockifyWorkspace } from '../connectors/clockify/support.ts';
import { NOW } from '../gateway/support.ts';
import { timeGateway, type ListeningGateway } from '../gateway/time/support.ts';
import { stopTemporalServer } from '../support/temporal.ts';
import { startTimeLine, type TimeLine } from '../support/time-line.ts';

describe('An approval in Clockify', function () {
  this.timeout(90_000);
  let workspace: ClockifyWorkspace;
  let line: TimeLine;
  let gateway: ListeningGateway;
  const stops: (() => Promise<unknown>)[] = [];
  before(async () => {
    workspace = await startWorkspace();
    const port = workspace.port();
    line = await startTimeLine({}, { systems: (inMemory) => ({ ...inMemory, time: (system) => (system === 'clockify' ? port : inMemory.time(system)) }) });
    const { workspaceId, webhookTokens } = workspace.credentials;
    gateway = await timeGateway(line.store, { inbox: storeInbox(line.store.db), credentials: { clockify: { workspaceId, webhookTokens } }, now: () => NOW });
    await fetch(`${workspace.sandbox.url}/__admin/webhooks`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ url: `${gateway.url}/webhooks/clockify` }) });
    const log = pino({ level: 'silent' });
    const relay = startRelay({ store: line.store, client: line.client, log, name: 'test' });
    const pages = startPageDispatch({ store: line.store, client: line.client, log });
    stops.push(() => relay.stop(), () => pages.stop(), () => gateway.close(), () => line.stop(), () => workspace.sandbox.close(), () => stopTemporalServer());
  });
  after(async () => {
    for (const stop of stops) await stop();
  });

  it('comes by webhook through the inbox, is read by its ID, and its timesheet is judged', async () => {
    const [user] = await workspace.rows('/users');
    await workspace.seedOne('time_entries', { userId: user?.['id'], start: '2026-06-02T09:00:00Z', end: '2026-06-02T11:00:00Z' });
    const approval = await workspace.seedOne('approvals', { userId: user?.['id'], weekStart: '2026-06-01', state: 'APPROVED' });
    const decided = async () => (await sql<{ state: string; status: string; hours: string }>`
      select state, document->'approval'->>'status' as status, document->'entries'->0->>'hours' as hours from time_record where system = 'clockify' and record_id = ${approval} order by version desc limit 1`.execute(line.store.db)).rows[0];
    await line.until('the approved timesheet is judged', async () => {
      const row = await decided();
      return row?.state === 'decided' && row.status === 'approved';
    }, 30_000);
    assert.equal(Number((await decided())?.hours), 2);
    const events = async () => (await sql<{ state: string; to: string | null }>`select state, workflow_id as to from inbox where source = 'clockify' and business_key = ${approval}`.execute(line.store.db)).rows;
    await line.until('every event of it is relayed', async () => (await events()).every(({ state, to }) => state === 'dispatched' && to?.startsWith('timesheet-event/clockify/') === true));
    assert.ok((await events()).length > 0);
  });
});
