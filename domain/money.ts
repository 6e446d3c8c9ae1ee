import { Decimal } from 'decimal.js';
import { z } from 'zod';

const Exact = Decimal.clone({ precision: 60, rounding: Decimal.ROUND_HALF_EVEN, toExpNeg: -40, toExpPos: 40 });

/** Minor-unit digits that differ from two (ISO 4217, list one). */
const MINOR_DIGITS: Readonly<Record<string, number>> = {
  BHD: 3, BIF: 0, CLF: 4, CLP: 0, DJF: 0, GNF: 0, IQD: 3, ISK: 0, JOD: 3, JPY: 0, KMF: 0, KRW: 0, KWD: 3, LYD: 3,
  OMR: 3, PYG: 0, RWF: 0, TND: 3, UGX: 0, UYI: 0, UYW: 4, VND: 0, VUV: 0, XAF: 0, XOF: 0, XPF: 0,
};

export const currencySchema = z.string().regex(/^[A-Z]{3}$/, 'a three-letter ISO 4217 currency code');
export type Currency = z.infer<typeof currencySchema>;

/** An exact decimal number as text, in plain notation: "1200.50". Never a JavaScript number. */
export const decimalSchema = z.string().regex(/^-?(0|[1-9]\d{0,17})(\.\d{1,10})?$/, 'a decimal number as text, at most 18 digits before and 10 after the point');
export type DecimalText = z.infer<typeof decimalSchema>;

export const moneySchema = z.strictObject({ amount: decimalSchema, currency: currencySchema });
export type Money = z.infer<typeof moneySchema>;

/** Digits after the decimal point of a currency's minor unit. */
export function minorDigits(currency: Currency): number {
  return MINOR_DIGITS[currency] ?? 2;
}

/** Canonical text of a decimal: no exponent, no trailing zeros, no minus zero. */
export function decimalText(value: string | number | Decimal): DecimalText {
  const exact = new Exact(value);
  if (!exact.isFinite()) throw new RangeError(`"${String(value)}" is not a finite decimal number`);
  return decimalSchema.parse(exact.isZero() ? '0' : exact.toFixed());
}

/** Money in a currency, rounded half to even to the currency's minor unit and written with all its digits: "1200.50", JPY "1200". */
export function money(amount: string | number | Decimal, currency: Currency): Money {
  return { amount: new Exact(amount).toFixed(minorDigits(currency), Decimal.ROUND_HALF_EVEN), currency };
}

/** @throws RangeError when the currencies differ: amounts of different currencies are never added. */
export function addMoney(left: Money, right: Money): Money {
  sameCurrency(left, right);
  return money(new Exact(left.amount).plus(right.amount), left.currency);
}

/** @throws RangeError when the currencies differ. */
export function subtractMoney(left: Money, right: Money): Money {
  sameCurrency(left, right);
  return money(new Exact(left.amount).minus(right.amount), left.currency);
}

/** Sum of amounts in one currency; an empty list is zero of that currency. */
export function sumMoney(amounts: readonly Money[], currency: Currency): Money {
  return amounts.reduce(addMoney, money('0', currency));
}

/** Quantity times unit price, rounded once to the currency's minor unit. */
export function extendPrice(quantity: DecimalText, unitPrice: DecimalText, currency: Currency): Money {
  return money(new Exact(quantity).times(unitPrice), currency);
}

/** -1, 0 or 1. @throws RangeError when the currencies differ. */
export function compareMoney(left: Money, right: Money): -1 | 0 | 1 {
  sameCurrency(left, right);
  return compareDecimal(left.amount, right.amount);
}

export function compareDecimal(left: DecimalText, right: DecimalText): -1 | 0 | 1 {
  const order = new Exact(left).comparedTo(new Exact(right));
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

export function addDecimal(left: DecimalText, right: DecimalText): DecimalText {
  return decimalText(new Exact(left).plus(right));
}

export function isNegative(value: DecimalText): boolean {
  return new Exact(value).isNegative() && !new Exact(value).isZero();
}

/** True where the amount has no more digits than the currency's minor unit. */
export function fitsCurrency(value: Money): boolean {
  return new Exact(value.amount).decimalPlaces() <= minorDigits(value.currency);
}

/**
 * Splits an amount in parts by weight so that the parts add up to the amount exactly:
 * every part is rounded down to the minor unit, the units left over go to the first parts.
 * @throws RangeError without a positive total weight.
 */
export function allocateMoney(total: Money, weights: readonly number[]): Money[] {
  const weightSum = weights.reduce((sum, weight) => sum + weight, 0);
  if (weights.length === 0 || weightSum <= 0 || weights.some((weight) => weight < 0)) {
    throw new RangeError('allocateMoney needs weights that are not negative and add up to more than zero');
  }
  const digits = minorDigits(total.currency);
  const unit = new Exact(10).pow(-digits);
  const parts = weights.map((weight) => new Exact(total.amount).times(weight).dividedBy(weightSum).toDecimalPlaces(digits, Decimal.ROUND_FLOOR));
  let left = new Exact(total.amount).minus(parts.reduce((sum, part) => sum.plus(part), new Exact(0)));
  return parts.map((part) => {
    if (left.lessThan(unit)) return money(part, total.currency);
    left = left.minus(unit);
    return money(part.plus(unit), total.currency);
  });
}

function sameCurrency(left: Money, right: Money): void {
  if (left.currency !== right.currency) {
    throw new RangeError(`${left.amount} ${left.currency} and ${right.amount} ${right.currency} are of different currencies: convert one first`);
  }
}
