import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { ackEnvelope, parseOutboundMessage } from '../../../connectors/salesforce/outbound-message.ts';

const organizationId = '00D5g000004CqQ1EAK';

function notification(n: number, fields = '<sf:Name>Deal</sf:Name>', type = 'sf:Opportunity'): string {
  return `<Notification><Id>04l5g00000${String(n).padStart(5, '0')}AAA</Id><sObject xsi:type="${type}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com"><sf:Id>0065g00000ABCDEAA4</sf:Id>${fields}</sObject></Notification>`;
}

function envelope(notifications: string, organization = organizationId): string {
  return `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>${organization}</OrganizationId><ActionId>04k5g0000004CqQAAU</ActionId><SessionId xsi:nil="true"/><EnterpriseUrl>https://x</EnterpriseUrl><PartnerUrl>https://x</PartnerUrl>${notifications}</notifications></soapenv:Body></soapenv:Envelope>`;
}

function parsed(xml: string) {
  const message = parseOutboundMessage(xml, { organizationId });
  if ('problem' in message) throw new Error(message.problem);
  return message;
}

function problem(xml: string): string {
  const message = parseOutboundMessage(xml, { organizationId });
  return 'problem' in message ? message.problem : '';
}

describe('Salesforce outbound messages', () => {
  it('tells which deals changed, with the fields as Salesforce wrote them', () => {
    const fields = '<sf:Name>Müller &amp; Söhne &lt;DE&gt; &#26666; &#x5F0F;</sf:Name><sf:Amount>0012.50</sf:Amount><sf:ContractId xsi:nil="true"/><sf:Description></sf:Description>';
    const message = parsed(envelope(notification(1, fields)));
    assert.equal(message.organizationId, organizationId);
    assert.deepEqual(message.notifications, [
      { notificationId: '04l5g0000000001AAA', opportunityId: '0065g00000ABCDEAA4', fields: { Name: 'Müller & Söhne <DE> 株 式', Amount: '0012.50', ContractId: null, Description: '' } },
    ]);
  });

  it('reads one hundred notifications and refuses one more', () => {
    const many = (count: number) => envelope(Array.from({ length: count }, (_, n) => notification(n)).join(''));
    assert.equal(parsed(many(100)).notifications.length, 100);
    assert.match(problem(many(101)), /not an outbound message/);
  });

  it('refuses another organization, and takes the short form of our own ID', () => {
    assert.match(problem(envelope(notification(1), '00D000000000001EAA')), /another Salesforce organization/);
    assert.equal(parsed(envelope(notification(1), organizationId.slice(0, 15))).notifications.length, 1);
  });

  it('refuses records of another type', () => {
    assert.match(problem(envelope(notification(1, '', 'sf:Account'))), /Account/);
  });

  it('expands no entity: a message that declares any is refused, an unknown one stays as it is', () => {
    const laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>';
    assert.match(problem(envelope(notification(1, '<sf:Name>&b;</sf:Name>')).replace('?><soap', `?>${laughs}<soap`)), /document type/);
    assert.equal(parsed(envelope(notification(1, '<sf:Name>&amp;lt; &b;</sf:Name>'))).notifications[0]?.fields['Name'], '&lt; &b;');
  });

  it('names the problem of whatever it is sent and never throws', () => {
    assert.match(problem('hello'), /./);
    assert.match(problem(envelope('')), /Notification/);
    assert.match(problem('<a><b></a>'), /well-formed/);
    fc.assert(fc.property(fc.string(), (text) => 'problem' in parseOutboundMessage(text, { organizationId })));
  });

  it('acknowledges in the words Salesforce waits for', () => {
    assert.match(ackEnvelope(true), /<notificationsResponse xmlns="http:\/\/soap\.sforce\.com\/2005\/09\/outbound"><Ack>true<\/Ack>/);
    assert.match(ackEnvelope(false), /<Ack>false<\/Ack>/);
  });
});
