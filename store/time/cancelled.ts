import { sql } from 'kysely';
import type { Db } from '../database.ts';
import { selected, type RecordSelection } from './records.ts';

/** On `labor_posting o`: certainly not in the ERP, and nobody is writing it. */
const NOT_THERE = sql`(o.state in ('planned', 'not_done') or (o.state = 'refused' and o.error->>'kind' is distinct from 'in_doubt'))`;

/**
 * What is to be taken back and is not in its ERP never gets there: it is cancelled, in the caller's transaction, as its reversal is. What is
 * just being written is kept as it is until that transaction ends, so that whoever writes it learns of its reversal.
 * @param reversals the keys of the originals, each with the record whose decision takes it back
 * @returns the keys of the cancelled originals
 */
export async function cancelOriginals(db: Db, reversals: readonly { readonly reverses: string; readonly record: number }[]): Promise<ReadonlySet<string>> {
  if (reversals.length === 0) return new Set();
  const keys = reversals.map(({ reverses }) => reverses);
  await sql`select key from labor_posting where key = any(${keys}::text[]) order by key for update`.execute(db);
  const { rows } = await sql<{ key: string; record: number }>`
    update labor_posting o set state = 'cancelled', lease_until = null, cancelled_by = d.by
    from unnest(${keys}::text[], ${reversals.map(({ record }) => record)}::bigint[]) as d (key, by) where o.key = d.key and ${NOT_THERE} returning o.key, o.record`.execute(db);
  await dropLocks(db, rows.map(({ record }) => record));
  return new Set(rows.map(({ key }) => key));
}

/** Lines that are certainly not in their ERP and that a decision takes back meanwhile: they are not posted any more, nor is their reversal. */
export async function cancelEnded(db: Db, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  const { rows } = await sql<{ record: number }>`
    with pair as (
      select o.key as original, v.key as reversal, v.record as by from labor_posting o join labor_posting v on v.reverses = o.key
      where v.reverses = any(${[...keys]}::text[]) and v.state in ('planned', 'not_done') and ${NOT_THERE}
    )
    update labor_posting p set state = 'cancelled', lease_until = null, cancelled_by = pair.by from pair where p.key in (pair.original, pair.reversal) returning p.record`.execute(db);
  await dropLocks(db, rows.map(({ record }) => record));
}

/** Time of which nothing gets into an ERP is not locked in its time system. */
async function dropLocks(db: Db, records: readonly number[]): Promise<void> {
  if (records.length === 0) return;
  await sql`
    delete from time_answer a where a.record = any(${[...records]}::bigint[]) and a.kind = 'lock' and a.state = 'planned'
      and not exists (select from labor_posting p where p.record = a.record and p.state <> 'cancelled')`.execute(db);
}

/** The processes that tried to post what the decisions about these records cancelled: nothing of it is left to them. */
export async function processesRelieved(db: Db, selection: RecordSelection): Promise<string[]> {
  const { rows } = await sql<{ process: string }>`
    select distinct p.process from time_record r join labor_posting p on p.cancelled_by = r.id where ${selected(selection)} and p.process is not null order by 1`.execute(db);
  return rows.map(({ process }) => process);
}
