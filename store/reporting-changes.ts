import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import { ADVISORY_LOCKS } from './advisory-locks.ts';
import type { Db } from './database.ts';
import { jsonText } from './json.ts';
import { DELETED, type ReportingColumn, type ReportingTable } from './reporting-tables.ts';

/** Values as text: decimals exact and without trailing zeros, days YYYY-MM-DD, instants in UTC. */
export type ReportingRow = Readonly<Record<string, string | null>>;

export interface ChangedRows {
  readonly rows: readonly ReportingRow[];
  /** The change after which the next page begins; null where there was none. */
  readonly last: number | null;
  /** There may be another page. */
  readonly more: boolean;
}

/**
 * The rows of a table that changed after a change number, oldest first, each key once and as it is now.
 *
 * A change is noted by triggers without a number, in its own transaction; numbers are given here, to changes that are committed, by one reader at a
 * time. So a row that was written early and committed late gets a late number and is not missed, whatever was read meanwhile; a row that changes
 * again gets a new one. What a transaction is just changing is left for the next time, and nobody waits for it.
 */
export async function changedRows(db: Db, { table, after, limit }: { readonly table: ReportingTable; readonly after: number; readonly limit: number }): Promise<ChangedRows> {
  await db.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(${ADVISORY_LOCKS.changeNumbering}::bigint)`.execute(transaction);
    await sql`
      with unnumbered as materialized (
        select subject, key from warehouse_change where subject = ${table.name} and position is null order by key limit ${limit} for update skip locked
      ), numbered as materialized (
        select subject, key, nextval('warehouse_change_number') as position from unnumbered
      )
      update warehouse_change c set position = n.position from numbered n where c.subject = n.subject and c.key = n.key`.execute(transaction);
  });
  const { rows } = await sql<Record<string, string | null> & { position: number }>`
    select c.position, ${sql.join(table.columns.map(column(table)))}
    from warehouse_change c left join ${sql.table(`reporting.${table.name}`)} t on ${keysMatch(table)}
    where c.subject = ${table.name} and c.position > ${after}
    order by c.position limit ${limit}`.execute(db);
  return { rows: rows.map(({ position: _position, ...row }) => row), last: rows.at(-1)?.position ?? null, more: rows.length === limit };
}

/** Has rows sent once more, as they are then: somebody may have sent them out of their order. */
export async function sendAgain(db: Db, table: ReportingTable, rows: readonly ReportingRow[]): Promise<void> {
  const keys = jsonText(rows.map((row) => table.key.map((name) => row[name] ?? null)));
  await sql`
    update warehouse_change set position = null
    where subject = ${table.name} and position is not null and to_jsonb(key) in (select jsonb_array_elements(${keys}::jsonb))`.execute(db);
}

/** Whether a reader at this change number has anything to come for. */
export async function hasChanges(db: Db, table: ReportingTable, after: number): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select exists (select from warehouse_change where subject = ${table.name} and position is null) or exists (select from warehouse_change where subject = ${table.name} and position > ${after}) as found`.execute(db);
  return rows[0]?.found === true;
}

export interface ReportingTotals {
  /** Rows a warehouse that took every change has: those no longer in the store too. */
  readonly rows: number;
  /** Exact sums of the decimal columns, without trailing zeros. */
  readonly sums: Readonly<Record<string, string>>;
  /** Changes a reader at this number has not had yet; while there are any, the sums cannot be held against a warehouse. */
  readonly pending: number;
  /** The last change number given. */
  readonly last: number;
}

/** For reconciliation, in one look. */
export async function reportingTotals(db: Db, table: ReportingTable, after: number): Promise<ReportingTotals> {
  const decimals = table.columns.filter(({ type }) => type === 'decimal');
  const sums = decimals.map(({ name }) => sql`, (select coalesce(trim_scale(sum(${sql.ref(name)})), 0)::text from ${sql.table(`reporting.${table.name}`)}) as ${sql.ref(`sum_${name}`)}`);
  const { rows } = await sql<{ rows: number; pending: number; last: number } & Record<string, string>>`
    select count(*)::integer as rows, (count(*) filter (where position is null or position > ${after}))::integer as pending, coalesce(max(position), 0) as last ${sql.join(sums, sql``)}
    from warehouse_change where subject = ${table.name}`.execute(db);
  const [found] = rows;
  return { rows: found?.rows ?? 0, pending: found?.pending ?? 0, last: found?.last ?? 0, sums: Object.fromEntries(decimals.map(({ name }) => [name, found?.[`sum_${name}`] ?? '0'])) };
}

/** The key from the note of the change, so that it is there for rows that are not; everything else from the row. */
function column(table: ReportingTable): (wanted: ReportingColumn) => RawBuilder<unknown> {
  return ({ name, type }) => {
    if (name === DELETED) return sql`(${sql.ref(`t.${table.key[0] ?? ''}`)} is null)::text as ${sql.ref(name)}`;
    const position = table.key.indexOf(name);
    if (position >= 0) return sql`c.key[${sql.lit(position + 1)}] as ${sql.ref(name)}`;
    const value = sql.ref(`t.${name}`);
    switch (type) {
      case 'decimal':
        return sql`trim_scale(${value})::text as ${sql.ref(name)}`;
      case 'timestamp':
        return sql`to_char(${value} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as ${sql.ref(name)}`;
      case 'date':
        return sql`to_char(${value}, 'YYYY-MM-DD') as ${sql.ref(name)}`;
      case 'text':
      case 'integer':
      case 'boolean':
        return sql`${value}::text as ${sql.ref(name)}`;
    }
  };
}

function keysMatch(table: ReportingTable): RawBuilder<unknown> {
  return sql.join(table.key.map((name, index) => {
    const type = table.columns.find((each) => each.name === name)?.type ?? 'text';
    return sql`${sql.ref(`t.${name}`)} = c.key[${sql.lit(index + 1)}]::${sql.raw(type)}`;
  }), sql` and `);
}
