import { sql } from 'kysely';
import type { ExpensePosting } from '../../domain/model/time/expense-posting.ts';
import type { ExpenseReport } from '../../domain/model/time/expense-report.ts';
import type { Db } from '../database.ts';
import { jsonText } from '../json.ts';
import type { JsonValue } from '../json.ts';

export type ExpenseOutcome = 'accepted' | 'repeat' | 'withdrawn' | 'rejected' | 'held' | 'returned' | 'superseded';

export interface OutcomeRow {
  readonly outcome: ExpenseOutcome;
  readonly codes: readonly string[];
  readonly findings: readonly unknown[];
  readonly waitsFor: string | null;
  readonly holdMessage: string | null;
  readonly remarks: readonly string[];
  readonly configHash: string;
}

export interface StoredOutcome extends OutcomeRow {
  readonly findings: JsonValue[];
}

export async function outcomeOf(db: Db, record: number): Promise<StoredOutcome | undefined> {
  const { rows } = await sql<StoredOutcome>`
    select outcome, codes, findings, waits_for as "waitsFor", hold_message as "holdMessage", remarks, config_hash as "configHash" from expense_outcome where record = ${record}`.execute(db);
  return rows[0];
}

/** As `time_outcome` counts it, where a superseded version is one that was given back. */
const COUNTED: Readonly<Record<ExpenseOutcome, string>> = { accepted: 'accepted', repeat: 'repeat', withdrawn: 'withdrawn', rejected: 'rejected', held: 'held', returned: 'returned', superseded: 'returned' };

/** Writes down what became of a report: its own row, and for the counts of its batch one for each line. */
export async function writeOutcome(db: Db, record: number, report: ExpenseReport, row: OutcomeRow): Promise<void> {
  await sql`
    insert into expense_outcome (record, system, report_id, version, outcome, codes, findings, waits_for, hold_message, remarks, config_hash)
    values (${record}, ${report.system}, ${report.id}, ${report.version}, ${row.outcome}, ${[...row.codes]}::text[], ${jsonText(row.findings)}::jsonb, ${row.waitsFor}, ${row.holdMessage}, ${[...row.remarks]}::text[], ${row.configHash})
    on conflict (record) do update set outcome = excluded.outcome, codes = excluded.codes, findings = excluded.findings, waits_for = excluded.waits_for,
      hold_message = excluded.hold_message, remarks = excluded.remarks, config_hash = excluded.config_hash, decided_at = now()`.execute(db);
  await sql`
    insert into time_outcome (record, position, entry_id, entry_version, outcome, codes, findings, waits_for)
    select ${record}, l.position - 1, 'expense ' || ${report.id}::text || '/' || (l.line ->> 'id'), ${report.version}, ${COUNTED[row.outcome]}, ${[...row.codes]}::text[], '[]', ${row.waitsFor}
    from jsonb_array_elements(${jsonText(report.lines)}::jsonb) with ordinality as l (line, position)
    on conflict (record, position) do update set outcome = excluded.outcome, codes = excluded.codes, waits_for = excluded.waits_for, decided_at = now()`.execute(db);
  await sql`update time_record set state = 'decided', decided_at = coalesce(decided_at, now()) where id = ${record}`.execute(db);
}

/** A person gave a refused report back for good. @returns false where it is no longer refused */
export async function returnReport(db: Db, record: number): Promise<boolean> {
  const { rows } = await sql`
    with given as (update expense_outcome set outcome = 'returned', decided_at = now() where record = ${record} and outcome in ('rejected', 'held') returning record)
    update time_outcome o set outcome = 'returned', decided_at = now() from given g where o.record = g.record returning o.record`.execute(db);
  return rows.length > 0;
}

export async function waive(db: Db, waiver: { readonly record: number; readonly findings: readonly { readonly code: string; readonly path: string }[]; readonly by: string; readonly reason: string }): Promise<void> {
  await sql`
    insert into expense_waiver (system, report_id, version, code, path, waived_by, reason)
    select r.system, r.record_id, r.version, f.code, f.path, ${waiver.by}, ${waiver.reason}
    from time_record r cross join jsonb_to_recordset(${jsonText(waiver.findings)}::jsonb) as f (code text, path text) where r.id = ${waiver.record}
    on conflict (system, report_id, version, code, path) do update set waived_by = excluded.waived_by, reason = excluded.reason, at = now()`.execute(db);
}

/** A report comes into force with its posting; the receipts it was paid for are remembered. */
export async function acceptReport(db: Db, record: number, report: ExpenseReport, posting: ExpensePosting): Promise<void> {
  await planPosting(db, record, posting);
  const days = report.lines.map(({ incurredOn }) => incurredOn).toSorted();
  await sql`
    insert into expense_report (system, report_id, version, booking, record, person, employer, state, replaces_id, first_day, last_day, currency, total, document, posting_key)
    select ${report.system}, ${report.id}, ${report.version}, (select count(*) from expense_report where system = ${report.system} and report_id = ${report.id} and version = ${report.version}),
      ${record}, ${report.person}, ${posting.employer}, 'in_force', ${report.replaces?.id ?? null}, ${days[0] ?? report.submittedOn}::date, ${days.at(-1) ?? report.submittedOn}::date,
      ${report.currency}, ${posting.total.amount}::numeric, ${jsonText(report)}::jsonb, ${posting.key}`.execute(db);
  await sql`
    insert into expense_receipt (sha256, record, line, system, report_id, version, person)
    select distinct l -> 'receipt' ->> 'sha256', ${record}::bigint, l ->> 'id', ${report.system}, ${report.id}, ${report.version}::integer, ${report.person}
    from jsonb_array_elements(${jsonText(report.lines)}::jsonb) as l where l ->> 'kind' = 'receipt' and l -> 'receipt' ->> 'sha256' is not null
    on conflict do nothing`.execute(db);
}

async function planPosting(db: Db, record: number, posting: ExpensePosting): Promise<void> {
  await sql`
    insert into expense_posting (key, record, system, employer, accounting_period, kind, reverses, currency, amount, posting)
    values (${posting.key}, ${record}, ${posting.system}, ${posting.employer}, ${posting.accountingPeriod}, ${posting.kind}, ${posting.reverses}, ${posting.currency}, ${posting.total.amount}::numeric, ${jsonText(posting)}::jsonb)`.execute(db);
}

/**
 * Takes a report out of force. What the ERP has, or may have, is reversed there; a posting that nobody has begun is cancelled instead, and nothing of it ever gets there.
 * @returns which of the two
 */
export async function endReport(db: Db, record: number, reversal: ExpensePosting, state: 'superseded' | 'reversed'): Promise<'reversed' | 'cancelled'> {
  await sql`update expense_report set state = ${state}, changed_by = ${record}, changed_at = now() where posting_key = ${reversal.reverses}`.execute(db);
  // What is just being written stays as it is until this decision stands: whoever writes it learns of its reversal.
  await sql`select key from expense_posting where key = ${reversal.reverses} for update`.execute(db);
  const { rows } = await sql`update expense_posting set state = 'cancelled', error = null where key = ${reversal.reverses} and state in ('planned', 'refused') returning key`.execute(db);
  if (rows.length > 0) return 'cancelled';
  await planPosting(db, record, reversal);
  return 'reversed';
}

/** The version in force was approved once more. */
export async function approvedAgain(db: Db, report: ExpenseReport): Promise<void> {
  await sql`
    update expense_report set document = jsonb_set(document, '{approval}', ${jsonText(report.approval)}::jsonb)
    where system = ${report.system} and report_id = ${report.id} and version = ${report.version} and state <> 'reversed'`.execute(db);
}

export async function recordWithdrawal(db: Db, record: number, report: ExpenseReport, at: string): Promise<void> {
  await sql`
    insert into expense_withdrawal (system, report_id, version, at, record) values (${report.system}, ${report.id}, ${report.version}, ${at}::timestamptz, ${record})
    on conflict do nothing`.execute(db);
}

/** A record whose process may be running. Documents of one version after the first have processes numbered by their record. */
export interface OpenProcess {
  readonly record: number;
  readonly system: string;
  readonly id: string;
  readonly version: number;
  readonly contested: boolean;
}

const CONTESTED = sql`exists (select from time_record o where o.kind = 'expense' and o.system = r.system and o.record_id = r.record_id and o.version = r.version and o.id < r.id)`;

/** On `expense_outcome o`: earlier documents of this report, and of the one it replaces. */
function earlierThan(record: number, { system, id, version, replaces }: ExpenseReport) {
  return sql`o.record <> ${record} and o.system = ${system}
    and ((o.report_id = ${id} and (o.version < ${version} or (o.version = ${version} and o.record < ${record}))) or (o.report_id = ${replaces?.id ?? null}::text and o.report_id <> ${id} and o.version <= ${replaces?.version ?? 0}::integer))`;
}

/** Earlier documents that were refused or held need nobody any more. */
export async function supersede(db: Db, record: number, report: ExpenseReport): Promise<void> {
  await sql`
    with ended as (
      update expense_outcome o set outcome = 'superseded', decided_at = now() where o.outcome in ('rejected', 'held') and ${earlierThan(record, report)} returning o.record
    )
    update time_outcome t set outcome = 'returned', decided_at = now() from ended e where t.record = e.record`.execute(db);
}

export async function supersededBy(db: Db, record: number, report: ExpenseReport): Promise<OpenProcess[]> {
  const { rows } = await sql<OpenProcess>`
    select r.id as record, r.system, r.record_id as id, r.version, ${CONTESTED} as contested
    from expense_outcome o join time_record r on r.id = o.record where o.outcome = 'superseded' and ${earlierThan(record, report)} order by r.id`.execute(db);
  return rows;
}

/** Reports in force until this record's decision, whose postings were cancelled by it. */
export async function cancelledBy(db: Db, record: number): Promise<OpenProcess[]> {
  const { rows } = await sql<OpenProcess>`
    select r.id as record, r.system, r.record_id as id, r.version, ${CONTESTED} as contested
    from expense_report e join expense_posting p on p.key = e.posting_key join time_record r on r.id = e.record
    where e.changed_by = ${record} and p.state = 'cancelled' order by r.id`.execute(db);
  return rows;
}

/** Held reports that wait for this very thing. */
export async function waitingFor(db: Db, system: string, what: string): Promise<OpenProcess[]> {
  const { rows } = await sql<OpenProcess>`
    select r.id as record, r.system, r.record_id as id, r.version, ${CONTESTED} as contested
    from expense_outcome o join time_record r on r.id = o.record where o.outcome = 'held' and o.system = ${system} and o.waits_for = ${what} order by r.id`.execute(db);
  return rows;
}
