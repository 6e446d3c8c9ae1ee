import { sql } from 'kysely';
import type { Db } from '../database.ts';
import { jsonText } from '../json.ts';

export interface ExpenseAnswer {
  readonly record: number;
  readonly system: string;
  readonly kind: 'reject' | 'lock';
  readonly detail: object;
}

/** Plans what a report's system is to be told; the same again changes nothing. @param terms.unlessDone it stays as it is where it was told before, in whatever words */
export async function planAnswer(db: Db, { record, system, kind, detail }: ExpenseAnswer, { unlessDone = false }: { readonly unlessDone?: boolean } = {}): Promise<void> {
  await sql`
    insert into time_answer as a (record, kind, system, state, detail) values (${record}, ${kind}, ${system}, 'planned', ${jsonText(detail)}::jsonb)
    on conflict (record, kind) do update set state = 'planned', detail = excluded.detail, planned_at = now(), done_at = null
    where a.detail <> excluded.detail and not (${unlessDone} and a.state = 'done')`.execute(db);
}

/** What has not been told yet and need not be any more. */
export async function dropPlannedAnswers(db: Db, record: number, kind: ExpenseAnswer['kind']): Promise<void> {
  await sql`delete from time_answer where record = ${record} and kind = ${kind} and state = 'planned'`.execute(db);
}

export interface ExpenseAnswerView {
  readonly kind: ExpenseAnswer['kind'];
  readonly system: string;
  /** planned, done, not_offered (the system takes none), or failed (it would not take it, and somebody gave it up). */
  readonly state: string;
}
