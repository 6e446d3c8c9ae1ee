import { sql, type Transaction } from 'kysely';
import { payrollExportIdOf, payrollExportSchema, type PayrollExport, type PayrollLine } from '../domain/model/time/payroll-export.ts';
import { controlTotals } from '../domain/model/time/payroll-totals.ts';
import type { PayPeriod } from '../domain/model/time/periods.ts';
import { decimalText } from '../domain/money.ts';
import type { Db } from './database.ts';
import { jsonText, plainText } from './json.ts';
import type { Database } from './schema.ts';

export type PayrollExportState = 'planned' | 'sent' | 'acknowledged' | 'rejected';

/** An export as the store has it, without its lines. */
export interface PayrollExportRow {
  readonly id: string;
  readonly employer: string;
  readonly pay_period: string;
  readonly number: number;
  readonly period_from: string;
  readonly period_to: string;
  readonly pay_date: string;
  readonly system: string;
  readonly state: PayrollExportState;
  readonly pay_lines: number;
  readonly lines: number;
  readonly people: number;
  readonly hours: string;
  readonly checksum: string | null;
  readonly files: readonly string[];
  readonly reason: string | null;
  readonly reference: string | null;
  readonly planned_at: string;
  readonly sent_at: string | null;
  readonly acknowledged_at: string | null;
}

const COLUMNS = sql.raw('id, employer, pay_period, number, period_from, period_to, pay_date, system, state, pay_lines, lines, people, hours, checksum, files, reason, reference, planned_at, sent_at, acknowledged_at');

export interface Claim {
  readonly period: Pick<PayPeriod, 'legalEntity' | 'code' | 'from' | 'to' | 'payDate'>;
  readonly system: string;
  readonly process: string;
}

/**
 * Takes all pay lines of the period that no export has into a new one, in one transaction: hours per person, day, pay code and cost center.
 * An export of the period that has not come to its end, or has rejected lines that nobody has settled, is answered instead: a repeated call, or the
 * process after one that was killed, goes on with it.
 * @returns null where nothing waits
 */
export async function claimForExport(db: Db, { period, system, process }: Claim): Promise<{ readonly row: PayrollExportRow; /** This call planned it. */ readonly fresh: boolean } | null> {
  const { legalEntity: employer, code: payPeriod } = period;
  // Right after a month has come in, the database does not know yet how large its tables are, and plans as if they were small.
  await sql`analyze pay_line`.execute(db);
  return await db.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(hashtextextended(${`payroll/${employer}/${payPeriod}`}, 0))`.execute(transaction);
    const { rows: [open] } = await sql<PayrollExportRow>`
      select ${COLUMNS} from payroll_export where employer = ${employer} and pay_period = ${payPeriod}
        and (state in ('planned', 'sent') or exists (select from payroll_line l where l.export = payroll_export.id and l.state = 'rejected'))
      order by number limit 1`.execute(transaction);
    if (open !== undefined) return { row: open, fresh: false };
    const { rows: [last] } = await sql<{ number: number }>`select coalesce(max(number), 0)::int as number from payroll_export where employer = ${employer} and pay_period = ${payPeriod}`.execute(transaction);
    const number = (last?.number ?? 0) + 1;
    const id = payrollExportIdOf({ employer, payPeriod, number });
    const { numAffectedRows: taken = 0n } = await sql`update pay_line set payroll_export = ${id}, payroll_line = null where employer = ${employer} and pay_period = ${payPeriod} and payroll_export is null`.execute(transaction);
    if (taken === 0n) return null;
    const lines = await aggregate(transaction, id);
    const { people, hours, hoursPerPayCode } = controlTotals(lines);
    const { rows: [planned] } = await sql<PayrollExportRow>`
      insert into payroll_export (id, employer, pay_period, number, period_from, period_to, pay_date, system, process, state, pay_lines, lines, people, hours, hours_per_pay_code, reason, acknowledged_at)
      values (${id}, ${employer}, ${payPeriod}, ${number}, ${period.from}, ${period.to}, ${period.payDate}, ${system}, ${process},
        ${lines.length === 0 ? 'acknowledged' : 'planned'}, ${Number(taken)}, ${lines.length}, ${people}, ${hours}::numeric, ${jsonText(hoursPerPayCode)}::jsonb,
        ${lines.length === 0 ? 'its hours come to nothing: there is nothing to tell' : null}, ${lines.length === 0 ? sql`now()` : null})
      returning ${COLUMNS}`.execute(transaction);
    await insertLines(transaction, id, lines);
    return planned === undefined ? null : { row: planned, fresh: true };
  });
}

interface LineRow {
  readonly person: string;
  readonly work_date: string;
  readonly pay_code: string;
  readonly multiplier: string;
  readonly cost_center: string;
  readonly hours: string;
}

async function aggregate(transaction: Transaction<Database>, id: string): Promise<PayrollLine[]> {
  const { rows } = await sql<LineRow>`
    select person, work_date, pay_code, multiplier, cost_center, sum(hours) as hours from pay_line where payroll_export = ${id}
    group by person, work_date, pay_code, multiplier, cost_center having sum(hours) <> 0
    order by person collate "C", work_date, pay_code collate "C", multiplier, cost_center collate "C"`.execute(transaction);
  return rows.map((row, index) => lineOf({ ...row, line: index + 1 }));
}

async function insertLines(transaction: Transaction<Database>, id: string, lines: readonly PayrollLine[]): Promise<void> {
  await sql`
    insert into payroll_line (export, line, person, work_date, pay_code, multiplier, cost_center, hours)
    select ${id}, line, person, "workDate", "payCode", multiplier, "costCenter", hours
    from jsonb_to_recordset(${jsonText(lines)}::jsonb) as l (line int, person text, "workDate" date, "payCode" text, multiplier numeric, "costCenter" text, hours numeric)`.execute(transaction);
  // The planner cannot know of lines that were written a moment ago: left to itself it compares each with each.
  await sql`set local enable_nestloop = off`.execute(transaction);
  await sql`
    update pay_line set payroll_line = l.line from payroll_line l
    where pay_line.payroll_export = ${id} and l.export = ${id} and l.person = pay_line.person and l.work_date = pay_line.work_date
      and l.pay_code = pay_line.pay_code and l.multiplier = pay_line.multiplier and l.cost_center = pay_line.cost_center`.execute(transaction);
}

function lineOf(row: LineRow & { readonly line: number }): PayrollLine {
  return { line: row.line, person: row.person, workDate: row.work_date, payCode: row.pay_code, multiplier: decimalText(row.multiplier), costCenter: row.cost_center, hours: decimalText(row.hours) };
}

export async function payrollExportById(db: Db, id: string): Promise<PayrollExportRow | undefined> {
  const { rows: [row] } = await sql<PayrollExportRow>`select ${COLUMNS} from payroll_export where id = ${id}`.execute(db);
  return row;
}

/** The lines of an export as they were taken; they never change. */
export async function linesOf(db: Db, id: string): Promise<PayrollLine[]> {
  const { rows } = await sql<LineRow & { line: number }>`select line, person, work_date, pay_code, multiplier, cost_center, hours from payroll_line where export = ${id} order by line`.execute(db);
  return rows.map(lineOf);
}

/** The canonical document of an export. @throws Error for an ID the store does not know */
export async function payrollDocument(db: Db, id: string): Promise<PayrollExport> {
  const row = await payrollExportById(db, id);
  if (row === undefined) throw new Error(`there is no payroll export ${id} in the store`);
  const lines = await linesOf(db, id);
  return payrollExportSchema.parse({
    schema: 'payroll-export',
    schemaVersion: 1,
    id,
    employer: row.employer,
    payPeriod: { code: row.pay_period, from: row.period_from, to: row.period_to },
    payDate: row.pay_date,
    number: row.number,
    lines,
    totals: controlTotals(lines),
  });
}

/** A write to the bureau is about to begin: what an auditor finds where the answer never came. */
export async function recordSending(db: Db, id: string): Promise<void> {
  await sql`update payroll_export set attempts = attempts + 1 where id = ${id} and state = 'planned'`.execute(db);
}

/** @returns false where it was recorded before; the first record stays */
export async function recordSent(db: Db, sent: { readonly id: string; readonly files: readonly string[]; readonly checksum: string }): Promise<boolean> {
  const { numAffectedRows = 0n } = await sql`update payroll_export set state = 'sent', sent_at = now(), checksum = ${sent.checksum}, files = ${[...sent.files]} where id = ${sent.id} and state = 'planned'`.execute(db);
  return numAffectedRows > 0n;
}

export interface AcknowledgedExport {
  readonly id: string;
  /** The whole export, before its lines were looked at. */
  readonly refused: boolean;
  readonly rejected: readonly { readonly line: number; readonly reason: string }[];
  readonly reason: string | null;
  readonly reference: string | null;
}

/** Notes what the bureau said. A refused export's lines all count as rejected. @returns false where it was noted before; the first note stays */
export async function recordAcknowledged(db: Db, { id, refused, rejected, reason, reference }: AcknowledgedExport): Promise<boolean> {
  return await db.transaction().execute(async (transaction) => {
    const { numAffectedRows = 0n } = await sql`
      update payroll_export set state = ${refused ? 'rejected' : 'acknowledged'}, acknowledged_at = now(), reason = ${reason === null ? null : plainText(reason)}, reference = ${reference === null ? null : plainText(reference)}
      where id = ${id} and state = 'sent'`.execute(transaction);
    if (numAffectedRows === 0n) return false;
    if (refused) await sql`update payroll_line set state = 'rejected', reason = ${plainText(reason ?? '')} where export = ${id}`.execute(transaction);
    else if (rejected.length > 0) {
      await sql`
        update payroll_line set state = 'rejected', reason = r.reason from jsonb_to_recordset(${jsonText(rejected)}::jsonb) as r (line int, reason text)
        where export = ${id} and payroll_line.line = r.line`.execute(transaction);
    }
    return true;
  });
}

export interface RejectedLine extends PayrollLine {
  readonly reason: string;
}

/** Lines the bureau rejected and that nobody has settled yet. */
export async function rejectedLines(db: Db, id: string, limit: number): Promise<RejectedLine[]> {
  const { rows } = await sql<LineRow & { line: number; reason: string }>`
    select line, person, work_date, pay_code, multiplier, cost_center, hours, coalesce(reason, '') as reason from payroll_line where export = ${id} and state = 'rejected' order by line limit ${limit}`.execute(db);
  return rows.map((row) => ({ ...lineOf(row), reason: row.reason }));
}

/**
 * Settles the rejected lines of an export: `released` gives their pay lines to the next export, which also nets out what was corrected meanwhile;
 * `by_hand` leaves them with this one. @returns how many lines were settled by this call
 */
export async function settleRejected(db: Db, { id, as, note }: { readonly id: string; readonly as: 'released' | 'by_hand'; readonly note: string }): Promise<number> {
  return await db.transaction().execute(async (transaction) => {
    const { rows } = await sql<{ line: number }>`
      update payroll_line set state = ${as}, reason = left(reason || ${plainText(` · ${note}`)}, 2000) where export = ${id} and state = 'rejected' returning line`.execute(transaction);
    if (as === 'released' && rows.length > 0) {
      await sql`update pay_line set payroll_export = null, payroll_line = null where payroll_export = ${id} and payroll_line = any(${rows.map(({ line }) => line)}::int[])`.execute(transaction);
    }
    return rows.length;
  });
}
