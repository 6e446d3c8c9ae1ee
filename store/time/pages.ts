import { sql } from 'kysely';
import type { Instant, LocalDate } from '../../domain/dates.ts';
import type { Db } from '../database.ts';
import { jsonText } from '../json.ts';
import type { JsonValue } from '../json.ts';
import { listen } from '../listen.ts';
import type { Listener } from '../listen.ts';
import type { BatchKind } from './intake.ts';
import { PAGE_CHANNEL } from './page-channel.ts';
import { CONTESTED } from './records.ts';

export interface PageKey {
  readonly batch: string;
  readonly page: number;
}

export interface ReadyPage extends PageKey {
  readonly kind: BatchKind;
  readonly legalEntity: string;
  readonly records: number;
  readonly readyAt: Instant;
  /** In which its batch was opened; null where none was exported. */
  readonly trace: string | null;
}

export interface PageRecord {
  readonly record: number;
  readonly system: string;
  readonly id: string;
  readonly version: number;
  readonly person: string;
  /** Another document came first under the same ID and version: its process has the ID. */
  readonly contested: boolean;
}

/** Pages that wait for their process: the oldest of each legal entity, so that one that floods does not hide the others. */
export async function claimPages(db: Db, { perEntity }: { readonly perEntity: number }): Promise<ReadyPage[]> {
  const { rows } = await sql<ReadyPage>`/* prepared: claim_time_pages */
    select batch, page, kind, legal_entity as "legalEntity", records, ready_at as "readyAt", (select trace from time_batch b where b.id = ready.batch) as trace
    from (select p.*, row_number() over (partition by legal_entity, records <= ${SMALL_PAGE}::integer, records = 1 order by ready_at, batch, page) as nth from time_page p where state = 'ready') ready
    where nth <= ${perEntity}::integer order by ready_at, batch, page`.execute(db);
  return rows;
}

/** The first week of each page of timesheets, in the order given; null for expenses. */
export async function firstWeeks(db: Db, pages: readonly PageKey[]): Promise<(LocalDate | null)[]> {
  if (pages.length === 0) return [];
  const { rows } = await sql<{ week: LocalDate | null }>`
    select (select min(r.week_start) from time_record r where r.batch = p.batch and r.page = p.page) as week
    from unnest(${pages.map(({ batch }) => batch)}::text[], ${pages.map(({ page }) => page)}::integer[]) with ordinality as p (batch, page, position) order by p.position`.execute(db);
  return rows.map(({ week }) => week);
}

export async function recordsOfPage(db: Db, { batch, page }: PageKey): Promise<PageRecord[]> {
  const { rows } = await sql<PageRecord>`/* prepared: records_of_time_page */
    select r.id as record, r.system, r.record_id as id, r.version, r.person,
      ${CONTESTED} as contested
    from time_record r where r.batch = ${batch}::text and r.page = ${page}::integer order by r.id`.execute(db);
  return rows;
}

/** The page's process runs. A page that is done by now stays so. */
export async function pageStarted(db: Db, { batch, page }: PageKey, weight: { readonly priority: number; readonly cutoffAt: Instant | null }): Promise<void> {
  await sql`/* prepared: time_page_started */
    update time_page set state = 'started', started_at = now(), priority = ${weight.priority}::integer, cutoff_at = ${weight.cutoffAt}::timestamptz
    where batch = ${batch}::text and page = ${page}::integer and state = 'ready'`.execute(db);
}

/** Everything of the page has come to its end, or to a case of its own. Idempotent: the first summary stays. */
export async function pageDone(db: Db, { batch, page }: PageKey, summary: JsonValue): Promise<void> {
  await sql`
    with done as (
      update time_page set state = 'done', done_at = now(), started_at = coalesce(started_at, now()), summary = ${jsonText(summary)}::jsonb
      where batch = ${batch} and page = ${page}::integer and state <> 'done' returning 1
    )
    select pg_notify(${PAGE_CHANNEL}::text, '') where exists (select from done)`.execute(db);
}

/** The same for the page of a record that has a process of its own. Pages of more records are left alone. */
export async function pageOfRecordDone(db: Db, record: number, summary: JsonValue): Promise<void> {
  const { rows } = await sql<PageKey>`select p.batch, p.page from time_record r join time_page p on p.batch = r.batch and p.page = r.page where r.id = ${record} and p.records = 1`.execute(db);
  for (const page of rows) await pageDone(db, page, summary);
}

/** Pages of expense reports, which have processes of their own, are done when each of these was decided. @returns how many were. */
export async function finishDecidedPages(db: Db): Promise<number> {
  const { rows } = await sql<{ finished: number }>`
    with done as (
      update time_page p set state = 'done', done_at = now(), summary = jsonb_build_object('decided', p.records)
      where p.state = 'started' and p.kind = 'expenses'
        and not exists (select from time_record r where r.batch = p.batch and r.page = p.page and r.state = 'received')
      returning 1
    )
    select count(*)::integer as finished from done`.execute(db);
  return rows[0]?.finished ?? 0;
}

/** Records of a page that is through in a moment: it never waits for large ones. */
export const SMALL_PAGE = 20;

export interface RunningPages {
  readonly legalEntity: string;
  readonly bulk: number;
  /** Of some records, up to SMALL_PAGE. */
  readonly small: number;
  /** Of one record. */
  readonly single: number;
}

/** Started pages by legal entity, but for those `except`. Those that have been running for longer wait for a person or a system, and hold up nobody. */
export async function runningPages(db: Db, since: { readonly bulkMs: number; readonly singleMs: number; readonly except?: readonly PageKey[] }): Promise<RunningPages[]> {
  const { except = [] } = since;
  const { rows } = await sql<RunningPages>`/* prepared: running_time_pages */
    select legal_entity as "legalEntity", (count(*) filter (where records > ${SMALL_PAGE}::integer))::integer as bulk,
      (count(*) filter (where records > 1 and records <= ${SMALL_PAGE}::integer))::integer as small, (count(*) filter (where records = 1))::integer as single
    from time_page
    where state = 'started' and started_at > now() - case when records = 1 then ${since.singleMs}::double precision else ${since.bulkMs}::double precision end * interval '1 millisecond'
      and (batch, page) not in (select * from unnest(${except.map(({ batch }) => batch)}::text[], ${except.map(({ page }) => page)}::integer[]))
    group by legal_entity`.execute(db);
  return rows;
}

/**
 * Pages of timesheets that only wait for others: they run for longer than `silentMs`, all is decided, and what they still have to post goes to
 * ERPs that took nothing of any running page for so long (away, or not started any more), or was refused.
 */
export async function stalledPages(db: Db, { silentMs, parkedMs }: { readonly silentMs: number; /** Those that run for longer are of no interest: runningPages does not count them. */ readonly parkedMs: number }): Promise<PageKey[]> {
  const { rows } = await sql<PageKey>`
    with running as materialized (select batch, page, started_at from time_page where state = 'started' and kind = 'timesheets' and started_at > now() - ${parkedMs}::double precision * interval '1 millisecond'),
    line as materialized (
      select running.batch, running.page, posting.system, posting.state, posting.done_at
      from running join time_record r on r.batch = running.batch and r.page = running.page join labor_posting posting on posting.record = r.id
    ),
    lively as (select distinct system from line where done_at > now() - ${silentMs}::double precision * interval '1 millisecond')
    select running.batch, running.page from running
    where running.started_at < now() - ${silentMs}::double precision * interval '1 millisecond'
      and not exists (select from time_record r where r.batch = running.batch and r.page = running.page and r.state = 'received')
      and not exists (select from line where line.batch = running.batch and line.page = running.page and line.state not in ('done', 'refused', 'cancelled') and line.system in (select system from lively))`.execute(db);
  return rows;
}

/** Pages that started long ago and are not done: whether their process still runs is for the caller to find out. */
export async function longRunningPages(db: Db, { olderThanMs, limit }: { readonly olderThanMs: number; readonly limit: number }): Promise<ReadyPage[]> {
  const { rows } = await sql<ReadyPage>`
    select batch, page, kind, legal_entity as "legalEntity", records, ready_at as "readyAt", null as trace from time_page
    where state = 'started' and started_at < now() - ${olderThanMs}::double precision * interval '1 millisecond' order by started_at limit ${limit}`.execute(db);
  return rows;
}

/** Its process ended without an end: the page is given out again. */
export async function pageReadyAgain(db: Db, { batch, page }: PageKey): Promise<void> {
  await sql`
    with freed as (update time_page set state = 'ready', started_at = null where batch = ${batch} and page = ${page}::integer and state = 'started' returning 1)
    select pg_notify(${PAGE_CHANNEL}::text, '') where exists (select from freed)`.execute(db);
}

/** Tells when there may be something to start; also after each reconnection. */
export async function listenPages(url: string, onWake: () => void): Promise<Listener> {
  return await listen(url, PAGE_CHANNEL, () => onWake());
}
