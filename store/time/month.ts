import { sql } from 'kysely';
import type { Db } from '../database.ts';
import { LINE_KIND } from '../inbox-lines.ts';

export interface MonthProgress {
  readonly records: number;
  readonly decided: number;
  readonly postings: number;
  readonly posted: number;
  readonly pagesOpen: number;
}

/** How far everything received is. */
export async function monthProgress(db: Db): Promise<MonthProgress> {
  const { rows } = await sql<MonthProgress>`
    select (select coalesce(sum(records), 0) from time_page)::integer as records,
      (select count(*) from time_record where kind = 'timesheet' and state = 'decided')::integer as decided,
      (select count(*) from labor_posting where state <> 'cancelled')::integer as postings, (select count(*) from labor_posting where state = 'done')::integer as posted,
      (select count(*) from time_page where state <> 'done')::integer as "pagesOpen"`.execute(db);
  return rows[0] ?? { records: 0, decided: 0, postings: 0, posted: 0, pagesOpen: 0 };
}

/** Postings not in their ERP, and decisions still to be made. */
export async function monthLeft(db: Db): Promise<{ readonly undecided: number; readonly unposted: number }> {
  const { rows } = await sql<{ undecided: number; unposted: number }>`
    select (select count(*) from time_record where kind = 'timesheet' and state = 'received')::integer as undecided, (select count(*) from labor_posting where state not in ('done', 'cancelled'))::integer as unposted`.execute(db);
  return rows[0] ?? { undecided: 0, unposted: 0 };
}

/** What every decision made of every entry, in the order of the records: for adding up what was received. */
export async function outcomesAfter(db: Db, after: number, limit: number): Promise<{ readonly record: number; readonly legalEntity: string; readonly document: unknown; readonly outcomes: readonly string[] }[]> {
  const { rows } = await sql<{ record: number; legalEntity: string; document: unknown; outcomes: string[] }>`
    select r.id as record, r.legal_entity as "legalEntity", r.document, coalesce((select array_agg(o.outcome order by o.position) from time_outcome o where o.record = r.id), '{}') as outcomes
    from time_record r where r.kind = 'timesheet' and r.id > ${after} order by r.id limit ${limit}`.execute(db);
  return rows;
}

export interface LedgerTotal {
  readonly system: string;
  readonly legalEntity: string;
  readonly currency: string;
  readonly lines: number;
  readonly hours: string;
  readonly amount: string;
}

/** What the labor ledger says each ERP has. */
export async function ledgerTotals(db: Db): Promise<LedgerTotal[]> {
  const { rows } = await sql<LedgerTotal>`
    select system, legal_entity as "legalEntity", currency, count(*)::integer as lines, sum(hours)::text as hours, sum(amount)::text as amount
    from labor_posting where state = 'done' group by 1, 2, 3 order by 1, 2, 3`.execute(db);
  return rows;
}

/** Timesheets that could not be read when they came, as they came or their first part; those that were mended and taken since are received. */
export async function refusedAtDoor(db: Db): Promise<{ readonly raw: Buffer }[]> {
  const { rows } = await sql<{ raw: Buffer }>`select raw_body as raw from inbox where kind = ${LINE_KIND.timesheets} and state <> 'dispatched' and conflict_of is null order by id`.execute(db);
  return rows;
}

/** Timesheets that could not be read and were not kept: counted alone. */
export async function countedAtDoor(db: Db): Promise<number> {
  const { rows } = await sql<{ lines: number }>`select coalesce(sum(unread_not_kept), 0)::integer as lines from time_batch where kind = 'timesheets'`.execute(db);
  return rows[0]?.lines ?? 0;
}
