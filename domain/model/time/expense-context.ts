import { z } from 'zod';
import { instantSchema, localDateSchema } from '../../dates.ts';
import { currencySchema, decimalSchema } from '../../money.ts';
import { codeSchema, documentHead } from '../document.ts';
import { timesheetContextSchema } from './context.ts';
import { expenseCategorySchema, expensePolicySchema, expenseTaxRuleSchema } from './expense-policy.ts';
import { expensePostingSchema } from './expense-posting.ts';
import { expenseReportSchema } from './expense-report.ts';
import { recordIdSchema, versionSchema } from './record.ts';

/** One version of a report of one expense system. */
export const reportRefSchema = z.strictObject({ system: codeSchema, id: recordIdSchema, version: versionSchema });
export type ReportRef = z.infer<typeof reportRefSchema>;

/** What one unit of `from` was worth in `to` on a day, by an authority the firm goes by. */
export const referenceRateSchema = z.strictObject({ from: currencySchema, to: currencySchema, on: localDateSchema, rate: decimalSchema, source: z.string().min(1).max(200) });
export type ReferenceRate = z.infer<typeof referenceRateSchema>;

/** What became of an accepted report, with the posting made for it. */
export const postedExpenseSchema = z.strictObject({ ...documentHead('posted-expense-report', 1), state: z.enum(['in_force', 'superseded', 'reversed']), report: expenseReportSchema, posting: expensePostingSchema });
export type PostedExpense = z.infer<typeof postedExpenseSchema>;

/** Everything an expense report is judged by, as a plain document: the same document always gives the same answer. */
export const expenseContextSchema = z.strictObject({
  ...documentHead('expense-context', 1),
  /** Moment of judgement, people, projects, assignments, legal entities and periods, as for timesheets; what it says of posted time is not looked at. */
  time: timesheetContextSchema,
  /** The ERP that keeps a legal entity's books. */
  erps: z.array(z.strictObject({ legalEntity: codeSchema, erp: codeSchema })),
  policies: z.array(expensePolicySchema),
  categories: z.array(expenseCategorySchema),
  taxes: z.array(expenseTaxRuleSchema),
  exchangeRates: z.array(referenceRateSchema),
  /** Every accepted version of this report and of the one it replaces, every one that replaces either, and what is in force of this person's other reports. */
  posted: z.array(postedExpenseSchema),
  /** Receipts with the same content in reports in force, of anybody. */
  receipts: z.array(z.strictObject({ sha256: z.string(), report: reportRefSchema, line: recordIdSchema, person: z.email() })),
  /** Versions that were refused for good: their corrections stand on their own. */
  refused: z.array(reportRefSchema),
  /** Findings that somebody with the right role let pass; `path` as the finding has it. */
  waivers: z.array(z.strictObject({ report: reportRefSchema, code: z.string().min(1), path: z.string(), by: z.string().min(1) })),
  /** Approvals taken back, with the instant: an approval decided before that no longer counts. */
  withdrawals: z.array(z.strictObject({ report: reportRefSchema, at: instantSchema })),
});
export type ExpenseContext = z.infer<typeof expenseContextSchema>;
