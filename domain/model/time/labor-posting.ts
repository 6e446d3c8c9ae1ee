import { z } from 'zod';
import { localDateSchema } from '../../dates.ts';
import { decimalSchema, moneySchema } from '../../money.ts';
import { codeSchema } from '../document.ts';
import { entryBillingSchema } from './enriched-entry.ts';
import { recordIdSchema, recordRefSchema, versionSchema } from './record.ts';

/** The external ID of a posting in its ERP: what every ERP takes as one. */
export const postingKeySchema = z.string().regex(/^[A-Za-z0-9_-]{8,64}$/, 'letters, digits, "_" and "-"');

/**
 * One line of labor for one ERP. A correction is the reversal of what was posted and a new original beside it; nothing posted is ever changed.
 * Hours and amounts of a reversal are negative.
 */
export const laborPostingSchema = z.strictObject({
  key: postingKeySchema,
  kind: z.enum(['original', 'reversal']),
  /** Of a reversal: the posting it takes back. */
  reverses: postingKeySchema.nullable(),
  /** labor: cost in the employer's books · billing: revenue in the project's · labor_and_billing: one ERP keeps both */
  purpose: z.enum(['labor', 'billing', 'labor_and_billing']),
  /** The ERP it is addressed to. */
  system: codeSchema,
  /** In whose books it is: the project's legal entity, or for `labor` the employer. */
  legalEntity: codeSchema,
  projectEntity: codeSchema,
  employer: codeSchema,
  entry: z.strictObject({ system: codeSchema, id: recordIdSchema, version: versionSchema }),
  timesheet: recordRefSchema,
  person: z.email(),
  workDate: localDateSchema,
  hours: decimalSchema,
  projectNumber: codeSchema,
  task: z.string().min(1).max(80).nullable(),
  laborCategory: codeSchema,
  costCenter: codeSchema,
  accountingPeriod: codeSchema,
  billing: entryBillingSchema,
  cost: moneySchema.nullable(),
  /** What the project's legal entity owes the employer. */
  transfer: moneySchema.nullable(),
  notes: z.string(),
});
export type LaborPosting = z.infer<typeof laborPostingSchema>;
