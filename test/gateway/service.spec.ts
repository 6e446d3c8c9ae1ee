import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { exampleDeal } from '../../starters/gateway/examples.ts';
import { canonicalRequest, hubspotEvent, hubspotRequest, metric, notificationXml, outboundMessage, refusal, salesforceRequest, secrets, testGateway } from './support.ts';

const allRequests = () => [canonicalRequest(exampleDeal), hubspotRequest([hubspotEvent()]), salesforceRequest(outboundMessage())];

describe('gateway: when an event cannot be kept', () => {
  it('nobody is told it was: 503 with Retry-After, for every system, until the store is back', async () => {
    const gateway = testGateway();
    gateway.inbox.mode = 'down';
    for (const request of allRequests()) {
      const { response } = await refusal(gateway, request, 503, 'store_unavailable');
      assert.equal(response.headers['retry-after'], '30');
    }
    assert.equal((await gateway.app.inject('/readyz')).statusCode, 503);
    assert.equal((await gateway.app.inject('/healthz')).statusCode, 200);
    gateway.inbox.mode = 'up';
    for (const request of allRequests()) assert.ok((await gateway.app.inject(request)).statusCode < 300);
    assert.equal((await gateway.app.inject('/readyz')).statusCode, 200);
    assert.equal(gateway.inbox.rows.length, 3);
  });

  it('a signed event with a wrong schema is not dropped either while the store is down', async () => {
    const gateway = testGateway();
    gateway.inbox.mode = 'down';
    await refusal(gateway, canonicalRequest({ ...exampleDeal, currency: 'euro' }), 503, 'store_unavailable');
  });

  it('a store that hangs does not hold the sender: the answer comes within the limit', async () => {
    const gateway = testGateway({ limits: { storeTimeoutMs: 30 } });
    gateway.inbox.mode = 'hangs';
    await refusal(gateway, canonicalRequest(exampleDeal), 503, 'store_unavailable');
  });

  it('more deliveries at once than the gateway takes are told when to come back', async () => {
    const gateway = testGateway({ limits: { inFlight: 1, storeTimeoutMs: 100 } });
    gateway.inbox.mode = 'hangs';
    const first = gateway.app.inject(canonicalRequest(exampleDeal));
    await delay(20);
    const { response } = await refusal(gateway, hubspotRequest([hubspotEvent()]), 429, 'too_many');
    assert.equal(response.headers['retry-after'], '1');
    assert.equal((await first).statusCode, 503);
    gateway.inbox.mode = 'up';
    assert.equal((await gateway.app.inject(hubspotRequest([hubspotEvent()]))).statusCode, 200);
  });

  it('a failure of its own is a problem document that accepts nothing', async () => {
    const gateway = testGateway({
      now: () => {
        throw new TypeError('a mistake in the gateway');
      },
    });
    const { problem } = await refusal(gateway, canonicalRequest(exampleDeal), 500, 'internal');
    assert.ok(!JSON.stringify(problem).includes('a mistake in the gateway'), 'the inside is for the log');
    assert.ok(gateway.logged.some((line) => line.includes('a mistake in the gateway')));
  });
});

describe('gateway: what is offered', () => {
  it('is nothing to systems it does not know or has no credentials for', async () => {
    const gateway = testGateway({ credentials: { canonical: { signingSecret: secrets.signingSecret } } });
    const { problem } = await refusal(gateway, { ...hubspotRequest([hubspotEvent()]), url: '/webhooks/pipedrive' }, 404, 'unknown_system');
    assert.match(problem.mend, /\/v1\/deals/);
    await refusal(gateway, hubspotRequest([hubspotEvent()]), 404, 'unknown_system');
    await refusal(gateway, { ...canonicalRequest(exampleDeal), url: '/v1/invoices' }, 404, 'not_found');
    assert.equal(await metric(gateway, 'q2c_gateway_refused_total{system="none",reason="unknown_system"}'), 2);
  });

  it('names the allowed method where another was used', async () => {
    const gateway = testGateway();
    const response = await gateway.app.inject({ method: 'GET', url: '/v1/deals' });
    assert.equal(response.statusCode, 405);
    assert.equal(response.headers['allow'], 'POST');
  });

  it('is told on the front page', async () => {
    const { body } = await testGateway().app.inject('/');
    for (const route of ['/webhooks/salesforce', '/webhooks/hubspot', '/v1/deals', '/openapi.json', '/metrics']) assert.ok(body.includes(route));
  });
});

describe('gateway: what can be seen from outside', () => {
  it('every event, refusal and answer time is counted by system', async () => {
    const gateway = testGateway();
    for (const request of allRequests()) await gateway.app.inject(request);
    await gateway.app.inject(salesforceRequest(outboundMessage(notificationXml()), 'a guess'));
    for (const system of ['canonical', 'hubspot', 'salesforce']) assert.equal(await metric(gateway, `q2c_gateway_events_total{system="${system}",status="accepted"}`), 1);
    assert.equal(await metric(gateway, 'q2c_gateway_refused_total{system="salesforce",reason="bad_signature"}'), 1);
    assert.equal(await metric(gateway, 'q2c_gateway_request_seconds_count{system="canonical",status="202"}'), 1);
    assert.equal(await metric(gateway, 'q2c_gateway_in_flight'), 0);
  });

  it('the log names the request and never a secret, token or signature', async () => {
    const gateway = testGateway();
    const requests = [...allRequests(), salesforceRequest(outboundMessage(notificationXml(), { session: 'secret!session' }), 'a-wrong-token')];
    for (const request of requests) await gateway.app.inject(request);
    const log = gateway.logged.join('');
    assert.match(log, /"path":"\/webhooks\/salesforce","status":200/);
    assert.match(log, /"reqId":"[0-9a-f-]{36}"/);
    for (const secret of [...Object.values(secrets).flatMap((value) => (typeof value === 'string' ? [value] : Object.values(value))), 'a-wrong-token', 'secret!session', ...requests.flatMap((request) => Object.entries(request.headers).filter(([name]) => name.includes('signature')).map(([, value]) => value))]) {
      assert.ok(!log.includes(secret), 'a secret is in the log');
    }
    const kept = JSON.stringify(gateway.inbox.rows.map((row) => row.headers));
    assert.ok(!kept.includes('signature') && !kept.includes('authorization'), 'a signature is kept with an event');
  });
});
