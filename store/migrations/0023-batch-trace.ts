import { sql } from 'kysely';
import type { Kysely } from 'kysely';

/** The trace in which a batch was opened (W3C traceparent), for the processes of its pages to go on with; null where no traces are exported. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table time_batch add column trace text`.execute(db);
}
