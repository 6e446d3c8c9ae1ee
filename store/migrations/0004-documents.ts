import { sql } from 'kysely';
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table document (
      ref text primary key,
      kind text not null,
      schema_version integer not null,
      body text not null,
      stored_at timestamptz(3) not null default now()
    )`.execute(db);
  await sql`
    create table decision (
      id bigint generated always as identity primary key,
      digest text not null unique,
      process text not null,
      step text not null,
      inputs_ref text not null,
      config_hash text not null,
      rule_version text not null,
      outcome jsonb not null,
      decided_at timestamptz(3) not null default now()
    )`.execute(db);
  await sql`create index decision_process on decision (process, id)`.execute(db);
  await sql`
    create table config_version (
      hash text primary key,
      document jsonb not null,
      files jsonb not null,
      stored_at timestamptz(3) not null default now()
    )`.execute(db);
  await sql`
    create table config_activation (
      id bigint generated always as identity primary key,
      hash text not null references config_version (hash),
      previous text references config_version (hash),
      activated_by text not null,
      activated_at timestamptz(3) not null default now()
    )`.execute(db);
  await sql`
    create table watermark (
      name text primary key,
      value text not null,
      advanced_at timestamptz(3) not null default now()
    )`.execute(db);
}
