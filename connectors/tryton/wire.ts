import { z } from 'zod';
import type { LocalDate } from '../../domain/dates.ts';
import { decimalText, type DecimalText } from '../../domain/money.ts';

// Tryton's own JSON types: https://docs.tryton.org/8.2/server/ref/protocols.html (trytond/protocols/jsonrpc.py).

export function wireDecimal(value: DecimalText) {
  return { __class__: 'Decimal', decimal: value } as const;
}

export function wireDate(date: LocalDate) {
  const [year, month, day] = date.split('-').map(Number);
  return { __class__: 'date', year, month, day } as const;
}

/** Hours as a timedelta, to the second. */
export function wireHours(hours: DecimalText) {
  return { __class__: 'timedelta', seconds: Math.round(Number(hours) * 3600) } as const;
}

const two = (part: number) => String(part).padStart(2, '0');
/** A Date field; null where it is empty. */
export const dateField = z.object({ __class__: z.literal('date'), year: z.number(), month: z.number(), day: z.number() }).nullable()
  .transform((value) => (value === null ? null : `${String(value.year).padStart(4, '0')}-${two(value.month)}-${two(value.day)}`));
/** A Decimal field as exact text; null where it is empty. */
export const decimalField = z.object({ __class__: z.literal('Decimal'), decimal: z.string() }).transform(({ decimal }) => decimalText(decimal)).nullable();
/** A TimeDelta field in seconds; 0 where it is empty. */
export const secondsField = z.object({ __class__: z.literal('timedelta'), seconds: z.number() }).nullable().transform((value) => value?.seconds ?? 0);
/** A Float field as exact text (the HTTP layer keeps numbers that a double cannot hold as text). */
export const floatField = z.union([z.number(), z.string()]).transform((value) => decimalText(value)).nullable();
