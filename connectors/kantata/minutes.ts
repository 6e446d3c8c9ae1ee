import { Decimal } from 'decimal.js';
import type { DecimalText } from '../../domain/money.ts';

/** Planned hours in whole minutes, as Kantata keeps them. */
export function minutesOf(hours: DecimalText): number {
  return new Decimal(hours).times(60).toDecimalPlaces(0).toNumber();
}
