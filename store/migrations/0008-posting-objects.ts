import { sql } from 'kysely';
import type { Kysely } from 'kysely';

/**
 * What stood before the first attempt, so that a compensation never removes what was not made here; and one writer at a time for each
 * record in each system, so that two deals of one client cannot both create it.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table posting_ledger add column existed text`.execute(db);
  await sql`
    create table posting_object (
      system text not null,
      object_type text not null,
      canonical_id text not null,
      key text not null,
      lease_until timestamptz(3) not null,
      primary key (system, object_type, canonical_id)
    )`.execute(db);
  await sql`create index posting_object_key on posting_object (key)`.execute(db);
}
