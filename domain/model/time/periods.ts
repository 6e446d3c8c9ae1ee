import { z } from 'zod';
import { instantSchema, localDateSchema } from '../../dates.ts';
import { codeSchema, documentHead } from '../document.ts';

/** A month of one legal entity's books: postings are taken from `opensAt` until `closesAt`, unless closed by hand before. */
export const accountingPeriodSchema = z.strictObject({
  ...documentHead('accounting-period', 1),
  legalEntity: codeSchema,
  code: codeSchema,
  from: localDateSchema,
  to: localDateSchema,
  opensAt: instantSchema,
  closesAt: instantSchema,
  closed: z.boolean(),
});
export type AccountingPeriod = z.infer<typeof accountingPeriodSchema>;

/** A stretch of days paid together: what is known before `cutoffAt` is paid with it, the rest with the next. */
export const payPeriodSchema = z.strictObject({
  ...documentHead('pay-period', 1),
  legalEntity: codeSchema,
  code: codeSchema,
  from: localDateSchema,
  to: localDateSchema,
  cutoffAt: instantSchema,
  payDate: localDateSchema,
});
export type PayPeriod = z.infer<typeof payPeriodSchema>;
