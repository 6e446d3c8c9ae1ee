import { sql } from 'kysely';
import type { LocalDate } from '../../domain/dates.ts';
import type { Db } from '../database.ts';
import type { PostedRow } from './decide.ts';
import type { StoredRecord } from './records.ts';

/** An entry that was refused for the cap of its project alone, and that nobody has answered for since; a later version may have overtaken it. */
export interface RefusedForCap {
  readonly record: StoredRecord;
  readonly position: number;
}

/** @param projects under any of their codes */
export async function refusedForCap(db: Db, projects: readonly string[]): Promise<RefusedForCap[]> {
  const { rows } = await sql<StoredRecord & { position: number }>`
    select r.id, r.system, r.record_id as "recordId", r.version, r.person, r.legal_entity as "legalEntity", r.document, r.state, o.position
    from unnest(${[...projects]}::text[]) as p (number)
      cross join lateral (select record, position from time_outcome where room_in is not null and room_in = p.number and outcome in ('rejected', 'returned') offset 0) as o
      cross join lateral (select * from time_record where id = o.record offset 0) as r
    where r.kind = 'timesheet' order by r.id, o.position`.execute(db);
  return rows.map(({ position, ...record }) => ({ record, position }));
}

export interface DayOfCap {
  readonly day: LocalDate;
  readonly billed: string;
  readonly writtenOff: string;
}

/** What is billed and written off of a project on each day from this one on, without the given entries. */
export async function billedByDay(db: Db, projectNumber: string, from: LocalDate, without: readonly { readonly system: string; readonly id: string; readonly version: number }[]): Promise<DayOfCap[]> {
  const { rows } = await sql<DayOfCap>`
    select work_date::text as day, sum(billed)::text as billed, sum(written_off)::text as "writtenOff" from time_entry
    where project_number = ${projectNumber} and work_date >= ${from}::date and state = 'in_force' and not ((system, entry_id, version) in (
      select s, i, v from unnest(${without.map(({ system }) => system)}::text[], ${without.map(({ id }) => id)}::text[], ${without.map(({ version }) => version)}::integer[]) as w (s, i, v)))
    group by work_date`.execute(db);
  return rows;
}

/** What is in force of a project on these days. */
export async function inForceOn(db: Db, projectNumber: string, days: readonly LocalDate[]): Promise<PostedRow[]> {
  if (days.length === 0) return [];
  const { rows } = await sql<PostedRow>`
    select state, generation, posted_generation as "postedGeneration", labor from time_entry where project_number = ${projectNumber} and work_date = any(${[...days]}::date[]) and state = 'in_force'`.execute(db);
  return rows;
}

/** A time system that was not told yet what was refused of these records is told only of what still is. */
export async function tellOnlyWhatIsRefused(db: Db, records: readonly number[]): Promise<void> {
  if (records.length === 0) return;
  await sql`
    with planned as (
      select a.record, (
        select jsonb_agg(e.told order by e.n) from jsonb_array_elements(a.detail -> 'entries') with ordinality as e (told, n)
        where exists (select from time_outcome o where o.record = a.record and o.outcome = 'rejected' and o.entry_id = e.told ->> 'id' and o.entry_version = (e.told ->> 'version')::integer)) as entries
      from time_answer a where a.record = any(${[...records]}::bigint[]) and a.kind = 'reject' and a.state = 'planned'
    ),
    untold as (delete from time_answer a using planned where a.record = planned.record and a.kind = 'reject' and planned.entries is null)
    update time_answer a set detail = jsonb_set(a.detail, '{entries}', planned.entries) from planned where a.record = planned.record and a.kind = 'reject' and planned.entries is not null`.execute(db);
}
