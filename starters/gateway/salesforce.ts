import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { ackEnvelope, parseOutboundMessage } from '../../connectors/salesforce/outbound-message.ts';
import { canonicalJson, sha256 } from '../../store/json.ts';
import { readXml } from './body.ts';
import { DEFAULT_LIMITS } from './deps.ts';
import type { GatewayCredentials, InboundEvent, QuarantinedEvent } from './deps.ts';
import { instantOrNull, keptHeaders, refuse } from './intake.ts';
import type { EventSource, Intake } from './intake.ts';

type Credentials = NonNullable<GatewayCredentials['salesforce']>;

/**
 * Salesforce outbound messages: SOAP, at least once, unordered, up to 100 notifications, no signature. The sender is proven by the token in
 * the address the administrator entered and by the organization ID.
 * https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging_notifications.htm
 */
export function salesforceSource(credentials: Credentials): EventSource {
  return {
    system: 'salesforce',
    route: '/webhooks/salesforce',
    contentTypes: ['text/xml', 'application/xml', 'application/soap+xml'],
    open(delivery) {
      const token = delivery.query['token'];
      if (token === undefined || token === '') {
        return refuse({ reason: 'unsigned', detail: 'the address carries no token', mend: 'Set the outbound message\'s endpoint URL to /webhooks/salesforce?token=<webhookToken>.' });
      }
      if (!sameSecret(token, credentials.webhookToken)) {
        return refuse({ reason: 'bad_signature', detail: 'the token in the address is not the one agreed', mend: 'Copy webhookToken from the gateway\'s credentials into the outbound message\'s endpoint URL.' });
      }
      const text = readXml(delivery.rawBody, delivery.limits.nesting);
      if (!text.ok) return malformed(text.detail);
      if (!sameOrganization(text.value, credentials.organizationId)) {
        return refuse({ reason: 'wrong_sender', detail: 'the message is of another Salesforce organization', mend: 'Deliver from the connected organization, or set organizationId in the gateway\'s credentials.' });
      }
      return read(text.value, delivery.rawBody, keptHeaders(delivery.headers), credentials);
    },
    reopen({ rawBody, headers }) {
      const text = readXml(rawBody, DEFAULT_LIMITS.nesting);
      if (!text.ok) return malformed(text.detail);
      return read(enveloped(text.value, credentials), rawBody, headers, credentials);
    },
    acknowledge: () => ({ status: 200, contentType: 'text/xml; charset=utf-8', body: ackEnvelope(true) }),
  };
}

function read(text: string, rawBody: Buffer, headers: Record<string, string>, { organizationId }: Credentials): Intake {
  const message = parseOutboundMessage(text, { organizationId });
  if ('problem' in message) return { outcome: 'opened', events: [], quarantine: [unusable(text, message.problem, headers)], irrelevant: 0 };
  const bodies = notificationBodies(text, message.notifications.length);
  return {
    outcome: 'opened',
    events: message.notifications.map((notification, index) => toEvent(notification, bodies[index] ?? rawBody, headers)),
    quarantine: [],
    irrelevant: 0,
  };
}

/** A notification that was kept alone gets back the envelope of the organization that it was taken from. */
function enveloped(text: string, { organizationId }: Credentials): string {
  if (!/^\s*<(?:[\w.-]+:)?Notification[\s>]/.test(text)) return text;
  return `<Envelope><Body><notifications><OrganizationId>${organizationId}</OrganizationId><ActionId>${'0'.repeat(15)}</ActionId>${text}</notifications></Body></Envelope>`;
}

function malformed(detail: string) {
  return refuse({ reason: 'malformed', detail, mend: 'Send the SOAP envelope of a Salesforce outbound message, as its WSDL describes it.' });
}

type Notification = { readonly notificationId: string; readonly opportunityId: string; readonly fields: Readonly<Record<string, unknown>> };

/**
 * A notification that is sent again carries the record as it is by then, so the same ID with a later SystemModstamp is news and with the
 * same SystemModstamp a redelivery.
 */
function toEvent(notification: Notification, rawBody: Buffer, headers: Record<string, string>): InboundEvent {
  const modified = z.string().regex(/^[\dTZ:.+-]{10,40}$/).safeParse(notification.fields['SystemModstamp']);
  const version = modified.success ? modified.data : '';
  return {
    source: 'salesforce',
    eventId: version === '' ? notification.notificationId : `${notification.notificationId}@${version}`,
    kind: 'deal.changed',
    businessKey: notification.opportunityId,
    version,
    occurredAt: instantOrNull(version),
    headers,
    rawBody,
    payload: notification,
    contentHash: sha256(canonicalJson(notification)),
  };
}

/** Each notification's own bytes: the rest of the envelope carries a session ID, which is a credential and no part of the event. */
function notificationBodies(text: string, count: number): readonly Buffer[] {
  const parts = text.match(/<((?:[\w.-]+:)?Notification)(?:\s[^>]*)?>[\s\S]*?<\/\1\s*>/g) ?? [];
  if (parts.length === count) return parts.map((part) => Buffer.from(part));
  const whole = Buffer.from(withoutSession(text));
  return Array.from({ length: count }, () => whole);
}

function unusable(text: string, problem: string, headers: Record<string, string>): QuarantinedEvent {
  const rawBody = Buffer.from(withoutSession(text));
  return {
    source: 'salesforce',
    eventId: `sha256:${sha256(rawBody)}`,
    kind: 'deal.changed',
    businessKey: '',
    version: null,
    occurredAt: null,
    headers,
    rawBody,
    payload: null,
    findings: [{ path: '', message: problem }],
  };
}

function withoutSession(text: string): string {
  return text.replace(/(<(?:[\w.-]+:)?SessionId(?:\s[^>]*)?>)[^<]*/g, '$1');
}

/** IDs come with 15 or 18 characters; the last three only guard the letters' case. A message without the ID is for the schema to refuse. */
function sameOrganization(text: string, expected: string): boolean {
  const [, found] = /<(?:[\w.-]+:)?OrganizationId(?:\s[^>]*)?>\s*([^<\s]*)/.exec(text) ?? [];
  return found === undefined || found.slice(0, 15) === expected.slice(0, 15);
}

/** Compares hashes, so that neither content nor length shows in the time it takes. */
function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
