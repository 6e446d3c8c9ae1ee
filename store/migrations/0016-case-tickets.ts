import { sql } from 'kysely';
import type { Kysely } from 'kysely';

/** Exception cases as tickets of a service desk: one for each case. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table case_ticket (
      case_id text primary key,
      desk text not null,
      external_id text not null,
      -- As people know it, where the desk has told.
      number text,
      url text,
      -- closed: by us, because the case has ended; gone: somebody deleted it.
      state text not null default 'open' check (state in ('open', 'closed', 'gone')),
      -- What of the case the ticket was told last, and when that was of.
      told jsonb not null,
      told_at timestamptz(3) not null,
      -- Closed at the desk though the case is open, and how often.
      closed_by_hand boolean not null default false,
      closings integer not null default 0,
      opened_at timestamptz(3) not null default now()
    )`.execute(db);
  await sql`create index case_ticket_open on case_ticket (desk) where state = 'open'`.execute(db);
}
