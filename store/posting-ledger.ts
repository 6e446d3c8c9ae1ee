import { sql } from 'kysely';
import { auditedWhen } from './audit-trail.ts';
import type { AuditEntry } from './audit-trail.ts';
import type { Db } from './database.ts';
import { linkedWhen, sayingConflicts } from './identity-map.ts';
import type { IdentityLink } from './identity-map.ts';
import type { JsonValue } from './json.ts';
import { jsonTextOrNull } from './json.ts';
import { refuseRecord } from './posting-errors.ts';
import type { PostingState } from './schema.ts';

export interface Intent {
  /** Idempotency key: business key, step, system and version; the same for every attempt. */
  readonly key: string;
  readonly process: string;
  readonly step: string;
  readonly system: string;
  readonly operation: string;
  readonly objectType: string;
  readonly canonicalId: string;
  readonly requestHash: string;
  /** Kept for people and reconciliation, or null. */
  readonly request: unknown;
  /** How long this attempt may take before another may look the target up and take over, milliseconds. */
  readonly leaseMs: number;
  /** The record's external ID where it stood before this write, else null. Only the first attempt's word counts. */
  readonly existed: string | null;
}

export type Opening =
  | { readonly status: 'first'; readonly generation: number; readonly attempt: number; readonly existed: string | null }
  | {
      readonly status: 'retry';
      readonly previous: 'intent' | 'in_doubt' | 'not_done' | 'abandoned';
      /** The earlier write may have been done: look it up by external ID before writing. */
      readonly mustLookUp: boolean;
      /** The earlier attempt asked for something else (say, before a mapping was corrected): what a look-up finds may need an update. */
      readonly requestChanged: boolean;
      readonly generation: number;
      readonly attempt: number;
      /** What stood before the first attempt. */
      readonly existed: string | null;
    }
  | { readonly status: 'done'; readonly result: JsonValue; readonly externalId: string | null; readonly undo: JsonValue; readonly generation: number }
  /** Another attempt of this posting, or another posting of the same record in the same system, is under way. */
  | { readonly status: 'busy'; readonly leaseUntil: string }
  /** Done already, with another request under the same key: nothing may be written. */
  | { readonly status: 'conflict'; readonly knownHash: string };

interface OpeningRow {
  readonly opened: boolean;
  readonly state: PostingState;
  readonly opened_from: PostingState | null;
  readonly request_changed: boolean;
  readonly request_hash: string;
  readonly attempts: number;
  readonly generation: number;
  readonly lease_until: string | null;
  readonly external_id: string | null;
  readonly existed: string | null;
  readonly result: JsonValue;
  readonly undo: JsonValue;
}

/**
 * Declares what is about to be written, before it is written: one statement, one round trip. Of any number of callers at once exactly one
 * is let through; the others are told why not. A posting that was reversed starts a new generation.
 */
export async function openIntent(db: Db, intent: Intent): Promise<Opening> {
  for (;;) {
    const row = await tryToOpen(db, intent);
    if (row !== undefined) return readOpening(row, intent.requestHash);
  }
}

/** @returns undefined where another transaction inserted the same key while this statement ran: the next one sees it. */
async function tryToOpen(db: Db, intent: Intent): Promise<OpeningRow | undefined> {
  const { rows } = await sql<OpeningRow>`/* prepared: open_intent */
    with holding as (
      insert into posting_object as o (system, object_type, canonical_id, key, lease_until)
      select ${intent.system}, ${intent.objectType}, ${intent.canonicalId}, ${intent.key}, clock_timestamp() + ${intent.leaseMs}::integer * interval '1 millisecond'
      where not exists (
        select from posting_ledger where key = ${intent.key} and (state = 'done' or (state = 'intent' and lease_until > clock_timestamp()))
      )
      on conflict (system, object_type, canonical_id) do update set key = excluded.key, lease_until = excluded.lease_until
      where o.key = excluded.key or o.lease_until <= clock_timestamp()
      returning key
    ),
    opening as (
      insert into posting_ledger as p
        (key, process, step, system, operation, object_type, canonical_id, request_hash, request, state, existed, lease_until)
      select
        ${intent.key}, ${intent.process}, ${intent.step}, ${intent.system}, ${intent.operation}, ${intent.objectType}, ${intent.canonicalId},
        ${intent.requestHash}, ${jsonTextOrNull(intent.request)}::jsonb, 'intent', ${intent.existed}::text, clock_timestamp() + ${intent.leaseMs}::integer * interval '1 millisecond'
      where exists (select from holding)
      on conflict (key) do update set
        opened_from = p.state,
        state = 'intent',
        request_changed = p.request_hash <> excluded.request_hash,
        request_hash = excluded.request_hash,
        request = excluded.request,
        process = excluded.process,
        existed = case when p.state = 'reversed' then excluded.existed else p.existed end,
        attempts = case when p.state = 'reversed' then 1 else p.attempts + 1 end,
        generation = case when p.state = 'reversed' then p.generation + 1 else p.generation end,
        external_id = null, result = null, undo = null, error = null, done_at = null,
        lease_until = excluded.lease_until,
        updated_at = now()
      where p.state in ('in_doubt', 'not_done', 'reversed', 'abandoned') or (p.state = 'intent' and p.lease_until <= clock_timestamp())
      returning p.state, p.opened_from, p.request_changed, p.request_hash, p.attempts, p.generation, p.lease_until, p.existed
    )
    select true as opened, o.*, null as external_id, null::jsonb as result, null::jsonb as undo from opening o
    union all
    select false, p.state, p.opened_from, p.request_changed, p.request_hash, p.attempts, p.generation, coalesce(p.lease_until, h.lease_until), p.existed, p.external_id, p.result, p.undo
    from posting_ledger p
    left join posting_object h on h.system = p.system and h.object_type = p.object_type and h.canonical_id = p.canonical_id
    where p.key = ${intent.key} and not exists (select from opening)
    union all
    select false, 'intent', null, false, '', 0, 0, h.lease_until, null, null, null, null
    from posting_object h
    where h.system = ${intent.system} and h.object_type = ${intent.objectType} and h.canonical_id = ${intent.canonicalId}
      and not exists (select from holding) and not exists (select from posting_ledger where key = ${intent.key})`.execute(db);
  return rows[0];
}

function readOpening(row: OpeningRow, requestHash: string): Opening {
  const { generation, attempts: attempt, existed } = row;
  if (row.opened) {
    const previous = row.opened_from;
    if (previous === null || previous === 'reversed' || previous === 'done') return { status: 'first', generation, attempt, existed };
    return { status: 'retry', previous, mustLookUp: previous !== 'not_done', requestChanged: row.request_changed, generation, attempt, existed };
  }
  if (row.state === 'done') {
    if (row.request_hash !== requestHash) return { status: 'conflict', knownHash: row.request_hash };
    return { status: 'done', result: row.result, externalId: row.external_id, undo: row.undo, generation };
  }
  return { status: 'busy', leaseUntil: row.lease_until ?? new Date().toISOString() };
}

export interface Done {
  readonly key: string;
  readonly generation: number;
  readonly externalId: string | null;
  readonly result: unknown;
  /** What a compensation needs to know, or null. */
  readonly undo: unknown;
  readonly process: string;
  readonly links: readonly IdentityLink[];
  readonly audit: readonly AuditEntry[];
}

/**
 * Records that the write was done, links the identities and adds to the audit trail: all or nothing, one round trip. Recording the same
 * again answers 'already' and changes nothing.
 * @throws PostingLedgerError when another external ID is on record ('doubled') or the posting was reversed since ('superseded').
 * @throws IdentityConflictError when a link contradicts a known one; nothing is recorded then, and the next attempt has to look up.
 */
export async function recordDone(db: Db, done: Done): Promise<'recorded' | 'already'> {
  const { rows } = await sayingConflicts(
    sql<{ recorded: boolean }>`/* prepared: record_done */
      with ${heldBy(done.key)},
      done as (
        update posting_ledger set
          state = 'done', external_id = ${done.externalId}, result = ${jsonTextOrNull(done.result)}::jsonb, undo = ${jsonTextOrNull(done.undo)}::jsonb,
          error = null, lease_until = null, done_at = now(), updated_at = now()
        where key = ${done.key} and generation = ${done.generation}::integer and state in ('intent', 'in_doubt', 'not_done', 'abandoned')
          and (select count(*) from held) >= 0
        returning key
      ),
      released as (delete from posting_object where key = ${done.key}),
      linked as (${linkedWhen('done', done.links, done.process)}),
      audited as (${auditedWhen('done', done.audit)})
      select exists (select from done) as recorded`.execute(db),
  );
  if (rows[0]?.recorded === true) return 'recorded';
  return await refuseRecord(db, done);
}

export interface AttemptEnd {
  readonly key: string;
  readonly generation: number;
  /** The attempt that `openIntent` let through: only it can end itself. */
  readonly attempt: number;
  readonly error: unknown;
  readonly audit: readonly AuditEntry[];
}

/** The target did certainly not do it: the next attempt may write at once. @returns false where another attempt took over meanwhile. */
export async function recordNotDone(db: Db, end: AttemptEnd): Promise<boolean> {
  return await endAttempt(db, end, 'not_done');
}

/** Nobody knows whether the target did it: the next attempt must look it up. @returns false where another attempt took over meanwhile. */
export async function recordInDoubt(db: Db, end: AttemptEnd): Promise<boolean> {
  return await endAttempt(db, end, 'in_doubt');
}

async function endAttempt(db: Db, end: AttemptEnd, state: 'not_done' | 'in_doubt'): Promise<boolean> {
  const { rows } = await sql<{ ended: boolean }>`/* prepared: end_attempt */
    with ${heldBy(end.key)},
    ended as (
      update posting_ledger set state = ${state}, error = ${jsonTextOrNull(end.error)}::jsonb, lease_until = null, updated_at = now()
      where key = ${end.key} and generation = ${end.generation}::integer and attempts = ${end.attempt}::integer and state = 'intent'
        and (select count(*) from held) >= 0
      returning key
    ),
    released as (delete from posting_object where key = ${end.key} and exists (select from ended)),
    audited as (${auditedWhen('ended', end.audit)})
    select exists (select from ended) as ended`.execute(db);
  return rows[0]?.ended === true;
}

/** Locks the record before its posting, in the order of `openIntent`: otherwise the two could wait for each other. */
function heldBy(key: string) {
  return sql`held as (select key from posting_object where key = ${key} for update)`;
}

/**
 * Keeps an attempt's lease while its call goes on, one round trip. @returns false where the lease was lost: another attempt may have taken
 * over, and this one must write no more.
 */
export async function renewIntent(db: Db, lease: { readonly key: string; readonly generation: number; readonly attempt: number; readonly leaseMs: number }): Promise<boolean> {
  const { rows } = await sql<{ renewed: boolean }>`/* prepared: renew_intent */
    with renewed as (
      update posting_ledger set lease_until = clock_timestamp() + ${lease.leaseMs}::integer * interval '1 millisecond'
      where key = ${lease.key} and generation = ${lease.generation}::integer and attempts = ${lease.attempt}::integer and state = 'intent' and lease_until > clock_timestamp()
      returning key, lease_until
    ),
    held as (update posting_object o set lease_until = r.lease_until from renewed r where o.key = r.key)
    select exists (select from renewed) as renewed`.execute(db);
  return rows[0]?.renewed === true;
}
