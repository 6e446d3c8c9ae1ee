import { createHash } from 'node:crypto';
import { Decimal as Inexact } from 'decimal.js';
import type { FirmConfig } from '../../domain/config/schema.ts';
import type { TimesheetContext } from '../../domain/model/time/context.ts';
import type { ExpenseContext, PostedExpense } from '../../domain/model/time/expense-context.ts';
import type { ExpenseLine, ExpenseReport } from '../../domain/model/time/expense-report.ts';
import { minorDigits } from '../../domain/money.ts';
import type { ExpenseDecision } from '../../domain/rules/expenses/validate.ts';
import { ADA, anApproval, aTimeContext, MONDAY } from './time.ts';

const Decimal = Inexact.clone({ precision: 80 });

type Receipt = Extract<ExpenseLine, { kind: 'receipt' }>;
type PerDiem = Extract<ExpenseLine, { kind: 'per_diem' }>;
type Mileage = Extract<ExpenseLine, { kind: 'mileage' }>;

const head = { incurredOn: MONDAY, projectNumber: 'US01-TECH-A', task: null, costCenter: null, billable: true, exchange: null };

/** A photographed receipt; the same name has the same content. */
export function aReceipt(name: string): NonNullable<Receipt['receipt']> {
  return { id: `REC-${name}`, mediaType: 'image/jpeg', bytes: 48_211, sha256: createHash('sha256').update(name).digest('hex') };
}

/** A taxi for 42.50 USD, with a receipt of its own. */
export function aTaxi(parts: Partial<Receipt> = {}): Receipt {
  const id = parts.id ?? 'L-1';
  return { kind: 'receipt', ...head, id, description: 'To the client', amount: { amount: '42.50', currency: 'USD' }, category: 'GROUND', merchant: `Yellow Cab ${id}`, country: 'US', receipt: aReceipt(id), tax: [], ...parts };
}

/** Two full days in the United States at the standard rate. */
export function aPerDiem(parts: Partial<PerDiem> = {}): PerDiem {
  return { kind: 'per_diem', ...head, id: 'L-2', description: 'Workshop', amount: { amount: '136.00', currency: 'USD' }, country: 'US', days: '2', ratePerDay: '68', deduction: { amount: '0.00', currency: 'USD' }, ...parts };
}

/** 100 miles in one's own car. */
export function aDrive(parts: Partial<Mileage> = {}): Mileage {
  return { kind: 'mileage', ...head, id: 'L-3', description: 'To the plant and back', amount: { amount: '72.50', currency: 'USD' }, distance: '100', unit: 'mi', ratePerUnit: '0.725', ...parts };
}

/** What the lines add up to in the report's currency, each rounded half to even. */
export function totalOf(lines: readonly ExpenseLine[], currency: string): { readonly amount: string; readonly currency: string } {
  const sum = lines.reduce((total, { amount, exchange }) => total.plus(new Decimal(amount.currency === currency ? amount.amount : new Decimal(amount.amount).times(exchange?.rate ?? 0).toFixed(minorDigits(currency), Inexact.ROUND_HALF_EVEN))), new Decimal(0));
  return { amount: sum.toFixed(minorDigits(currency)), currency };
}

/** Ada's approved report of the week, with the total of its lines. */
export function aReport(lines: readonly ExpenseLine[], parts: Partial<ExpenseReport> = {}): ExpenseReport {
  const id = parts.id ?? 'R-1';
  const version = parts.version ?? 1;
  const currency = parts.currency ?? 'USD';
  return {
    schema: 'expense-report',
    schemaVersion: 1,
    system: 'canonical',
    id,
    version,
    replaces: null,
    person: ADA,
    currency,
    submittedOn: '2026-11-14',
    approval: anApproval({ of: { id, version } }),
    lines: [...lines],
    total: totalOf(lines, currency),
    ...parts,
  };
}

/** What Ada's reports are judged by: the example firm's policies, her project and assignment, NetSuite for every legal entity. */
export function anExpenseContext(config: FirmConfig, parts: Partial<Omit<ExpenseContext, 'time'>> & { readonly time?: Partial<TimesheetContext> } = {}): ExpenseContext {
  return {
    schema: 'expense-context',
    schemaVersion: 1,
    erps: config.routing.map(({ legalEntity, erp }) => ({ legalEntity, erp })),
    policies: config.expensePolicies,
    categories: config.expenseCategories,
    taxes: config.expenseTaxes,
    exchangeRates: [],
    posted: [],
    receipts: [],
    refused: [],
    waivers: [],
    withdrawals: [],
    ...parts,
    time: aTimeContext(config, parts.time ?? {}),
  };
}

export function postedReport(report: ExpenseReport, posting: PostedExpense['posting'], state: PostedExpense['state'] = 'in_force'): PostedExpense {
  return { schema: 'posted-expense-report', schemaVersion: 1, state, report, posting };
}

/** The context once a decision is carried out: postings in force, what they took back no longer, withdrawals and refusals remembered. */
export function afterDecision(context: ExpenseContext, report: ExpenseReport, decision: ExpenseDecision): ExpenseContext {
  const ref = { system: report.system, id: report.id, version: report.version };
  const without = (state: 'superseded' | 'reversed', key: string | null | undefined) => context.posted.map((posted) => (posted.posting.key === key ? { ...posted, state } : posted));
  switch (decision.outcome) {
    case 'accepted':
      return { ...context, posted: [...without('superseded', decision.reversal?.reverses), postedReport(report, decision.posting)] };
    case 'withdrawn':
      return { ...context, posted: without('reversed', decision.reversal?.reverses), withdrawals: [...context.withdrawals, { report: ref, at: decision.at }] };
    case 'repeat':
      return { ...context, posted: context.posted.map((posted) => (decision.approval !== null && posted.state !== 'reversed' && posted.report.id === report.id && posted.report.version === report.version ? { ...posted, report: { ...posted.report, approval: decision.approval } } : posted)) };
    case 'rejected':
      return { ...context, refused: [...context.refused, ref] };
    default:
      return context;
  }
}
