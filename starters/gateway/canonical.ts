import { z } from 'zod';
import { verifyCanonicalWebhook } from '../../connectors/canonical/webhook.ts';
import { parseOpportunity } from '../../domain/model/opportunity.ts';
import type { Opportunity } from '../../domain/model/opportunity.ts';
import { readJson } from './body.ts';
import { DEFAULT_LIMITS } from './deps.ts';
import type { GatewayCredentials, InboundEvent } from './deps.ts';
import { deliveryStatus, instantOrNull, keptHeaders, refuse, windowRefusal } from './intake.ts';
import type { Delivery, EventSource, Intake, KeptEvent } from './intake.ts';
import { findingsOf } from './problem.ts';
import type { Finding, Refusal } from './problem.ts';

type Credentials = NonNullable<GatewayCredentials['canonical']>;

export const CANONICAL_CRM = 'canonical';

/** Our own API for any CRM without a connector: one opportunity document, signed by Standard Webhooks. */
export function canonicalSource(credentials: Credentials): EventSource {
  return {
    system: CANONICAL_CRM,
    route: '/v1/deals',
    contentTypes: ['application/json'],
    open(delivery) {
      const id = delivery.headers['webhook-id'] ?? '';
      const refusal = signatureRefusal(credentials, delivery, delivery.rawBody);
      if (refusal !== undefined) return refuse(refusal);
      return read({ eventId: id, headers: keptHeaders(delivery.headers), rawBody: delivery.rawBody }, delivery.limits.nesting);
    },
    reopen: (kept) => read(kept, DEFAULT_LIMITS.nesting),
    acknowledge(opened, receipts) {
      const [event] = opened.events;
      const [receipt] = receipts;
      const answer = { id: event?.eventId ?? '', status: deliveryStatus(receipts), process: `closed-won/${CANONICAL_CRM}/${event?.businessKey ?? ''}`, inbox: receipt?.id ?? 0 };
      return { status: 202, contentType: 'application/json; charset=utf-8', body: JSON.stringify(answer) };
    },
  };
}

/** Why a Standard Webhooks signature over `content` proves nothing; undefined where it does. */
export function signatureRefusal(credentials: Credentials, delivery: Pick<Delivery, 'headers' | 'now' | 'limits'>, content: Buffer): Refusal | undefined {
  const id = delivery.headers['webhook-id'];
  const timestamp = delivery.headers['webhook-timestamp'];
  const signature = delivery.headers['webhook-signature'];
  if (id === undefined || signature === undefined || !/^[\x21-\x7e]{1,200}$/.test(id)) {
    return {
      reason: 'unsigned',
      detail: 'webhook-id (1 to 200 visible ASCII characters) and webhook-signature must both be sent',
      mend: 'Sign "<webhook-id>.<webhook-timestamp>.<body>" as Standard Webhooks describes and send the three headers.',
    };
  }
  const late = windowRefusal('webhook-timestamp', timestamp, 1000, delivery);
  if (late !== undefined) return late;
  if (verifyCanonicalWebhook({ secret: credentials.signingSecret, id, timestamp: timestamp ?? '', signature, rawBody: content })) return undefined;
  return {
    reason: 'bad_signature',
    detail: 'no signature in webhook-signature was made over this content with the agreed secret',
    mend: 'Sign the exact bytes that /openapi.json names for this address, with signingSecret from the gateway\'s credentials.',
  };
}

function read({ eventId, headers, rawBody }: Omit<KeptEvent, 'contentHash'>, nesting: number): Intake {
  const document = readJson(rawBody, nesting);
  if (!document.ok) return refuse({ reason: 'malformed', detail: document.detail, mend: 'Send one opportunity document as JSON in UTF-8, and sign it again.' });
  const arrived = { source: CANONICAL_CRM, eventId, kind: 'deal.changed', headers, rawBody };
  const parsed = parseDeal(document.value);
  if ('findings' in parsed) {
    const event = { ...arrived, businessKey: identifierOf(document.value), version: null, occurredAt: null, payload: document.value, findings: parsed.findings };
    return { outcome: 'opened', events: [], quarantine: [event], irrelevant: 0 };
  }
  const { deal } = parsed;
  const event: InboundEvent = { ...arrived, businessKey: deal.id, version: deal.version, occurredAt: instantOrNull(deal.modifiedAt), payload: deal };
  return { outcome: 'opened', events: [event], quarantine: [], irrelevant: 0 };
}

/** Becomes part of a workflow ID, which people read and type. */
const keySchema = z.string().regex(/^[^\p{C}]+$/u, 'text without control characters');

/** A sender cannot speak for another CRM: whatever `crm` says, the deal is this API's. */
function parseDeal(document: unknown): { deal: Opportunity } | { findings: Finding[] } {
  const loose = z.record(z.string(), z.unknown()).safeParse(document);
  if (!loose.success) return { findings: [{ path: '', message: 'expected one opportunity document (a JSON object)' }] };
  try {
    const deal = parseOpportunity({ ...loose.data, crm: CANONICAL_CRM });
    z.object({ id: keySchema, version: keySchema }).parse(deal);
    return { deal };
  } catch (error) {
    if (error instanceof z.ZodError || error instanceof RangeError) return { findings: findingsOf(error) };
    throw error;
  }
}

function identifierOf(document: unknown): string {
  const parsed = z.object({ id: keySchema.max(100) }).safeParse(document);
  return parsed.success ? parsed.data.id : '';
}
