import { sql } from 'kysely';
import type { Db } from '../database.ts';
import { jsonText } from '../json.ts';

/** An entry that an older version of a timesheet brought after a newer one had been decided. */
export interface AcceptedLate {
  readonly record: number;
  readonly system: string;
  readonly id: string;
  readonly version: number;
  readonly entry: object;
}

/**
 * The very same entry, refused with a newer version of its timesheet that came before, is known now: it would have been, had the older one come
 * first. Whoever sees to that version is told, as of something released.
 */
export async function knowWhatCameLate(db: Db, late: readonly AcceptedLate[]): Promise<void> {
  if (late.length === 0) return;
  const { rows } = await sql<{ record: number }>`
    with known as (
      update time_outcome o set outcome = 'repeat', codes = '{}', findings = '[]', decided_at = now()
      from jsonb_to_recordset(${jsonText(late)}::jsonb) as l (record bigint, system text, id text, version integer, entry jsonb), time_record r
      where o.outcome = 'rejected' and o.entry_id = l.id and o.entry_version = l.version and o.record <> l.record
        and r.id = o.record and r.kind = 'timesheet' and r.system = l.system and r.document->'entries'->o.position = l.entry
      returning o.record, l.record as by
    )
    update time_record r set released_by = known.by from known where r.id = known.record returning r.id as record`.execute(db);
  await untellRefusals(db, rows.map(({ record }) => record));
}

/**
 * Refusals that need nobody, since something newer has been decided before: a later version of the timesheet or of the entry, or the withdrawal of
 * the approval. In the order in which it came about, the newer one would have ended them. What was refused just now is overtaken at the moment of its decision,
 * what was refused before later than that: only of the latter a process has to hear.
 * @param terms.refused records with entries refused just now
 * @param terms.withdrawn timesheets whose approval was withdrawn just now
 */
export async function endOvertakenRefusals(db: Db, terms: { readonly refused: readonly number[]; readonly withdrawn: readonly { readonly system: string; readonly timesheetId: string }[] }): Promise<void> {
  const { refused, withdrawn } = terms;
  if (refused.length === 0 && withdrawn.length === 0) return;
  const { rows } = await sql<{ record: number }>`
    with candidate as (
      select unnest(${[...refused]}::bigint[]) as id, now() as at
      union all
      select r.id, clock_timestamp() from unnest(${withdrawn.map(({ system }) => system)}::text[], ${withdrawn.map(({ timesheetId }) => timesheetId)}::text[]) as w (system, timesheet)
      join time_record r on r.kind = 'timesheet' and r.system = w.system and r.record_id = w.timesheet where not (r.id = any(${[...refused]}::bigint[]))
    )
    update time_outcome o set outcome = 'returned', decided_at = c.at
    from candidate c join time_record r on r.id = c.id
    where o.record = c.id and o.outcome = 'rejected' and (
      exists (select from time_record later where later.kind = r.kind and later.system = r.system and later.record_id = r.record_id and later.version > r.version and later.state = 'decided')
      or (r.document->'approval'->>'status' = 'approved' and exists (
        select from time_withdrawal w where w.system = r.system and w.timesheet_id = r.record_id and w.timesheet_version >= r.version
          and coalesce((r.document->'approval'->>'decidedAt')::timestamptz <= w.at, true)))
      or exists (select from time_entry e where e.system = r.system and e.entry_id = o.entry_id and e.version > o.entry_version and e.record <> o.record))
    returning o.record`.execute(db);
  await untellRefusals(db, [...refused, ...rows.map(({ record }) => record)]);
}

/** A time system that has the newer version already is not told what was wrong with the older one. */
export async function untellRefusals(db: Db, records: readonly number[]): Promise<void> {
  if (records.length === 0) return;
  await sql`
    delete from time_answer a where a.record = any(${[...records]}::bigint[]) and a.kind = 'reject' and a.state = 'planned'
      and not exists (select from time_outcome o where o.record = a.record and o.outcome = 'rejected')`.execute(db);
}
