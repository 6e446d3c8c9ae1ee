import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import type { Db } from './database.ts';
import { INBOX_CHANNEL } from './inbox-channel.ts';
import { requeue } from './inbox-replay.ts';
import { jsonText, jsonTextOrNull, plainText, sha256 } from './json.ts';
import type { JsonValue } from './json.ts';
import { listen } from './listen.ts';
import type { Listener } from './listen.ts';
import type { InboxState, InboxTable } from './schema.ts';

/** An event as it came in, before its sender is told that it arrived. */
export interface IncomingEvent {
  readonly source: string;
  readonly eventId: string;
  readonly kind: string;
  readonly businessKey: string;
  readonly version: string | null;
  readonly occurredAt: string | null;
  /** Without secrets: the caller leaves out what authorises. */
  readonly headers: Readonly<Record<string, string>>;
  readonly rawBody: Uint8Array;
  /** The parsed event; null where it could not be parsed. */
  readonly payload: unknown;
  /**
   * What two deliveries of the same event have in common; the SHA-256 of the raw body unless given. Give it where a vendor's repeated
   * delivery differs in parts that mean nothing (a count of attempts, other events in the same batch).
   */
  readonly contentHash?: string;
}

export interface Receipt {
  readonly status: 'accepted' | 'duplicate' | 'conflict';
  /** The row that counts; for a conflict the first one received. */
  readonly id: number;
}

export type InboxEvent = Selectable<InboxTable>;

interface Stamped extends Arrival {
  readonly contentHash: string;
}

/**
 * Keeps events durably and wakes the relay. An event ID seen before from the same source is a duplicate; with other content it is a
 * conflict, and the second one is kept in quarantine as evidence. One that lies in quarantine and can be read by now is accepted.
 * @returns a receipt for each event, in the order given.
 */
export async function receiveEvents(db: Db, events: readonly IncomingEvent[]): Promise<Receipt[]> {
  return await receive(db, events.map((event) => ({ event, state: 'received', error: null, findings: [] })));
}

/** Keeps an event that cannot be used as it is (a failed schema): nothing is started, and `requeue` replays it after the fix. */
export async function quarantineEvent(db: Db, event: IncomingEvent, why: Why): Promise<Receipt> {
  const [receipt] = await quarantineEvents(db, [{ event, ...why }]);
  if (receipt === undefined) throw new Error(`event ${event.eventId} of ${event.source} was not kept`);
  return receipt;
}

/** The same for several, each for a reason of its own. @returns a receipt for each, in the order given. */
export async function quarantineEvents(db: Db, events: readonly ({ readonly event: IncomingEvent } & Why)[]): Promise<Receipt[]> {
  return await receive(db, events.map((each) => ({ ...each, state: 'quarantined' })));
}

export interface Why {
  readonly error: string;
  readonly findings: readonly JsonValue[];
}

interface Arrival {
  readonly event: IncomingEvent;
  readonly state: 'received' | 'quarantined';
  readonly error: string | null;
  readonly findings: readonly JsonValue[];
}

async function receive(db: Db, arrivals: readonly Arrival[]): Promise<Receipt[]> {
  if (arrivals.length === 0) return [];
  const stamped = arrivals.map((arrival) => ({ ...arrival, event: storable(arrival.event), contentHash: arrival.event.contentHash ?? sha256(arrival.event.rawBody) }));
  const inserted = await insertEvents(db, stamped);
  const taken = new Map(inserted.map((row) => [eventKey(row.source, row.event_id), row]));
  const repeated = stamped.filter(({ event }) => !taken.has(eventKey(event.source, event.eventId)));
  const known = new Map((await knownEvents(db, repeated)).map((row) => [eventKey(row.source, row.event_id), row]));
  const receipts: Receipt[] = [];
  for (const { event, contentHash, state } of stamped) {
    const key = eventKey(event.source, event.eventId);
    const first = taken.get(key) ?? known.get(key);
    if (first === undefined) throw new Error(`event ${event.eventId} of ${event.source} was neither kept nor found: receive it again`);
    if (taken.has(key) && !known.has(key)) {
      known.set(key, first);
      taken.delete(key);
      receipts.push({ status: 'accepted', id: first.id });
    } else if (first.content_hash === contentHash) {
      const readable = state === 'received' && first.state === 'quarantined' && (await readmit(db, event, first.id));
      receipts.push({ status: readable ? 'accepted' : 'duplicate', id: first.id });
    } else {
      await keepConflict(db, { event, contentHash }, first.id);
      receipts.push({ status: 'conflict', id: first.id });
    }
  }
  return receipts;
}

/** Its sender repeats an event that could not be read before: it leaves quarantine, once. */
async function readmit(db: Db, event: IncomingEvent, id: number): Promise<boolean> {
  return await requeue(db, { id, by: event.source, reason: 'delivered again, and can be read now', from: 'quarantined', parsed: event });
}

/** What comes from outside may hold characters that a text column cannot. */
function storable(event: IncomingEvent): IncomingEvent {
  const { eventId, kind, businessKey, version } = event;
  return { ...event, eventId: plainText(eventId), kind: plainText(kind), businessKey: plainText(businessKey), version: version === null ? null : plainText(version) };
}

function eventKey(source: string, eventId: string): string {
  return JSON.stringify([source, eventId]);
}

interface KnownEvent {
  readonly id: number;
  readonly source: string;
  readonly event_id: string;
  readonly content_hash: string;
  readonly state: InboxState;
}

async function insertEvents(db: Db, stamped: readonly Stamped[]): Promise<KnownEvent[]> {
  const columns = (read: (item: Stamped) => string | null) => stamped.map(read);
  const bodies = stamped.map(({ event }) => Buffer.from(event.rawBody.buffer, event.rawBody.byteOffset, event.rawBody.byteLength));
  const { rows } = await sql<KnownEvent>`/* prepared: receive_events */
    with kept as (
      insert into inbox (source, event_id, kind, business_key, version, occurred_at, headers, raw_body, content_hash, payload, state, last_error, findings)
      select e.source, e.event_id, e.kind, e.business_key, e.version, e.occurred_at, e.headers::jsonb, e.raw_body, e.content_hash, e.payload::jsonb,
        e.state, e.last_error, e.findings::jsonb
      from unnest(
        ${columns(({ event }) => event.source)}::text[], ${columns(({ event }) => event.eventId)}::text[], ${columns(({ event }) => event.kind)}::text[],
        ${columns(({ event }) => event.businessKey)}::text[], ${columns(({ event }) => event.version)}::text[],
        ${columns(({ event }) => event.occurredAt)}::timestamptz[], ${columns(({ event }) => jsonText(event.headers))}::text[], ${bodies}::bytea[],
        ${columns(({ contentHash }) => contentHash)}::text[], ${columns(({ event }) => jsonTextOrNull(event.payload))}::text[],
        ${columns(({ state }) => state)}::text[], ${columns(({ error }) => (error === null ? null : plainText(error)))}::text[], ${columns(({ findings }) => jsonText(findings))}::text[]
      ) with ordinality as e (source, event_id, kind, business_key, version, occurred_at, headers, raw_body, content_hash, payload, state, last_error, findings, position)
      order by e.position
      on conflict (source, event_id) where conflict_of is null do nothing
      returning id, source, event_id, content_hash, state
    ),
    woken as (select pg_notify(${INBOX_CHANNEL}::text, '') where exists (select from kept where state = 'received'))
    select kept.* from kept left join woken on true`.execute(db);
  return rows;
}

async function knownEvents(db: Db, repeated: readonly Stamped[]): Promise<KnownEvent[]> {
  if (repeated.length === 0) return [];
  const { rows } = await sql<KnownEvent>`/* prepared: known_events */
    select i.id, i.source, i.event_id, i.content_hash, i.state
    from unnest(${repeated.map(({ event }) => event.source)}::text[], ${repeated.map(({ event }) => event.eventId)}::text[]) as e (source, event_id)
    join inbox i on i.source = e.source and i.event_id = e.event_id and i.conflict_of is null`.execute(db);
  return rows;
}

async function keepConflict(db: Db, { event, contentHash }: Pick<Stamped, 'event' | 'contentHash'>, firstId: number): Promise<void> {
  await db
    .insertInto('inbox')
    .values({
      source: event.source,
      event_id: event.eventId,
      kind: event.kind,
      business_key: event.businessKey,
      version: event.version,
      occurred_at: event.occurredAt,
      headers: jsonText(event.headers),
      raw_body: Buffer.from(event.rawBody),
      content_hash: contentHash,
      payload: jsonTextOrNull(event.payload),
      state: 'quarantined',
      last_error: `event ID ${event.eventId} came before with other content (inbox ${firstId})`,
      findings: '[]',
      conflict_of: firstId,
    })
    .onConflict((conflict) => conflict.columns(['conflict_of', 'content_hash']).where('conflict_of', 'is not', null).doNothing())
    .execute();
}

/** Tells when there is something to claim; also after each reconnection. */
export async function listenInbox(url: string, onWake: () => void): Promise<Listener> {
  return await listen(url, INBOX_CHANNEL, () => onWake());
}
