import { sql } from 'kysely';
import { auditedWhen } from './audit-trail.ts';
import type { Db } from './database.ts';
import type { InboxEvent } from './inbox.ts';
import { plainText } from './json.ts';
import type { InboxState } from './schema.ts';

/**
 * Takes received events that are due, oldest first, for a limited time: whoever does not mark one before its lease ends leaves it to the
 * next claim. Each claim counts as an attempt. No event is given to two workers at once.
 */
export async function claimReceived(db: Db, claim: { readonly limit: number; readonly leaseSeconds: number; readonly worker: string }): Promise<InboxEvent[]> {
  const { rows } = await sql<InboxEvent>`
    update inbox i set attempts = attempts + 1, claimed_by = ${claim.worker}, lease_until = clock_timestamp() + ${claim.leaseSeconds}::double precision * interval '1 second'
    where id in (
      select id from inbox
      where state = 'received' and (next_attempt_at is null or next_attempt_at <= clock_timestamp()) and (lease_until is null or lease_until <= clock_timestamp())
      order by id limit ${claim.limit} for update skip locked
    )
    returning i.*`.execute(db);
  return rows.toSorted((a, b) => a.id - b.id);
}

/** The event reached its workflow. @returns false where the event was no longer waiting for it. */
export async function markDispatched(db: Db, id: number, to: { readonly workflowId: string; readonly disposition: string }): Promise<boolean> {
  return await settle(db, id, { state: 'dispatched', workflow_id: to.workflowId, disposition: to.disposition, last_error: null });
}

/** The event needs nothing done: an echo of our own write, a stage that starts nothing. */
export async function markIgnored(db: Db, id: number, reason: string): Promise<boolean> {
  return await settle(db, id, { state: 'ignored', disposition: plainText(reason), last_error: null });
}

/** The event is genuine, and nothing is made of it yet: it stays as it came, and the audit trail has it. @returns false where it was settled already */
export async function markKept(db: Db, event: Pick<InboxEvent, 'id' | 'source' | 'event_id' | 'business_key'>, reason: string): Promise<boolean> {
  const { id, source, event_id: eventId, business_key: record } = event;
  const entry = { process: null, actor: 'gateway', action: 'inbox.kept', object: `inbox event ${id}`, system: source, message: `${source} told of ${record} (${eventId}): ${reason}`, details: { id, eventId, record, reason } };
  const { rows } = await sql<{ kept: boolean }>`
    with kept as (
      update inbox set state = 'ignored', disposition = ${plainText(reason)}::text, last_error = null, settled_at = now(), lease_until = null, next_attempt_at = null
      where id = ${id} and state = 'received'
      returning id
    ),
    audited as (${auditedWhen('kept', [entry])})
    select exists (select from kept) as kept`.execute(db);
  return rows[0]?.kept === true;
}

/** Not now: the event is given out again after the pause. */
export async function markDeferred(db: Db, id: number, why: { readonly error: string; readonly retryAfterMs: number }): Promise<boolean> {
  const result = await db
    .updateTable('inbox')
    .set({ next_attempt_at: sql`clock_timestamp() + ${why.retryAfterMs}::integer * interval '1 millisecond'`, lease_until: null, claimed_by: null, last_error: plainText(why.error) })
    .where('id', '=', id)
    .where('state', '=', 'received')
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

interface Settled {
  readonly state: InboxState;
  readonly workflow_id?: string;
  readonly disposition?: string;
  readonly last_error: string | null;
}

async function settle(db: Db, id: number, settled: Settled): Promise<boolean> {
  const result = await db
    .updateTable('inbox')
    .set({ ...settled, settled_at: sql`now()`, lease_until: null, next_attempt_at: null })
    .where('id', '=', id)
    .where('state', '=', 'received')
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

export interface InboxFilter {
  readonly state?: InboxState;
  readonly source?: string;
  readonly businessKey?: string;
  /** At most this many, newest first; 100 unless told. */
  readonly limit?: number;
}

export async function listInbox(db: Db, filter: InboxFilter = {}): Promise<InboxEvent[]> {
  return await db
    .selectFrom('inbox')
    .selectAll()
    .$if(filter.state !== undefined, (query) => query.where('state', '=', filter.state ?? 'received'))
    .$if(filter.source !== undefined, (query) => query.where('source', '=', filter.source ?? ''))
    .$if(filter.businessKey !== undefined, (query) => query.where('business_key', '=', filter.businessKey ?? ''))
    .orderBy('id', 'desc')
    .limit(filter.limit ?? 100)
    .execute();
}

/** How many events wait, how long the oldest has waited (seconds), and how many need a person. */
export async function inboxDepth(db: Db): Promise<{ received: number; oldestSeconds: number; quarantined: number }> {
  const { rows } = await sql<{ received: number; oldestSeconds: number; quarantined: number }>`
    select
      count(*) filter (where state = 'received') as received,
      coalesce(extract(epoch from clock_timestamp() - min(received_at) filter (where state = 'received')), 0)::double precision as "oldestSeconds",
      count(*) filter (where state = 'quarantined') as quarantined
    from inbox where state in ('received', 'quarantined')`.execute(db);
  return rows[0] ?? { received: 0, oldestSeconds: 0, quarantined: 0 };
}

export async function loadEvent(db: Db, id: number): Promise<InboxEvent | undefined> {
  return await db.selectFrom('inbox').selectAll().where('id', '=', id).executeTakeFirst();
}

/** The event with the newest version of a business object, in whatever order they came; what is in quarantine does not count. */
export async function latestEventFor(db: Db, source: string, businessKey: string): Promise<InboxEvent | undefined> {
  return await db.selectFrom('inbox').selectAll().where('source', '=', source).where('business_key', '=', businessKey).where('conflict_of', 'is', null).where('state', '<>', 'quarantined').orderBy(sql`version desc nulls last`).orderBy('id', 'desc').limit(1).executeTakeFirst();
}
