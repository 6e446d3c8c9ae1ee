import { sql } from 'kysely';
import type { LocalDate } from '../../domain/dates.ts';
import type { Db } from '../database.ts';
import type { BatchKind } from './intake.ts';

export interface PageAhead {
  readonly kind: BatchKind;
  readonly legalEntity: string;
  readonly firstWeek: LocalDate | null;
  /** Records not decided yet. */
  readonly open: number;
  /** Of timesheets: their entries, about as many lines of labor as will have to be posted. */
  readonly entries: number;
}

/** Pages with records that are still to be decided. */
export async function pagesAhead(db: Db): Promise<PageAhead[]> {
  const { rows } = await sql<PageAhead>`
    select p.kind, p.legal_entity as "legalEntity", min(r.week_start) as "firstWeek", count(*)::integer as open,
      coalesce(sum(jsonb_array_length(r.document->'entries')) filter (where r.kind = 'timesheet'), 0)::integer as entries
    from time_page p join time_record r on r.batch = p.batch and r.page = p.page and r.state = 'received'
    where p.state <> 'done' group by p.batch, p.page order by p.ready_at, p.batch, p.page`.execute(db);
  return rows;
}

export interface LinesAhead {
  readonly legalEntity: string;
  readonly firstWeek: LocalDate | null;
  /** Lines that are planned and not in their ERP, and that go there by themselves. */
  readonly lines: number;
  /** Lines their ERP refused, or of which nobody knows: no pace helps them. */
  readonly refused: number;
}

/** Labor that is decided and not in its ERP, by legal entity of the person and week. */
export async function linesAhead(db: Db): Promise<LinesAhead[]> {
  const { rows } = await sql<LinesAhead>`
    select r.legal_entity as "legalEntity", r.week_start as "firstWeek", (count(*) filter (where p.state <> 'refused'))::integer as lines, (count(*) filter (where p.state = 'refused'))::integer as refused
    from labor_posting p join time_record r on r.id = p.record where p.state <> 'done' and p.state <> 'cancelled' group by 1, 2 order by 2, 1`.execute(db);
  return rows;
}

/** Lines of labor that came into their ERP per second, by the last quarter of an hour's work; 0 where there were none. */
export async function postingPace(db: Db): Promise<number> {
  const { rows: [pace] } = await sql<{ perSecond: number }>`
    select coalesce(count(*) / greatest(extract(epoch from now() - min(done_at)), 10), 0)::float8 as "perSecond"
    from labor_posting where done_at > now() - interval '15 minutes'`.execute(db);
  return pace?.perSecond ?? 0;
}

/** Records decided per second, by the last quarter of an hour's work; 0 where there was none. */
export async function presentPace(db: Db): Promise<number> {
  const { rows: [pace] } = await sql<{ perSecond: number }>`
    select coalesce(count(*) / greatest(extract(epoch from now() - min(decided_at)), 10), 0)::float8 as "perSecond"
    from time_record where decided_at > now() - interval '15 minutes'`.execute(db);
  return pace?.perSecond ?? 0;
}

/** Timesheets with entries that wait for a person or another record, by legal entity: no pace helps them. */
export async function waitingForPeople(db: Db): Promise<readonly { readonly legalEntity: string; readonly rejected: number; readonly held: number }[]> {
  const { rows } = await sql<{ legalEntity: string; rejected: number; held: number }>`
    select r.legal_entity as "legalEntity", (count(distinct r.id) filter (where o.outcome = 'rejected'))::integer as rejected, (count(distinct r.id) filter (where o.outcome = 'held'))::integer as held
    from time_outcome o join time_record r on r.id = o.record where o.outcome in ('rejected', 'held') group by r.legal_entity order by r.legal_entity`.execute(db);
  return rows;
}
