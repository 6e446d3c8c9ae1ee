import { z } from 'zod';
import { verifySignatureV3 } from '../../connectors/hubspot/webhook.ts';
import { canonicalJson, sha256 } from '../../store/json.ts';
import { readJson } from './body.ts';
import { DEFAULT_LIMITS } from './deps.ts';
import type { GatewayCredentials, InboundEvent, QuarantinedEvent } from './deps.ts';
import { deliveryStatus, keptHeaders, refuse, windowRefusal } from './intake.ts';
import type { EventSource, Intake, KeptEvent } from './intake.ts';
import { findingsOf } from './problem.ts';
import type { Finding } from './problem.ts';

type Credentials = NonNullable<GatewayCredentials['hubspot']>;

const identifier = z.union([z.int().nonnegative(), z.string().regex(/^\d{1,20}$/, 'a number')]).transform(String);

/** End of the year 9999. */
const LAST_INSTANT_MS = 253_402_300_799_999;

/** One event of a delivery; HubSpot adds fields at will, so unknown ones are kept. */
export const webhookEventSchema = z.looseObject({
  eventId: identifier,
  subscriptionType: z.string().regex(/^[\w.-]{1,80}$/, 'a name such as "deal.propertyChange"'),
  objectId: identifier,
  occurredAt: z.int().nonnegative().max(LAST_INSTANT_MS),
  portalId: identifier,
  subscriptionId: identifier.optional(),
  objectTypeId: z.string().optional(),
  attemptNumber: z.int().optional(),
});

/** HubSpot's object type ID of deals, in events of the newer `object.*` subscriptions. */
const DEAL_TYPE = '0-3';

/**
 * HubSpot webhooks, signature version 3: base64(HMAC-SHA256(clientSecret, method + URI + body + timestamp)), 300,000 ms.
 * https://developers.hubspot.com/docs/api/webhooks/validating-requests
 */
export function hubspotSource(credentials: Credentials): EventSource {
  return {
    system: 'hubspot',
    route: '/webhooks/hubspot',
    contentTypes: ['application/json'],
    open(delivery) {
      const signature = delivery.headers['x-hubspot-signature-v3'];
      const timestamp = delivery.headers['x-hubspot-request-timestamp'];
      if (signature === undefined) {
        return refuse({ reason: 'unsigned', detail: 'the header X-HubSpot-Signature-v3 is missing', mend: 'Deliver through a HubSpot app; versions 1 and 2 of the signature are not accepted.' });
      }
      const late = windowRefusal('X-HubSpot-Request-Timestamp', timestamp, 1, delivery);
      if (late !== undefined) return refuse(late);
      if (!verifySignatureV3({ clientSecret: credentials.clientSecret, method: delivery.method, uri: delivery.uri, rawBody: delivery.rawBody, timestamp: timestamp ?? '', signature })) {
        return refuse({
          reason: 'bad_signature',
          detail: 'X-HubSpot-Signature-v3 was not made over this method, address, body and timestamp with the agreed secret',
          mend: 'Check clientSecret, and that Q2C_PUBLIC_URL is the address HubSpot delivers to.',
        });
      }
      const read = readJson(delivery.rawBody, delivery.limits.nesting);
      return read.ok ? sortOutDelivery(read.value, credentials, { headers: keptHeaders(delivery.headers), rawBody: delivery.rawBody }) : malformed(read.detail);
    },
    reopen({ headers, rawBody, contentHash: hash }) {
      const read = readJson(rawBody, DEFAULT_LIMITS.nesting);
      if (!read.ok) return malformed(read.detail);
      const all = Array.isArray(read.value) ? z.array(z.unknown()).parse(read.value) : [read.value];
      // The body may be of a small batch, whose other events are rows of their own.
      const [own] = all.filter((item) => contentHash(item) === hash);
      return sortOutDelivery(own === undefined ? all : [own], credentials, { headers, rawBody });
    },
    acknowledge(opened, receipts) {
      const events = opened.events.map((event, index) => ({ id: event.eventId, status: receipts[index]?.status ?? 'accepted' }));
      return { status: 200, contentType: 'application/json; charset=utf-8', body: JSON.stringify({ status: deliveryStatus(receipts), events, ignored: opened.irrelevant }) };
    },
  };
}

function malformed(detail: string): Intake {
  return refuse({ reason: 'malformed', detail, mend: 'Deliver a JSON array of events in UTF-8.' });
}

type Body = Pick<KeptEvent, 'headers' | 'rawBody'>;

function sortOutDelivery(value: unknown, credentials: Credentials, body: Body): Intake {
  const list = z.array(z.unknown()).max(1000).safeParse(value);
  if (!list.success) return { outcome: 'opened', events: [], quarantine: [quarantined(value, '', findingsOf(list.error), body)], irrelevant: 0 };
  return sortOut(list.data, credentials, body);
}

function sortOut(items: readonly unknown[], credentials: Credentials, delivery: Body): Intake {
  const events: InboundEvent[] = [];
  const quarantine: QuarantinedEvent[] = [];
  let irrelevant = 0;
  for (const [index, item] of items.entries()) {
    const parsed = webhookEventSchema.safeParse(item);
    if (!parsed.success) {
      quarantine.push(quarantined(item, String(index), findingsOf(parsed.error), delivery));
    } else if (parsed.data.portalId !== credentials.portalId) {
      quarantine.push(quarantined(item, `${index}.portalId`, [{ path: '', message: `expected the connected portal ${credentials.portalId}` }], delivery));
    } else if (isDeal(parsed.data)) {
      events.push(toEvent(parsed.data, item, delivery));
    } else {
      irrelevant += 1;
    }
  }
  return { outcome: 'opened', events, quarantine, irrelevant };
}

function isDeal(event: z.infer<typeof webhookEventSchema>): boolean {
  return event.subscriptionType.startsWith('deal.') || event.objectTypeId === DEAL_TYPE;
}

/** HubSpot does not promise that `eventId` is unique: what changed and when belong to the identity. */
function toEvent(event: z.infer<typeof webhookEventSchema>, item: unknown, delivery: Body): InboundEvent {
  return {
    source: 'hubspot',
    eventId: [event.eventId, event.subscriptionType, event.objectId, event.occurredAt].join('/'),
    kind: 'deal.changed',
    businessKey: event.objectId,
    version: '',
    occurredAt: new Date(event.occurredAt).toISOString(),
    headers: delivery.headers,
    rawBody: part(item, delivery),
    payload: item,
    contentHash: contentHash(item),
  };
}

function quarantined(item: unknown, at: string, findings: Finding[], delivery: Body): QuarantinedEvent {
  const hash = contentHash(item);
  const known = z.looseObject({ objectId: identifier }).safeParse(item);
  return {
    source: 'hubspot',
    eventId: `sha256:${hash}`,
    kind: 'deal.changed',
    businessKey: known.success ? known.data.objectId : '',
    version: null,
    occurredAt: null,
    headers: delivery.headers,
    rawBody: part(item, delivery),
    payload: item,
    contentHash: hash,
    findings: findings.map((finding) => ({ ...finding, path: [at, finding.path].filter((part) => part !== '').join('.') })),
  };
}

/** The exact delivery where it holds one event; of a batch only this event's part, or each row would repeat the whole. */
function part(item: unknown, delivery: Body): Buffer {
  const text = JSON.stringify(item) ?? 'null';
  return delivery.rawBody.length <= text.length + 512 ? delivery.rawBody : Buffer.from(text);
}

/** A redelivery may come in another batch and with a higher `attemptNumber`, and is still the same event. */
function contentHash(item: unknown): string {
  const parsed = z.record(z.string(), z.unknown()).safeParse(item);
  if (!parsed.success) return sha256(canonicalJson(item));
  const { attemptNumber: _, ...content } = parsed.data;
  return sha256(canonicalJson(content));
}
