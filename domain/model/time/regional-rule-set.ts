import { z } from 'zod';
import { localDateSchema } from '../../dates.ts';
import { decimalSchema } from '../../money.ts';
import { codeSchema, countrySchema } from '../document.ts';

/** How an hour is paid. `multiplier` is of the person's base pay. */
export const payCodeSchema = z.strictObject({ code: codeSchema, name: z.string().min(1).max(100), multiplier: decimalSchema });
export type PayCode = z.infer<typeof payCodeSchema>;

const hours = z.number().positive().max(168).multipleOf(0.01);
const source = z.url();

/** From which hour on a pay code holds: of the day's hours, or of the day's overtime hours. The highest multiplier that holds is paid, never two together. */
const overtimeTierSchema = z.strictObject({ of: z.enum(['day_hours', 'overtime_hours']), after: z.number().min(0).max(24).multipleOf(0.01), payCode: codeSchema });

/** Working-time law of one jurisdiction, with its sources. Null: the law sets no such limit. */
export const regionalRuleSetSchema = z.strictObject({
  code: codeSchema,
  name: z.string().min(1),
  country: countrySchema,
  /** For the people of this country whose own rule set is not named. */
  defaultForCountry: z.boolean().default(false),
  /** ISO number of the day the week begins on: 1 Monday … 7 Sunday. */
  weekStartsOn: z.number().int().min(1).max(7),
  /** Time worked before a project became inactive is taken for so many days after. */
  inactiveProjectGraceDays: z.number().int().min(0).max(365),
  limits: z.strictObject({
    hoursPerDay: z.strictObject({ most: hours, source }).nullable(),
    hoursPerWeek: z.strictObject({ most: hours, source }).nullable(),
    restBetweenDays: z.strictObject({ least: hours, source }).nullable(),
    /** Needed in a day of more than `afterHours` of work; checked where the clock is recorded. */
    breaks: z.array(z.strictObject({ afterHours: hours, minutes: z.number().int().positive(), source })).default([]),
    sundayWork: z.strictObject({ allowed: z.literal(false), source }).nullable(),
    holidayWork: z.strictObject({ allowed: z.literal(false), source }).nullable(),
  }),
  pay: z.strictObject({
    regular: codeSchema,
    /** Hours of a day, and regular hours of a week, beyond which work is overtime. */
    overtimeAfterDay: hours.nullable(),
    overtimeAfterWeek: hours.nullable(),
    overtime: z.array(overtimeTierSchema).default([]),
    /** Days paid by rules of their own; the first that fits counts. Their hours are no regular hours of the week. */
    specialDays: z.array(z.strictObject({ day: z.enum(['public_holiday', 'sunday', 'saturday', 'seventh_day']), tiers: z.array(z.strictObject({ after: z.number().min(0).max(24).multipleOf(0.01), payCode: codeSchema })).min(1) })).default([]),
    source,
  }),
  holidays: z.strictObject({ source, years: z.array(z.number().int().min(2000).max(2200)).min(1), days: z.array(z.strictObject({ date: localDateSchema, name: z.string().min(1) })) }),
});
export type RegionalRuleSet = z.infer<typeof regionalRuleSetSchema>;

/** When a legal entity closes its books and its payroll, and what becomes of time that comes later. "*": every entity without a line of its own. */
export const timeClosingSchema = z.strictObject({
  legalEntity: z.union([codeSchema, z.literal('*')]),
  /** The books of a month close at the end of this working day (Monday to Friday) of the next month, in the entity's time zone. */
  closesOnWorkingDay: z.number().int().min(1).max(15),
  payFrequency: z.enum(['monthly', 'semi_monthly', 'biweekly']),
  /** Biweekly: the first day of any pay period. */
  payAnchor: localDateSchema.nullable().default(null),
  /** Payroll takes what is known at this local time, so many days after the pay period's last day (negative: before). */
  payrollCutoff: z.strictObject({ daysAfterEnd: z.number().int().min(-15).max(15), at: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day such as "17:00"') }),
  payDaysAfterEnd: z.number().int().min(-15).max(31),
  /** Time approved after its period closed: booked in the next one up to so many days after the work, refused later. */
  lateEntryDays: z.number().int().min(0).max(400),
});
export type TimeClosing = z.infer<typeof timeClosingSchema>;
