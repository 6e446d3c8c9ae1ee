import { sql } from 'kysely';
import type { Instant } from '../../domain/dates.ts';
import type { Db } from '../database.ts';
import { LINE_KINDS } from '../inbox-lines.ts';
import type { JsonValue } from '../json.ts';
import type { BatchKind } from './intake.ts';

type Counts = Readonly<Record<string, number>>;

export interface BatchStatus {
  readonly batch: string;
  readonly source: string;
  readonly key: string;
  readonly kind: BatchKind;
  readonly state: 'receiving' | 'sealed';
  readonly receivedAt: Instant;
  readonly sealedAt: Instant | null;
  /** Documents sent under this key, repeated ones included. */
  readonly lines: number;
  /** Documents that were new: decided, and not yet. */
  readonly records: { readonly received: number; readonly decided: number };
  /** Pages by state. */
  readonly pages: Counts;
  /** Entries or expense lines by outcome, as far as they are decided. */
  readonly outcomes: Counts;
  /** Lines that could not be read as documents: in quarantine, taken in after all, set aside by a person, and past the bound for keeping them. */
  readonly unreadable: { readonly waiting: number; readonly taken: number; readonly dismissed: number; readonly notKept: number };
}

/** Where batches stand, the newest first; one alone by its ID. */
export async function batchStatuses(db: Db, which: { readonly id: string } | { readonly limit: number }): Promise<BatchStatus[]> {
  const chosen = 'id' in which ? sql`select * from time_batch where id = ${which.id}` : sql`select * from time_batch order by received_at desc, id desc limit ${which.limit}`;
  const { rows } = await sql<BatchStatus>`
    select b.id as batch, b.source, b.idempotency_key as key, b.kind, b.state, b.received_at as "receivedAt", b.sealed_at as "sealedAt", b.lines,
      (select jsonb_build_object('received', count(*) filter (where r.state = 'received'), 'decided', count(*) filter (where r.state = 'decided')) from time_record r where r.batch = b.id) as records,
      (select coalesce(jsonb_object_agg(state, n), '{}') from (select state, count(*) as n from time_page p where p.batch = b.id group by state) pages) as pages,
      (select coalesce(jsonb_object_agg(outcome, n), '{}') from (select o.outcome, count(*) as n from time_record r join time_outcome o on o.record = r.id where r.batch = b.id group by o.outcome) outcomes) as outcomes,
      (select jsonb_build_object('waiting', count(*) filter (where i.state = 'quarantined'), 'taken', count(*) filter (where i.state = 'dispatched'), 'dismissed', count(*) filter (where i.state = 'ignored'), 'notKept', b.unread_not_kept)
        from inbox i where i.source = b.source and i.business_key = b.id and i.kind = any(${[...LINE_KINDS]}::text[])) as unreadable
    from (${chosen}) b order by b.received_at desc, b.id desc`.execute(db);
  return rows;
}

export interface PageStatus {
  readonly page: number;
  readonly legalEntity: string;
  readonly records: number;
  readonly state: string;
  readonly priority: number;
  readonly cutoffAt: Instant | null;
  readonly readyAt: Instant | null;
  readonly startedAt: Instant | null;
  readonly doneAt: Instant | null;
  readonly summary: JsonValue;
}

export async function pagesOfBatch(db: Db, batch: string): Promise<PageStatus[]> {
  const { rows } = await sql<PageStatus>`
    select page, legal_entity as "legalEntity", records, state, priority, cutoff_at as "cutoffAt", ready_at as "readyAt", started_at as "startedAt", done_at as "doneAt", summary
    from time_page where batch = ${batch} order by page`.execute(db);
  return rows;
}
