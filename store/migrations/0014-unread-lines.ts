import { sql } from 'kysely';
import type { Kysely } from 'kysely';

/** Lines of a batch that could not be read as documents lie in the inbox's quarantine; past a bound they are only counted, here. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table time_batch add column unread_not_kept integer not null default 0`.execute(db);
}
