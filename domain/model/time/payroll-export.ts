import { z } from 'zod';
import { localDateSchema } from '../../dates.ts';
import { compareDecimal, decimalSchema } from '../../money.ts';
import { codeSchema, documentHead } from '../document.ts';
import { controlTotals } from './payroll-totals.ts';

/** `<employer>.<pay period>.<number>`: codes hold no dot, so that no two exports share an ID or a file name. */
export const payrollExportIdSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,39}\.[A-Za-z0-9][A-Za-z0-9_-]{0,39}\.[1-9]\d{0,3}$/, 'an ID such as "US01.M2026-11.1"');

export function payrollExportIdOf(of: { readonly employer: string; readonly payPeriod: string; readonly number: number }): string {
  return `${of.employer}.${of.payPeriod}.${of.number}`;
}

/** Hours of one person on one day for one pay code and cost center; negative where paid hours are taken back. */
export const payrollLineSchema = z.strictObject({
  /** From 1 in each export: what an acknowledgement refers to. */
  line: z.number().int().positive(),
  person: z.email(),
  workDate: localDateSchema,
  payCode: codeSchema,
  /** Of the person's base pay. */
  multiplier: decimalSchema,
  costCenter: codeSchema,
  hours: decimalSchema,
});
export type PayrollLine = z.infer<typeof payrollLineSchema>;

/** What the payroll bureau can count again by itself. */
export const payrollTotalsSchema = z.strictObject({
  lines: z.number().int().nonnegative(),
  people: z.number().int().nonnegative(),
  hours: decimalSchema,
  /** In the order of the codes. */
  hoursPerPayCode: z.array(z.strictObject({ payCode: codeSchema, hours: decimalSchema })),
});
export type PayrollTotals = z.infer<typeof payrollTotalsSchema>;

/** The hours of one employer that payroll is told of at once. The first export of a pay period is the regular one, later ones are supplementary. */
export const payrollExportSchema = z
  .strictObject({
    ...documentHead('payroll-export', 1),
    id: payrollExportIdSchema,
    employer: codeSchema,
    payPeriod: z.strictObject({ code: codeSchema, from: localDateSchema, to: localDateSchema }),
    payDate: localDateSchema,
    number: z.number().int().positive(),
    lines: z.array(payrollLineSchema),
    totals: payrollTotalsSchema,
  })
  .superRefine((document, context) => {
    const complain = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (document.id !== payrollExportIdOf({ employer: document.employer, payPeriod: document.payPeriod.code, number: document.number })) complain('id', 'is not of this employer, pay period and number');
    if (document.lines.some(({ line }, index) => line !== index + 1)) complain('lines', 'are numbered 1, 2, 3 …');
    if (document.lines.some(({ hours }) => compareDecimal(hours, '0') === 0)) complain('lines', 'have hours');
    if (JSON.stringify(controlTotals(document.lines)) !== JSON.stringify(document.totals)) complain('totals', 'are not those of the lines');
  });
export type PayrollExport = z.infer<typeof payrollExportSchema>;
