import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { acceptedDealSchema } from '../../starters/gateway/openapi.ts';
import { exampleDeal } from '../../starters/gateway/examples.ts';
import { NOW, canonicalRequest, metric, refusal, testGateway } from './support.ts';

const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);

describe('gateway: a deal sent to /v1/deals', () => {
  it('is kept with its exact body before it is accepted, and names the process that will carry it', async () => {
    const gateway = testGateway();
    const body = `  ${JSON.stringify(exampleDeal, null, 2)}\n`;
    const response = await gateway.app.inject(canonicalRequest(body));
    assert.equal(response.statusCode, 202);
    assert.deepEqual(acceptedDealSchema.parse(response.json()), { id: 'evt_1', status: 'accepted', process: 'closed-won/canonical/D-2026-0117', inbox: 1 });
    const [row] = gateway.inbox.rows;
    assert.equal(row?.rawBody.toString(), body);
    assert.deepEqual(
      { source: row?.source, eventId: row?.eventId, kind: row?.kind, key: row?.businessKey, version: row?.version, state: row?.state },
      { source: 'canonical', eventId: 'evt_1', kind: 'deal.changed', key: 'D-2026-0117', version: '2026-11-20T16:04:00.000Z', state: 'received' },
    );
    assert.deepEqual(row?.payload, exampleDeal);
    assert.equal(await metric(gateway, 'q2c_gateway_events_total{system="canonical",status="accepted"}'), 1);
  });

  it('cannot pass itself off as a deal of another CRM', async () => {
    const gateway = testGateway();
    assert.equal((await gateway.app.inject(canonicalRequest({ ...exampleDeal, crm: 'salesforce' }))).statusCode, 202);
    assert.equal(z.object({ crm: z.string() }).parse(gateway.inbox.rows[0]?.payload).crm, 'canonical');
  });

  it('in schema version 1 is brought to the newest version', async () => {
    const gateway = testGateway();
    const { accounts, ...rest } = exampleDeal;
    const lines = rest.lines.map((line) => ({ ...line, quantity: 800, unitPrice: 120, amount: 96_000 }));
    const response = await gateway.app.inject(canonicalRequest({ ...rest, schemaVersion: 1, account: accounts[0], amount: 96_000, lines }));
    assert.equal(response.statusCode, 202, response.body);
    const kept = z.object({ schemaVersion: z.number(), amount: z.unknown(), accounts: z.array(z.unknown()) }).parse(gateway.inbox.rows[0]?.payload);
    assert.equal(kept.schemaVersion, 2);
    assert.deepEqual(kept.amount, { amount: '96000', currency: 'EUR' });
    assert.deepEqual(kept.accounts, accounts);
  });

  it('with names in any script is kept as sent', async () => {
    const gateway = testGateway();
    const name = '港湾データ基盤 – Łódź 🚢 مرفأ';
    assert.equal((await gateway.app.inject(canonicalRequest({ ...exampleDeal, name }))).statusCode, 202);
    assert.equal(z.object({ name: z.string() }).parse(gateway.inbox.rows[0]?.payload).name, name);
  });

  it('sent again is a duplicate, even when signed anew', async () => {
    const gateway = testGateway();
    await gateway.app.inject(canonicalRequest(exampleDeal));
    const again = await gateway.app.inject(canonicalRequest(exampleDeal, { at: later(30) }));
    assert.equal(again.statusCode, 202);
    assert.equal(acceptedDealSchema.parse(again.json()).status, 'duplicate');
    assert.equal(gateway.inbox.rows.length, 1);
  });

  it('under a used event ID with another body is refused and kept as evidence', async () => {
    const gateway = testGateway();
    await gateway.app.inject(canonicalRequest(exampleDeal));
    const { problem } = await refusal(gateway, canonicalRequest({ ...exampleDeal, name: 'Another' }), 409, 'conflict');
    assert.match(problem.detail, /evt_1/);
    assert.deepEqual(gateway.inbox.rows.map((row) => row.state), ['received', 'conflict']);
    assert.equal(await metric(gateway, 'q2c_gateway_refused_total{system="canonical",reason="conflict"}'), 1);
  });

  it('is refused without a signature, with a wrong secret, and with a changed body', async () => {
    const gateway = testGateway();
    const signed = canonicalRequest(exampleDeal);
    const { 'webhook-signature': _, ...unsigned } = signed.headers;
    await refusal(gateway, { ...signed, headers: unsigned }, 401, 'unsigned');
    await refusal(gateway, canonicalRequest(exampleDeal, { secret: `whsec_${randomBytes(24).toString('base64')}` }), 401, 'bad_signature');
    await refusal(gateway, { ...signed, payload: JSON.stringify({ ...exampleDeal, name: 'changed on the way' }) }, 401, 'bad_signature');
    await refusal(gateway, { ...signed, headers: { ...signed.headers, 'webhook-signature': 'v1,' } }, 401, 'bad_signature');
    await refusal(gateway, { ...signed, headers: { ...signed.headers, 'webhook-id': 'evt_2' } }, 401, 'bad_signature');
    assert.deepEqual(gateway.inbox.rows, []);
    assert.equal(await metric(gateway, 'q2c_gateway_refused_total{system="canonical",reason="bad_signature"}'), 4);
  });

  it('is accepted while a secret is being rotated: one of several signatures is enough', async () => {
    const gateway = testGateway();
    const signed = canonicalRequest(exampleDeal);
    const both = `v1,${randomBytes(32).toString('base64')} ${signed.headers['webhook-signature'] ?? ''}`;
    assert.equal((await gateway.app.inject({ ...signed, headers: { ...signed.headers, 'webhook-signature': both } })).statusCode, 202);
  });

  it('replayed after the window, or signed by a clock ahead of it, is refused naming the window', async () => {
    const gateway = testGateway();
    const old = await refusal(gateway, canonicalRequest(exampleDeal, { at: later(-301) }), 401, 'outside_window');
    assert.match(old.problem.detail, /301 seconds old; the window is 300 seconds/);
    const ahead = await refusal(gateway, canonicalRequest(exampleDeal, { at: later(301) }), 401, 'outside_window');
    assert.match(ahead.problem.detail, /301 seconds in the future/);
    assert.equal((await gateway.app.inject(canonicalRequest(exampleDeal, { at: later(-300) }))).statusCode, 202);
    assert.equal((await gateway.app.inject(canonicalRequest(exampleDeal, { at: later(299) }))).statusCode, 202);
  });

  it('that does not follow the schema is kept in quarantine with every finding, whoever signed it', async () => {
    const gateway = testGateway();
    const wrong = { ...exampleDeal, currency: 'euro', closeDate: '31.12.2026', colour: 'blue' };
    const { problem } = await refusal(gateway, canonicalRequest(wrong), 422, 'schema');
    assert.deepEqual(problem.errors.map((error) => error.path).toSorted(), ['', 'closeDate', 'currency']);
    assert.ok(problem.errors.some((error) => error.message.includes('colour')), 'the unknown field is named');
    assert.match(problem.detail, /quarantine \(inbox 1\)/);
    const [row] = gateway.inbox.rows;
    assert.equal(row?.state, 'quarantined');
    assert.equal(row?.businessKey, 'D-2026-0117');
    assert.equal(row?.rawBody.toString(), JSON.stringify(wrong));
    assert.deepEqual(row?.findings, problem.errors);
    assert.equal(await metric(gateway, 'q2c_gateway_events_total{system="canonical",status="quarantined"}'), 1);
  });

  it('in a schema version nobody knows, or that is no document at all, goes to quarantine', async () => {
    const gateway = testGateway();
    for (const [index, body] of [{ ...exampleDeal, schemaVersion: 99 }, { ...exampleDeal, schemaVersion: 0 }, [], 7, null, 'text', { ...exampleDeal, id: 'a\u0000b' }].entries()) {
      await refusal(gateway, canonicalRequest(JSON.stringify(body), { id: `evt_${index}` }), 422, 'schema');
    }
    assert.ok(gateway.inbox.rows.every((row) => row.state === 'quarantined'));
    assert.equal(gateway.inbox.rows.length, 7);
  });

  it('that cannot be read is refused without a trace of it in the inbox', async () => {
    const gateway = testGateway();
    const bomb = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    for (const body of ['{"schema": ', '', 'not json', Buffer.from([0x22, 0xff, 0xfe, 0x22]), bomb, `{"a":${bomb}}`]) {
      await refusal(gateway, canonicalRequest(body), 400, 'malformed');
    }
    assert.deepEqual(gateway.inbox.rows, []);
  });

  it('larger than the limit is refused before it is read', async () => {
    const gateway = testGateway();
    const { problem } = await refusal(gateway, canonicalRequest({ ...exampleDeal, name: 'x'.repeat(1_048_576) }), 413, 'too_large');
    assert.match(problem.detail, /1048576 bytes/);
    assert.equal(await metric(gateway, 'q2c_gateway_refused_total{system="canonical",reason="too_large"}'), 1);
  });

  it('in another content type, compressed, or without one is refused', async () => {
    const gateway = testGateway();
    const signed = canonicalRequest(exampleDeal);
    const { 'content-type': _, ...untyped } = signed.headers;
    await refusal(gateway, { ...signed, headers: { ...signed.headers, 'content-type': 'text/plain' } }, 415, 'unsupported_media_type');
    await refusal(gateway, { ...signed, headers: { ...signed.headers, 'content-encoding': 'gzip' } }, 415, 'unsupported_media_type');
    await refusal(gateway, { ...signed, headers: untyped }, 415, 'unsupported_media_type');
    assert.equal((await gateway.app.inject({ ...signed, headers: { ...signed.headers, 'content-type': 'Application/JSON; charset=utf-8' } })).statusCode, 202);
  });
});
