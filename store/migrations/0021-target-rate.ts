import { sql } from 'kysely';
import type { Kysely } from 'kysely';

/** One bucket of tokens per limit of requests per second, for all processes; and what a target really takes, where it has refused for too many. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table target_rate (
      target text primary key,
      -- Requests per second; null: any number.
      configured double precision,
      -- Below that, since it refused; null: as configured.
      allowed double precision check (allowed > 0),
      tokens double precision not null,
      filled_at timestamptz not null,
      paused_until timestamptz not null default 'epoch',
      -- At so many a second it refused last, and until then it is not gone up to again.
      refused_at double precision,
      not_again_before timestamptz(3) not null default 'epoch',
      next_rise_at timestamptz(3) not null default 'epoch',
      lowered_at timestamptz(3) not null default 'epoch',
      refusals bigint not null default 0
    )`.execute(db);
  // Who takes from the bucket, so that each keeps to its part of what a vendor tells.
  await sql`create table target_rate_holder (target text not null, holder text not null, present_until timestamptz not null, primary key (target, holder))`.execute(db);
}
