import { Decimal } from 'decimal.js';
import type { Project } from '../../domain/model/project.ts';
import { minorDigits } from '../../domain/money.ts';
import type { KantataOptions } from './options.ts';

type RateLine = Project['rateCard']['lines'][number];
const MOST = 2_147_483_647;

/** An hourly rate in the subunits of its currency, as Kantata keeps it; null where that would not be the rate exactly, or rates are by day or month. */
export function rateOf({ unit, rate }: RateLine, currency: string): number | null {
  if (unit !== 'hour') return null;
  const amount = new Decimal(rate).times(new Decimal(10).pow(minorDigits(currency)));
  return amount.isInteger() && amount.gte(0) && amount.lte(MOST) ? amount.toNumber() : null;
}

/** The rates that only a person can invoice by, for the project's description. */
export function ratesByHand({ rateCard: { lines, currency } }: Project, { rateCards }: KantataOptions): string[] {
  return lines.filter((line) => rateCards === 'none' || rateOf(line, currency) === null).map((line) => `${line.laborCategory} ${line.rate} ${currency} per ${line.unit}`);
}
