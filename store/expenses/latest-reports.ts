import { sql } from 'kysely';
import type { Instant } from '../../domain/dates.ts';
import type { Db } from '../database.ts';
import type { JsonValue } from '../json.ts';

export interface LatestReport {
  readonly id: string;
  readonly version: number;
  readonly document: JsonValue;
}

/** The newest version that was received of each of these reports; of two under one version the one that came last. */
export async function latestReports(db: Db, system: string, ids: readonly string[]): Promise<ReadonlyMap<string, LatestReport>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<LatestReport>`
    select distinct on (record_id) record_id as id, version, document from time_record
    where kind = 'expense' and system = ${system} and record_id = any(${[...ids]}::text[])
    order by record_id, version desc, id desc`.execute(db);
  return new Map(rows.map((row) => [row.id, row]));
}

/** Reports of a system of which a version came since then, and whose newest version is approved. */
export async function recentlyApproved(db: Db, system: string, since: Instant): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from (
      select distinct on (record_id) record_id as id, document->'approval'->>'status' as status, max(received_at) over (partition by record_id) as last from time_record
      where kind = 'expense' and system = ${system}
      order by record_id, version desc, id desc
    ) newest where status = 'approved' and last >= ${since}::timestamptz order by id`.execute(db);
  return rows.map(({ id }) => id);
}
