import { sql } from 'kysely';
import type { Instant } from '../../domain/dates.ts';
import type { Db } from '../database.ts';
import type { ExpenseAnswerView } from '../expenses/answers.ts';
import type { JsonValue } from '../json.ts';

export interface ReportVersion {
  readonly record: number;
  readonly version: number;
  readonly person: string;
  readonly legalEntity: string;
  readonly total: { readonly amount: string; readonly currency: string };
  readonly lines: number;
  readonly batch: string;
  readonly page: number | null;
  readonly receivedAt: Instant;
  /** null: not decided yet. */
  readonly outcome: string | null;
  readonly findings: JsonValue;
  readonly holdMessage: string | null;
  readonly remarks: readonly string[];
  /** What the system it came from was told of it. */
  readonly answers: readonly ExpenseAnswerView[];
  readonly postings: readonly { readonly key: string; readonly system: string; readonly employer: string; readonly accountingPeriod: string; readonly kind: string; readonly amount: string; readonly currency: string; readonly state: string; readonly externalId: string | null; readonly url: string | null; readonly error: JsonValue }[];
}

/** Every version of an expense report that was received under this ID of its system, with what became of it, the oldest first. */
export async function reportVersions(db: Db, { system, id }: { readonly system: string; readonly id: string }): Promise<ReportVersion[]> {
  const { rows } = await sql<ReportVersion>`
    select r.id as record, r.version, r.person, r.legal_entity as "legalEntity", r.document->'total' as total, jsonb_array_length(r.document->'lines') as lines, r.batch, r.page, r.received_at as "receivedAt",
      o.outcome, coalesce(o.findings, '[]') as findings, o.hold_message as "holdMessage", coalesce(o.remarks, '{}') as remarks,
      (select coalesce(jsonb_agg(jsonb_build_object('kind', a.kind, 'system', a.system, 'state', a.state) order by a.kind), '[]') from time_answer a where a.record = r.id) as answers,
      (select coalesce(jsonb_agg(jsonb_build_object('key', p.key, 'system', p.system, 'employer', p.employer, 'accountingPeriod', p.accounting_period, 'kind', p.kind, 'amount', p.amount::text, 'currency', p.currency,
        'state', p.state, 'externalId', p.external_id, 'url', p.url, 'error', p.error) order by p.kind, p.key), '[]') from expense_posting p where p.record = r.id) as postings
    from time_record r left join expense_outcome o on o.record = r.id
    where r.kind = 'expense' and r.system = ${system} and r.record_id = ${id} order by r.version, r.id`.execute(db);
  return rows;
}
