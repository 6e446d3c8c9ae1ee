import assert from 'node:assert/strict';
import { clockifySource } from '../../starters/gateway/clockify.ts';
import { refusal, secrets, testGateway, WORKSPACE, type Request } from './support.ts';

const APPROVAL = '6420aa0b1c2d3e4f5a6b7c01';
type EventType = keyof typeof secrets.clockifyTokens;

function approval(changes: Record<string, unknown> = {}) {
  return {
    id: APPROVAL,
    workspaceId: WORKSPACE,
    dateRange: { start: '2026-11-09T00:00:00Z', end: '2026-11-15T23:59:59Z' },
    owner: { userId: '6420aa0b1c2d3e4f5a6b7c02', userName: 'Ada' },
    status: { state: 'APPROVED', updatedAt: '2026-11-21T07:55:00Z', note: '' },
    ...changes,
  };
}

function delivery(body: unknown, type: string = 'APPROVAL_REQUEST_STATUS_UPDATED', token?: string): Request {
  const headers = { 'content-type': 'application/json', 'clockify-webhook-event-type': type, 'clockify-signature': token ?? secrets.clockifyTokens[type as EventType] ?? secrets.clockifyTokens.NEW_APPROVAL_REQUEST };
  return { method: 'POST', url: '/webhooks/clockify', headers, payload: typeof body === 'string' ? body : JSON.stringify(body) };
}

describe('gateway: a Clockify webhook', () => {
  it('about an approval is kept as news of that timesheet', async () => {
    const gateway = testGateway();
    const response = await gateway.app.inject(delivery(approval()));
    assert.deepEqual([response.statusCode, response.json()], [200, { status: 'accepted', events: 1, ignored: 0 }]);
    const [row] = gateway.inbox.rows;
    assert.deepEqual([row?.source, row?.kind, row?.businessKey, row?.occurredAt], ['clockify', 'timesheet.changed', APPROVAL, '2026-11-21T07:55:00.000Z']);
  });

  it('delivered again is one event, also where the rest of its body differs; the next change is another', async () => {
    const gateway = testGateway();
    await gateway.app.inject(delivery(approval()));
    assert.equal((await gateway.app.inject(delivery(approval({ extra: 1 })))).json<{ status: string }>().status, 'duplicate');
    assert.equal((await gateway.app.inject(delivery(approval({ status: { state: 'WITHDRAWN_APPROVAL', updatedAt: '2026-11-21T07:58:00Z' } })))).json<{ status: string }>().status, 'accepted');
    assert.equal(gateway.inbox.rows.length, 2);
  });

  it('about anything else is acknowledged and left alone', async () => {
    const gateway = testGateway();
    const response = await gateway.app.inject(delivery({ id: 'x' }, 'NEW_TIME_ENTRY'));
    assert.deepEqual(response.json(), { status: 'ignored', events: 0, ignored: 1 });
    assert.equal(gateway.inbox.rows.length, 0);
  });

  it('without its token, with that of another webhook, or from another workspace is refused', async () => {
    const gateway = testGateway();
    await refusal(gateway, delivery(approval(), undefined, ''), 401, 'unsigned');
    await refusal(gateway, delivery(approval(), undefined, 'guess'), 401, 'bad_signature');
    await refusal(gateway, delivery(approval(), 'NEW_APPROVAL_REQUEST', secrets.clockifyTokens.APPROVAL_REQUEST_STATUS_UPDATED), 401, 'bad_signature');
    await refusal(gateway, delivery(approval({ workspaceId: 'f'.repeat(24) })), 401, 'wrong_sender');
    assert.equal(gateway.inbox.rows.length, 0);
  });

  it('that is not what Clockify describes is kept in quarantine with what is wrong, and read again after the fix', async () => {
    const gateway = testGateway();
    const { problem } = await refusal(gateway, delivery(approval({ status: { state: 'SOMETHING_NEW', updatedAt: '2026-11-21T07:55:00Z' } })), 422, 'schema');
    assert.ok(problem.errors.some(({ path }) => path === 'status.state'));
    await refusal(gateway, delivery('{"id":'), 422, 'schema');
    const [row] = gateway.inbox.rows;
    assert.equal(row?.state, 'quarantined');
    assert.ok(!JSON.stringify(row?.headers).includes('signature'));
    const source = clockifySource({ workspaceId: WORKSPACE, webhookTokens: secrets.clockifyTokens });
    const kept = { eventId: row?.eventId ?? '', contentHash: '', headers: row?.headers ?? {}, rawBody: Buffer.from(JSON.stringify(approval())) };
    const reopened = source.reopen(kept);
    assert.equal(reopened.outcome === 'opened' && reopened.events[0]?.businessKey, APPROVAL);
  });

  it('is not offered where no webhook token is known', async () => {
    const gateway = testGateway({ credentials: { clockify: { workspaceId: WORKSPACE } } });
    await refusal(gateway, delivery(approval()), 404, 'unknown_system');
  });
});
