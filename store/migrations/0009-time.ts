import { sql } from 'kysely';
import type { Kysely } from 'kysely';

/** Time from its intake to the ERP and payroll: what was received, what was decided, what is to be posted (ARCHITECTURE.md, "Time"). */
export async function up(db: Kysely<unknown>): Promise<void> {
  // What timesheets are judged by: people, projects, assignments, rates, periods; one row each.
  await sql`
    create table time_reference (
      kind text not null,
      key text not null,
      scope text not null,
      document jsonb not null,
      source text not null,
      updated_at timestamptz(3) not null default now(),
      primary key (kind, key)
    )`.execute(db);
  await sql`create index time_reference_scope on time_reference (kind, scope)`.execute(db);
  await sql`create table time_reference_version (only_row boolean primary key default true check (only_row), version bigint not null)`.execute(db);
  await sql`insert into time_reference_version (version) values (1)`.execute(db);

  await sql`
    create table time_batch (
      id text primary key,
      source text not null,
      idempotency_key text not null,
      kind text not null check (kind in ('timesheets', 'expenses')),
      state text not null check (state in ('receiving', 'sealed')),
      lines integer not null default 0,
      received_at timestamptz(3) not null default now(),
      touched_at timestamptz(3) not null default now(),
      sealed_at timestamptz(3),
      unique (source, kind, idempotency_key)
    )`.execute(db);

  // One version of one document, kept for good. The same version with another content is another row: the rules refuse it by name.
  await sql`
    create table time_record (
      id bigint generated always as identity primary key,
      kind text not null check (kind in ('timesheet', 'expense')),
      system text not null,
      record_id text not null,
      version integer not null,
      content_hash text not null,
      person text not null,
      legal_entity text not null,
      week_start date,
      batch text not null references time_batch (id),
      page integer,
      document jsonb not null,
      state text not null default 'received' check (state in ('received', 'decided')),
      received_at timestamptz(3) not null default now(),
      decided_at timestamptz(3),
      -- The record whose decision brought what this one had waited for.
      released_by bigint,
      unique (kind, system, record_id, version, content_hash)
    )`.execute(db);
  await sql`create index time_record_page on time_record (batch, page)`.execute(db);
  await sql`create index time_record_released on time_record (released_by) where released_by is not null`.execute(db);
  await sql`create index time_record_person on time_record (person, week_start)`.execute(db);

  await sql`
    create table time_page (
      batch text not null references time_batch (id),
      page integer not null,
      kind text not null check (kind in ('timesheets', 'expenses')),
      legal_entity text not null,
      records integer not null,
      priority integer not null default 3 check (priority between 1 and 5),
      cutoff_at timestamptz(3),
      state text not null check (state in ('filling', 'ready', 'started', 'done')),
      ready_at timestamptz(3),
      started_at timestamptz(3),
      done_at timestamptz(3),
      summary jsonb,
      primary key (batch, page)
    )`.execute(db);
  await sql`create index time_page_ready on time_page (priority, cutoff_at, ready_at) where state = 'ready'`.execute(db);
  await sql`create index time_page_open on time_page (legal_entity) where state in ('ready', 'started')`.execute(db);

  // The four tables of a decision are written by it alone, in one transaction that holds its records; checking each row's record again would
  // cost a quarter of that transaction.
  // What became of each entry of each record: exactly one row per position, so that received = accepted + repeated + rejected + held can be counted.
  await sql`
    create table time_outcome (
      record bigint not null,
      position integer not null,
      entry_id text not null,
      entry_version integer not null,
      outcome text not null check (outcome in ('accepted', 'repeat', 'rejected', 'held', 'returned', 'withdrawn')),
      codes text[] not null default '{}',
      findings jsonb not null default '[]',
      waits_for text,
      decided_at timestamptz(3) not null default now(),
      primary key (record, position)
    )`.execute(db);
  await sql`create index time_outcome_open on time_outcome (record) where outcome in ('rejected', 'held')`.execute(db);
  await sql`create index time_outcome_waits on time_outcome (waits_for) where outcome = 'held'`.execute(db);
  await sql`create index time_outcome_entry on time_outcome (entry_id, entry_version)`.execute(db);

  // Every accepted version of an entry, with everything its postings need, decided once.
  await sql`
    create table time_entry (
      system text not null,
      entry_id text not null,
      version integer not null,
      record bigint not null,
      timesheet_id text not null,
      timesheet_version integer not null,
      person text not null,
      work_date date not null,
      state text not null check (state in ('in_force', 'superseded', 'reversed')),
      project_number text not null,
      legal_entity text not null,
      employer text not null,
      hours numeric not null,
      currency text not null,
      billed numeric not null,
      written_off numeric not null,
      labor jsonb not null,
      -- The other entry whose place it takes.
      replaces_id text generated always as (nullif(labor -> 'entry' -> 'replaces' ->> 'id', entry_id)) stored,
      -- Counts the times this version was booked: anew after a withdrawal, or with other pay codes.
      generation integer not null default 1,
      -- The generation its ERP lines stand under: other pay codes alone leave them as they are.
      posted_generation integer not null default 1,
      -- The record whose decision changed this entry last.
      changed_by bigint not null,
      decided_at timestamptz(3) not null default now(),
      changed_at timestamptz(3) not null default now(),
      primary key (system, entry_id, version)
    )`.execute(db);
  await sql`create index time_entry_person on time_entry (person, work_date)`.execute(db);
  await sql`create index time_entry_timesheet on time_entry (system, timesheet_id)`.execute(db);
  await sql`create index time_entry_replaces on time_entry (replaces_id) where replaces_id is not null`.execute(db);
  await sql`create index time_entry_replacing on time_entry (entry_id) where replaces_id is not null`.execute(db);
  await sql`create index time_entry_changed_by on time_entry (changed_by)`.execute(db);

  // The posting ledger of labor lines: planned in the decision's own transaction, then intent → call → result, many in one statement.
  await sql`
    create table labor_posting (
      key text primary key,
      record bigint not null,
      system text not null,
      legal_entity text not null,
      accounting_period text not null,
      kind text not null check (kind in ('original', 'reversal')),
      reverses text references labor_posting (key),
      hours numeric not null,
      currency text not null,
      amount numeric not null,
      line jsonb not null,
      -- cancelled: taken back before it was in the ERP; it never gets there.
      state text not null default 'planned' check (state in ('planned', 'intent', 'in_doubt', 'not_done', 'done', 'refused', 'cancelled')),
      attempts integer not null default 0,
      lease_until timestamptz(3),
      external_id text,
      error jsonb,
      process text,
      -- The record whose decision took it back.
      cancelled_by bigint,
      planned_at timestamptz(3) not null default now(),
      done_at timestamptz(3)
    )`.execute(db);
  await sql`create index labor_posting_record on labor_posting (record)`.execute(db);
  await sql`create index labor_posting_reverses on labor_posting (reverses) where reverses is not null`.execute(db);
  await sql`create index labor_posting_cancelled on labor_posting (cancelled_by) where cancelled_by is not null`.execute(db);
  await sql`create index labor_posting_open on labor_posting (record, system) where state <> 'done'`.execute(db);

  await sql`
    create table pay_line (
      key text primary key,
      record bigint not null,
      kind text not null check (kind in ('original', 'reversal')),
      employer text not null,
      pay_period text not null,
      person text not null,
      work_date date not null,
      pay_code text not null,
      multiplier numeric not null,
      hours numeric not null,
      cost_center text not null,
      project_number text not null,
      entry_system text not null,
      entry_id text not null,
      entry_version integer not null,
      payroll_export text,
      planned_at timestamptz(3) not null default now()
    )`.execute(db);
  await sql`create index pay_line_unexported on pay_line (employer, pay_period) where payroll_export is null`.execute(db);
  await sql`create index pay_line_export on pay_line (payroll_export) where payroll_export is not null`.execute(db);
  await sql`create index pay_line_record on pay_line (record)`.execute(db);

  await sql`
    create table time_cap (
      project_number text primary key,
      currency text not null,
      used numeric not null default 0
    )`.execute(db);
  await sql`
    create table time_withdrawal (
      system text not null,
      timesheet_id text not null,
      timesheet_version integer not null,
      at timestamptz(3) not null,
      record bigint not null references time_record (id),
      primary key (system, timesheet_id, timesheet_version, at)
    )`.execute(db);
  await sql`
    create table time_waiver (
      system text not null,
      entry_id text not null,
      entry_version integer not null,
      code text not null,
      waived_by text not null,
      reason text not null,
      at timestamptz(3) not null default now(),
      primary key (system, entry_id, entry_version, code)
    )`.execute(db);

  // What the time system is to be told, once for each record and kind.
  await sql`
    create table time_answer (
      record bigint not null references time_record (id),
      kind text not null check (kind in ('reject', 'lock')),
      system text not null,
      -- failed: the time system would not take it, and somebody gave it up.
      state text not null check (state in ('planned', 'done', 'not_offered', 'failed')),
      detail jsonb not null,
      planned_at timestamptz(3) not null default now(),
      -- When and why the time system refused it for good, last.
      refused_at timestamptz(3),
      error jsonb,
      done_at timestamptz(3),
      primary key (record, kind)
    )`.execute(db);
  await sql`create index time_answer_open on time_answer (system) where state = 'planned'`.execute(db);
}
