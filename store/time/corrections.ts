import { sql } from 'kysely';
import type { Db } from '../database.ts';

/** Lets findings of a record's refused entries pass. @returns how many entries it is for */
export async function waiveFindings(db: Db, waiver: { readonly record: number; readonly codes: readonly string[]; readonly by: string; readonly reason: string }): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    with waived as (
      insert into time_waiver (system, entry_id, entry_version, code, waived_by, reason)
      select r.system, o.entry_id, o.entry_version, c.code, ${waiver.by}, ${waiver.reason}
      from time_outcome o join time_record r on r.id = o.record cross join lateral unnest(o.codes) as c (code)
      where o.record = ${waiver.record} and o.outcome = 'rejected' and c.code = any(${[...waiver.codes]}::text[])
      on conflict (system, entry_id, entry_version, code) do update set waived_by = excluded.waived_by, reason = excluded.reason
      returning entry_id
    )
    select count(distinct entry_id)::integer as n from waived`.execute(db);
  return rows[0]?.n ?? 0;
}

/** Refused entries are given back for good. @returns the time system they came from */
export async function returnRefused(db: Db, record: number): Promise<string> {
  await sql`update time_outcome set outcome = 'returned', decided_at = now() where record = ${record} and outcome = 'rejected'`.execute(db);
  const { rows } = await sql<{ system: string }>`select system from time_record where id = ${record}`.execute(db);
  return rows[0]?.system ?? '';
}
