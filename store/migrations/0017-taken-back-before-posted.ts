import { sql } from 'kysely';
import type { Kysely } from 'kysely';

/** Each batch of posted lines asks which reversals were cancelled because theirs was not there yet: few ever, and the ledger is large. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create index labor_posting_taken_back on labor_posting (reverses) where state = 'cancelled'`.execute(db);
}
