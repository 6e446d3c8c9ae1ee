import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';

/**
 * The employer of a person on a day, by the terms that the rules choose (`termsOn` in domain/rules/timesheet/terms.ts): a query of one row at most, which
 * takes one look into the index.
 * @param date of SQL type date; null: today
 */
export function employerOn(person: RawBuilder<unknown>, date: RawBuilder<unknown>): RawBuilder<{ readonly legal_entity: string }> {
  return sql<{ readonly legal_entity: string }>`
    select t.legal_entity from (
      select r.document->>'legalEntity' as legal_entity, (r.document->>'from')::date <= d.day as begun, r.document->>'from' as since, coalesce((r.document->>'to')::date >= d.day, true) as lasts
      from time_reference r, (select coalesce(${date}, current_date) as day) d where r.kind = 'person' and r.scope = ${person}
    ) t order by t.begun desc, t.begun and t.lasts desc, case when t.begun then t.since end desc, t.since limit 1`;
}
