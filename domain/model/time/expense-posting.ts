import { z } from 'zod';
import { localDateSchema } from '../../dates.ts';
import { moneySchema } from '../../money.ts';
import { codeSchema, countrySchema, textSchema } from '../document.ts';
import { postingKeySchema } from './labor-posting.ts';
import { recordIdSchema, versionSchema } from './record.ts';

/** An expense report as the ERP books it: amounts in the report's currency, what is recoverable tax and what is billed on decided once. Negative where a report is taken back. */
export const expensePostingSchema = z.strictObject({
  key: postingKeySchema,
  kind: z.enum(['original', 'reversal']),
  reverses: postingKeySchema.nullable(),
  system: codeSchema,
  /** Of the person: pays back and bears the cost. */
  employer: codeSchema,
  report: z.strictObject({ system: codeSchema, id: recordIdSchema, version: versionSchema }),
  person: z.email(),
  submittedOn: localDateSchema,
  accountingPeriod: codeSchema,
  currency: z.string().length(3),
  total: moneySchema,
  lines: z
    .array(
      z.strictObject({
        id: recordIdSchema,
        kind: z.enum(['receipt', 'per_diem', 'mileage']),
        category: codeSchema,
        incurredOn: localDateSchema,
        projectNumber: codeSchema,
        legalEntity: codeSchema,
        costCenter: codeSchema,
        country: countrySchema.nullable(),
        /** To be paid back, in the report's currency. */
        amount: moneySchema,
        recoverableTax: moneySchema,
        /** Billed on to the client, in the project's currency; null where it is not. */
        billed: moneySchema.nullable(),
        receipt: recordIdSchema.nullable(),
        description: textSchema,
      }),
    )
    .min(1),
});
export type ExpensePosting = z.infer<typeof expensePostingSchema>;
