import { sql } from 'kysely';
import type { Instant, LocalDate } from '../../domain/dates.ts';
import type { Db } from '../database.ts';

export interface StoredDeadline {
  readonly legalEntity: string;
  readonly kind: 'pay' | 'books';
  /** Last day of the period. */
  readonly to: LocalDate;
  readonly at: Instant;
}

/** Deadlines still ahead, of pay periods and of accounting periods that are not closed. */
export async function deadlinesAhead(db: Db, now: Date): Promise<StoredDeadline[]> {
  const { rows } = await sql<StoredDeadline>`/* prepared: time_deadlines_ahead */
    select * from (
      select scope as "legalEntity", case kind when 'pay_period' then 'pay' else 'books' end as kind, document->>'to' as "to",
        coalesce(document->>'cutoffAt', document->>'closesAt') as at
      from time_reference
      where kind = 'pay_period' or (kind = 'accounting_period' and document->>'closed' = 'false')
    ) periods
    where at::timestamptz > ${now.toISOString()}::timestamptz order by at::timestamptz`.execute(db);
  return rows;
}
