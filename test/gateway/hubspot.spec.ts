import assert from 'node:assert/strict';
import { hubspotAnswerSchema } from '../../starters/gateway/openapi.ts';
import { NOW, PUBLIC_URL, hubspotEvent, hubspotRequest, metric, refusal, testGateway } from './support.ts';

const later = (ms: number) => new Date(NOW.getTime() + ms);

describe('gateway: a HubSpot webhook', () => {
  it('about deals is kept event by event before it is acknowledged', async () => {
    const gateway = testGateway();
    const response = await gateway.app.inject(hubspotRequest([hubspotEvent(), hubspotEvent({ eventId: 2, objectId: 9000124, subscriptionType: 'deal.creation' })]));
    assert.equal(response.statusCode, 200, response.body);
    assert.equal(hubspotAnswerSchema.parse(response.json()).status, 'accepted');
    assert.deepEqual(
      gateway.inbox.rows.map(({ source, kind, businessKey, version, occurredAt }) => ({ source, kind, businessKey, version, occurredAt })),
      ['9000123', '9000124'].map((businessKey) => ({ source: 'hubspot', kind: 'deal.changed', businessKey, version: '', occurredAt: '2026-11-21T07:59:56.000Z' })),
    );
  });

  it('of the newer generic subscriptions counts as a deal by its object type', async () => {
    const gateway = testGateway();
    await gateway.app.inject(hubspotRequest([hubspotEvent({ subscriptionType: 'object.propertyChange', objectTypeId: '0-3' })]));
    assert.equal(gateway.inbox.rows.length, 1);
  });

  it('about other objects is acknowledged, counted, and starts nothing', async () => {
    const gateway = testGateway();
    const response = await gateway.app.inject(hubspotRequest([hubspotEvent({ subscriptionType: 'contact.creation' })]));
    assert.deepEqual(hubspotAnswerSchema.parse(response.json()), { status: 'ignored', events: [], ignored: 1 });
    assert.deepEqual(gateway.inbox.rows, []);
    assert.equal(await metric(gateway, 'q2c_gateway_events_total{system="hubspot",status="ignored"}'), 1);
  });

  it('delivered again, in another batch and as a later attempt, is a duplicate', async () => {
    const gateway = testGateway();
    await gateway.app.inject(hubspotRequest([hubspotEvent()]));
    const again = await gateway.app.inject(hubspotRequest([hubspotEvent({ attemptNumber: 3 })], { at: later(60_000) }));
    assert.equal(hubspotAnswerSchema.parse(again.json()).status, 'duplicate');
    const mixed = await gateway.app.inject(hubspotRequest([hubspotEvent({ attemptNumber: 4 }), hubspotEvent({ eventId: 5 })]));
    assert.deepEqual(hubspotAnswerSchema.parse(mixed.json()).events.map((event) => event.status), ['duplicate', 'accepted']);
    assert.equal(gateway.inbox.rows.length, 2);
  });

  it('that contradicts an event received before is refused and kept as evidence', async () => {
    const gateway = testGateway();
    await gateway.app.inject(hubspotRequest([hubspotEvent()]));
    await refusal(gateway, hubspotRequest([hubspotEvent({ propertyValue: 'closedlost' })]), 409, 'conflict');
    assert.deepEqual(gateway.inbox.rows.map((row) => row.state), ['received', 'conflict']);
  });

  it('is refused unsigned, with a wrong secret, or signed for another address', async () => {
    const gateway = testGateway();
    const signed = hubspotRequest([hubspotEvent()]);
    const { 'x-hubspot-signature-v3': _, ...unsigned } = signed.headers;
    const { 'x-hubspot-request-timestamp': __, ...undated } = signed.headers;
    await refusal(gateway, { ...signed, headers: unsigned }, 401, 'unsigned');
    await refusal(gateway, { ...signed, headers: undated }, 401, 'unsigned');
    await refusal(gateway, { ...signed, headers: { ...signed.headers, 'x-hubspot-request-timestamp': 'soon' } }, 401, 'unsigned');
    await refusal(gateway, hubspotRequest([hubspotEvent()], { secret: 'another secret of the same app' }), 401, 'bad_signature');
    await refusal(gateway, hubspotRequest([hubspotEvent()], { uri: 'https://elsewhere.example/webhooks/hubspot' }), 401, 'bad_signature');
    await refusal(gateway, { ...signed, url: '/webhooks/hubspot?added=1' }, 401, 'bad_signature');
    assert.deepEqual(gateway.inbox.rows, []);
  });

  it('signed for the address in the Host header is accepted where no public address is configured', async () => {
    const gateway = testGateway({ publicUrl: undefined });
    const request = hubspotRequest([hubspotEvent()], { uri: 'http://127.0.0.1:8080/webhooks/hubspot' });
    assert.equal((await gateway.app.inject({ ...request, headers: { ...request.headers, host: '127.0.0.1:8080' } })).statusCode, 200);
  });

  it('signed for an address with a query is accepted as it was called', async () => {
    const gateway = testGateway();
    const uri = `${PUBLIC_URL}/webhooks/hubspot?from=app&n=1`;
    assert.equal((await gateway.app.inject({ ...hubspotRequest([hubspotEvent()], { uri }), url: '/webhooks/hubspot?from=app&n=1' })).statusCode, 200);
  });

  it('outside of 300,000 milliseconds is refused naming the window', async () => {
    const gateway = testGateway();
    const old = await refusal(gateway, hubspotRequest([hubspotEvent()], { at: later(-300_001) }), 401, 'outside_window');
    assert.match(old.problem.detail, /300000 ms/);
    await refusal(gateway, hubspotRequest([hubspotEvent()], { at: later(300_001) }), 401, 'outside_window');
    assert.equal((await gateway.app.inject(hubspotRequest([hubspotEvent()], { at: later(-300_000) }))).statusCode, 200);
  });

  it('with some unusable events keeps the usable ones and puts the others in quarantine, each finding with its place', async () => {
    const gateway = testGateway();
    const { problem } = await refusal(gateway, hubspotRequest([hubspotEvent(), { objectId: 77 }, hubspotEvent({ eventId: 8, portalId: 1 })]), 422, 'schema');
    assert.deepEqual(gateway.inbox.rows.map((row) => [row.state, row.businessKey]), [['received', '9000123'], ['quarantined', '77'], ['quarantined', '9000123']]);
    assert.ok(problem.errors.some((error) => error.path === '1.eventId'));
    assert.ok(problem.errors.some((error) => error.path === '2.portalId' && error.message.includes('connected portal')));
    await refusal(gateway, hubspotRequest([hubspotEvent({ attemptNumber: 1 }), { objectId: 77 }, hubspotEvent({ eventId: 8, portalId: 1, attemptNumber: 1 })]), 422, 'schema');
    assert.equal(gateway.inbox.rows.length, 3, 'a redelivery adds nothing');
  });

  it('that is signed but no array of events goes to quarantine; one that is not JSON is refused', async () => {
    const gateway = testGateway();
    await refusal(gateway, hubspotRequest({ eventId: 1 }), 422, 'schema');
    await refusal(gateway, hubspotRequest('[{'), 400, 'malformed');
    assert.deepEqual(gateway.inbox.rows.map((row) => row.state), ['quarantined']);
  });
});
