import { z } from 'zod';
import { codeSchema } from '../document.ts';

/** How the payroll of a legal entity is run. "*": every entity without a line of its own. */
export const payrollTermsSchema = z.strictObject({
  legalEntity: z.union([codeSchema, z.literal('*')]),
  /** The system of kind payroll that takes its hours. */
  system: codeSchema,
  /** From so many hours before the cutoff on, time that payroll would miss is an exception. */
  atRiskHoursBefore: z.number().min(0).max(240).default(4),
  /** After the cutoff, before the hours are taken: decisions that began before the cutoff come to their end, seconds. */
  settleSeconds: z.number().min(0).max(3600).default(60),
  /** The bureau acknowledges within so many hours; later is an exception. */
  acknowledgedWithinHours: z.number().positive().max(240).default(4),
});
export type PayrollTerms = z.infer<typeof payrollTermsSchema>;

/** The terms of a legal entity: its own, else those of "*", else the defaults with the system "payroll". */
export function payrollTermsOf(legalEntity: string, all: readonly PayrollTerms[]): PayrollTerms {
  return all.find((terms) => terms.legalEntity === legalEntity) ?? all.find((terms) => terms.legalEntity === '*') ?? payrollTermsSchema.parse({ legalEntity: '*', system: 'payroll' });
}
