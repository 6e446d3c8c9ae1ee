import { sql } from 'kysely';
import type { Db } from '../database.ts';
import type { JsonValue } from '../json.ts';

/** Which received records an activity works on. */
export type RecordSelection = { readonly batch: string; readonly page: number } | { readonly records: readonly number[] };

export interface StoredRecord {
  readonly id: number;
  readonly system: string;
  readonly recordId: string;
  readonly version: number;
  readonly person: string;
  readonly legalEntity: string;
  readonly document: JsonValue;
  readonly state: 'received' | 'decided';
}

/** A condition on `time_record r`. */
export function selected(selection: RecordSelection) {
  return 'batch' in selection ? sql`(r.batch = ${selection.batch} and r.page = ${selection.page}::integer)` : sql`r.id = any(${[...selection.records]}::bigint[])`;
}

export async function recordsOf(db: Db, selection: RecordSelection): Promise<StoredRecord[]> {
  const { rows } = await sql<StoredRecord>`
    select r.id, r.system, r.record_id as "recordId", r.version, r.person, r.legal_entity as "legalEntity", r.document, r.state
    from time_record r where ${selected(selection)} and r.kind = 'timesheet' order by r.id`.execute(db);
  return rows;
}

export async function recordIdsOf(db: Db, selection: RecordSelection): Promise<number[]> {
  if ('records' in selection) return [...selection.records];
  const { rows } = await sql<{ id: number }>`select r.id from time_record r where ${selected(selection)} order by r.id`.execute(db);
  return rows.map(({ id }) => id);
}
