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
    order by record_id, version desc, time_record.id desc`.execute(db);
  return new Map(rows.map((row) => [row.id, row]));
}

/** Reports that a sweep of their system brought, the last time since then, and that are approved in their newest version. What was sent to us is not among them. */
export async function recentlySwept(db: Db, system: string, since: Instant): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from (
      select distinct on (record_id) record_id as id, document->'approval'->>'status' as status, batch, received_at from time_record
      where kind = 'expense' and system = ${system}
      order by record_id, version desc, time_record.id desc
    ) newest
    where status = 'approved' and received_at >= ${since}::timestamptz
      and exists (select from time_batch b where b.id = newest.batch and b.source = ${system} and b.kind = 'expenses' and b.idempotency_key like 'sweep/%')
    order by id`.execute(db);
  return rows.map(({ id }) => id);
}
