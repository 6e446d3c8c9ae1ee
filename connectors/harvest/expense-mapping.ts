import { z } from 'zod';
import type { Instant, LocalDate } from '../../domain/dates.ts';
import { expenseReportSchema, type ExpenseReport } from '../../domain/model/time/expense-report.ts';
import { decimalText, sumMoney, type Currency } from '../../domain/money.ts';
import { lineOf } from '../expense-lines.ts';
import { versionOfInstant } from '../instant-version.ts';
import type { HarvestOptions } from './options.ts';

/** A number as JSON had it: a double, or its text where a double would not hold it. */
const exactDecimal = z.union([z.number(), z.string()]);
const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString());

/** https://help.getharvest.com/api-v2/expenses-api/expenses/expenses/ */
export const expenseRow = z.object({
  id: z.number().int(),
  spent_date: z.iso.date(),
  user: z.object({ id: z.number().int() }),
  client: z.object({ currency: z.string() }),
  project: z.object({ id: z.number().int(), name: z.string(), code: z.string().nullish() }),
  expense_category: z.object({ name: z.string(), unit_name: z.string().nullish(), unit_price: exactDecimal.nullish() }),
  receipt: z.object({ url: z.string().nullish(), file_name: z.string().nullish(), file_size: z.number().nullish(), content_type: z.string().nullish() }).nullish(),
  notes: z.string().nullish(),
  units: exactDecimal.nullish(),
  total_cost: exactDecimal.nullable(),
  billable: z.boolean(),
  is_closed: z.boolean(),
  created_at: instant,
  updated_at: instant,
});
export type ExpenseRow = z.infer<typeof expenseRow>;

export interface PersonWeekCurrency {
  readonly userId: number;
  readonly weekStart: LocalDate;
  readonly currency: Currency;
}

export const reportKey = ({ userId, weekStart, currency }: PersonWeekCurrency) => `${userId}:${weekStart}:${currency}`;

export interface ReportSetting {
  readonly system: string;
  readonly options: HarvestOptions;
  /** E-mail address of the person whose week it is, and the one that stands for the approver. */
  readonly person: string;
  readonly approver: string;
  /** When the week last changed, as far as is known. */
  readonly changedAt: Instant;
}

/**
 * A person's approved expenses of a week in one currency as a report. What Harvest shows no longer as approved is left out, so that the new version takes
 * it back; a week without any approved expense is one whose approval is withdrawn, or was never given, which is the same without lines.
 */
export function reportOf(of: PersonWeekCurrency, rows: readonly ExpenseRow[], { system, options, person, approver, changedAt }: ReportSetting): { readonly report: ExpenseReport } | { readonly problem: string; readonly version: number } {
  const id = reportKey(of);
  const updatedAt = latest(rows) ?? changedAt;
  const version = versionOfInstant(updatedAt);
  const approved = rows.filter((row) => row.is_closed).toSorted((left, right) => left.id - right.id);
  try {
    const lines = approved.map((row) => lineOf(factsOf(row), options.expenses));
    const made = expenseReportSchema.safeParse({
      schema: 'expense-report',
      schemaVersion: 1,
      system,
      id,
      version,
      replaces: null,
      person,
      currency: of.currency,
      // The day on which the last of them was entered: Harvest does not tell when a week was submitted.
      submittedOn: approved.flatMap((row) => [row.created_at.slice(0, 10), row.spent_date]).toSorted().at(-1) ?? updatedAt.slice(0, 10),
      approval: { schema: 'approval', schemaVersion: 1, of: { id, version }, status: approved.length === 0 ? 'withdrawn' : 'approved', approver, decidedAt: latest(approved) ?? updatedAt, reason: null },
      lines,
      total: sumMoney(lines.map(({ amount }) => amount), of.currency),
    } satisfies ExpenseReport);
    return made.success ? { report: made.data } : { problem: z.prettifyError(made.error), version };
  } catch (error) {
    if (error instanceof RangeError) return { problem: error.message, version };
    if (error instanceof z.ZodError) return { problem: z.prettifyError(error), version };
    throw error;
  }
}

function factsOf(row: ExpenseRow): Parameters<typeof lineOf>[0] {
  const { expense_category: { name, unit_name: unitName, unit_price: price }, project, receipt } = row;
  const code = project.code?.trim() ?? '';
  if (row.total_cost === null) throw new RangeError(`expense ${row.id} has no total`);
  return {
    id: String(row.id),
    incurredOn: row.spent_date,
    projectNumber: code !== '' ? code : project.name || `Harvest project ${project.id}`,
    task: null,
    billable: row.billable,
    notes: row.notes ?? '',
    category: name,
    amount: decimalText(row.total_cost),
    currency: row.client.currency,
    units: unitName == null || price == null || row.units == null ? null : { quantity: decimalText(row.units), name: unitName, price: decimalText(price) },
    merchant: null,
    receipt: receipt?.url == null ? null : { id: `expense-${row.id}`, fileName: receipt.file_name ?? receipt.url, mediaType: receipt.content_type ?? null, bytes: receipt.file_size ?? 0 },
  };
}

function latest(rows: readonly ExpenseRow[]): Instant | null {
  return rows.reduce<Instant | null>((newest, row) => (newest === null || row.updated_at > newest ? row.updated_at : newest), null);
}
