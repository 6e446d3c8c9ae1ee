import { sql } from 'kysely';
import type { Kysely } from 'kysely';

/** What payroll was told of: exports with their lines, and which pay lines each of them holds (ARCHITECTURE.md, "Time"). */
export async function up(db: Kysely<unknown>): Promise<void> {
  // Planned in the transaction that takes the pay lines: an export's content never changes from then on.
  await sql`
    create table payroll_export (
      id text primary key,
      employer text not null,
      pay_period text not null,
      number integer not null check (number > 0),
      period_from date not null,
      period_to date not null,
      pay_date date not null,
      system text not null,
      process text,
      state text not null check (state in ('planned', 'sent', 'acknowledged', 'rejected')),
      pay_lines integer not null,
      lines integer not null,
      people integer not null,
      hours numeric not null,
      hours_per_pay_code jsonb not null,
      checksum text,
      files text[] not null default '{}',
      reason text,
      reference text,
      attempts integer not null default 0,
      planned_at timestamptz(3) not null default now(),
      sent_at timestamptz(3),
      acknowledged_at timestamptz(3),
      unique (employer, pay_period, number)
    )`.execute(db);
  await sql`create index payroll_export_open on payroll_export (employer, pay_period) where state in ('planned', 'sent')`.execute(db);

  // released: its pay lines wait for another export · by_hand: a person had it paid otherwise
  await sql`
    create table payroll_line (
      export text not null references payroll_export (id),
      line integer not null check (line > 0),
      person text not null,
      work_date date not null,
      pay_code text not null,
      multiplier numeric not null,
      cost_center text not null,
      hours numeric not null,
      state text not null default 'exported' check (state in ('exported', 'rejected', 'released', 'by_hand')),
      reason text,
      primary key (export, line)
    )`.execute(db);
  await sql`create index payroll_line_rejected on payroll_line (export) where state = 'rejected'`.execute(db);

  // Null in an export: the hours of its day and pay code came to nothing, so that no line tells of them.
  await sql`alter table pay_line add column payroll_line integer`.execute(db);
}
