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

/** Whether another document came before `time_record r` under the same ID and version. */
export const CONTESTED = sql`exists (select from time_record o where o.kind = r.kind and o.system = r.system and o.record_id = r.record_id and o.version = r.version and o.id < r.id)`;

/** A condition on `time_record r`, or on it under another name. */
export function selected(selection: RecordSelection, record = sql`r`) {
  return 'batch' in selection ? sql`(${record}.batch = ${selection.batch} and ${record}.page = ${selection.page}::integer)` : sql`${record}.id = any(${[...selection.records]}::bigint[])`;
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

/** The same, earlier versions first, then by approval and receipt: a correction seldom comes up before what it corrects. */
export async function recordIdsInOrder(db: Db, selection: RecordSelection): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`select r.id from time_record r where ${selected(selection)} order by r.version, r.document->'approval'->>'decidedAt', r.id`.execute(db);
  return rows.map(({ id }) => id);
}
