import { z } from 'zod';
import type { SandboxContext } from '../kit/sandbox.ts';
import { salesforceId } from './ids.ts';
import type { SalesforceOptions } from './options.ts';
import { findObjectType, type ObjectType } from './schema.ts';
import type { SObject, SObjectStore } from './store.ts';

const Pending = z.object({ rule: z.number(), notificationId: z.string(), recordId: z.string() });

const DAY_MS = 24 * 60 * 60 * 1000;
const ACKNOWLEDGED = /<(?:\w+:)?notificationsResponse[\s>][\s\S]*?<(?:\w+:)?Ack>\s*(?:true|1)\s*<\/(?:\w+:)?Ack>/;

export interface OutboundMessages {
  changed(object: ObjectType, record: SObject): void;
}

/**
 * Outbound messages of workflow rules: a SOAP envelope with up to 100 notifications of one rule, at least once, unordered.
 * A message carries the record as it is when it is sent, not as it was when the rule fired. Salesforce's first retry comes
 * later than ours; the sandbox starts at one second so that tests need not wait.
 */
export function outboundMessages(context: SandboxContext, options: SalesforceOptions, store: () => SObjectStore): OutboundMessages {
  options.outboundMessages.forEach((rule, index) => {
    context.deliveryPolicy(policyName(index), {
      maxBatch: 100,
      windowMs: 10,
      firstRetryMs: 1000,
      maxRetryMs: 60_000,
      giveUpAfterMs: DAY_MS,
      maxAttempts: Number.POSITIVE_INFINITY,
      assemble(bodies, _attempt, _at, url) {
        const target = new URL(url);
        target.searchParams.set('token', options.webhookToken);
        const object = findObjectType(rule.object);
        const notifications = bodies.map((body) => {
          const pending = Pending.parse(JSON.parse(body));
          const record = object === undefined ? undefined : store().find(object, pending.recordId);
          return notification(rule.object, pending, record, rule.send);
        });
        return {
          url: target.href,
          headers: { 'content-type': 'text/xml; charset=utf-8', soapaction: '""' },
          body: envelope(options.organizationId, salesforceId('04k', index + 1), context.baseUrl(), notifications),
        };
      },
      accepted: (status, body) => status === 200 && ACKNOWLEDGED.test(body),
    });
  });

  return {
    changed(object, record) {
      for (const [index, rule] of options.outboundMessages.entries()) {
        if (rule.object !== object.name || record.IsDeleted || !rule.values.includes(String(record[rule.field]))) continue;
        const notificationId = salesforceId('04l', context.records.nextId('notification'));
        context.deliver({
          id: notificationId,
          policy: policyName(index),
          body: JSON.stringify({ rule: index, notificationId, recordId: record.Id }),
        });
      }
    },
  };
}

const policyName = (index: number): string => `outbound-message-${index}`;

function envelope(organizationId: string, actionId: string, baseUrl: string, notifications: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body>
  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
   <OrganizationId>${organizationId}</OrganizationId>
   <ActionId>${actionId}</ActionId>
   <SessionId xsi:nil="true"/>
   <EnterpriseUrl>${escape(baseUrl)}/services/Soap/c/64.0/${organizationId.slice(0, 15)}</EnterpriseUrl>
   <PartnerUrl>${escape(baseUrl)}/services/Soap/u/64.0/${organizationId.slice(0, 15)}</PartnerUrl>
${notifications.join('\n')}
  </notifications>
 </soapenv:Body>
</soapenv:Envelope>`;
}

function notification(type: string, pending: z.infer<typeof Pending>, record: SObject | undefined, send: readonly string[]): string {
  const fields = send.flatMap((name) => {
    const value = record?.[name];
    return value === undefined || value === null ? [] : [`     <sf:${name}>${escape(String(value))}</sf:${name}>`];
  });
  return `   <Notification>
    <Id>${pending.notificationId}</Id>
    <sObject xsi:type="sf:${type}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">
     <sf:Id>${pending.recordId}</sf:Id>
${fields.join('\n')}
    </sObject>
   </Notification>`;
}

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
