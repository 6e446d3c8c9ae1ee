/** Casts from text, and sums without rounding. A value is kept as Snowflake writes it in a result. */
import { notRecognized, SqlError } from './errors.ts';

export type ColumnType =
  | { readonly kind: 'TEXT' | 'DATE' | 'BOOLEAN' }
  | { readonly kind: 'NUMBER'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'TIMESTAMP_NTZ'; readonly precision: number };

export type Value = string | null;

const DATE = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;
const TIMESTAMP = /^(\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]) (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d{1,9}))?$/;

export function cast(text: Value, type: ColumnType): Value {
  if (text === null) return null;
  switch (type.kind) {
    case 'TEXT':
      return text;
    case 'NUMBER':
      return number(text, type.precision, type.scale);
    case 'DATE':
      if (!DATE.test(text) || Number.isNaN(Date.parse(text)) || new Date(text).toISOString().slice(0, 10) !== text) throw notRecognized('100040', '22007', 'Date', text);
      return text;
    case 'TIMESTAMP_NTZ': {
      const [, seconds, fraction = ''] = TIMESTAMP.exec(text) ?? [];
      if (seconds === undefined) throw notRecognized('100035', '22007', 'Timestamp', text);
      return `${seconds}.${fraction.slice(0, type.precision).padEnd(type.precision, '0')}`;
    }
    case 'BOOLEAN':
      if (!/^(true|false)$/i.test(text)) throw notRecognized('100037', '22018', 'Boolean value', text);
      return text.toLowerCase();
  }
}

/** Half away from zero, as Snowflake rounds NUMBER. */
function number(text: string, precision: number, scale: number): string {
  const [, sign = '', whole, fraction = ''] = /^\s*([+-]?)(\d+)(?:\.(\d*))?\s*$/.exec(text) ?? [];
  if (whole === undefined) throw notRecognized('100038', '22018', 'Numeric value', text);
  const digits = BigInt(whole + fraction.slice(0, scale).padEnd(scale, '0')) + (Number(fraction[scale] ?? '0') >= 5 ? 1n : 0n);
  if (digits.toString().length > precision) throw new SqlError('100039', '22003', `Numeric value '${text}' is out of range`);
  return written(sign === '-' ? -digits : digits, scale);
}

function written(units: bigint, scale: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  return `${units < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${digits.slice(-scale)}`}`;
}

/** Null where every value is null. */
export function sum(values: readonly Value[], scale: number): Value {
  const present = values.filter((value) => value !== null);
  if (present.length === 0) return null;
  return written(present.reduce((total, value) => total + BigInt(value.replace('.', '')), 0n), scale);
}
