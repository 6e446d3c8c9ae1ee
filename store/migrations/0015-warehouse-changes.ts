import { sql } from 'kysely';
import type { Kysely } from 'kysely';

/** Key columns as text, by table; what `store/reporting-changes.ts` reads back. */
const KEYS: Readonly<Record<string, string>> = {
  dim_date: `to_char(day, 'YYYY-MM-DD')`,
  dim_client: 'client_id',
  dim_person: 'person',
  dim_labor_category: 'labor_category',
  dim_expense_category: 'category',
  dim_time_project: 'project_number',
  dim_project: 'project_id',
  dim_rate: `project_id, labor_category, unit, to_char(valid_from, 'YYYY-MM-DD')`,
  fact_booking: 'project_id, currency',
  fact_time: 'source_system, entry_id, entry_version::text',
  fact_expense: 'source_system, report_id, report_version::text, booking::text, line_id',
};

/** What changed in the schema `reporting`, for mirrors in warehouses: one row for each key, numbered after its last change was committed. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create sequence warehouse_change_number`.execute(db);
  await sql`
    create table warehouse_change (
      subject text not null,
      key text[] not null,
      position bigint,
      primary key (subject, key)
    )`.execute(db);
  await sql`create index warehouse_change_position on warehouse_change (subject, position)`.execute(db);
  for (const [table, key] of Object.entries(KEYS)) {
    const name = sql.raw(table);
    const keys = sql.raw(`array[${key}]`);
    await sql`
      create function note_${name}() returns trigger language plpgsql as $$
      begin
        insert into public.warehouse_change (subject, key) select ${sql.lit(table)}, ${keys} from changed order by 2
        on conflict (subject, key) do update set position = null where warehouse_change.position is not null;
        return null;
      end $$`.execute(db);
    for (const [event, rows] of [['insert', 'new'], ['update', 'new'], ['delete', 'old']] as const) {
      await sql`
        create trigger note_${sql.raw(event)} after ${sql.raw(event)} on reporting.${name}
        referencing ${sql.raw(rows)} table as changed for each statement execute function note_${name}()`.execute(db);
    }
    await sql`insert into warehouse_change (subject, key) select ${sql.lit(table)}, ${keys} from reporting.${name}`.execute(db);
  }
}
