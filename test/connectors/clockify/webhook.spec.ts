import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { verifyClockifyWebhook } from '../../../connectors/clockify/webhook.ts';
import { isUnsupported } from '../../../connectors/ports.ts';
import { callContext } from '../conformance/documents.ts';
import { clockifyCredentials, startWorkspace } from './support.ts';

const secret = clockifyCredentials();
const body = {
  id: '61c9b4666574753612c708f4',
  workspaceId: secret.workspaceId,
  dateRange: { start: '2026-05-31T22:00:00Z', end: '2026-06-07T21:59:59Z' },
  owner: { userId: '6137bb5addd64b2759e031e7', userName: 'Jonas Weber', timezone: 'Europe/Berlin', startOfWeek: 'MONDAY' },
  status: { state: 'APPROVED', updatedBy: '6137bb5addd64b2759e031e7', updatedByUserName: 'Ingrid Solberg', updatedAt: '2026-06-08T09:00:00Z', note: '' },
};
const delivery = (changes: { readonly headers?: Record<string, string | undefined>; readonly rawBody?: string | Buffer } = {}) => ({
  headers: { 'clockify-signature': secret.webhookTokens.APPROVAL_REQUEST_STATUS_UPDATED, 'clockify-webhook-event-type': 'APPROVAL_REQUEST_STATUS_UPDATED', ...changes.headers },
  rawBody: Buffer.from(changes.rawBody ?? JSON.stringify(body)),
});
const reasonOf = (changes: Parameters<typeof delivery>[0]) => {
  const result = verifyClockifyWebhook(delivery(changes), secret);
  return result.ok ? 'ok' : result.reason;
};

describe('A webhook of Clockify', () => {
  it('tells which timesheet to read, and since when', () => {
    const result = verifyClockifyWebhook(delivery(), secret);
    assert.ok(result.ok);
    const { type, timesheetId, occurredAt, eventId } = result.event;
    assert.deepEqual([type, timesheetId, occurredAt], ['APPROVAL_REQUEST_STATUS_UPDATED', body.id, '2026-06-08T09:00:00.000Z']);
    const again = verifyClockifyWebhook(delivery({ rawBody: JSON.stringify({ ...body, extra: true }) }), secret);
    assert.ok(again.ok && again.event.eventId === eventId, 'a repeated delivery is the same event');
  });

  it('is refused without a token, with another, or with the token of another webhook', () => {
    assert.equal(reasonOf({ headers: { 'clockify-signature': undefined } }), 'unsigned');
    assert.equal(reasonOf({ headers: { 'clockify-signature': '' } }), 'unsigned');
    assert.equal(reasonOf({ headers: { 'clockify-signature': 'x' } }), 'bad_signature');
    assert.equal(reasonOf({ headers: { 'clockify-signature': `${secret.webhookTokens.APPROVAL_REQUEST_STATUS_UPDATED} ` } }), 'bad_signature');
    assert.equal(reasonOf({ headers: { 'clockify-signature': secret.webhookTokens.NEW_APPROVAL_REQUEST } }), 'bad_signature');
    assert.equal(reasonOf({ headers: { 'clockify-webhook-event-type': 'NEW_APPROVAL_REQUEST' } }), 'bad_signature');
  });

  it('is told apart where it is genuine but of no concern, of another workspace, or not to be understood', () => {
    assert.equal(reasonOf({ headers: { 'clockify-webhook-event-type': 'NEW_TAG' } }), 'other_event');
    assert.equal(reasonOf({ headers: { 'clockify-webhook-event-type': undefined } }), 'other_event');
    assert.equal(reasonOf({ headers: { 'clockify-webhook-event-type': 'NEW_TAG', 'clockify-signature': 'x' } }), 'bad_signature');
    assert.equal(reasonOf({ rawBody: JSON.stringify({ ...body, workspaceId: '0123456789abcdef01234567' }) }), 'other_workspace');
    for (const rawBody of ['', 'null', '[]', '{', '{"id":1}', JSON.stringify({ ...body, status: { ...body.status, state: 'PERHAPS' } }), JSON.stringify({ ...body, id: "'; drop table" }), Buffer.from([0xff, 0xfe])]) {
      assert.equal(reasonOf({ rawBody }), 'malformed', String(rawBody));
    }
  });

  it('is what the sandbox delivers for each step of an approval, and leads to the timesheet', async () => {
    const received: { readonly headers: IncomingHttpHeaders; readonly rawBody: Buffer }[] = [];
    let answer = 500;
    const gateway = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        received.push({ headers: request.headers, rawBody: Buffer.concat(chunks) });
        response.writeHead(answer).end();
        answer = 200;
      });
    });
    await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
    const { port } = z.object({ port: z.number() }).parse(gateway.address());
    const workspace = await startWorkspace({ webhookUrl: `http://127.0.0.1:${port}/webhooks/clockify` });
    try {
      const [user] = await workspace.rows('/users');
      await workspace.seedOne('time_entries', { userId: user?.['id'], start: '2026-06-02T09:00:00Z', end: '2026-06-02T11:00:00Z' });
      const id = await workspace.seedOne('approvals', { userId: user?.['id'], weekStart: '2026-06-01', state: 'APPROVED' });
      const deadline = Date.now() + 8000;
      while (received.length < 3 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
      const events = received.map(({ headers, rawBody }) => {
        const single = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join() : value]));
        const result = verifyClockifyWebhook({ headers: single, rawBody }, workspace.credentials);
        assert.ok(result.ok, JSON.stringify(result));
        return result.event;
      });
      assert.equal(new Set(events.map(({ eventId }) => eventId)).size, 2, 'the one refused at first was delivered again');
      assert.deepEqual(new Set(events.map(({ type, body: { status } }) => `${type} ${status.state}`)), new Set(['NEW_APPROVAL_REQUEST PENDING', 'APPROVAL_REQUEST_STATUS_UPDATED APPROVED']));
      assert.ok(events.every(({ timesheetId }) => timesheetId === id));
      const { timesheets } = workspace.port();
      assert.ok(!isUnsupported(timesheets));
      assert.equal((await timesheets.load(events[0]?.timesheetId ?? '', callContext()))?.approval.status, 'approved');
    } finally {
      await workspace.sandbox.close();
      gateway.closeAllConnections();
      gateway.close();
    }
  }).timeout(15_000);
});
