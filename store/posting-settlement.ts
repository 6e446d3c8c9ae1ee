import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import { auditedWhen } from './audit-trail.ts';
import type { AuditEntry } from './audit-trail.ts';
import type { Db } from './database.ts';
import { linkedWhen, sayingConflicts } from './identity-map.ts';
import type { IdentityLink } from './identity-map.ts';
import { jsonText } from './json.ts';
import { PostingLedgerError, knownPosting } from './posting-errors.ts';
import type { PostingLedgerTable } from './schema.ts';

export type Posting = Selectable<PostingLedgerTable>;

/** No attempt of this posting is under way. */
const AT_REST = sql`(state <> 'intent' or lease_until <= clock_timestamp())`;

export interface Reversal {
  readonly key: string;
  /** "deleted", "deactivated", "cancelled", "never made" … */
  readonly how: string;
  /** The record is gone or no longer ours: its identity ends too. */
  readonly retireIdentity: boolean;
  readonly audit: readonly AuditEntry[];
}

/**
 * Records a compensation, one round trip. The next `openIntent` with this key starts a new generation.
 * @throws PostingLedgerError 'in_progress' while an attempt is under way, 'unknown' for a key never opened.
 */
export async function recordReversed(db: Db, reversal: Reversal): Promise<'recorded' | 'already'> {
  const { rows } = await sql<{ recorded: boolean }>`/* prepared: record_reversed */
    with reversed as (
      update posting_ledger set
        state = 'reversed', lease_until = null, updated_at = now(),
        reversals = reversals || jsonb_build_object('generation', generation, 'externalId', external_id, 'from', state, 'how', ${reversal.how}::text, 'at', now())
      where key = ${reversal.key} and state <> 'reversed' and ${AT_REST}
      returning object_type, canonical_id, system
    ),
    retired as (
      update identity_map i set retired_at = now(), retired_because = ${reversal.how}::text
      from reversed r
      where ${reversal.retireIdentity}::boolean and i.object_type = r.object_type and i.canonical_id = r.canonical_id and i.system = r.system and i.retired_at is null
    ),
    audited as (${auditedWhen('reversed', reversal.audit)})
    select exists (select from reversed) as recorded`.execute(db);
  if (rows[0]?.recorded === true) return 'recorded';
  const known = await knownPosting(db, reversal.key);
  if (known.state === 'reversed') return 'already';
  throw inProgress(reversal.key, known.lease_until);
}

export interface Settlement {
  readonly key: string;
  readonly outcome: 'done' | 'not_done';
  /** The record the person found; with 'done'. */
  readonly externalId: string | null;
  readonly by: string;
  readonly reason: string;
  readonly process: string;
  readonly links: readonly IdentityLink[];
  readonly audit: readonly AuditEntry[];
}

/**
 * A person looked into a system that offers no look-up and says whether the write in doubt was done.
 * @throws PostingLedgerError 'in_progress', 'unknown', or 'not_in_doubt' where the ledger already knows otherwise.
 */
export async function settleByPerson(db: Db, settlement: Settlement): Promise<'recorded' | 'already'> {
  const { outcome, externalId } = settlement;
  const word = jsonText({ settledBy: settlement.by, reason: settlement.reason });
  const { rows } = await sayingConflicts(
    sql<{ recorded: boolean }>`/* prepared: settle_by_person */
      with settled as (
        update posting_ledger set
          state = ${outcome}::text, external_id = ${externalId}::text, lease_until = null, updated_at = now(),
          result = case when ${outcome}::text = 'done' then ${word}::jsonb end,
          error = case when ${outcome}::text = 'done' then null else ${word}::jsonb end,
          done_at = case when ${outcome}::text = 'done' then now() end
        where key = ${settlement.key} and state in ('intent', 'in_doubt', 'abandoned') and ${AT_REST}
        returning key
      ),
      linked as (${linkedWhen('settled', outcome === 'done' ? settlement.links : [], settlement.process)}),
      audited as (${auditedWhen('settled', settlement.audit)})
      select exists (select from settled) as recorded`.execute(db),
  );
  if (rows[0]?.recorded === true) return 'recorded';
  const known = await knownPosting(db, settlement.key);
  if (known.state === 'intent') throw inProgress(settlement.key, known.lease_until);
  if (known.state === outcome && known.external_id === externalId) return 'already';
  throw new PostingLedgerError('not_in_doubt', settlement.key, `posting ${settlement.key} is not in doubt: it is ${known.state} (${known.external_id ?? 'no external ID'}), so ${settlement.by}'s word "${outcome}" was not recorded`);
}

/** What a process wrote or meant to write, in the order it began. */
export async function postingsOf(db: Db, process: string): Promise<Posting[]> {
  return await db.selectFrom('posting_ledger').selectAll().where('process', '=', process).orderBy('created_at').orderBy('key').execute();
}

export async function postingByKey(db: Db, key: string): Promise<Posting | undefined> {
  return await db.selectFrom('posting_ledger').selectAll().where('key', '=', key).executeTakeFirst();
}

/** Every posting nobody can vouch for at this moment: in doubt, abandoned, or begun by an attempt that ran out of its lease. Oldest first. */
export async function inDoubtPostings(db: Db, limit = 1000): Promise<Posting[]> {
  return await db
    .selectFrom('posting_ledger')
    .selectAll()
    .where(sql<boolean>`state in ('in_doubt', 'abandoned') or (state = 'intent' and lease_until <= clock_timestamp())`)
    .orderBy('updated_at')
    .limit(limit)
    .execute();
}

function inProgress(key: string, leaseUntil: string | null): PostingLedgerError {
  return new PostingLedgerError('in_progress', key, `posting ${key}: an attempt is under way until ${leaseUntil ?? 'it ends'}; try again after that`);
}

/** Other systems in which the same step made this record, and it stands: as after a project went to another ERP. */
export async function madeElsewhere(db: Db, record: { readonly objectType: string; readonly canonicalId: string; readonly system: string; readonly step: string }): Promise<string[]> {
  const rows = await db
    .selectFrom('posting_ledger')
    .select('system')
    .distinct()
    .where('object_type', '=', record.objectType)
    .where('canonical_id', '=', record.canonicalId)
    .where('step', '=', record.step)
    .where('system', '<>', record.system)
    .where('state', '=', 'done')
    .orderBy('system')
    .execute();
  return rows.map(({ system }) => system);
}

/** What was written of one record in one system and not undone since, by whichever process, oldest first. */
export async function livePostings(db: Db, record: { readonly objectType: string; readonly canonicalId: string; readonly system: string; readonly step: string }): Promise<Posting[]> {
  return await db
    .selectFrom('posting_ledger')
    .selectAll()
    .where('object_type', '=', record.objectType)
    .where('canonical_id', '=', record.canonicalId)
    .where('system', '=', record.system)
    .where('step', '=', record.step)
    .where('state', '<>', 'reversed')
    .orderBy('created_at')
    .orderBy('key')
    .execute();
}

/**
 * Whether the record as it stands was made by us, whichever of our processes did so: nothing stood when the first write of it began.
 * A removal ends that: what stands after it is somebody else's until a write of ours makes it anew.
 */
export async function madeByUs(db: Db, record: { readonly objectType: string; readonly canonicalId: string; readonly system: string; readonly step: string }): Promise<boolean> {
  const { rows } = await sql<{ existed: string | null; removed: boolean }>`
    select existed, state = 'reversed' and coalesce(reversals -> -1 ->> 'how', '') <> 'kept' as removed
    from posting_ledger
    where object_type = ${record.objectType} and canonical_id = ${record.canonicalId} and system = ${record.system} and step = ${record.step}
    order by created_at, key`.execute(db);
  let made: boolean | undefined;
  for (const { existed, removed } of rows) {
    made ??= existed === null;
    if (removed) made = undefined;
  }
  return made === true;
}

/** Takes hold of a record, so that no posting of it can begin while it is undone. @returns false where one is under way. */
export async function holdRecord(db: Db, hold: { readonly system: string; readonly objectType: string; readonly canonicalId: string; readonly key: string; readonly leaseMs: number }): Promise<boolean> {
  const { rows } = await sql`
    insert into posting_object as o (system, object_type, canonical_id, key, lease_until)
    values (${hold.system}, ${hold.objectType}, ${hold.canonicalId}, ${hold.key}, clock_timestamp() + ${hold.leaseMs}::integer * interval '1 millisecond')
    on conflict (system, object_type, canonical_id) do update set key = excluded.key, lease_until = excluded.lease_until
    where o.key = excluded.key or o.lease_until <= clock_timestamp()
    returning key`.execute(db);
  return rows.length > 0;
}

export async function releaseRecord(db: Db, key: string): Promise<void> {
  await db.deleteFrom('posting_object').where('key', '=', key).execute();
}
