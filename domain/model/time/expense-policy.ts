import { z } from 'zod';
import { localDateSchema } from '../../dates.ts';
import { currencySchema, decimalSchema } from '../../money.ts';
import { codeSchema, countrySchema } from '../document.ts';

const rates = {
  from: localDateSchema,
  to: localDateSchema.nullable(),
  /** Where the authority publishes it. */
  source: z.url(),
  /** False: nobody has confirmed it yet. It is paid all the same, with the remark EXPENSE_RATE_NOT_VERIFIED. */
  verified: z.boolean(),
};

/** What people claim money back for. Allowances by the day and by distance are PER_DIEM and MILEAGE. */
export const expenseCategorySchema = z.strictObject({
  code: codeSchema,
  name: z.string().min(1).max(100),
  /** May be billed on to a client. */
  billable: z.boolean(),
  /** Tax in it may be recovered; false where the law or the firm bars it (entertainment of guests). */
  taxRecoverable: z.boolean(),
});
export type ExpenseCategory = z.infer<typeof expenseCategorySchema>;
export const PER_DIEM = 'PER_DIEM';
export const MILEAGE = 'MILEAGE';

/** Sales and value-added tax on receipts from one country. */
export const expenseTaxRuleSchema = z.strictObject({
  country: countrySchema,
  /** The rates that a receipt can show; null where they differ from place to place: then `mostPercent` holds. */
  ratesPercent: z.array(decimalSchema).min(1).nullable(),
  mostPercent: decimalSchema,
  /** Countries whose employers recover this tax in their own return. */
  recoverableIn: z.array(countrySchema),
  source: z.url(),
  verified: z.boolean(),
});
export type ExpenseTaxRule = z.infer<typeof expenseTaxRuleSchema>;

const meals = z.strictObject({ breakfast: decimalSchema, lunch: decimalSchema, dinner: decimalSchema });

/** Allowance for a day away in one country, in the policy's currency. */
export const perDiemRuleSchema = z.strictObject({
  destination: countrySchema,
  ...rates,
  /** Full-day amounts; several where they differ by place or length of the day, which a report does not name. With each what a provided meal takes off. */
  perDay: z.array(z.strictObject({ amount: decimalSchema, meals: meals.nullable() })).min(1),
  /** The part of a full day that a day of departure or return counts: "0.5"; null where only whole days are paid. */
  partialDay: decimalSchema.nullable(),
  /** What stays of a day with all meals provided. */
  least: decimalSchema,
});
export type PerDiemRule = z.infer<typeof perDiemRuleSchema>;

/** For driving one's own car, in the policy's currency. */
export const mileageRuleSchema = z.strictObject({
  ...rates,
  unit: z.enum(['km', 'mi']),
  rate: decimalSchema,
  /** Beyond so much in one tax year another rate holds. */
  beyond: z.strictObject({ distance: decimalSchema, rate: decimalSchema, /** "04-06" */ yearStartsOn: z.string().regex(/^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, 'a month and day such as "04-06"') }).nullable(),
});
export type MileageRule = z.infer<typeof mileageRuleSchema>;

/** What is paid back to the people of the legal entities of one country; "*": of every country that no other line names. Amounts in `currency`. */
export const expensePolicySchema = z.strictObject({
  country: z.union([countrySchema, z.literal('*')]),
  name: z.string().min(1),
  /** In which people are paid back; null: in the functional currency of the employer. */
  currency: currencySchema.nullable(),
  /** A receipt is needed above this amount, and for these categories always. */
  receipt: z.strictObject({ above: decimalSchema, always: z.array(codeSchema).default([]), source: z.url().nullable() }),
  /** What may be claimed, with the most that is paid for a receipt, or for all receipts of a day. */
  categories: z.array(z.strictObject({ code: codeSchema, most: decimalSchema.nullable(), per: z.enum(['receipt', 'day']).default('receipt') })).min(1),
  /** No single line without a person's word. */
  mostPerLine: decimalSchema,
  perDiems: z.array(perDiemRuleSchema).default([]),
  mileage: z.array(mileageRuleSchema).default([]),
  exchange: z.strictObject({
    /** Between the expense and the day of its exchange rate. */
    daysApart: z.number().int().min(0).max(60),
    /** From the reference rate of that day or the days before. */
    tolerancePercent: decimalSchema,
  }),
  /** From the expense to its submission. */
  submitWithinDays: z.number().int().min(1).max(1100),
  /** Spent before a project became inactive: paid for so many days after. */
  inactiveProjectGraceDays: z.number().int().min(0).max(365),
  /** Added to what is billed on to clients, percent. */
  markupPercent: decimalSchema.default('0'),
});
export type ExpensePolicy = z.infer<typeof expensePolicySchema>;
