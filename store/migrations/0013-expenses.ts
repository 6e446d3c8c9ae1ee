import { sql } from 'kysely';
import type { Kysely } from 'kysely';

/** Expense reports from their intake (`time_record`, kind 'expense') to the ERP and the warehouse. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // What became of each received version: one row, the last word.
  await sql`
    create table expense_outcome (
      record bigint primary key references time_record (id),
      system text not null,
      report_id text not null,
      version integer not null,
      outcome text not null check (outcome in ('accepted', 'repeat', 'withdrawn', 'rejected', 'held', 'returned', 'superseded')),
      codes text[] not null default '{}',
      findings jsonb not null default '[]',
      waits_for text,
      hold_message text,
      remarks text[] not null default '{}',
      config_hash text not null,
      decided_at timestamptz(3) not null default now()
    )`.execute(db);
  await sql`create index expense_outcome_report on expense_outcome (system, report_id, version)`.execute(db);
  await sql`create index expense_outcome_waits on expense_outcome (waits_for) where outcome = 'held'`.execute(db);
  await sql`create index expense_outcome_open on expense_outcome (outcome) where outcome in ('rejected', 'held')`.execute(db);

  // Every accepted version, each time it was booked.
  await sql`
    create table expense_report (
      system text not null,
      report_id text not null,
      version integer not null,
      booking integer not null,
      record bigint not null references time_record (id),
      person text not null,
      employer text not null,
      state text not null check (state in ('in_force', 'superseded', 'reversed')),
      replaces_id text,
      first_day date not null,
      last_day date not null,
      currency text not null,
      total numeric not null,
      document jsonb not null,
      posting_key text not null,
      changed_by bigint references time_record (id),
      decided_at timestamptz(3) not null default now(),
      changed_at timestamptz(3) not null default now(),
      primary key (system, report_id, version, booking)
    )`.execute(db);
  await sql`create index expense_report_person on expense_report (person, last_day) where state = 'in_force'`.execute(db);
  await sql`create index expense_report_replaces on expense_report (system, replaces_id) where replaces_id is not null`.execute(db);
  await sql`create index expense_report_record on expense_report (record)`.execute(db);
  await sql`create index expense_report_changed_by on expense_report (changed_by) where changed_by is not null`.execute(db);

  // Planned in the decision's own transaction; the calls themselves are in posting_ledger under the same key. Nothing planned is ever
  // changed: it is done, or cancelled before anybody began it.
  await sql`
    create table expense_posting (
      key text primary key,
      record bigint not null references time_record (id),
      system text not null,
      employer text not null,
      accounting_period text not null,
      kind text not null check (kind in ('original', 'reversal')),
      reverses text references expense_posting (key),
      currency text not null,
      amount numeric not null,
      posting jsonb not null,
      state text not null default 'planned' check (state in ('planned', 'intent', 'done', 'refused', 'cancelled')),
      external_id text,
      url text,
      error jsonb,
      planned_at timestamptz(3) not null default now(),
      done_at timestamptz(3)
    )`.execute(db);
  await sql`create index expense_posting_record on expense_posting (record)`.execute(db);
  await sql`create index expense_posting_open on expense_posting (system, employer) where state not in ('done', 'cancelled')`.execute(db);

  await sql`
    create table expense_receipt (
      sha256 text not null,
      record bigint not null references time_record (id),
      line text not null,
      system text not null,
      report_id text not null,
      version integer not null,
      person text not null,
      primary key (sha256, record, line)
    )`.execute(db);
  await sql`
    create table expense_withdrawal (
      system text not null,
      report_id text not null,
      version integer not null,
      at timestamptz(3) not null,
      record bigint not null references time_record (id),
      primary key (system, report_id, version, at)
    )`.execute(db);
  await sql`
    create table expense_waiver (
      system text not null,
      report_id text not null,
      version integer not null,
      code text not null,
      path text not null,
      waived_by text not null,
      reason text not null,
      at timestamptz(3) not null default now(),
      primary key (system, report_id, version, code, path)
    )`.execute(db);
  await sql`
    create table reference_rate (
      from_currency text not null,
      to_currency text not null,
      on_day date not null,
      source text not null,
      rate numeric not null check (rate > 0),
      loaded_at timestamptz(3) not null default now(),
      primary key (from_currency, to_currency, on_day, source)
    )`.execute(db);

  await sql`create table reporting.dim_expense_category (category text primary key, name text not null, updated_at timestamptz(3) not null default now())`.execute(db);
  await sql`
    create table reporting.fact_expense (
      source_system text not null,
      report_id text not null,
      report_version integer not null,
      booking integer not null,
      line_id text not null,
      state text not null check (state in ('in_force', 'superseded', 'reversed')),
      person text not null references reporting.dim_person (person),
      incurred_on date not null references reporting.dim_date (day),
      project_number text not null references reporting.dim_time_project (project_number),
      category text not null references reporting.dim_expense_category (category),
      kind text not null check (kind in ('receipt', 'per_diem', 'mileage')),
      legal_entity text not null,
      employer text not null,
      cost_center text not null,
      country text,
      accounting_period text not null,
      currency text not null,
      amount numeric not null,
      recoverable_tax numeric not null,
      billed numeric,
      billed_currency text,
      posting_key text not null,
      published_at timestamptz(3) not null default now(),
      primary key (source_system, report_id, report_version, booking, line_id)
    )`.execute(db);
  await sql`create index fact_expense_project on reporting.fact_expense (project_number, incurred_on)`.execute(db);
  await sql`create index fact_expense_person on reporting.fact_expense (person, incurred_on)`.execute(db);
  await sql`create index fact_expense_period on reporting.fact_expense (employer, accounting_period)`.execute(db);
}
