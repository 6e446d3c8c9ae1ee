import { sql } from 'kysely';
import type { Instant } from '../domain/dates.ts';
import type { Db } from './database.ts';
import type { JsonValue } from './json.ts';

export interface SentDocument {
  readonly kind: 'timesheet' | 'expense';
  /** Who sent it, as batches name it: a sender sees what it sent, and nothing else. */
  readonly source: string;
  readonly system: string;
  readonly id: string;
}

/** One version of a document as its sender is told of it. */
export interface SentVersion {
  readonly version: number;
  readonly batch: string;
  readonly receivedAt: Instant;
  readonly decided: boolean;
  /** Of an expense report as a whole; null for a timesheet, which is decided entry by entry, and before the decision. */
  readonly outcome: string | null;
  readonly findings: JsonValue;
  readonly waitsFor: string | null;
  /** Of a timesheet. */
  readonly entries: readonly { readonly id: string; readonly version: number; readonly outcome: string; readonly findings: JsonValue; readonly waitsFor: string | null }[];
  readonly posted: readonly { readonly system: string; readonly kind: string; readonly state: string; readonly lines: number }[];
}

/** What became of each version of a document that this source sent, the oldest first. */
export async function sentVersions(db: Db, { kind, source, system, id }: SentDocument): Promise<SentVersion[]> {
  const postings = kind === 'expense' ? sql`expense_posting` : sql`labor_posting`;
  const { rows } = await sql<SentVersion>`
    select r.version, r.batch, r.received_at as "receivedAt", r.state = 'decided' as decided, e.outcome, coalesce(e.findings, '[]') as findings, e.hold_message as "waitsFor",
      case when r.kind = 'expense' then '[]' else (
        select coalesce(jsonb_agg(jsonb_build_object('id', o.entry_id, 'version', o.entry_version, 'outcome', o.outcome, 'findings', coalesce(o.findings, '[]'), 'waitsFor', o.waits_for) order by o.position), '[]')
        from time_outcome o where o.record = r.id) end as entries,
      (select coalesce(jsonb_agg(to_jsonb(p) order by p.system, p.kind, p.state), '[]') from (select system, kind, state, count(*) as lines from ${postings} where record = r.id group by 1, 2, 3) p) as posted
    from time_record r join time_batch b on b.id = r.batch left join expense_outcome e on e.record = r.id
    where b.source = ${source} and r.kind = ${kind} and r.system = ${system} and r.record_id = ${id} order by r.version, r.id`.execute(db);
  return rows;
}
