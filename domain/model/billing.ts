import { z } from 'zod';
import { localDateSchema } from '../dates.ts';
import { currencySchema, moneySchema } from '../money.ts';
import { codeSchema, documentHead } from './document.ts';

export const billingMethodSchema = z.enum(['time_and_materials', 'fixed_fee', 'milestone', 'retainer', 'capped']);
export type BillingMethod = z.infer<typeof billingMethodSchema>;

export const billingItemSchema = z.strictObject({
  sequence: z.number().int().positive(),
  kind: z.enum(['actuals', 'instalment', 'milestone']),
  description: z.string().min(1).max(200),
  billOn: localDateSchema,
  /** Null where the amount follows from the work done. */
  amount: moneySchema.nullable(),
});

export const billingScheduleSchema = z.strictObject({
  ...documentHead('billing-schedule', 1),
  code: codeSchema,
  method: billingMethodSchema,
  currency: currencySchema,
  paymentTermsDays: z.number().int().nonnegative(),
  cap: moneySchema.nullable(),
  items: z.array(billingItemSchema).min(1),
});
export type BillingSchedule = z.infer<typeof billingScheduleSchema>;
export type BillingItem = z.infer<typeof billingItemSchema>;
