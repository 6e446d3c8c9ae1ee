import { sql } from 'kysely';
import type { Instant } from '../domain/dates.ts';
import type { BacklogLine } from '../domain/rules/cutoff/forecast.ts';
import type { Db } from './database.ts';

export interface Backlog {
  readonly now: Instant;
  /** Timesheets that wait for their decision, per legal entity and cutoffs. */
  readonly backlog: readonly BacklogLine[];
  /** Timesheets decided, on average over the last minutes. */
  readonly recordsPerSecond: number;
  /** Their entries, likewise. */
  readonly entriesPerSecond: number;
}

/**
 * What waits, what it must make, and how fast it goes at present: for `forecastCutoffs`. As in the booking of time, a week whose pay period or month
 * is past its cutoff counts for the next one that is still open.
 * @param options.now as of when cutoffs are judged; the present unless told
 * @param options.overMinutes over how many minutes the rate is taken; 5 unless told
 */
export async function backlog(db: Db, { now = new Date(), overMinutes = 5 }: { readonly now?: Date; readonly overMinutes?: number } = {}): Promise<Backlog> {
  const at = now.toISOString();
  const { rows } = await sql<BacklogLine>`
    with waiting as (
      select p.legal_entity, r.week_start, count(*)::int as records
      from time_page p join time_record r on r.batch = p.batch and r.page = p.page
      where p.kind = 'timesheets' and p.state <> 'done' and r.state = 'received' group by 1, 2
    ), pay as (
      select scope as legal_entity, (document ->> 'to')::date as until, (document ->> 'cutoffAt')::timestamptz as at
      from time_reference where kind = 'pay_period' and (document ->> 'cutoffAt')::timestamptz > ${at}::timestamptz
    ), books as (
      select scope as legal_entity, (document ->> 'to')::date as until, (document ->> 'closesAt')::timestamptz as at
      from time_reference where kind = 'accounting_period' and document ->> 'closed' = 'false' and (document ->> 'closesAt')::timestamptz > ${at}::timestamptz
    )
    select w.legal_entity as "legalEntity", sum(w.records)::int as records, pay.at as "payrollCutoffAt", books.at as "invoiceCutoffAt"
    from waiting w
      left join lateral (select min(pay.at) as at from pay where pay.legal_entity = w.legal_entity and pay.until >= w.week_start) pay on true
      left join lateral (select min(books.at) as at from books where books.legal_entity = w.legal_entity and books.until >= w.week_start) books on true
    group by w.legal_entity, pay.at, books.at order by 1, 3, 4`.execute(db);
  const { rows: [rate] } = await sql<{ records: number; entries: number }>`
    with recent as (
      select r.id from time_page p join time_record r on r.batch = p.batch and r.page = p.page
      where p.kind = 'timesheets' and (p.state = 'started' or (p.state = 'done' and p.done_at > now() - make_interval(mins => ${overMinutes}::int)))
        and r.decided_at > now() - make_interval(mins => ${overMinutes}::int)
    )
    select (select count(*) from recent)::int as records, (select count(*) from time_outcome o join recent on o.record = recent.id)::int as entries`.execute(db);
  const seconds = overMinutes * 60;
  return { now: at, backlog: rows, recordsPerSecond: (rate?.records ?? 0) / seconds, entriesPerSecond: (rate?.entries ?? 0) / seconds };
}
