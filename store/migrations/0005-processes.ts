import { sql } from 'kysely';
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table deal_process (
      crm text not null,
      opportunity_id text not null,
      workflow_id text,
      state text not null check (state in ('seen', 'running', 'activated', 'aborted', 'failed')),
      version_seen text,
      version_applied text,
      fingerprint_applied text,
      plan_ref_applied text,
      outcome jsonb,
      first_seen_at timestamptz(3) not null default now(),
      last_seen_at timestamptz(3) not null default now(),
      started_at timestamptz(3),
      ended_at timestamptz(3),
      primary key (crm, opportunity_id)
    )`.execute(db);
  await sql`create index deal_process_workflow on deal_process (workflow_id)`.execute(db);
  await sql`
    create table exception_case (
      case_id text primary key,
      process text not null,
      code text not null,
      kind text not null,
      severity text not null,
      owner text not null,
      subject text not null,
      message text not null,
      mend text not null,
      findings jsonb not null,
      permitted_actions jsonb not null,
      context jsonb not null,
      systems text[] not null,
      waits_for_config boolean not null,
      state text not null check (state in ('open', 'resolved', 'closed')),
      opened_at timestamptz(3) not null default now(),
      due_at timestamptz(3),
      escalations integer not null default 0,
      last_change text,
      resolution text,
      resolved_by text,
      resolution_details jsonb,
      updated_at timestamptz(3) not null default now(),
      closed_at timestamptz(3)
    )`.execute(db);
  await sql`create index exception_case_process on exception_case (process, opened_at)`.execute(db);
  await sql`create index exception_case_open on exception_case (due_at) where state = 'open'`.execute(db);
  await sql`create index exception_case_config on exception_case (case_id) where state = 'open' and waits_for_config`.execute(db);
  await sql`
    create table notification (
      id bigint generated always as identity primary key,
      case_id text not null,
      occasion text not null,
      number integer not null,
      recipient text not null,
      message text not null,
      created_at timestamptz(3) not null default now(),
      sent_at timestamptz(3),
      sent_via text,
      unique (case_id, occasion, number)
    )`.execute(db);
  await sql`create index notification_pending on notification (id) where sent_at is null`.execute(db);
}
