import { Decimal } from 'decimal.js';
import { minorDigits, type Currency, type DecimalText } from '../../money.ts';
import type { OpportunityLine } from '../../model/opportunity.ts';

const Exact = Decimal.clone({ precision: 60, rounding: Decimal.ROUND_HALF_EVEN, toExpNeg: -40, toExpPos: 60 });

/** Hours that a line sells; undefined where it is sold by the month or as a whole. */
export function hoursOf(line: Pick<OpportunityLine, 'unit' | 'quantity'>, hoursPerDay: number): Decimal | undefined {
  if (line.unit === 'hour') return new Exact(line.quantity);
  return line.unit === 'day' ? new Exact(line.quantity).times(hoursPerDay) : undefined;
}

/** A price by the hour; undefined for a price by the month or for the whole. */
export function hourlyRate(unit: OpportunityLine['unit'], price: DecimalText, hoursPerDay: number): Decimal | undefined {
  if (unit === 'hour') return new Exact(price);
  return unit === 'day' ? new Exact(price).dividedBy(hoursPerDay) : undefined;
}

export function sumHours(hours: readonly (Decimal | undefined)[]): Decimal | undefined {
  const known = hours.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum.plus(value), new Exact(0));
}

/** Splits hours by shares so that the parts, in hundredths of an hour, add up to the rounded whole exactly. */
export function spreadHours(total: Decimal, shares: readonly number[]): DecimalText[] {
  const whole = total.toDecimalPlaces(2);
  const all = shares.reduce((sum, share) => sum.plus(share), new Exact(0));
  let before = new Exact(0);
  let share = new Exact(0);
  return shares.map((part) => {
    share = share.plus(part);
    const until = whole.times(share).dividedBy(all).toDecimalPlaces(2);
    const hours = until.minus(before);
    before = until;
    return hours.toFixed();
  });
}

/**
 * Whether quantity times unit price gives the amount, but for rounding: a CRM keeps a unit price to so many digits, so the product may be
 * off by half of the last digit for each unit, and by half a minor unit from rounding the product itself.
 */
export function priceExplains(line: Pick<OpportunityLine, 'quantity' | 'unitPrice' | 'amount'>, currency: Currency): boolean {
  const price = new Exact(line.unitPrice);
  const half = (digits: number) => new Exact(10).pow(-digits).dividedBy(2);
  const tolerance = new Exact(line.quantity).abs().times(half(Math.max(price.decimalPlaces(), minorDigits(currency)))).plus(half(minorDigits(currency)));
  return price.times(line.quantity).minus(line.amount.amount).abs().lessThanOrEqualTo(tolerance);
}

/** The lowest price that the card's discount allows. */
export function lowestPrice(rate: Decimal, maxDiscountPercent: number): Decimal {
  return rate.times(new Exact(100).minus(maxDiscountPercent)).dividedBy(100);
}

export function isTooLarge(value: DecimalText): boolean {
  return new Exact(value).abs().greaterThanOrEqualTo('1e12');
}
