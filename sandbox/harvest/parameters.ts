/**
 * Reads parameters as Harvest documents their types: https://help.getharvest.com/api-v2/introduction/overview/general/
 * JSON and form bodies are both allowed, so numbers and truth values may arrive as text. Unknown parameters are ignored.
 */
import { z } from 'zod';
import { unprocessable } from './errors.ts';

export const Text = z.union([z.string(), z.number().transform(String)]);
export const Name = Text.transform((text) => text.trim()).refine((text) => text !== '', "can't be blank").refine((text) => text.length <= 255, 'is too long (maximum is 255 characters)');
export const NullableText = Text.nullable();
export const Integer = z.union([z.int(), z.string().regex(/^\d+$/).transform(Number)], 'is not a number');
export const Decimal = z
  .union([z.number(), z.string().regex(/^-?\d+(\.\d+)?$/).transform(Number)], 'is not a number')
  .refine((value) => Number.isFinite(value) && value >= 0, 'must be greater than or equal to 0');
export const NullableDecimal = Decimal.nullable();
export const Bool = z.union([z.boolean(), z.enum(['true', '1']).transform(() => true), z.enum(['false', '0']).transform(() => false)], 'must be true or false');
export const DateText = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, 'is not a valid date')
  .refine((text) => !Number.isNaN(Date.parse(`${text}T00:00:00Z`)) && new Date(`${text}T00:00:00Z`).toISOString().startsWith(text), 'is not a valid date');
export const NullableDate = z.union([DateText, z.literal('').transform(() => null), z.null()], 'is not a valid date');

/** Throws a 422 that names each parameter that is missing or wrong. */
export function readParameters<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const given = body ?? {};
  const read = schema.safeParse(given);
  if (read.success) return read.data;
  const messages = read.error.issues.map((issue) => `${labelOf(String(issue.path[0] ?? 'body'))} ${isMissing(given, issue.path[0]) ? "can't be blank" : issue.message}`);
  throw unprocessable(...new Set(messages));
}

function isMissing(given: unknown, name: PropertyKey | undefined): boolean {
  if (typeof given !== 'object' || given === null || name === undefined) return false;
  const value: unknown = Reflect.get(given, name);
  return value === undefined || value === null || value === '';
}

/** `bill_by` is called "Bill by" in messages, `client_id` "Client". */
function labelOf(name: string): string {
  const words = name.replace(/_id$/, '').replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Drops what was not given, so that an update changes only what is named. */
export function given<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
