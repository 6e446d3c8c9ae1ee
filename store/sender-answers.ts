import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import type { Instant } from '../domain/dates.ts';
import { ADVISORY_LOCKS } from './advisory-locks.ts';
import type { Db } from './database.ts';
import type { JsonValue } from './json.ts';

/** What became of one version of a document, as its sender is told. */
export interface SentAnswer {
  /** Number of the `time_record` row. */
  readonly record: number;
  readonly kind: 'timesheet' | 'expense';
  readonly system: string;
  readonly id: string;
  readonly version: number;
  readonly person: string;
  readonly batch: string;
  readonly receivedAt: Instant;
  readonly state: 'received' | 'decided';
  readonly decidedAt: Instant | null;
  /** Of an expense report as a whole; null for a timesheet, which is decided entry by entry, and before the decision. */
  readonly outcome: string | null;
  /** Entries or expense lines by outcome. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly findings: JsonValue;
  readonly waitsFor: string | null;
  /** Of a timesheet. */
  readonly entries: readonly { readonly id: string; readonly version: number; readonly outcome: string; readonly findings: JsonValue; readonly waitsFor: string | null }[];
  readonly posted: readonly { readonly system: string; readonly kind: string; readonly state: string; readonly lines: number }[];
}

/** Whose answers: a sender sees what it sent, and nothing else. Named as batches name it. */
interface Sender {
  readonly source: string;
}

/** All entries, or those that somebody has to know the reason of. */
type Entries = 'all' | 'with_reasons';

/** Of `time_record r`, `time_batch b` and `expense_outcome e`. */
function answerColumns(entries: Entries): RawBuilder<unknown> {
  const told = entries === 'all' ? sql`true` : sql`o.outcome in ('rejected', 'held', 'returned')`;
  return sql`
    r.id as record, r.kind, r.system, r.record_id as id, r.version, r.person, r.batch, r.received_at as "receivedAt", r.state, r.decided_at as "decidedAt",
    e.outcome, coalesce(e.findings, '[]') as findings, e.hold_message as "waitsFor",
    (select coalesce(jsonb_object_agg(outcome, n), '{}') from (select o.outcome, count(*) as n from time_outcome o where o.record = r.id group by o.outcome) counted) as outcomes,
    case when r.kind = 'expense' then '[]' else (
      select coalesce(jsonb_agg(jsonb_build_object('id', o.entry_id, 'version', o.entry_version, 'outcome', o.outcome, 'findings', o.findings, 'waitsFor', o.waits_for) order by o.position), '[]')
      from time_outcome o where o.record = r.id and ${told}) end as entries,
    (select coalesce(jsonb_agg(to_jsonb(p) order by p.system, p.kind, p.state), '[]') from (
      select system, kind, state, count(*) as lines from (
        select system, kind, state from labor_posting where record = r.id union all select system, kind, state from expense_posting where record = r.id
      ) every group by 1, 2, 3) p) as posted`;
}

/** What became of each version of a document, the oldest first. */
export async function sentVersions(db: Db, { kind, source, system, id }: Sender & Pick<SentAnswer, 'kind' | 'system' | 'id'>): Promise<SentAnswer[]> {
  const { rows } = await sql<SentAnswer>`
    select ${answerColumns('all')}
    from time_record r join time_batch b on b.id = r.batch left join expense_outcome e on e.record = r.id
    where b.source = ${source} and r.kind = ${kind} and r.system = ${system} and r.record_id = ${id} order by r.version, r.id`.execute(db);
  return rows;
}

export const ANSWER_OUTCOMES = ['received', 'accepted', 'repeat', 'rejected', 'held', 'returned', 'withdrawn', 'superseded'] as const;
export type AnswerOutcome = (typeof ANSWER_OUTCOMES)[number];

/**
 * Numbers of a batch's new records, in order: whatever comes into a batch later has a higher one.
 * @param which.outcome only those with an entry of this outcome; 'received': not decided yet
 * @returns undefined where this source sent no such batch
 */
export async function recordsOfBatch(db: Db, which: Sender & { readonly batch: string; readonly after: number; readonly limit: number; readonly outcome?: AnswerOutcome | undefined }): Promise<number[] | undefined> {
  const { source, batch, after, limit, outcome } = which;
  const { rows } = await sql<{ ids: number[] }>`
    select (select coalesce(jsonb_agg(chosen.id order by chosen.id), '[]') from (
      select r.id from time_record r where r.batch = b.id and r.id > ${after} and ${withOutcome(outcome)} order by r.id limit ${limit}) chosen) as ids
    from time_batch b where b.id = ${batch} and b.source = ${source}`.execute(db);
  return rows[0]?.ids;
}

function withOutcome(outcome: AnswerOutcome | undefined): RawBuilder<unknown> {
  if (outcome === undefined) return sql`true`;
  if (outcome === 'received') return sql`r.state = 'received'`;
  return sql`case when r.kind = 'expense' then exists (select from expense_outcome x where x.record = r.id and x.outcome = ${outcome}) else exists (select from time_outcome x where x.record = r.id and x.outcome = ${outcome}) end`;
}

/** What became of these records, by their numbers; of the entries those that were refused, given back or are held. */
export async function sentAnswers(db: Db, { source, records }: Sender & { readonly records: readonly number[] }): Promise<SentAnswer[]> {
  const { rows } = await sql<SentAnswer>`
    select ${answerColumns('with_reasons')}
    from unnest(${[...records]}::bigint[]) as wanted (id) join time_record r on r.id = wanted.id join time_batch b on b.id = r.batch left join expense_outcome e on e.record = r.id
    where b.source = ${source} order by r.id`.execute(db);
  return rows;
}

export interface AnswersInOrder {
  readonly answers: readonly SentAnswer[];
  /** The cursor after which the next ones begin. */
  readonly next: number;
  /** There are more by now. */
  readonly more: boolean;
}

/**
 * Answers that were given, or became others, after a cursor: in the order in which they were decided, each document version once and as it is now.
 *
 * A decision notes its records without a number, in its own transaction; numbers are given here, to what is committed, by one reader at a time.
 * So what was decided early and committed late gets a late number and is not missed, whatever was read meanwhile. What a transaction is just
 * deciding is left for the next time, and nobody waits for it.
 * @returns undefined for a cursor that was never given
 */
export async function answersAfter(db: Db, { source, after, limit }: Sender & { readonly after: number; readonly limit: number }): Promise<AnswersInOrder | undefined> {
  const last = await db.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(${ADVISORY_LOCKS.answerNumbering}::bigint)`.execute(transaction);
    await sql`
      with unnumbered as materialized (
        select record, noted_at from sender_answer where source = ${source} and position is null order by noted_at, record limit ${limit} for update skip locked
      ), numbered as materialized (
        select record, nextval('sender_answer_number') as position from (select record from unnumbered order by noted_at, record) in_order
      )
      update sender_answer a set position = n.position from numbered n where a.record = n.record`.execute(transaction);
    const { rows } = await sql<{ last: number }>`select case when is_called then last_value else 0 end as last from sender_answer_number`.execute(transaction);
    return rows[0]?.last ?? 0;
  });
  if (after > last) return undefined;
  const { rows } = await sql<SentAnswer & { position: number }>`
    select a.position, ${answerColumns('with_reasons')}
    from (select record, position from sender_answer where source = ${source} and position > ${after} order by position limit ${limit}) a
    join time_record r on r.id = a.record left join expense_outcome e on e.record = r.id
    order by a.position`.execute(db);
  return { answers: rows.map(({ position: _position, ...answer }) => answer), next: rows.at(-1)?.position ?? after, more: rows.length === limit };
}
