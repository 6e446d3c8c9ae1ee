import { sql } from 'kysely';
import type { Kysely } from 'kysely';

/** What a capped project bills, in the order of the work, and what was refused for its cap alone: both are looked up when some of the cap comes free. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create index time_entry_project on time_entry (project_number, work_date) where state = 'in_force'`.execute(db);
  await sql`create index time_entry_written_off on time_entry (project_number, work_date) where state = 'in_force' and written_off > 0`.execute(db);
  // The project, under the code the entry names, whose cap had no room: until the entry is accepted or somebody has answered for it.
  await sql`alter table time_outcome add column room_in text`.execute(db);
  await sql`
    update time_outcome o set room_in = r.document -> 'entries' -> o.position ->> 'projectNumber'
    from time_record r where r.id = o.record and r.kind = 'timesheet' and o.outcome = 'rejected' and o.codes = '{CAP_EXCEEDED}'`.execute(db);
  await sql`create index time_outcome_room on time_outcome (room_in) where room_in is not null`.execute(db);
}
