import { sql } from 'kysely';
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table identity_map (
      id bigint generated always as identity primary key,
      object_type text not null,
      canonical_id text not null,
      system text not null,
      external_id text not null,
      url text,
      process text,
      linked_at timestamptz(3) not null default now(),
      retired_at timestamptz(3),
      retired_because text
    )`.execute(db);
  await sql`create unique index identity_map_canonical on identity_map (object_type, canonical_id, system) where retired_at is null`.execute(db);
  await sql`create unique index identity_map_external on identity_map (object_type, system, external_id) where retired_at is null`.execute(db);
  await sql`create index identity_map_process on identity_map (process, id)`.execute(db);
  await sql`
    create function refuse_identity_change() returns trigger language plpgsql as $$
    begin
      if new.external_id <> old.external_id then
        raise exception '% % is already % in %, so it cannot become %: retire the known identity first',
          old.object_type, old.canonical_id, old.external_id, old.system, new.external_id using errcode = 'QC002';
      end if;
      return new;
    end $$`.execute(db);
  await sql`
    create trigger identity_map_immutable before update on identity_map
    for each row execute function refuse_identity_change()`.execute(db);

  await sql`
    create table posting_ledger (
      key text primary key,
      process text not null,
      step text not null,
      system text not null,
      operation text not null,
      object_type text not null,
      canonical_id text not null,
      request_hash text not null,
      request jsonb,
      state text not null check (state in ('intent', 'in_doubt', 'not_done', 'done', 'reversed', 'abandoned')),
      opened_from text,
      request_changed boolean not null default false,
      attempts integer not null default 1,
      generation integer not null default 1,
      lease_until timestamptz(3),
      external_id text,
      result jsonb,
      undo jsonb,
      error jsonb,
      reversals jsonb not null default '[]',
      created_at timestamptz(3) not null default now(),
      updated_at timestamptz(3) not null default now(),
      done_at timestamptz(3)
    )`.execute(db);
  await sql`create index posting_ledger_process on posting_ledger (process, created_at)`.execute(db);
  await sql`create index posting_ledger_in_doubt on posting_ledger (updated_at) where state in ('intent', 'in_doubt', 'abandoned')`.execute(db);
  await sql`create index posting_ledger_object on posting_ledger (object_type, canonical_id)`.execute(db);
}
