import { sql } from 'kysely';
import type { Db } from '../database.ts';
import { jsonText } from '../json.ts';
import type { JsonValue } from '../json.ts';
import { selected, type RecordSelection } from './records.ts';

export interface PlannedAnswer {
  readonly record: number;
  readonly kind: 'reject' | 'lock';
  readonly detail: JsonValue;
}

/**
 * What a time system is still to be told of these records. A lock waits until everything of its record is posted; a page leaves the records it
 * handed over to their own processes, so that nothing is told twice.
 */
export async function plannedAnswers(db: Db, selection: RecordSelection, system: string): Promise<PlannedAnswer[]> {
  const { rows } = await sql<PlannedAnswer>`
    select a.record, a.kind, a.detail from time_record r join time_answer a on a.record = r.id
    where ${selected(selection)} and a.system = ${system} and a.state = 'planned'
      and (a.kind <> 'lock' or not exists (select from labor_posting p where p.record = r.id and p.state not in ('done', 'cancelled')))
      and ${'batch' in selection ? sql`not exists (select from time_outcome o where o.record = r.id and o.outcome = 'rejected')` : sql`true`}
    order by a.record, a.kind`.execute(db);
  return rows;
}

export async function recordAnswered(db: Db, answers: readonly { readonly record: number; readonly kind: string; readonly state: 'done' | 'not_offered' }[]): Promise<void> {
  if (answers.length === 0) return;
  await sql`
    update time_answer a set state = d.state, done_at = now(), refused_at = null, error = null from jsonb_to_recordset(${jsonText(answers)}::jsonb) as d (record bigint, kind text, state text)
    where a.record = d.record and a.kind = d.kind`.execute(db);
}

/** The time system will not take them: they stay planned until that is mended, or somebody gives them up. */
export async function recordAnswersRefused(db: Db, answers: readonly { readonly record: number; readonly kind: string; readonly error: object }[]): Promise<void> {
  if (answers.length === 0) return;
  await sql`
    update time_answer a set refused_at = now(), error = d.error from jsonb_to_recordset(${jsonText(answers)}::jsonb) as d (record bigint, kind text, error jsonb)
    where a.record = d.record and a.kind = d.kind and a.state = 'planned'`.execute(db);
}

/** Answers that the time system would not take are not told by us any more. Those planned anew since are. @returns what was given up */
export async function giveUpAnswers(db: Db, selection: RecordSelection, system: string): Promise<{ readonly record: number; readonly kind: string }[]> {
  const { rows } = await sql<{ record: number; kind: string }>`
    update time_answer a set state = 'failed', done_at = now() from time_record r
    where a.record = r.id and ${selected(selection)} and a.system = ${system} and a.state = 'planned' and a.refused_at >= a.planned_at returning a.record, a.kind`.execute(db);
  return rows.toSorted((left, right) => left.record - right.record);
}
