import { sql } from 'kysely';
import type { Kysely } from 'kysely';

/** Append-only and hash-chained. Sealing fills four columns once; everything else is refused by triggers. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table audit_trail (
      id bigint generated always as identity primary key,
      at timestamptz(3) not null default now(),
      process text,
      actor text not null,
      action text not null,
      object text not null,
      system text,
      message text not null,
      details jsonb not null,
      chain_no bigint unique,
      prev_hash text,
      hash text,
      sealed_at timestamptz(3)
    )`.execute(db);
  await sql`create index audit_trail_process on audit_trail (process, id)`.execute(db);
  await sql`create index audit_trail_unsealed on audit_trail (id) where chain_no is null`.execute(db);
  await sql`create index audit_trail_hash on audit_trail (hash)`.execute(db);
  await sql`
    create table audit_head (
      only_row boolean primary key default true check (only_row),
      chain_no bigint not null,
      hash text not null,
      sealed_at timestamptz(3) not null default now()
    )`.execute(db);
  await sql`
    create table audit_checkpoint (
      chain_no bigint not null,
      hash text not null,
      taken_at timestamptz(3) not null default now(),
      taken_by text not null,
      primary key (chain_no, taken_at)
    )`.execute(db);
  await sql`
    create function refuse_audit_change() returns trigger language plpgsql as $$
    begin
      if tg_op = 'UPDATE'
        and old.chain_no is null and old.prev_hash is null and old.hash is null and old.sealed_at is null
        and new.chain_no is not null and new.prev_hash is not null and new.hash is not null
        and to_jsonb(new) - '{chain_no,prev_hash,hash,sealed_at}'::text[] = to_jsonb(old) - '{chain_no,prev_hash,hash,sealed_at}'::text[]
      then
        return new;
      end if;
      raise exception 'the audit trail is append-only: % refused', tg_op using errcode = 'QC001';
    end $$`.execute(db);
  await sql`
    create trigger audit_trail_append_only before update or delete on audit_trail
    for each row execute function refuse_audit_change()`.execute(db);
  await sql`
    create trigger audit_trail_no_truncate before truncate on audit_trail
    for each statement execute function refuse_audit_change()`.execute(db);
}
