import { sql } from 'kysely';
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table inbox (
      id bigint generated always as identity primary key,
      source text not null,
      event_id text not null,
      kind text not null,
      business_key text not null,
      version text,
      occurred_at timestamptz(3),
      received_at timestamptz(3) not null default now(),
      headers jsonb not null,
      raw_body bytea not null,
      content_hash text not null,
      payload jsonb,
      state text not null check (state in ('received', 'dispatched', 'ignored', 'quarantined', 'failed')),
      attempts integer not null default 0,
      next_attempt_at timestamptz(3),
      lease_until timestamptz(3),
      claimed_by text,
      last_error text,
      workflow_id text,
      disposition text,
      findings jsonb not null default '[]',
      conflict_of bigint references inbox (id),
      settled_at timestamptz(3)
    )`.execute(db);
  await sql`create unique index inbox_event on inbox (source, event_id) where conflict_of is null`.execute(db);
  await sql`create unique index inbox_conflict on inbox (conflict_of, content_hash) where conflict_of is not null`.execute(db);
  await sql`create index inbox_received on inbox (id) where state = 'received'`.execute(db);
  await sql`create index inbox_attention on inbox (id) where state in ('quarantined', 'failed')`.execute(db);
  await sql`create index inbox_business_key on inbox (source, business_key, id)`.execute(db);
}
