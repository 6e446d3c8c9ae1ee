import { z } from 'zod';
import { localDateSchema } from '../../dates.ts';
import { currencySchema, decimalSchema, moneySchema } from '../../money.ts';
import { codeSchema, countrySchema, documentHead, textSchema } from '../document.ts';
import { approvalSchema } from './approval.ts';
import { recordIdSchema, recordRefSchema, versionSchema } from './record.ts';

/** What one unit of the amount's currency was worth in the report's currency, and who said so. */
export const exchangeSchema = z.strictObject({ rate: decimalSchema, on: localDateSchema, source: z.string().min(1).max(80) });

export const expenseTaxSchema = z.strictObject({
  code: codeSchema,
  ratePercent: decimalSchema,
  /** Contained in the line's amount, in its currency. */
  amount: moneySchema,
  recoverable: z.boolean(),
});

export const receiptSchema = z.strictObject({
  id: recordIdSchema,
  mediaType: z.enum(['application/pdf', 'image/jpeg', 'image/png', 'image/gif', 'image/heic']),
  bytes: z.number().int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in hexadecimal'),
});

const lineHead = {
  id: recordIdSchema,
  incurredOn: localDateSchema,
  projectNumber: z.string().min(1).max(80),
  task: z.string().min(1).max(80).nullable(),
  costCenter: z.string().min(1).max(80).nullable(),
  billable: z.boolean(),
  description: textSchema,
  /** As paid or claimed; may be in a foreign currency. */
  amount: moneySchema,
  /** Needed where the amount is not in the report's currency. */
  exchange: exchangeSchema.nullable(),
};

export const expenseLineSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('receipt'), ...lineHead, category: codeSchema, merchant: z.string().min(1).max(200), country: countrySchema, receipt: receiptSchema.nullable(), tax: z.array(expenseTaxSchema).max(5) }),
  z.strictObject({ kind: z.literal('per_diem'), ...lineHead, country: countrySchema, days: decimalSchema, ratePerDay: decimalSchema, /** Taken off for meals that were provided. */ deduction: moneySchema }),
  z.strictObject({ kind: z.literal('mileage'), ...lineHead, distance: decimalSchema, unit: z.enum(['km', 'mi']), ratePerUnit: decimalSchema }),
]);
export type ExpenseLine = z.infer<typeof expenseLineSchema>;

/** What a person spent for projects and wants back, approved as a whole. */
export const expenseReportSchema = z.strictObject({
  ...documentHead('expense-report', 1),
  system: codeSchema,
  id: recordIdSchema,
  version: versionSchema,
  replaces: recordRefSchema.nullable(),
  person: z.email(),
  /** In which the person is paid back. */
  currency: currencySchema,
  submittedOn: localDateSchema,
  approval: approvalSchema,
  /** None where the approval is withdrawn and nothing of the report is left. */
  lines: z.array(expenseLineSchema).max(200),
  /** Of all lines, in the report's currency. */
  total: moneySchema,
}).refine(({ lines, approval }) => lines.length > 0 || approval.status === 'withdrawn', { path: ['lines'], message: 'at least one line, unless the approval is withdrawn' });
export type ExpenseReport = z.infer<typeof expenseReportSchema>;
