import { z } from 'zod';
import { localDateSchema } from '../dates.ts';
import { currencySchema, decimalSchema } from '../money.ts';
import { codeSchema, documentHead } from './document.ts';

export const rateUnitSchema = z.enum(['hour', 'day', 'month']);

export const rateLineSchema = z.strictObject({
  laborCategory: codeSchema,
  unit: rateUnitSchema,
  rate: decimalSchema,
});
export type RateLine = z.infer<typeof rateLineSchema>;

/** The rates agreed for one project, in one currency, over one period. */
export const projectRateCardSchema = z.strictObject({
  ...documentHead('project-rate-card', 1),
  code: codeSchema,
  /** The firm's rate card it was taken from. */
  basedOn: codeSchema,
  currency: currencySchema,
  effectiveFrom: localDateSchema,
  effectiveTo: localDateSchema.nullable(),
  lines: z.array(rateLineSchema).min(1),
});
export type ProjectRateCard = z.infer<typeof projectRateCardSchema>;
