import { Decimal } from 'decimal.js';
import { decimalSchema, type DecimalText } from '../domain/money.ts';

/** More than any day has, and the most a decimal can be: the rules give it back by name. */
const ABSURD = '999999999999999999';

/** Hours as a time system wrote them, in JSON a number or its text. A number no entry can have becomes one the rules refuse, so that it goes back to its person. */
export function hoursText(hours: number | string): DecimalText {
  try {
    const text = decimalSchema.safeParse(new Decimal(hours).toDecimalPlaces(10).toFixed());
    return text.success ? text.data : ABSURD;
  } catch {
    return ABSURD;
  }
}
