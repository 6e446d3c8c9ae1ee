import { sql } from 'kysely';
import type { Kysely } from 'kysely';

/** How many calls at once a target really takes, where it has refused for there being too many: below what is configured, for all workers. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table target_limit (
      target text primary key,
      configured integer not null,
      allowed integer not null check (allowed >= 1),
      -- At so many at once it refused last, and until then it is not gone up to again.
      refused_at integer not null,
      not_again_before timestamptz(3) not null,
      -- Since it was last lowered.
      rises integer not null default 0,
      next_rise_at timestamptz(3) not null,
      lowered_at timestamptz(3) not null,
      refusals bigint not null default 0
    )`.execute(db);
}
