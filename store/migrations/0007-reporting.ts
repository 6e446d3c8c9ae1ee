import { sql } from 'kysely';
import type { Kysely } from 'kysely';

/** The warehouse's own schema: dimensions and one fact, read by whatever tool the firm reports with. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create schema reporting`.execute(db);
  await sql`
    create table reporting.dim_client (
      client_id text primary key,
      name text not null,
      country text,
      parent_client_id text,
      published_at timestamptz(3) not null default now()
    )`.execute(db);
  await sql`
    create table reporting.dim_project (
      project_id text primary key,
      number text not null unique,
      name text not null,
      client_id text not null references reporting.dim_client (client_id),
      legal_entity text not null,
      region text not null,
      service_line text not null,
      billing_method text not null,
      currency text not null,
      start_date date not null,
      end_date date,
      crm text not null,
      opportunity_id text not null,
      deal_version text not null,
      process text not null,
      published_at timestamptz(3) not null default now(),
      withdrawn_at timestamptz(3),
      withdrawn_because text
    )`.execute(db);
  await sql`
    create table reporting.dim_rate (
      project_id text not null references reporting.dim_project (project_id),
      labor_category text not null,
      unit text not null,
      valid_from date not null,
      valid_to date,
      rate numeric not null,
      currency text not null,
      primary key (project_id, labor_category, unit, valid_from)
    )`.execute(db);
  await sql`
    create table reporting.fact_booking (
      project_id text not null references reporting.dim_project (project_id),
      currency text not null,
      amount numeric not null,
      booked_on date not null,
      published_at timestamptz(3) not null default now(),
      primary key (project_id, currency)
    )`.execute(db);
}
