import { sql } from 'kysely';
import { payrollExportSchema, type PayrollExport, type PayrollLine } from '../../domain/model/time/payroll-export.ts';
import { controlTotals } from '../../domain/model/time/payroll-totals.ts';
import type { PayPeriod } from '../../domain/model/time/periods.ts';
import type { Db } from '../../store/database.ts';

export const ADA = 'ada@northwind-consulting.example';
export const BEN = 'ben@northwind-consulting.example';

export function aPayPeriod(parts: Partial<PayPeriod> = {}): PayPeriod {
  return { schema: 'pay-period', schemaVersion: 1, legalEntity: 'US01', code: 'S2026-11-1', from: '2026-11-01', to: '2026-11-15', cutoffAt: '2026-11-16T22:00:00.000Z', payDate: '2026-11-20', ...parts };
}

/** Eight regular hours of Ada. */
export function aPayrollLine(parts: Partial<PayrollLine> = {}): PayrollLine {
  return { line: 1, person: ADA, workDate: '2026-11-09', payCode: 'REG', multiplier: '1', costCenter: 'US01-TECH', hours: '8', ...parts };
}

export function aPayrollExport(lines: readonly Partial<PayrollLine>[] = [{}], parts: Partial<Pick<PayrollExport, 'employer' | 'number'>> = {}): PayrollExport {
  const { employer = 'US01', number = 1 } = parts;
  const numbered = lines.map((line, index) => aPayrollLine({ ...line, line: index + 1 }));
  const { code, from, to, payDate } = aPayPeriod();
  return payrollExportSchema.parse({ schema: 'payroll-export', schemaVersion: 1, id: `${employer}.${code}.${number}`, employer, payPeriod: { code, from, to }, payDate, number, lines: numbered, totals: controlTotals(numbered) });
}

export interface PlannedPay {
  readonly person?: string;
  readonly workDate?: string;
  readonly payCode?: string;
  readonly multiplier?: string;
  readonly hours?: string;
  readonly costCenter?: string;
  readonly employer?: string;
  readonly payPeriod?: string;
}

let planned = 0;

/** Pay lines as the decision about timesheets leaves them. */
export async function planPay(db: Db, lines: readonly PlannedPay[]): Promise<void> {
  await sql`insert into time_batch (id, source, idempotency_key, kind, state) values ('payroll-tests', 'test', 'payroll-tests', 'timesheets', 'sealed') on conflict do nothing`.execute(db);
  planned += 1;
  const { rows: [record] } = await sql<{ id: number }>`
    insert into time_record (kind, system, record_id, version, content_hash, person, legal_entity, week_start, batch, document, state)
    values ('timesheet', 'harvest', ${`TS-${planned}`}, 1, 'x', ${ADA}, 'US01', '2026-11-09', 'payroll-tests', '{}', 'decided') returning id`.execute(db);
  const rows = lines.map((line, index) => ({ person: ADA, workDate: '2026-11-09', payCode: 'REG', multiplier: '1', hours: '8', costCenter: 'US01-TECH', employer: 'US01', payPeriod: 'S2026-11-1', ...line, key: `pay-${planned}-${index}-line` }));
  await sql`
    insert into pay_line (key, record, kind, employer, pay_period, person, work_date, pay_code, multiplier, hours, cost_center, project_number, entry_system, entry_id, entry_version)
    select key, ${record?.id ?? 0}, case when hours < 0 then 'reversal' else 'original' end, employer, "payPeriod", person, "workDate", "payCode", multiplier, hours, "costCenter", 'US01-TECH-A', 'harvest', key, 1
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as l (key text, employer text, "payPeriod" text, person text, "workDate" date, "payCode" text, multiplier numeric, hours numeric, "costCenter" text)`.execute(db);
}

export async function referTo(db: Db, kind: string, key: string, document: object): Promise<void> {
  await sql`insert into time_reference (kind, key, scope, document, source) values (${kind}, ${key}, ${key.split('|')[0]}, ${JSON.stringify(document)}::jsonb, 'test') on conflict (kind, key) do update set document = excluded.document`.execute(db);
}

export async function putPayPeriod(db: Db, period: PayPeriod): Promise<void> {
  await referTo(db, 'pay_period', `${period.legalEntity}|${period.code}`, period);
}

export interface ReceivedSheet {
  readonly id: string;
  readonly version?: number;
  readonly person?: string;
  readonly legalEntity?: string;
  readonly weekStart?: string;
  readonly state?: 'received' | 'decided';
  readonly outcomes?: readonly string[];
  readonly page?: { readonly batch: string; readonly page: number };
}

/** A timesheet as the intake and the decision about it leave it. */
export async function receive(db: Db, sheet: ReceivedSheet): Promise<void> {
  const { id, version = 1, person = ADA, legalEntity = 'US01', weekStart = '2026-11-09', state = 'received', outcomes = [], page = { batch: 'payroll-tests', page: null } } = sheet;
  await sql`insert into time_batch (id, source, idempotency_key, kind, state) values (${page.batch}, 'test', ${page.batch}, 'timesheets', 'sealed') on conflict do nothing`.execute(db);
  const { rows: [record] } = await sql<{ id: number }>`
    insert into time_record (kind, system, record_id, version, content_hash, person, legal_entity, week_start, batch, page, document, state, decided_at)
    values ('timesheet', 'harvest', ${id}, ${version}, 'x', ${person}, ${legalEntity}, ${weekStart}::date, ${page.batch}, ${page.page}, '{}', ${state}, ${state === 'decided' ? sql`now()` : null}) returning id`.execute(db);
  for (const [position, outcome] of outcomes.entries()) {
    await sql`insert into time_outcome (record, position, entry_id, entry_version, outcome) values (${record?.id ?? 0}, ${position}, ${`${id}-${position}`}, 1, ${outcome})`.execute(db);
  }
}

let postings = 0;

/** A line of labor of a received timesheet as the ledger has it. @returns its key */
export async function planLabor(db: Db, of: { readonly timesheet: string; readonly state: string; readonly legalEntity?: string; readonly accountingPeriod?: string; readonly minutesAgo?: number }): Promise<string> {
  const { timesheet, state, legalEntity = 'US01', accountingPeriod = '2026-11', minutesAgo = 0 } = of;
  postings += 1;
  const key = `labor-line-${postings}`;
  await sql`
    insert into labor_posting (key, record, system, legal_entity, accounting_period, kind, hours, currency, amount, line, state, planned_at, done_at)
    select ${key}, min(id), 'netsuite', ${legalEntity}, ${accountingPeriod}, 'original', 8, 'USD', 100, '{}', ${state}, now() - ${minutesAgo}::integer * interval '1 minute', ${state === 'done' ? sql`now()` : null}
    from time_record where record_id = ${timesheet}`.execute(db);
  return key;
}

export async function putAccountingPeriod(db: Db, period: { readonly legalEntity: string; readonly code: string; readonly closesAt: string; readonly closed?: boolean }): Promise<void> {
  await referTo(db, 'accounting_period', `${period.legalEntity}|${period.code}`, { schema: 'accounting-period', schemaVersion: 1, from: '2026-11-01', to: '2026-11-30', opensAt: '2026-11-01T00:00:00.000Z', closed: false, ...period });
}
