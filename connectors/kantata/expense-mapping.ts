import { z } from 'zod';
import { expenseReportSchema, type ExpenseReport } from '../../domain/model/time/expense-report.ts';
import { decimalText, minorDigits, sumMoney } from '../../domain/money.ts';
import { Decimal } from 'decimal.js';
import { lineOf } from '../expense-lines.ts';
import { storableText } from '../storable-text.ts';
import { idText } from './envelope.ts';
import type { KantataOptions } from './options.ts';
import { decidedAtOf, versionOf } from './timesheet-mapping.ts';

const TEXT_LENGTH = 1000;
const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString());

/** https://developer.kantata.com/tag/Expense-Report-Submissions */
export const reportRow = z.object({
  id: idText,
  status: z.string(),
  created_at: instant,
  updated_at: instant,
  current_resolution_created_at_date: instant.nullish(),
  current_resolution_creator_id: idText.nullish(),
  current_resolution_description: z.string().nullish(),
  user_id: idText,
  workspace_id: idText,
  expense_ids: z.array(idText),
});
export type ReportRow = z.infer<typeof reportRow>;

/** https://developer.kantata.com/tag/Expenses */
export const expenseRow = z.object({
  id: idText,
  date: z.iso.date(),
  notes: z.string().nullish(),
  category: z.string(),
  amount_in_cents: z.union([z.number(), z.string()]),
  currency: z.string(),
  /** Of its subunits a whole unit of the currency has so many. */
  currency_base_unit: z.number().positive().nullish(),
  is_billable: z.boolean(),
  /** False of what the firm paid itself. */
  reimbursable: z.boolean().nullish(),
  active_submission_id: idText.nullish(),
  story_id: idText.nullish(),
  vendor_id: idText.nullish(),
  receipt_id: idText.nullish(),
});
/** An attachment: what it tells of a file besides its ID is (unverified). */
export const receiptRow = z.object({ filename: z.string(), filesize: z.number() });

export type ExpenseRow = z.infer<typeof expenseRow> & {
  readonly receipt: { readonly id: string; readonly file: z.infer<typeof receiptRow> | null } | null;
  /** Our WBS code of its task, or the title of a task that is none of ours. */
  readonly task: string | null;
  readonly vendor: string | null;
};

export interface ReportSetting {
  readonly system: string;
  readonly options: KantataOptions;
  readonly person: string;
  readonly approver: string | null;
  readonly projectNumber: string;
}

/**
 * A submission as an expense report, with its expenses while it is approved. Any other state is told as a withdrawn approval without lines: if it was
 * approved before, that takes it back, and if it was not, it changes nothing.
 */
export function reportOf(row: ReportRow, expenses: ReadonlyMap<string, ExpenseRow>, setting: ReportSetting): { readonly report: ExpenseReport } | { readonly problem: string; readonly mayHaveChanged?: true } {
  const { id } = row;
  const isApproved = row.status === 'approved';
  const own = isApproved ? row.expense_ids.flatMap((each) => expenses.get(each) ?? []) : [];
  if (isApproved && (own.length !== row.expense_ids.length || own.some((each) => each.active_submission_id !== id))) {
    return { problem: `Kantata does not show all of its ${row.expense_ids.length} expenses as being on it; our token may not see them, or one of them has no category, date or amount`, mayHaveChanged: true };
  }
  const paidBack = own.filter(({ reimbursable }) => reimbursable !== false).toSorted((left, right) => Number(left.id) - Number(right.id));
  const status = isApproved && paidBack.length > 0 ? 'approved' : 'withdrawn';
  const version = versionOf(row);
  const reason = storableText(row.current_resolution_description ?? '', TEXT_LENGTH);
  try {
    const lines = paidBack.map((each) => lineOf(factsOf(each, setting), setting.options.expenses));
    const currency = lines[0]?.amount.currency ?? 'USD';
    const made = expenseReportSchema.safeParse({
      schema: 'expense-report',
      schemaVersion: 1,
      system: setting.system,
      id,
      version,
      replaces: null,
      person: setting.person,
      currency,
      submittedOn: row.created_at.slice(0, 10),
      approval: { schema: 'approval', schemaVersion: 1, of: { id, version }, status, approver: setting.approver, decidedAt: decidedAtOf(row), reason: reason === '' ? null : reason },
      lines,
      total: sumMoney(lines.map(({ amount }) => amount), currency),
    } satisfies ExpenseReport);
    return made.success ? { report: made.data } : { problem: z.prettifyError(made.error) };
  } catch (error) {
    if (error instanceof RangeError) return { problem: error.message };
    if (error instanceof z.ZodError) return { problem: z.prettifyError(error) };
    throw error;
  }
}

function factsOf(row: ExpenseRow, { projectNumber }: ReportSetting): Parameters<typeof lineOf>[0] {
  if (row.receipt?.file === null) throw new RangeError(`the receipt of expense ${row.id} is not told by name and size`);
  return {
    id: row.id,
    incurredOn: row.date,
    projectNumber,
    task: row.task,
    billable: row.is_billable,
    notes: row.notes ?? '',
    category: row.category,
    amount: decimalText(new Decimal(row.amount_in_cents).dividedBy(row.currency_base_unit ?? 10 ** minorDigits(row.currency))),
    currency: row.currency,
    units: null,
    merchant: row.vendor,
    receipt: row.receipt === null ? null : { id: `attachment-${row.receipt.id}`, fileName: row.receipt.file.filename, mediaType: null, bytes: row.receipt.file.filesize },
  };
}
