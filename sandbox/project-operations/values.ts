import type { Environment, Value } from './environment.ts';
import { badPayload, badRequest, invalidValue, noSuchRow } from './errors.ts';
import { lookupColumn, tableAt, type Column, type Table } from './tables.ts';

export const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const BOUND = /^\/?(\w+)\(([^)]*)\)$/;

/** A body's columns and references, each of its type. @throws Refusal */
export function valuesIn(environment: Environment, table: Table, body: unknown): Record<string, Value> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw badPayload('The request body must be a JSON object.');
  const values: Record<string, Value> = {};
  for (const [property, value] of Object.entries(body)) {
    const [name = '', annotation] = property.split('@', 2);
    if (name === '') continue;
    if (annotation === 'odata.bind') {
      values[lookupColumn(name)] = referenceIn(environment, table, name, value);
      continue;
    }
    const column = table.columns[name];
    if (name === table.key && typeof value === 'string' && GUID.test(value)) continue;
    if (column === undefined) throw badPayload(`The property '${property}' does not exist on type 'Microsoft.Dynamics.CRM.${table.name}'. Make sure to only use property names that are defined by the type.`);
    values[name] = value === null ? null : valueOf(table, name, column, value);
  }
  return values;
}

/** What columns have that nobody has set. */
export function initialValues(table: Table): Record<string, Value> {
  return Object.fromEntries([...Object.entries(table.columns).map(([name, column]): [string, Value] => [name, column.kind === 'choice' ? (column.initial ?? null) : column.kind === 'boolean' ? false : null]), ...Object.keys(table.lookups).map((navigation): [string, Value] => [lookupColumn(navigation), null])]);
}

function referenceIn(environment: Environment, table: Table, navigation: string, value: unknown): Value {
  const target = table.lookups[navigation];
  if (target === undefined) throw badPayload(`An undeclared property '${navigation}' which only has property annotations in the payload but no property value was found in the payload.`);
  if (value === null) return null;
  const [, set = '', id = ''] = BOUND.exec(typeof value === 'string' ? value : '') ?? [];
  if (set !== target || !GUID.test(id)) throw badRequest(`The URI '${String(value)}' is not a reference to ${target}.`);
  if (environment.row(set, id) === undefined) throw noSuchRow(tableAt(set)?.name ?? set, id);
  return id.toLowerCase();
}

function valueOf(table: Table, name: string, column: Column, value: unknown): Value {
  switch (column.kind) {
    case 'string':
      if (typeof value !== 'string') throw mistyped(name, value, 'Edm.String');
      if (value.length > column.max) throw invalidValue(`The length of the '${name}' attribute of the '${table.name}' entity exceeded the maximum allowed length of '${column.max}'.`);
      return value;
    case 'int':
      if (typeof value !== 'number' || !Number.isInteger(value)) throw mistyped(name, value, 'Edm.Int32');
      return value;
    case 'choice':
      if (typeof value !== 'number' || !Number.isInteger(value)) throw mistyped(name, value, 'Edm.Int32');
      if (!column.values.includes(value)) throw invalidValue(`The value ${value} of '${name}' on record of type '${table.name}' is outside the valid range. Accepted Values: ${column.values.join(',')}`);
      return value;
    case 'decimal':
    case 'money':
      if (typeof value !== 'number') throw mistyped(name, value, 'Edm.Decimal');
      return column.kind === 'money' ? rounded(value, 4) : rounded(value, 10);
    case 'boolean':
      if (typeof value !== 'boolean') throw mistyped(name, value, 'Edm.Boolean');
      return value;
    case 'datetime':
      if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/.test(value) || !isDay(value)) throw mistyped(name, value, 'Edm.DateTimeOffset');
      return value;
  }
}

export function rounded(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}

function mistyped(name: string, value: unknown, type: string): Error {
  return badPayload(`Cannot convert the literal '${String(value)}' of the property '${name}' to the expected type '${type}'.`);
}

/** 30 February parses as 2 March. */
function isDay(instant: string): boolean {
  const parsed = new Date(instant);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().slice(0, 10) === instant.slice(0, 10);
}
