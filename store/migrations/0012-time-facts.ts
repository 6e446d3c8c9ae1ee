import { sql } from 'kysely';
import type { Kysely } from 'kysely';

/** Time in the warehouse: one fact for each accepted version of an entry, with its dimensions (docs/warehouse.md). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table reporting.dim_date (
      day date primary key,
      iso_year integer not null,
      iso_week integer not null,
      month text not null,
      quarter text not null,
      weekday integer not null
    )`.execute(db);
  await sql`
    create table reporting.dim_person (
      person text primary key,
      employer text not null,
      updated_at timestamptz(3) not null default now()
    )`.execute(db);
  await sql`
    create table reporting.dim_time_project (
      project_number text primary key,
      legal_entity text not null,
      currency text not null,
      updated_at timestamptz(3) not null default now()
    )`.execute(db);
  await sql`
    create table reporting.dim_labor_category (
      labor_category text primary key
    )`.execute(db);
  await sql`
    create table reporting.fact_time (
      source_system text not null,
      entry_id text not null,
      entry_version integer not null,
      state text not null check (state in ('in_force', 'superseded', 'reversed')),
      timesheet_id text not null,
      person text not null references reporting.dim_person (person),
      work_date date not null references reporting.dim_date (day),
      project_number text not null references reporting.dim_time_project (project_number),
      labor_category text not null references reporting.dim_labor_category (labor_category),
      legal_entity text not null,
      employer text not null,
      cost_center text not null,
      accounting_period text not null,
      employer_period text not null,
      pay_period text,
      billing_status text not null,
      hours numeric not null,
      currency text not null,
      billed numeric not null,
      written_off numeric not null,
      cost numeric,
      cost_currency text,
      transfer numeric,
      transfer_currency text,
      published_at timestamptz(3) not null default now(),
      primary key (source_system, entry_id, entry_version)
    )`.execute(db);
  await sql`create index fact_time_project on reporting.fact_time (project_number, work_date)`.execute(db);
  await sql`create index fact_time_person on reporting.fact_time (person, work_date)`.execute(db);
  await sql`create index fact_time_period on reporting.fact_time (legal_entity, accounting_period)`.execute(db);
}
