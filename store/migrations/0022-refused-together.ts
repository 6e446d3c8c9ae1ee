import { sql } from 'kysely';
import type { Kysely } from 'kysely';

/** Of the calls under way when a target refused, how many it refused: the others are what it really takes. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table target_limit add column refused_together integer not null default 0`.execute(db);
}
