import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { z } from 'zod';
import { isSalesforceId } from './queries.ts';

export interface OutboundNotification {
  /** The same each time one notification is delivered. */
  readonly notificationId: string;
  readonly opportunityId: string;
  /** The fields the administrator chose to send, as Salesforce writes them; null where it says nil. */
  readonly fields: Readonly<Record<string, string | null>>;
}

export type OutboundMessage =
  | { readonly organizationId: string; readonly actionId: string; readonly notifications: readonly OutboundNotification[] }
  | { readonly problem: string };

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  // Entities are decoded here, the five of XML and character references only: nothing can be declared and nothing expands.
  processEntities: false,
  maxNestedTags: 20,
  isArray: (name) => name === 'Notification',
});

const salesforceId = z.string().refine(isSalesforceId, 'a Salesforce ID of 15 or 18 characters');
const envelopeSchema = z.object({
  Envelope: z.object({
    Body: z.object({
      notifications: z.object({
        OrganizationId: salesforceId,
        ActionId: salesforceId,
        Notification: z.array(z.object({ Id: salesforceId, sObject: z.looseObject({ '@type': z.string(), Id: salesforceId }) })).min(1).max(100),
      }),
    }),
  }),
});
const nilElement = z.looseObject({ '@nil': z.enum(['true', '1']) });
const textElement = z.looseObject({ '#text': z.string() });

/**
 * Reads the SOAP envelope of an outbound message about opportunities: up to 100 notifications, at least once each, in no order.
 * Source: Salesforce SOAP API developer guide, "Outbound Messaging WSDL". Pure; never throws for what a sender sent.
 */
export function parseOutboundMessage(rawXml: string, expected: { readonly organizationId: string }): OutboundMessage {
  if (/<!\s*(?:DOCTYPE|ENTITY)/i.test(rawXml)) return { problem: 'the message declares a document type, which SOAP forbids' };
  let parsed: unknown;
  try {
    const valid = XMLValidator.validate(rawXml);
    if (valid !== true) return { problem: `the message is not well-formed XML: ${valid.err.code} in line ${valid.err.line}` };
    parsed = parser.parse(rawXml);
  } catch {
    return { problem: 'the message cannot be read as XML' };
  }
  const envelope = envelopeSchema.safeParse(parsed);
  if (!envelope.success) {
    const [issue] = envelope.error.issues;
    return { problem: `the message is not an outbound message: ${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? ''}` };
  }
  const { OrganizationId: organizationId, ActionId: actionId, Notification: list } = envelope.data.Envelope.Body.notifications;
  if (organizationId.slice(0, 15) !== expected.organizationId.slice(0, 15)) return { problem: 'the message is of another Salesforce organization' };
  const foreign = list.find(({ sObject }) => localName(sObject['@type']) !== 'Opportunity');
  if (foreign !== undefined) return { problem: `the message tells of ${localName(foreign.sObject['@type'])}, only Opportunity is expected` };
  return {
    organizationId,
    actionId,
    notifications: list.map(({ Id, sObject: { '@type': _type, Id: opportunityId, ...rest } }) => ({ notificationId: Id, opportunityId, fields: fieldsOf(rest) })),
  };
}

/** What Salesforce waits for: it repeats the message for a day until this says true. */
export function ackEnvelope(ack: boolean): string {
  return `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>${ack}</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>`;
}

function fieldsOf(elements: Readonly<Record<string, unknown>>): Record<string, string | null> {
  const fields: Record<string, string | null> = {};
  for (const [name, value] of Object.entries(elements)) {
    if (name.startsWith('@') || name === '#text') continue;
    const text = typeof value === 'string' ? value : textElement.safeParse(value).data?.['#text'];
    if (nilElement.safeParse(value).success) fields[name] = null;
    else if (text !== undefined) fields[name] = decode(text);
  }
  return fields;
}

function localName(qualified: string): string {
  return qualified.slice(qualified.indexOf(':') + 1);
}

const PREDEFINED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decode(text: string): string {
  return text.replaceAll(/&(?:#(\d{1,7})|#x([0-9A-Fa-f]{1,6})|(amp|lt|gt|quot|apos));/g, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return PREDEFINED[name] ?? whole;
    const point = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
    return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}
