import { z } from 'zod';
import { localDateSchema, type LocalDate } from '../dates.ts';
import { currencySchema, decimalSchema } from '../money.ts';
import { codeSchema, documentHead } from './document.ts';

export const rateUnitSchema = z.enum(['hour', 'day', 'month']);

export const rateLineSchema = z.strictObject({
  laborCategory: codeSchema,
  unit: rateUnitSchema,
  rate: decimalSchema,
});
export type RateLine = z.infer<typeof rateLineSchema>;

/** A rate of the project that an amendment has ended. */
export const formerRateSchema = rateLineSchema.extend({
  currency: currencySchema,
  /** Null: from the first day of the card. */
  from: localDateSchema.nullable(),
  /** The day before the amendment. */
  to: localDateSchema,
});
export type FormerRate = z.infer<typeof formerRateSchema>;

/** The rates agreed for one project, in one currency, over one period. */
export const projectRateCardSchema = z.strictObject({
  ...documentHead('project-rate-card', 1),
  code: codeSchema,
  /** The firm's rate card it was taken from. */
  basedOn: codeSchema,
  currency: currencySchema,
  effectiveFrom: localDateSchema,
  effectiveTo: localDateSchema.nullable(),
  /** One for each labor category: as agreed last. `from`: the day from which an amendment holds; without it, from the first day of the card. */
  lines: z.array(rateLineSchema.extend({ from: localDateSchema.exactOptional() })).min(1),
  /** What was agreed before the amendments. */
  former: z.array(formerRateSchema).exactOptional(),
});
export type ProjectRateCard = z.infer<typeof projectRateCardSchema>;

export interface DatedRate extends RateLine {
  readonly currency: string;
  readonly from: LocalDate;
  readonly to: LocalDate | null;
}

/**
 * Every rate of a card with its first and last day, those that an amendment ended among them: for one labor category no two hold on the same day. This is
 * what a system is given that keeps rates with their dates.
 */
export function datedRates({ currency, effectiveFrom, effectiveTo, lines, former = [] }: ProjectRateCard): DatedRate[] {
  const ended = former.map(({ from, to, ...line }): DatedRate => ({ ...line, from: later(from, effectiveFrom), to: effectiveTo !== null && effectiveTo < to ? effectiveTo : to }));
  const inForce = lines.map(({ laborCategory, unit, rate, from }): DatedRate => ({ laborCategory, unit, rate, currency, from: later(from ?? null, effectiveFrom), to: effectiveTo }));
  return [...ended, ...inForce].filter(({ from, to }) => to === null || from <= to);
}

function later(date: LocalDate | null, other: LocalDate): LocalDate {
  return date !== null && date > other ? date : other;
}
