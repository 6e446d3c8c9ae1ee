import { sql } from 'kysely';
import type { Db } from '../database.ts';
import type { JsonValue } from '../json.ts';
import { CONTESTED, selected, type RecordSelection } from './records.ts';

export interface OutcomeCounts {
  readonly records: number;
  readonly entries: number;
  readonly accepted: number;
  readonly repeats: number;
  readonly rejected: number;
  readonly held: number;
  readonly withdrawn: number;
}

export async function outcomeCounts(db: Db, selection: RecordSelection): Promise<OutcomeCounts> {
  const { rows } = await sql<OutcomeCounts>`
    select count(distinct r.id)::integer as records, count(o.record)::integer as entries,
      count(*) filter (where o.outcome = 'accepted')::integer as accepted, count(*) filter (where o.outcome = 'repeat')::integer as repeats,
      count(*) filter (where o.outcome in ('rejected', 'returned'))::integer as rejected, count(*) filter (where o.outcome = 'held')::integer as held,
      count(*) filter (where o.outcome = 'withdrawn')::integer as withdrawn
    from time_record r left join time_outcome o on o.record = r.id where ${selected(selection)}`.execute(db);
  return rows[0] ?? { records: 0, entries: 0, accepted: 0, repeats: 0, rejected: 0, held: 0, withdrawn: 0 };
}

/** ERPs with postings still to make for these records. */
export async function openTargets(db: Db, selection: RecordSelection): Promise<{ readonly system: string; readonly postings: number }[]> {
  const { rows } = await sql<{ system: string; postings: number }>`
    select p.system, count(*)::integer as postings from time_record r join labor_posting p on p.record = r.id
    where ${selected(selection)} and p.state not in ('done', 'refused', 'cancelled') group by p.system order by p.system`.execute(db);
  return rows;
}

export interface OpenRecordRow {
  readonly record: number;
  readonly system: string;
  readonly id: string;
  readonly version: number;
  readonly person: string;
  readonly legalEntity: string;
  /** Another document came before under the same ID and version. */
  readonly contested: boolean;
  readonly entries: number;
  readonly findings: JsonValue;
}

/** Records with refused entries, each with all their findings in the order of the entries. */
export async function openRecords(db: Db, selection: RecordSelection): Promise<OpenRecordRow[]> {
  const { rows } = await sql<OpenRecordRow>`
    select r.id as record, r.system, r.record_id as id, r.version, r.person, r.legal_entity as "legalEntity", ${CONTESTED} as contested, count(*)::integer as entries,
      jsonb_agg(o.findings order by o.position) as findings
    from time_record r join time_outcome o on o.record = r.id and o.outcome = 'rejected'
    where ${selected(selection)} group by r.id order by r.id`.execute(db);
  return rows;
}

type ProcessOf = Pick<OpenRecordRow, 'record' | 'system' | 'id' | 'version' | 'contested'>;

/** Versions of the selected timesheets whose refusals were settled by a later version or the withdrawal of the approval; what was overtaken when it came was never anybody's. */
export async function supersededRecords(db: Db, selection: RecordSelection): Promise<ProcessOf[]> {
  const { rows } = await sql<ProcessOf>`
    select distinct r.id as record, r.system, r.record_id as id, r.version, ${CONTESTED} as contested
    from time_record later join time_record r on r.kind = later.kind and r.system = later.system and r.record_id = later.record_id and r.id <> later.id
      and (r.version < later.version or (r.version = later.version and later.document->'approval'->>'status' = 'withdrawn'))
    where ${selected(selection, sql`later`)} and exists (select from time_outcome o where o.record = r.id and o.outcome = 'returned' and o.decided_at > r.decided_at)
      and not exists (select from time_outcome o where o.record = r.id and o.outcome = 'rejected') order by r.id`.execute(db);
  return rows;
}

export async function openAnswers(db: Db, selection: RecordSelection): Promise<string[]> {
  const { rows } = await sql<{ system: string }>`select distinct a.system from time_record r join time_answer a on a.record = r.id and a.state = 'planned' where ${selected(selection)} order by 1`.execute(db);
  return rows.map(({ system }) => system);
}

/** Records held or refused before that decisions about the selected ones brought free. */
export async function releasedRecords(db: Db, selection: RecordSelection): Promise<Omit<OpenRecordRow, 'entries' | 'findings'>[]> {
  const { rows } = await sql<Omit<OpenRecordRow, 'entries' | 'findings'>>`
    select r.id as record, r.system, r.record_id as id, r.version, r.person, r.legal_entity as "legalEntity", ${CONTESTED} as contested
    from time_record freeing join time_record r on r.released_by = freeing.id where ${selected(selection, sql`freeing`)}
      and coalesce((select true from labor_posting p where p.record = r.id and p.state not in ('done', 'cancelled') limit 1), (select true from time_outcome o where o.record = r.id and o.outcome in ('rejected', 'repeat') limit 1), false)
    order by r.id`.execute(db);
  return rows;
}
