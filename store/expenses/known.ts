import { sql } from 'kysely';
import type { Db } from '../database.ts';
import { jsonText } from '../json.ts';
import type { JsonValue } from '../json.ts';

// What a decision about an expense report has to know of others.

export interface ExpenseRecord {
  readonly id: number;
  readonly document: JsonValue;
}

/** A received report by its `time_record` number; undefined where there is none, or it is no expense report. */
export async function expenseRecord(db: Db, record: number): Promise<ExpenseRecord | undefined> {
  const { rows } = await sql<ExpenseRecord>`select id, document from time_record where id = ${record} and kind = 'expense'`.execute(db);
  return rows[0];
}

export interface KnownReport {
  readonly state: 'in_force' | 'superseded' | 'reversed';
  readonly document: JsonValue;
  readonly posting: JsonValue;
}

/** Accepted versions of these reports and of those that replace one of them, and what is in force of the person between two days. The first booking of a version comes first. */
export async function knownReports(db: Db, around: { readonly system: string; readonly ids: readonly string[]; readonly person: string; readonly from: string; readonly to: string }): Promise<KnownReport[]> {
  const { rows } = await sql<KnownReport>`
    select r.state, r.document, p.posting from expense_report r join expense_posting p on p.key = r.posting_key
    where (r.system = ${around.system} and (r.report_id = any(${[...around.ids]}::text[]) or r.replaces_id = any(${[...around.ids]}::text[])))
      or (r.person = ${around.person} and r.state = 'in_force' and r.first_day <= ${around.to}::date and r.last_day >= ${around.from}::date)
    order by r.decided_at, r.system, r.report_id, r.version, r.booking`.execute(db);
  return rows;
}

export interface SeenReceipt {
  readonly sha256: string;
  readonly system: string;
  readonly id: string;
  readonly version: number;
  readonly line: string;
  readonly person: string;
}

/** Receipts of the same content in reports in force, of anybody. */
export async function seenReceipts(db: Db, hashes: readonly string[]): Promise<SeenReceipt[]> {
  if (hashes.length === 0) return [];
  const { rows } = await sql<SeenReceipt>`
    select e.sha256, e.system, e.report_id as id, e.version, e.line, e.person from expense_receipt e
    where e.sha256 = any(${[...hashes]}::text[]) and exists (select from expense_report r where r.record = e.record and r.state = 'in_force')
    order by e.record, e.line`.execute(db);
  return rows;
}

interface Version {
  readonly system: string;
  readonly id: string;
  readonly version: number;
}

/** Of these reports, the versions that were refused and never accepted. */
export async function refusedVersions(db: Db, system: string, ids: readonly string[]): Promise<Version[]> {
  const { rows } = await sql<Version>`
    select distinct o.system, o.report_id as id, o.version from expense_outcome o
    where o.system = ${system} and o.report_id = any(${[...ids]}::text[]) and (o.outcome in ('rejected', 'returned') or (o.outcome = 'superseded' and o.findings <> '[]'))`.execute(db);
  return rows;
}

export async function withdrawals(db: Db, system: string, id: string): Promise<(Version & { readonly at: string })[]> {
  const { rows } = await sql<Version & { at: string }>`select system, report_id as id, version, at from expense_withdrawal where system = ${system} and report_id = ${id} order by at`.execute(db);
  return rows;
}

export async function waivers(db: Db, { system, id, version }: Version): Promise<{ readonly code: string; readonly path: string; readonly by: string }[]> {
  const { rows } = await sql<{ code: string; path: string; by: string }>`
    select code, path, waived_by as by from expense_waiver where system = ${system} and report_id = ${id} and version = ${version} order by code, path`.execute(db);
  return rows;
}

export interface StoredRate {
  readonly from: string;
  readonly to: string;
  readonly on: string;
  readonly rate: string;
  readonly source: string;
}

/** Reference rates between any two of these currencies. */
export async function referenceRates(db: Db, currencies: readonly string[], days: { readonly from: string; readonly to: string }): Promise<StoredRate[]> {
  const { rows } = await sql<StoredRate>`
    select from_currency as "from", to_currency as "to", to_char(on_day, 'YYYY-MM-DD') as "on", trim_scale(rate)::text as rate, source from reference_rate
    where from_currency = any(${[...currencies]}::text[]) and to_currency = any(${[...currencies]}::text[]) and on_day between ${days.from}::date and ${days.to}::date
    order by from_currency, to_currency, on_day, source`.execute(db);
  return rows;
}

/** Adds or replaces reference rates. */
export async function putReferenceRates(db: Db, rates: readonly StoredRate[]): Promise<void> {
  await sql`
    insert into reference_rate (from_currency, to_currency, on_day, source, rate)
    select "from", "to", "on", source, rate from jsonb_to_recordset(${jsonText(rates)}::jsonb) as r ("from" text, "to" text, "on" date, source text, rate numeric)
    on conflict (from_currency, to_currency, on_day, source) do update set rate = excluded.rate, loaded_at = now()`.execute(db);
}
