import { Signature } from '@hubspot/api-client';
import assert from 'node:assert/strict';
import { startSubscriber, type Received, type Subscriber } from '../kit/subscriber.ts';
import { startPortal, type Portal } from './portal.ts';

describe('HubSpot sandbox: webhooks', () => {
  let portal: Portal;
  let gateway: Subscriber;
  beforeEach(async () => {
    portal = await startPortal();
    gateway = await startSubscriber(() => ({ status: 200 }));
    await portal.admin('PUT', '/webhooks', { url: `${gateway.url}/webhooks/hubspot` });
  });
  afterEach(async () => {
    await portal.sandbox.close();
    await gateway.close();
  });

  const events = (request: Received | undefined): Record<string, unknown>[] => JSON.parse(request?.body ?? '[]');
  const genuine = (request: Received | undefined, secret = portal.credentials.clientSecret): boolean =>
    Signature.isValid({
      signatureVersion: 'v3',
      signature: String(request?.headers['x-hubspot-signature-v3']),
      method: 'POST',
      clientSecret: secret,
      requestBody: request?.body ?? '',
      url: `${gateway.url}/webhooks/hubspot`,
      timestamp: Number(request?.headers['x-hubspot-request-timestamp']),
    });

  async function openDeal(): Promise<string> {
    const answer = await portal.call('POST', '/crm/v3/objects/deals', {
      properties: { dealname: 'Data platform', dealstage: 'contractsent' },
    });
    await gateway.until(1);
    return String(answer.body['id']);
  }

  /** The two events of a new deal may come in one batch or in two. @returns how many requests have come so far */
  async function toldOfNewDeal(): Promise<number> {
    for (let batches = 1; gateway.received.flatMap(events).length < 2; batches += 1) await gateway.until(batches + 1);
    return gateway.received.length;
  }

  it('tell of a deal and its subscribed properties, with a signature that HubSpot’s own library accepts', async () => {
    const id = await openDeal();
    const told = await toldOfNewDeal();
    const [request] = gateway.received;
    assert.ok(genuine(request));
    assert.ok(!genuine(request, 'another secret'));
    assert.deepEqual(
      gateway.received.flatMap(events).map((event) => [event['subscriptionType'], event['propertyName'] ?? null]),
      [
        ['deal.creation', null],
        ['deal.propertyChange', 'dealstage'],
      ],
    );
    await portal.call('PATCH', `/crm/v3/objects/deals/${id}`, { properties: { dealstage: 'closedwon', dealname: 'Not subscribed' } });
    await gateway.until(told + 1);
    const [event, ...others] = events(gateway.received[told]);
    assert.equal(others.length, 0);
    assert.deepEqual(
      [event?.['objectId'], event?.['propertyName'], event?.['propertyValue'], event?.['changeSource'], event?.['portalId']],
      [Number(id), 'dealstage', 'closedwon', 'INTEGRATION', Number(portal.credentials.portalId)],
    );
    await portal.call('DELETE', `/crm/v3/objects/deals/${id}`);
    await gateway.until(told + 2);
    assert.equal(events(gateway.received[told + 1])[0]?.['subscriptionType'], 'deal.deletion');
  });

  it('tell of a change that a person made in HubSpot’s pages', async () => {
    const id = await openDeal();
    const told = await toldOfNewDeal();
    await portal.admin('POST', '/seed?notify=true', { deals: [{ id, properties: { dealstage: 'closedwon' } }] });
    await gateway.until(told + 1);
    const [event] = events(gateway.received[told]);
    assert.deepEqual([event?.['changeSource'], event?.['propertyValue']], ['CRM_UI', 'closedwon']);
  });

  it('stay silent when a write changes nothing', async () => {
    const id = await openDeal();
    const told = await toldOfNewDeal();
    await portal.call('PATCH', `/crm/v3/objects/deals/${id}`, { properties: { dealstage: 'contractsent' } });
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal(gateway.received.length, told);
  });

  it('come again with a greater attempt number and a fresh signature', async () => {
    gateway.answer = () => ({ status: gateway.received.length > 1 ? 204 : 503 });
    await openDeal();
    const [first] = gateway.received;
    // The deal's other event may come in a request of its own between the two.
    const again = () => gateway.received.slice(1).find((request) => events(request)[0]?.['eventId'] === events(first)[0]?.['eventId']);
    for (let requests = 2; again() === undefined; requests += 1) await gateway.until(requests);
    const second = again();
    assert.deepEqual([events(first)[0]?.['attemptNumber'], events(second)[0]?.['attemptNumber']], [0, 1]);
    assert.equal(events(first)[0]?.['eventId'], events(second)[0]?.['eventId']);
    assert.notEqual(first?.headers['x-hubspot-request-timestamp'], second?.headers['x-hubspot-request-timestamp']);
    assert.ok(genuine(second));
  });
});
