import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { ExpenseReport } from '../../domain/model/time/expense-report.ts';
import type { Timesheet } from '../../domain/model/time/timesheet.ts';
import type { Db } from '../database.ts';
import { LINE_KINDS, tellOfUnreadLines, type UnreadOfBatch } from '../inbox-lines.ts';
import { jsonText, plainText } from '../json.ts';
import { PAGE_CHANNEL } from './page-channel.ts';
import { employerOn } from './person-terms.ts';

export type BatchKind = 'timesheets' | 'expenses';

export interface Batch {
  readonly id: string;
  readonly state: 'receiving' | 'sealed';
}

export interface ReceivedRecord {
  /** 'known': the same version with the same content came before, in this batch or another. */
  readonly status: 'received' | 'known';
  /** Number of the `time_record` row. */
  readonly record: number;
}

/** Most records of one page. An expense report is a process of its own, so its pages are smaller. */
export const PAGE_SIZE: Readonly<Record<BatchKind, number>> = { timesheets: 200, expenses: 25 };

/** Of a person the reference data does not know. */
export const UNKNOWN_ENTITY = 'UNKNOWN';

const RECORD_KIND: Readonly<Record<BatchKind, 'timesheet' | 'expense'>> = { timesheets: 'timesheet', expenses: 'expense' };

/** Opens a batch, or joins the one its sender opened with the same key before. */
export async function openBatch(db: Db, batch: { readonly source: string; readonly kind: BatchKind; readonly idempotencyKey: string; readonly trace?: string | undefined }): Promise<Batch> {
  const id = `${new Date().toISOString().slice(0, 10)}-${randomBytes(6).toString('hex')}`;
  const { rows } = await sql<Batch>`/* prepared: open_time_batch */
    insert into time_batch (id, source, idempotency_key, kind, state, trace)
    values (${id}, ${plainText(batch.source)}, ${plainText(batch.idempotencyKey)}, ${batch.kind}, 'receiving', ${batch.trace ?? null})
    on conflict (source, kind, idempotency_key) do update set touched_at = now()
    returning id, state`.execute(db);
  const [opened] = rows;
  if (opened === undefined) throw new Error(`batch ${batch.idempotencyKey} of ${batch.source} was neither opened nor found: open it again`);
  return opened;
}

/**
 * Makes documents durable and puts the new ones on pages, each of one legal entity: all in one statement, so a chunk is there whole or not
 * at all. A page that is full is ready at once, the others when the batch is sealed. Requests into one batch take turns.
 * @param documents of the batch's kind and valid; some hundreds at a time.
 * @returns what became of each, in the order given.
 * @throws Error for an unknown batch; the database's own error for a value that PostgreSQL cannot hold.
 */
export async function receiveRecords(db: Db, batchId: string, documents: readonly (Timesheet | ExpenseReport)[]): Promise<ReceivedRecord[]> {
  if (documents.length === 0) return [];
  const results = await db.transaction().execute(async (transaction) => {
    const kind = await holdBatch(transaction, batchId, documents.length);
    return await insertRecords(transaction, batchId, kind, documents);
  });
  const lost = results.filter(({ record }) => record === null).map(({ position }) => position - 1);
  if (lost.length === 0) return results.flatMap(({ status, record }) => (record === null ? [] : [{ status, record }]));
  // Another batch brought the same records in the same moment: it has them by now.
  const again = await receiveRecords(db, batchId, lost.flatMap((position) => documents[position] ?? []));
  return results.map(({ status, record, position }) => (record === null ? again[lost.indexOf(position - 1)] : { status, record })).filter((result) => result !== undefined);
}

/**
 * Nothing more comes: pages that are not full are ready too, and a person hears of lines that could not be read. A batch that grows after all
 * is open again.
 * @returns whether there is such a batch.
 */
export async function sealBatch(db: Db, batchId: string): Promise<boolean> {
  return await db.transaction().execute(async (transaction) => {
    const { rows } = await sql<UnreadOfBatch>`/* prepared: seal_time_batch */
      update time_batch b set state = 'sealed', sealed_at = case when state = 'sealed' then sealed_at else now() end, touched_at = now()
      where id = ${batchId}
      returning id, source, kind, idempotency_key as key, lines, unread_not_kept as "notKept", to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24') as hour,
        (select count(*) from inbox i where i.source = b.source and i.business_key = b.id and i.kind = any(${[...LINE_KINDS]}::text[])) as kept`.execute(transaction);
    await sql`
      with released as (update time_page set state = 'ready', ready_at = now() where batch = ${batchId} and state = 'filling' returning 1)
      select pg_notify(${PAGE_CHANNEL}::text, '') where exists (select from released)`.execute(transaction);
    const [sealed] = rows;
    if (sealed !== undefined) await tellOfUnreadLines(transaction, sealed);
    return sealed !== undefined;
  });
}

/** Seals batches that a crash or a cut connection left open. @returns their IDs. */
export async function sealStale(db: Db, olderThanMs: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from time_batch where state = 'receiving' and touched_at < now() - ${olderThanMs}::double precision * interval '1 millisecond' order by touched_at limit 100`.execute(db);
  for (const { id } of rows) await sealBatch(db, id);
  return rows.map(({ id }) => id);
}

/** Locks the batch's row, so that the next statement sees all pages as the request before left them. */
async function holdBatch(db: Db, batchId: string, lines: number): Promise<BatchKind> {
  const { rows } = await sql<{ kind: BatchKind }>`/* prepared: hold_time_batch */
    update time_batch set state = 'receiving', sealed_at = null, touched_at = clock_timestamp(), lines = lines + ${lines}::integer where id = ${batchId} returning kind`.execute(db);
  const [batch] = rows;
  if (batch === undefined) throw new Error(`there is no batch ${batchId}: open it first`);
  return batch.kind;
}

interface Inserted {
  readonly position: number;
  readonly status: 'received' | 'known';
  readonly record: number | null;
}

/**
 * The hash is of the document as jsonb writes it: the same for any order of members and any white space. Rows go in in the order of their
 * key, so that two batches with the same records wait for each other and never for both.
 */
async function insertRecords(db: Db, batchId: string, kind: BatchKind, documents: readonly object[]): Promise<Inserted[]> {
  const recordKind = RECORD_KIND[kind];
  const size = PAGE_SIZE[kind];
  const { rows } = await sql<Inserted>`/* prepared: receive_time_records */
    with input as materialized (
      select e.position, e.document, e.document->>'system' as system, e.document->>'id' as record_id, (e.document->>'version')::integer as version,
        e.document->>'person' as person, (e.document->>'weekStart')::date as week_start, encode(sha256(convert_to(e.document::text, 'UTF8')), 'hex') as content_hash
      from jsonb_array_elements(${jsonText(documents)}::jsonb) with ordinality as e (document, position)
    ),
    known as materialized (
      select i.position, r.id from input i
      join time_record r on r.kind = ${recordKind}::text and r.system = i.system and r.record_id = i.record_id and r.version = i.version and r.content_hash = i.content_hash
    ),
    fresh as materialized (
      select distinct on (i.system, i.record_id, i.version, i.content_hash) i.*, coalesce(p.legal_entity, ${UNKNOWN_ENTITY}::text) as legal_entity
      from input i left join lateral (${employerOn(sql`i.person`, sql`i.week_start`)}) p on true
      where not exists (select from known k where k.position = i.position)
      order by i.system, i.record_id, i.version, i.content_hash, i.position
    ),
    numbered as (select f.*, row_number() over (partition by f.legal_entity order by f.position) - 1 as nth from fresh f),
    filling as (
      select distinct on (legal_entity) legal_entity, page, records from time_page
      where batch = ${batchId}::text and state = 'filling' order by legal_entity, page desc
    ),
    wanted as (
      select n.legal_entity, f.page as open_page, coalesce(f.records, 0) as placed, case when f.page is null then 0 else 1 end as continued,
        (coalesce(f.records, 0) + count(*) + ${size}::integer - 1) / ${size}::integer as pages
      from numbered n left join filling f using (legal_entity) group by n.legal_entity, f.page, f.records
    ),
    opening as (
      select w.*, (select coalesce(max(page), 0) from time_page where batch = ${batchId}::text)
        + sum(w.pages - w.continued) over (order by w.legal_entity) - (w.pages - w.continued) as last_page
      from wanted w
    ),
    inserted as (
      insert into time_record (kind, system, record_id, version, content_hash, person, legal_entity, week_start, batch, page, document)
      select ${recordKind}::text, n.system, n.record_id, n.version, n.content_hash, n.person, n.legal_entity, n.week_start, ${batchId}::text,
        case when o.continued = 1 and (o.placed + n.nth) / ${size}::integer = 0 then o.open_page
          else o.last_page + 1 + (o.placed + n.nth) / ${size}::integer - o.continued end,
        n.document
      from numbered n join opening o using (legal_entity)
      order by n.system, n.record_id, n.version, n.content_hash
      on conflict (kind, system, record_id, version, content_hash) do nothing
      returning id, system, record_id, version, content_hash, legal_entity, page
    ),
    paged as (
      insert into time_page as p (batch, page, kind, legal_entity, records, state, ready_at)
      select ${batchId}::text, i.page, ${kind}::text, i.legal_entity, count(*),
        case when count(*) >= ${size}::integer then 'ready' else 'filling' end, case when count(*) >= ${size}::integer then now() end
      from inserted i group by i.page, i.legal_entity
      on conflict (batch, page) do update set records = p.records + excluded.records,
        state = case when p.records + excluded.records >= ${size}::integer then 'ready' else p.state end,
        ready_at = case when p.records + excluded.records >= ${size}::integer then now() end
      returning state
    ),
    woken as (select pg_notify(${PAGE_CHANNEL}::text, '') where exists (select from paged where state = 'ready'))
    select i.position, case when f.position is null then 'known' else 'received' end as status, coalesce(k.id, n.id) as record
    from input i
    left join known k on k.position = i.position
    left join inserted n on n.system = i.system and n.record_id = i.record_id and n.version = i.version and n.content_hash = i.content_hash
    left join fresh f on f.position = i.position
    left join woken on true
    order by i.position`.execute(db);
  return rows;
}
