import { sql } from 'kysely';
import type { Instant, LocalDate } from '../../domain/dates.ts';
import type { Db } from '../database.ts';
import type { JsonValue } from '../json.ts';
import { CONTESTED } from './records.ts';

export interface TimesheetVersion {
  readonly record: number;
  readonly version: number;
  /** Another document came before under the same ID and version. */
  readonly contested: boolean;
  readonly contentHash: string;
  readonly person: string;
  readonly legalEntity: string;
  readonly weekStart: LocalDate | null;
  readonly batch: string;
  readonly page: number | null;
  readonly state: 'received' | 'decided';
  readonly receivedAt: Instant;
  readonly decidedAt: Instant | null;
}

/** Everything received under this ID of a time system, the oldest version first. */
export async function timesheetVersions(db: Db, { system, id }: { readonly system: string; readonly id: string }): Promise<TimesheetVersion[]> {
  const { rows } = await sql<TimesheetVersion>`
    select r.id as record, r.version, ${CONTESTED} as contested, r.content_hash as "contentHash", r.person, r.legal_entity as "legalEntity", r.week_start as "weekStart", r.batch, r.page, r.state,
      r.received_at as "receivedAt", r.decided_at as "decidedAt"
    from time_record r where r.kind = 'timesheet' and r.system = ${system} and r.record_id = ${id} order by r.version, r.id`.execute(db);
  return rows;
}

interface OfRecord {
  readonly record: number;
}

export interface EntryView extends OfRecord {
  readonly position: number;
  readonly entryId: string;
  readonly entryVersion: number;
  readonly workDate: string | null;
  readonly hours: string | null;
  readonly projectNumber: string | null;
  /** null: not decided yet. */
  readonly outcome: string | null;
  readonly findings: JsonValue;
  readonly waitsFor: string | null;
}

/** Each entry as it was received, with what became of it. */
export async function entriesOf(db: Db, records: readonly number[]): Promise<EntryView[]> {
  const { rows } = await sql<EntryView>`
    select r.id as record, (e.position - 1)::integer as position, e.entry->>'id' as "entryId", (e.entry->>'version')::integer as "entryVersion", e.entry->>'workDate' as "workDate", e.entry->>'hours' as hours,
      e.entry->>'projectNumber' as "projectNumber", o.outcome, coalesce(o.findings, '[]') as findings, o.waits_for as "waitsFor"
    from time_record r cross join jsonb_array_elements(r.document->'entries') with ordinality as e (entry, position)
    left join time_outcome o on o.record = r.id and o.position = e.position - 1
    where r.id = any(${[...records]}::bigint[]) order by r.version, r.id, e.position`.execute(db);
  return rows;
}

export interface PostingView extends OfRecord {
  readonly key: string;
  readonly system: string;
  readonly legalEntity: string;
  readonly accountingPeriod: string;
  readonly kind: 'original' | 'reversal';
  readonly hours: string;
  readonly currency: string;
  readonly amount: string;
  readonly state: string;
  readonly externalId: string | null;
  readonly error: JsonValue;
  readonly doneAt: Instant | null;
}

export async function laborPostingsOf(db: Db, records: readonly number[]): Promise<PostingView[]> {
  const { rows } = await sql<PostingView>`
    select record, key, system, legal_entity as "legalEntity", accounting_period as "accountingPeriod", kind, hours, currency, amount, state, external_id as "externalId", error, done_at as "doneAt"
    from labor_posting where record = any(${[...records]}::bigint[]) order by record, planned_at, key`.execute(db);
  return rows;
}

export interface PayLineView extends OfRecord {
  readonly key: string;
  readonly kind: 'original' | 'reversal';
  readonly employer: string;
  readonly payPeriod: string;
  readonly workDate: LocalDate;
  readonly payCode: string;
  readonly hours: string;
  readonly payrollExport: string | null;
}

export async function payLinesOf(db: Db, records: readonly number[]): Promise<PayLineView[]> {
  const { rows } = await sql<PayLineView>`
    select record, key, kind, employer, pay_period as "payPeriod", work_date as "workDate", pay_code as "payCode", hours, payroll_export as "payrollExport"
    from pay_line where record = any(${[...records]}::bigint[]) order by record, work_date, pay_code, key`.execute(db);
  return rows;
}

export interface AnswerView extends OfRecord {
  readonly kind: 'reject' | 'lock';
  readonly system: string;
  readonly state: string;
  readonly doneAt: Instant | null;
}

export async function timeAnswersOf(db: Db, records: readonly number[]): Promise<AnswerView[]> {
  const { rows } = await sql<AnswerView>`
    select record, kind, system, state, done_at as "doneAt" from time_answer where record = any(${[...records]}::bigint[]) order by record, kind`.execute(db);
  return rows;
}
