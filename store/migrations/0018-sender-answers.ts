import { sql } from 'kysely';
import type { Kysely } from 'kysely';

/** What has become otherwise on a row, for each table of outcomes: judging again with the same result is no news. */
const OUTCOMES: Readonly<Record<string, { readonly key: string; readonly told: string }>> = {
  time_outcome: { key: 'record, position', told: 'outcome, findings, waits_for' },
  expense_outcome: { key: 'record', told: 'outcome, findings, hold_message' },
};

/** Answers in the order in which they were decided, for whoever sent the documents: one row for each, numbered after its last change was committed. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create sequence sender_answer_number`.execute(db);
  await sql`
    create table sender_answer (
      record bigint primary key,
      source text not null,
      position bigint,
      noted_at timestamptz not null default clock_timestamp()
    )`.execute(db);
  await sql`create index sender_answer_position on sender_answer (source, position)`.execute(db);
  await sql`create index sender_answer_unnumbered on sender_answer (source, noted_at, record) where position is null`.execute(db);
  const renewed = sql`on conflict (record) do update set position = null, noted_at = excluded.noted_at where sender_answer.position is not null`;
  await sql`
    create function note_first_answer() returns trigger language plpgsql as $$
    begin
      insert into public.sender_answer (record, source) select new.id, b.source from public.time_batch b where b.id = new.batch ${renewed};
      return null;
    end $$`.execute(db);
  await sql`
    create trigger note_first_answer after update of state on time_record
    for each row when (old.state = 'received' and new.state = 'decided') execute function note_first_answer()`.execute(db);
  for (const [table, { key, told }] of Object.entries(OUTCOMES)) {
    const columns = (of: string) => sql.raw(told.split(', ').map((column) => `${of}.${column}`).join(', '));
    await sql`
      create function note_answer_${sql.raw(table)}() returns trigger language plpgsql as $$
      begin
        insert into public.sender_answer (record, source)
        select news.record, (select b.source from public.time_batch b where b.id = (select r.batch from public.time_record r where r.id = news.record))
        from (select distinct record from changed c join before o using (${sql.raw(key)}) where (${columns('c')}) is distinct from (${columns('o')})) as news
        order by 1
        ${renewed};
        return null;
      end $$`.execute(db);
    await sql`
      create trigger note_answer after update on ${sql.table(table)}
      referencing old table as before new table as changed for each statement execute function note_answer_${sql.raw(table)}()`.execute(db);
  }
  await sql`
    insert into sender_answer (record, source, noted_at)
    select r.id, b.source, r.decided_at from time_record r join time_batch b on b.id = r.batch where r.state = 'decided' and r.decided_at is not null`.execute(db);
}
