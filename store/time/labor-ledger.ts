import { sql } from 'kysely';
import type { Db } from '../database.ts';
import { jsonText } from '../json.ts';
import type { JsonValue } from '../json.ts';
import { cancelEnded } from './cancelled.ts';
import { selected, type RecordSelection } from './records.ts';

export interface ClaimedPosting {
  readonly key: string;
  readonly record: number;
  readonly line: JsonValue;
  /** An earlier attempt may have written it: it has to be looked up first. */
  readonly mustLookUp: boolean;
  /** Number of this attempt: one that has lost its lease to a later one has no say any more. */
  readonly attempts: number;
}

export type Attempt = Pick<ClaimedPosting, 'key' | 'attempts'>;

/**
 * Declares which planned postings of these records are about to be written, record by record: their lease keeps other attempts out until it
 * ends. A reversal is written only once what it takes back is in the ERP. Looks at no more lines than it takes.
 */
export async function claimPostings(db: Db, terms: { readonly selection: RecordSelection; readonly system: string; readonly limit: number; readonly leaseMs: number; readonly process: string }): Promise<ClaimedPosting[]> {
  const { rows } = await sql<ClaimedPosting>`
    with due as (
      select open.key, open.state from (select r.id from time_record r where ${selected(terms.selection)} order by r.id) as r cross join lateral (
        select p.key, p.state from labor_posting p
        where p.record = r.id and p.system = ${terms.system} and p.state <> 'done'
          and (p.state in ('planned', 'not_done', 'in_doubt') or (p.state = 'intent' and p.lease_until <= clock_timestamp()))
          and (p.reverses is null or (select o.state = 'done' from labor_posting o where o.key = p.reverses))
        order by p.legal_entity, p.kind, p.key
        for update of p skip locked
      ) as open
      limit ${terms.limit}::integer
    )
    update labor_posting p set state = 'intent', attempts = p.attempts + 1, lease_until = clock_timestamp() + ${terms.leaseMs}::integer * interval '1 millisecond', process = ${terms.process}
    from due where p.key = due.key
    returning p.key, p.record, p.line, due.state in ('intent', 'in_doubt') as "mustLookUp", p.attempts`.execute(db);
  return rows;
}

/** Keeps the lease of postings under way. @returns the keys of those that are still this attempt's */
export async function renewPostings(db: Db, attempts: readonly Attempt[], leaseMs: number): Promise<string[]> {
  const { rows } = await sql<{ key: string }>`
    update labor_posting p set lease_until = clock_timestamp() + ${leaseMs}::integer * interval '1 millisecond'
    from jsonb_to_recordset(${jsonText(attempts)}::jsonb) as d (key text, attempts integer) where p.key = d.key and p.attempts = d.attempts and p.state = 'intent' returning p.key`.execute(db);
  return rows.map(({ key }) => key);
}

/** What is in the ERP is there, whichever attempt wrote it: also where it was given up before, and then it is taken back there. */
export async function recordPosted(db: Db, posted: readonly { readonly key: string; readonly externalId: string }[]): Promise<void> {
  if (posted.length === 0) return;
  await sql`
    with there as (
      update labor_posting p set state = 'done', external_id = d."externalId", error = null, lease_until = null, done_at = now()
      from (select * from jsonb_to_recordset(${jsonText(posted)}::jsonb) as l (key text, "externalId" text) order by key) as d where p.key = d.key and p.state <> 'done' returning p.key
    )
    update labor_posting v set state = 'planned' from there where v.reverses = there.key and v.state = 'cancelled'`.execute(db);
}

/**
 * Says of lines of this very attempt that they are not in the ERP, as far as it knows: an attempt that was overtaken changes nothing.
 * @param state not_done: certainly not written, tried again · refused: certainly not written, for a person · in_doubt: to be looked up first
 */
export async function recordNotPosted(db: Db, state: 'not_done' | 'refused' | 'in_doubt', lines: readonly (Attempt & { readonly error: object })[]): Promise<void> {
  if (lines.length === 0) return;
  await db.transaction().execute(async (transaction) => {
    await sql`
      update labor_posting p set state = ${state}, error = d.error, lease_until = null
      from (select * from jsonb_to_recordset(${jsonText(lines)}::jsonb) as l (key text, attempts integer, error jsonb) order by key) as d where p.key = d.key and p.attempts = d.attempts and p.state = 'intent'`.execute(transaction);
    if (state !== 'in_doubt') await cancelEnded(transaction, lines.map(({ key }) => key));
  });
}

/** Postings of these records that are not in the ERP yet, by state. */
export async function postingsLeft(db: Db, selection: RecordSelection, system: string): Promise<{ readonly open: number; readonly underWay: number; readonly waitingForOriginal: number }> {
  const { rows } = await sql<{ open: number; underWay: number; waitingForOriginal: number }>`
    select count(*)::integer as open, count(*) filter (where p.state = 'intent')::integer as "underWay",
      count(*) filter (where p.reverses is not null and not exists (select from labor_posting o where o.key = p.reverses and o.state = 'done'))::integer as "waitingForOriginal"
    from labor_posting p join time_record r on r.id = p.record
    where ${selected(selection)} and p.system = ${system} and p.state in ('planned', 'intent', 'in_doubt', 'not_done')`.execute(db);
  return rows[0] ?? { open: 0, underWay: 0, waitingForOriginal: 0 };
}

export async function refusedPostings(db: Db, selection: RecordSelection, system: string): Promise<{ readonly record: number; readonly key: string; readonly error: JsonValue }[]> {
  const { rows } = await sql<{ record: number; key: string; error: JsonValue }>`
    select p.record, p.key, p.error from labor_posting p join time_record r on r.id = p.record where ${selected(selection)} and p.system = ${system} and p.state = 'refused' order by p.key`.execute(db);
  return rows;
}

/** Refused lines of a record are tried again; those of which nobody knows whether they were written are not. */
export async function reopenRefused(db: Db, record: number): Promise<number> {
  const { rows } = await sql<{ n: number }>`with again as (update labor_posting set state = 'not_done' where record = ${record} and state = 'refused' and error->>'kind' is distinct from 'in_doubt' returning 1) select count(*)::integer as n from again`.execute(db);
  return rows[0]?.n ?? 0;
}

/** What somebody found in the ERP of the lines of a record that nobody knew of. @returns how many lines that were */
export async function settleDoubtful(db: Db, word: { readonly record: number; readonly system: string; readonly outcome: 'done' | 'not_done'; readonly externalId: string | null }): Promise<number> {
  return await db.transaction().execute(async (transaction) => {
    const { rows } = await sql<{ key: string }>`
      update labor_posting set state = ${word.outcome}, external_id = ${word.externalId}, done_at = case when ${word.outcome} = 'done' then now() end,
        error = case when ${word.outcome} = 'done' then null else error end
      where record = ${word.record} and system = ${word.system} and state = 'refused' and error->>'kind' = 'in_doubt' returning key`.execute(transaction);
    if (word.outcome === 'not_done') await cancelEnded(transaction, rows.map(({ key }) => key));
    return rows.length;
  });
}
