import { sql } from 'kysely';
import type { Db } from '../database.ts';
import { lockForDecision } from './decide.ts';

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

/** Refused entries are given back for good, and the time system is to be told of those it was not told of. @returns the time system they came from */
export async function returnRefused(db: Db, record: number): Promise<string> {
  return await db.transaction().execute(async (transaction) => {
    const { rows } = await sql<{ system: string; person: string }>`select system, person from time_record where id = ${record}`.execute(transaction);
    const [known] = rows;
    if (known === undefined) throw new Error(`there is no received timesheet ${record}`);
    await lockForDecision(transaction, [`person ${known.person}`]);
    // A version without entries has nothing that its submitter could enter anew.
    await sql`
      with given as (
        update time_outcome set outcome = 'returned', room_in = null, decided_at = now() where record = ${record} and outcome = 'rejected' returning position, entry_id, entry_version, findings
      ),
      told as (
        select r.id, r.system, jsonb_build_object('timesheetId', r.record_id, 'version', r.version, 'person', r.person, 'entries',
          jsonb_agg(jsonb_build_object('id', g.entry_id, 'version', g.entry_version, 'findings', (
            select jsonb_agg(jsonb_build_object('code', f->'code', 'message', f->'message', 'mend', f->'mend') order by nth) from jsonb_array_elements(g.findings) with ordinality as e (f, nth))) order by g.position)) as detail
        from given g join time_record r on r.id = ${record} where g.position < jsonb_array_length(r.document->'entries') group by r.id
      )
      insert into time_answer as a (record, kind, system, state, detail) select id, 'reject', system, 'planned', detail from told
      on conflict (record, kind) do update set state = 'planned', detail = excluded.detail, planned_at = now(), done_at = null where a.detail <> excluded.detail`.execute(transaction);
    return known.system;
  });
}
