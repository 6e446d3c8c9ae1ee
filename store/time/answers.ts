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

/** What a time system is still to be told of these records. A lock waits until everything of its record is posted. */
export async function plannedAnswers(db: Db, selection: RecordSelection, system: string): Promise<PlannedAnswer[]> {
  const { rows } = await sql<PlannedAnswer>`
    select a.record, a.kind, a.detail from time_record r join time_answer a on a.record = r.id
    where ${selected(selection)} and a.system = ${system} and a.state = 'planned'
      and (a.kind <> 'lock' or not exists (select from labor_posting p where p.record = r.id and p.state <> 'done'))
    order by a.record`.execute(db);
  return rows;
}

export async function recordAnswered(db: Db, answers: readonly { readonly record: number; readonly kind: string; readonly state: 'done' | 'not_offered' }[]): Promise<void> {
  if (answers.length === 0) return;
  await sql`
    update time_answer a set state = d.state, done_at = now() from jsonb_to_recordset(${jsonText(answers)}::jsonb) as d (record bigint, kind text, state text)
    where a.record = d.record and a.kind = d.kind`.execute(db);
}
