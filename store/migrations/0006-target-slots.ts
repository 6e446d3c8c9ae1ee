import { sql } from 'kysely';
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table target_slot (
      target text not null,
      slot_no integer not null,
      holder text not null,
      leased_until timestamptz(3) not null,
      primary key (target, slot_no)
    )`.execute(db);
  await sql`
    create table target_holder (
      target text not null,
      holder text not null,
      present_until timestamptz(3) not null,
      primary key (target, holder)
    )`.execute(db);
}
