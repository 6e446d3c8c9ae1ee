import { z } from 'zod';
import { decimalText, minorDigits, money, type Money } from '../../domain/money.ts';

/** "cents" of Lago: integers in the currency's smallest unit, none for JPY and a thousandth for KWD; read as text, so that they never pass through a double. */
export const cents = z.union([z.int(), z.string().regex(/^-?\d+$/)]).transform(String);

/** @returns undefined where the amount has more digits than the currency's smallest unit */
export function centsOf(value: Money): string | undefined {
  const digits = minorDigits(value.currency);
  const [whole = '0', fraction = ''] = decimalText(value.amount).split('.');
  if (fraction.length > digits) return undefined;
  const units = BigInt(`${whole.replace('-', '')}${fraction.padEnd(digits, '0')}`);
  return `${whole.startsWith('-') && units !== 0n ? '-' : ''}${units}`;
}

export function moneyOf(units: string, currency: string): Money {
  const digits = minorDigits(currency);
  const text = units.replace('-', '').padStart(digits + 1, '0');
  return money(`${units.startsWith('-') ? '-' : ''}${digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`}`, currency);
}
