import { z } from 'zod';
import { SystemFailure } from '../../domain/failure.ts';
import { decimalText, minorDigits, money, type Money } from '../../domain/money.ts';

/** Integers of Stripe, as text: they never pass through a double. */
export const minorUnits = z.union([z.int(), z.string().regex(/^-?\d+$/)]).transform(String);

/**
 * Digits of Stripe's smallest unit where they are not those of ISO 4217: ISK and UGX are sent with two decimals that are 00, MGA has none.
 * Source: https://docs.stripe.com/currencies (zero-decimal currencies, special cases).
 */
const OWN_DIGITS: Readonly<Record<string, number>> = { ISK: 2, UGX: 2, MGA: 0 };

export function stripeDigits(currency: string): number {
  return OWN_DIGITS[currency] ?? minorDigits(currency);
}

/** The last digit of a three-decimal amount must be 0. Source: as above, "Three-decimal currencies". */
function coarsestUnit(digits: number): bigint {
  return digits === 3 ? 10n : 1n;
}

/**
 * An amount in Stripe's smallest unit, exactly: "1200.50" USD is "120050", "1200" JPY is "1200", "5.120" KWD is "5120".
 * @throws SystemFailure (business rule) where Stripe cannot carry it exactly
 */
export function minorOf(value: Money, about: { readonly system: string; readonly object: string }): string {
  const digits = stripeDigits(value.currency);
  const [whole = '0', fraction = ''] = decimalText(value.amount).replace('-', '').split('.');
  const exact = fraction.length <= digits;
  const units = exact ? BigInt(whole + fraction.padEnd(digits, '0')) : 0n;
  if (!exact || units % coarsestUnit(digits) !== 0n) {
    throw new SystemFailure({
      kind: 'business_rule', code: 'STRIPE_AMOUNT_PRECISION', system: about.system, object: about.object, written: 'no',
      message: `Stripe cannot carry ${value.amount} ${value.currency} exactly: ${digits === 3 ? `amounts in ${value.currency} must end in 0 in the third decimal` : `${value.currency} has ${digits} decimals there`}.`,
      mend: 'Round the line in the billing rules so that Stripe can carry it, or bill this customer by another system; then retry.',
    });
  }
  return units === 0n ? '0' : `${value.amount.startsWith('-') ? '-' : ''}${units}`;
}

/** @param minor - an integer in Stripe's smallest unit; @param currency - in whichever case */
export function moneyOf(minor: string, currency: string): Money {
  const code = currency.toUpperCase();
  const digits = stripeDigits(code);
  const negative = minor.startsWith('-');
  const text = minor.replace('-', '').padStart(digits + 1, '0');
  const amount = digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
  return money(`${negative ? '-' : ''}${amount}`, code);
}
