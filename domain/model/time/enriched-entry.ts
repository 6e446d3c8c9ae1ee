import { z } from 'zod';
import { localDateSchema } from '../../dates.ts';
import { currencySchema, decimalSchema, moneySchema } from '../../money.ts';
import { codeSchema, documentHead } from '../document.ts';
import { rateUnitSchema } from '../rate-card.ts';
import { recordRefSchema } from './record.ts';
import { timeEntrySchema } from './time-entry.ts';

/** Hours of an entry paid alike; the parts of an entry add up to its hours. */
export const payPartSchema = z.strictObject({ payCode: codeSchema, multiplier: decimalSchema, hours: decimalSchema });
export type PayPart = z.infer<typeof payPartSchema>;

export const rateInForceSchema = z.strictObject({ laborCategory: codeSchema, unit: rateUnitSchema, rate: decimalSchema, currency: currencySchema, from: localDateSchema, to: localDateSchema.nullable() });
export type RateInForce = z.infer<typeof rateInForceSchema>;

export const entryBillingSchema = z.strictObject({
  /** actuals: billed by the hour · in_fee: covered by a fee, milestone or retainer · none: not billable */
  status: z.enum(['actuals', 'in_fee', 'none']),
  rate: rateInForceSchema.nullable(),
  /** To be billed. */
  amount: moneySchema,
  /** Worked, but beyond the project's cap; amount and this add up to hours times rate. */
  writtenOff: moneySchema,
});

/** A time entry with everything its postings need, decided once. */
export const enrichedEntrySchema = z.strictObject({
  ...documentHead('enriched-time-entry', 1),
  entry: timeEntrySchema,
  timesheet: recordRefSchema,
  /** new: first of its kind · correction: replaces what was posted */
  outcome: z.enum(['new', 'correction']),
  /** In force on the work date: a project code that changed in mid-week is another one before and after. */
  projectNumber: codeSchema,
  /** Of the project: bills and takes the revenue. */
  legalEntity: codeSchema,
  /** Of the person: pays and bears the cost. */
  employer: codeSchema,
  costCenter: codeSchema,
  laborCategory: codeSchema,
  /** In the project's legal entity and in the employer's. */
  accountingPeriod: codeSchema,
  employerPeriod: codeSchema,
  /** Null for people who are not on our payroll. */
  payPeriod: codeSchema.nullable(),
  billing: entryBillingSchema,
  pay: z.array(payPartSchema),
  /** Null where the employer's cost rates are kept in its ERP. */
  cost: moneySchema.nullable(),
  /** What the project's legal entity owes the employer. */
  transfer: z.strictObject({ rate: decimalSchema, amount: moneySchema }).nullable(),
  /** Codes of what was let pass by policy: INACTIVE_PROJECT_GRACE, LATE_ENTRY, PROJECT_CODE_CHANGED. */
  remarks: z.array(z.string()),
});
export type EnrichedEntry = z.infer<typeof enrichedEntrySchema>;

/** What became of an accepted entry. */
export const postedEntrySchema = z.strictObject({ ...documentHead('posted-time-entry', 1), state: z.enum(['in_force', 'superseded', 'reversed']), labor: enrichedEntrySchema });
export type PostedEntry = z.infer<typeof postedEntrySchema>;
