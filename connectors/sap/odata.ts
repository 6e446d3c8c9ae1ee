import { z } from 'zod';
import type { LocalDate } from '../../domain/dates.ts';
import { decimalText } from '../../domain/money.ts';

/**
 * Values in URLs and bodies of OData version 2 as SAP Gateway takes them.
 * https://www.odata.org/documentation/odata-version-2-0/overview/ (abstract type system, JSON format, URI conventions)
 */
export type Literal = string | { readonly raw: string };

export const guid = (uuid: string): Literal => ({ raw: `guid'${uuid}'` });
/** Days have no time zone: they are kept as midnight. */
export const day = (date: LocalDate): Literal => ({ raw: `datetime'${date}T00:00:00'` });

function literal(value: Literal): string {
  return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : value.raw;
}

/** All fields of a key by name, or the value of a key of one field. */
export type EntityKey = Literal | Readonly<Record<string, Literal>>;

/** "A_SalesOrder('17')", ready for a URL. */
export function entityPath(set: string, key: EntityKey): string {
  const predicate = typeof key === 'string' || isRaw(key) ? literal(key) : Object.entries(key).map(([field, value]) => `${field}=${literal(value)}`).join(',');
  return `${set}(${encodeURIComponent(predicate).replaceAll('%3D', '=').replaceAll('%2C', ',')})`;
}

function isRaw(key: EntityKey): key is { readonly raw: string } {
  return typeof key === 'object' && typeof key['raw'] === 'string' && Object.keys(key).length === 1;
}

/** "A eq 'x' and B eq 'y'" */
export function matching(values: Readonly<Record<string, Literal>>): string {
  return Object.entries(values).map(([field, value]) => `${field} eq ${literal(value)}`).join(' and ');
}

/** "(A eq 'x' or A eq 'y')": version 2 has no `in`. */
export function anyOf(field: string, values: readonly Literal[]): string {
  return `(${values.map((value) => `${field} eq ${literal(value)}`).join(' or ')})`;
}

/** Both days included; `gt` and `lt` are ignored by some services (SAP note 3744148). */
export function between(field: string, from: LocalDate, to: LocalDate): string {
  return `${field} ge ${literal(day(from))} and ${field} le ${literal(day(to))}`;
}

/** Parameters of a function import. */
export function parameters(values: Readonly<Record<string, Literal>>): string {
  return Object.entries(values).map(([name, value]) => `${name}=${encodeURIComponent(literal(value))}`).join('&');
}

/** A day in a JSON body. */
export function jsonDate(date: LocalDate): string {
  return `/Date(${Date.parse(`${date}T00:00:00Z`)})/`;
}

/** A day from a JSON body: "/Date(1130112000000)/", with or without an offset; null where there is none. */
export const dateSchema = z.string().nullish().transform((text, context) => {
  if (text === null || text === undefined || text === '') return null;
  const milliseconds = /^\/Date\((-?\d+)(?:[+-]\d{4})?\)\/$/.exec(text)?.[1];
  const date = new Date(Number(milliseconds ?? Number.NaN));
  if (!Number.isNaN(date.getTime())) return date.toISOString().slice(0, 10);
  context.issues.push({ code: 'custom', message: 'a date like /Date(1130112000000)/', input: text });
  return z.NEVER;
});

/** Decimals come as text, so that they are exact. */
export const decimalFieldSchema = z.union([z.string(), z.number()]).transform((value, context) => {
  try {
    return decimalText(value);
  } catch {
    context.issues.push({ code: 'custom', message: 'a decimal number', input: value });
    return z.NEVER;
  }
});

/** What a navigation property holds once it is expanded. */
export function expanded<Row>(row: z.ZodType<Row>): z.ZodType<Row[]> {
  return z.object({ results: z.array(row) }).nullish().transform((value) => value?.results ?? []);
}
