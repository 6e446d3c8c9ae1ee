import { CALL_CLIENT } from '../../connectors/salesforce/client.ts';
import type { SalesforceOptions } from '../../connectors/salesforce/options.ts';
import type { ChangeEvent } from '../../connectors/salesforce/pubsub/change-event.ts';
import type { ReceivedEvent } from '../../connectors/salesforce/pubsub/subscription.ts';
import { canonicalJson, sha256 } from '../../store/json.ts';
import type { InboundEvent, QuarantinedEvent } from '../gateway/deps.ts';

/** What an event is to the line: deals to be looked at, and whether deals may have changed that it does not name. */
export interface Meaning {
  readonly deals: readonly string[];
  /** The event does not say that they are won: only deals that are known already are looked at. */
  readonly onlyKnown: boolean;
  /** Why the sweep has to look for changes that no event tells of; null where it need not. */
  readonly sweep: string | null;
}

export interface Rules {
  readonly options: Pick<SalesforceOptions, 'opportunity'> & { readonly wonStages: readonly string[] };
  /** The user that our own calls run as; null where unknown. */
  readonly ownUserId: string | null;
}

const NOTHING: Meaning = { deals: [], onlyKnown: true, sweep: null };
/** The end of the year 9999, milliseconds since 1970. */
const LAST_INSTANT = 253_402_300_799_999;
/** Fields that Salesforce changes along with any other. */
const ALONG = ['LastModifiedDate', 'LastModifiedById'];

/** Pure: what a change event begins is decided by what it says. */
export function meaningOf(event: ChangeEvent, rules: Rules): Meaning {
  if (isEcho(event, rules)) return NOTHING;
  const { entity, changeType, recordIds, fields } = event;
  if (entity !== 'Opportunity' && entity !== 'OpportunityLineItem') return NOTHING;
  if (changeType === 'GAP_OVERFLOW' || recordIds.some((id) => id.endsWith('*'))) return { ...NOTHING, sweep: 'more changed at once than Salesforce tells one by one' };
  if (entity === 'OpportunityLineItem') {
    const deal = fields['OpportunityId'];
    return typeof deal === 'string' && /^\w{15}(?:\w{3})?$/.test(deal) ? { deals: [deal], onlyKnown: true, sweep: null } : { ...NOTHING, sweep: 'a line changed, and its event names no deal' };
  }
  if (changeType.startsWith('GAP_')) return { deals: recordIds, onlyKnown: true, sweep: 'Salesforce told that a deal changed, but not how' };
  const stage = fields['StageName'];
  const won = changeType !== 'DELETE' && typeof stage === 'string' && rules.options.wonStages.includes(stage);
  return { deals: recordIds, onlyKnown: !won, sweep: null };
}

/**
 * Our own write-back comes back as an event: made by our calls or our user, and of no other fields than those we write. What a person changed as that user,
 * or another program under our name, is news.
 */
function isEcho(event: ChangeEvent, { options, ownUserId }: Rules): boolean {
  const ours = event.client === CALL_CLIENT || (ownUserId !== null && event.commitUser.slice(0, 15) === ownUserId.slice(0, 15));
  if (!ours || event.entity !== 'Opportunity' || event.changeType !== 'UPDATE' || event.changedFields.length === 0) return false;
  const { deliveryStatus, deliveryMessage, deliveryProjects, deliveryUpdatedAt } = options.opportunity;
  const written = new Set([deliveryStatus, deliveryMessage, deliveryProjects, deliveryUpdatedAt, ...ALONG]);
  return event.changedFields.every((name) => written.has(name));
}

interface Came {
  readonly system: string;
  readonly topic: string;
}

/** The inbox's row for one deal of an event. Its version is the record's own time of change, as in outbound messages; else that of the commit. */
export function dealEvent(received: ReceivedEvent, event: ChangeEvent, dealId: string, came: Came): InboundEvent {
  const payload = { ...event, topic: came.topic };
  const modified = event.entity === 'Opportunity' ? event.fields['LastModifiedDate'] : undefined;
  return {
    source: came.system,
    eventId: `change/${received.id}/${dealId}`,
    kind: 'deal.changed',
    businessKey: dealId,
    version: typeof modified === 'number' && modified >= 0 && modified <= LAST_INSTANT ? new Date(modified).toISOString() : event.commitAt,
    occurredAt: event.commitAt,
    headers: headersOf(received, came),
    rawBody: Buffer.from(JSON.stringify(payload)),
    payload,
    contentHash: sha256(canonicalJson(payload)),
  };
}

/** An event that cannot be read: its bytes are kept with the ID of their schema. */
export function unreadableEvent(received: ReceivedEvent, problem: string, came: Came): QuarantinedEvent {
  return {
    source: came.system,
    eventId: `change/${received.id}`,
    kind: 'deal.changed',
    businessKey: '',
    version: null,
    occurredAt: null,
    headers: headersOf(received, came),
    rawBody: received.payload,
    payload: null,
    findings: [{ path: '', message: problem }],
  };
}

function headersOf({ schemaId }: ReceivedEvent, { topic }: Came): Record<string, string> {
  return { 'content-type': 'avro/binary', 'pubsub-topic': topic, 'pubsub-schema-id': schemaId };
}
