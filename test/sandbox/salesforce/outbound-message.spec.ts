import assert from 'node:assert/strict';
import { XMLParser } from 'fast-xml-parser';
import { startSubscriber, type Subscriber } from '../kit/subscriber.ts';
import { SALES_PERSON, startOrg, type Org } from './salesforce-org.ts';

const acknowledgement = (ack: boolean): string =>
  `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>${ack}</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>`;

describe('Salesforce sandbox: outbound messages', () => {
  let org: Org;
  let gateway: Subscriber;
  beforeEach(async () => {
    org = await startOrg();
    gateway = await startSubscriber(() => ({ status: 200, body: acknowledgement(true) }));
    await org.admin('PUT', '/webhooks', { url: `${gateway.url}/webhooks/salesforce` });
  });
  afterEach(async () => {
    await org.sandbox.close();
    await gateway.close();
  });

  const win = async (): Promise<string> => {
    const dana = await org.connect(SALES_PERSON);
    const deal = await dana.sobject('Opportunity').create({ Name: 'R & D', StageName: 'Prospecting', CloseDate: '2026-11-30' });
    assert.ok(deal.success);
    await dana.sobject('Opportunity').update({ Id: deal.id, StageName: 'Closed Won' });
    return deal.id;
  };

  it('tell of a won deal in the documented envelope, to the address with its secret token', async () => {
    const id = await win();
    await gateway.until(1);
    const [request] = gateway.received;
    assert.equal(request?.url, `/webhooks/salesforce?token=${org.credentials.webhookToken}`);
    assert.match(request?.headers['content-type'] ?? '', /^text\/xml/);
    const parsed = new XMLParser({ ignoreAttributes: false, removeNSPrefix: true }).parse(request?.body ?? '');
    const { notifications } = parsed.Envelope.Body;
    assert.equal(notifications.OrganizationId, org.credentials.organizationId);
    assert.match(notifications.ActionId, /^04k/);
    assert.match(notifications.Notification.Id, /^04l/);
    assert.equal(notifications.Notification.sObject['@_type'], 'sf:Opportunity');
    assert.equal(notifications.Notification.sObject.Id, id);
    assert.equal(notifications.Notification.sObject.Name, 'R & D');
    assert.equal(notifications.Notification.sObject.StageName, 'Closed Won');
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(gateway.received.length, 1);
  });

  it('come again, with the same notification ID, until they are acknowledged', async () => {
    gateway.answer = () => ({ status: 200, body: acknowledgement(gateway.received.length > 1) });
    await win();
    await gateway.until(2);
    const ids = gateway.received.map(({ body }) => /<Id>(04l\w+)<\/Id>/.exec(body)?.[1]);
    assert.equal(ids[0], ids[1]);
  });

  it('follow every change of a won deal, whoever made it', async () => {
    const id = await win();
    await gateway.until(1);
    await org.call('PATCH', `/sobjects/Opportunity/${id}`, { Delivery_Status__c: 'Activated' });
    await gateway.until(2);
    assert.match(gateway.received[1]?.body ?? '', /<sf:LastModifiedById>0055g0000000001/);
  });
});
