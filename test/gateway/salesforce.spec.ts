import assert from 'node:assert/strict';
import { metric, notificationXml, outboundMessage, refusal, salesforceRequest, testGateway } from './support.ts';

describe('gateway: a Salesforce outbound message', () => {
  it('is acknowledged in its own format once every notification is in the inbox', async () => {
    const gateway = testGateway();
    const body = outboundMessage(notificationXml() + notificationXml({ id: '04l5g00000AbCdFAAV', opportunity: '0065g00000XyZacAAF' }));
    const response = await gateway.app.inject(salesforceRequest(body));
    assert.equal(response.statusCode, 200, response.body);
    assert.match(String(response.headers['content-type']), /^text\/xml/);
    assert.match(response.body, /http:\/\/soap\.sforce\.com\/2005\/09\/outbound/);
    assert.match(response.body, /Ack>true<\//);
    assert.deepEqual(
      gateway.inbox.rows.map(({ source, kind, businessKey, version, occurredAt }) => ({ source, kind, businessKey, version, occurredAt })),
      ['0065g00000XyZabAAF', '0065g00000XyZacAAF'].map((businessKey) => ({
        source: 'salesforce',
        kind: 'deal.changed',
        businessKey,
        version: '2026-11-21T07:59:50.000Z',
        occurredAt: '2026-11-21T07:59:50.000Z',
      })),
    );
    assert.equal(gateway.inbox.rows[0]?.rawBody.toString(), notificationXml());
  });

  it('delivered again with another session and in another batch is a duplicate, and is acknowledged', async () => {
    const gateway = testGateway();
    await gateway.app.inject(salesforceRequest(outboundMessage(notificationXml(), { session: 'first!session' })));
    const again = outboundMessage(notificationXml({ id: '04l5g00000AbCdFAAV' }) + notificationXml(), { session: 'second!session' });
    assert.equal((await gateway.app.inject(salesforceRequest(again))).statusCode, 200);
    assert.equal(gateway.inbox.rows.length, 2);
    assert.equal(await metric(gateway, 'q2c_gateway_events_total{system="salesforce",status="duplicate"}'), 1);
    assert.ok(gateway.inbox.rows.every((row) => !row.rawBody.includes('session')), 'a session ID is a credential and is not kept');
  });

  it('sent again after the record changed is news; with the same record version but another content a contradiction', async () => {
    const gateway = testGateway();
    await gateway.app.inject(salesforceRequest(outboundMessage(notificationXml())));
    await gateway.app.inject(salesforceRequest(outboundMessage(notificationXml({ modified: '2026-11-21T07:59:58.000Z', name: 'Renamed' }))));
    assert.deepEqual(gateway.inbox.rows.map((row) => row.state), ['received', 'received']);
    await refusal(gateway, salesforceRequest(outboundMessage(notificationXml({ name: 'Tampered' }))), 409, 'conflict');
    assert.deepEqual(gateway.inbox.rows.map((row) => row.state), ['received', 'received', 'conflict']);
  });

  it('keeps names in any script and with escaped characters', async () => {
    const gateway = testGateway();
    await gateway.app.inject(salesforceRequest(outboundMessage(notificationXml({ name: 'Müller &amp; Söhne 港 🚢' }))));
    assert.match(JSON.stringify(gateway.inbox.rows[0]?.payload), /Müller & Söhne 港 🚢/);
  });

  it('is refused without the token in its address, with a wrong one, or from another organization', async () => {
    const gateway = testGateway();
    await refusal(gateway, salesforceRequest(outboundMessage(), null), 401, 'unsigned');
    await refusal(gateway, salesforceRequest(outboundMessage(), ''), 401, 'unsigned');
    await refusal(gateway, salesforceRequest(outboundMessage(), 'a guess'), 401, 'bad_signature');
    await refusal(gateway, salesforceRequest(outboundMessage(notificationXml(), { organization: '00D000000000001EAA' })), 401, 'wrong_sender');
    assert.deepEqual(gateway.inbox.rows, []);
  });

  it('that is no readable XML, declares entities, or is nested without end is refused', async () => {
    const gateway = testGateway();
    const entities = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>';
    const bodies = ['', 'no xml', '<a><b></a>', `${entities}${outboundMessage()}`, outboundMessage(notificationXml({ name: '&b;' })).replace('?>', `?>${entities}`), `${'<a>'.repeat(50_000)}${'</a>'.repeat(50_000)}`, Buffer.from([0x3c, 0xff, 0x3e])];
    for (const body of bodies) await refusal(gateway, salesforceRequest(body), 400, 'malformed');
    assert.deepEqual(gateway.inbox.rows, []);
  });

  it('that is XML of another kind from a proven sender is kept in quarantine', async () => {
    const gateway = testGateway();
    const { problem } = await refusal(gateway, salesforceRequest(outboundMessage('<Notification><Id>04l5g00000AbCdEAAV</Id></Notification>', { session: 'secret!session' })), 422, 'schema');
    assert.equal(problem.errors.length, 1);
    const [row] = gateway.inbox.rows;
    assert.equal(row?.state, 'quarantined');
    assert.ok(row !== undefined && !row.rawBody.includes('secret!session'));
  });

  it('larger than the limit or in JSON is refused', async () => {
    const gateway = testGateway();
    await refusal(gateway, salesforceRequest(outboundMessage(notificationXml({ name: 'x'.repeat(1_048_576) }))), 413, 'too_large');
    const request = salesforceRequest(outboundMessage());
    await refusal(gateway, { ...request, headers: { 'content-type': 'application/json' } }, 415, 'unsupported_media_type');
  });
});
