import { Decimal } from 'decimal.js';
import type { EntityType, FieldSpec } from './field-specs.ts';
import { malformed } from './errors.ts';
import type { Value, Values } from './system.ts';

/** A body's fields, each of its type; navigation properties are left to the caller. @throws Refusal */
export function valuesIn(type: EntityType, body: Readonly<Record<string, unknown>>, purpose: 'create' | 'update'): Record<string, Value> {
  return fieldsIn(type.name, type.fields, body, purpose, (name) => type.navigations?.[name] !== undefined);
}

function fieldsIn(name: string, specs: Readonly<Record<string, FieldSpec>>, body: Readonly<Record<string, unknown>>, purpose: 'create' | 'update', isSkipped: (field: string) => boolean): Record<string, Value> {
  const values: Record<string, Value> = {};
  for (const [field, value] of Object.entries(body)) {
    if (field === '__metadata' || isSkipped(field)) continue;
    const spec = specs[field];
    if (spec === undefined) throw malformed(`Property '${field}' is invalid for type '${name}'`);
    if (spec[purpose] === false) throw malformed(`Property '${field}' of type '${name}' cannot be ${purpose === 'create' ? 'set' : 'changed'}`);
    values[field] = valueOf(`${name}.${field}`, spec, value, purpose);
  }
  return values;
}

function valueOf(where: string, spec: FieldSpec, value: unknown, purpose: 'create' | 'update'): Value {
  if (value === null) return spec.kind === 'text' ? '' : null;
  switch (spec.kind) {
    case 'text': {
      if (typeof value !== 'string') throw mistyped(where, value);
      const max = spec.max ?? Number.POSITIVE_INFINITY;
      if (value.length > max) throw malformed(`Property '${where}' has value '${value.slice(0, 40)}…' with ${value.length} characters; its maximum length is ${max}`);
      return spec.upper === true ? value.toUpperCase() : value;
    }
    case 'decimal':
      return decimalIn(where, spec, value);
    case 'boolean':
      if (typeof value !== 'boolean') throw mistyped(where, value);
      return value;
    case 'int':
      if (typeof value !== 'number' || !Number.isInteger(value)) throw mistyped(where, value);
      return value;
    case 'guid':
      if (typeof value !== 'string' || !isGuid(value)) throw mistyped(where, value);
      return value.toLowerCase();
    case 'date':
    case 'instant': {
      const instant = instantIn(value);
      if (instant === undefined) throw mistyped(where, value);
      return spec.kind === 'date' ? instant.slice(0, 10) : instant;
    }
    case 'complex':
      if (!isObject(value)) throw mistyped(where, value);
      return fieldsIn(where, spec.fields ?? {}, value, purpose, () => false);
  }
}

/** Decimals are text in JSON: a number is refused. */
function decimalIn(where: string, { precision = 15, scale = 0 }: FieldSpec, value: unknown): string {
  if (typeof value !== 'string' || !/^-?\d+(\.\d+)?$/.test(value)) throw mistyped(where, value);
  const number = new Decimal(value);
  if (number.decimalPlaces() > scale || number.abs().greaterThanOrEqualTo(new Decimal(10).pow(precision - scale))) throw malformed(`Property '${where}' has value '${value}', which is not of Edm.Decimal(${precision},${scale})`);
  return number.toFixed();
}

/** "/Date(1130112000000)/" or "2005-10-24T00:00:00". */
function instantIn(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const milliseconds = /^\/Date\((-?\d+)(?:[+-]\d{4})?\)\/$/.exec(value)?.[1];
  const iso = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}/.exec(value);
  const date = milliseconds === undefined ? new Date(iso === null ? Number.NaN : `${value.slice(0, 19)}Z`) : new Date(Number(milliseconds));
  if (Number.isNaN(date.getTime())) return undefined;
  const text = date.toISOString();
  return iso === null || text.startsWith(iso[1] ?? '') ? text : undefined;
}

export function isGuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mistyped(where: string, value: unknown): Error {
  return malformed(`Failed to read property '${where}': '${String(value)}' is not of its type`);
}

/** What fields have that nobody has set. */
export function initialValues(type: EntityType): Record<string, Value> {
  return Object.fromEntries(Object.entries(type.fields).map(([field, spec]) => [field, initial(spec)]));
}

function initial(spec: FieldSpec): Value {
  switch (spec.kind) {
    case 'text':
      return '';
    case 'decimal':
      return '0';
    case 'boolean':
      return false;
    case 'int':
      return 0;
    case 'complex':
      return Object.fromEntries(Object.entries(spec.fields ?? {}).map(([field, inner]) => [field, initial(inner)]));
    default:
      return null;
  }
}

/** Values as the service writes them: dates as "/Date(…)/", decimals as text with all their digits. */
export function shown(specs: Readonly<Record<string, FieldSpec>>, values: Values): Record<string, unknown> {
  return Object.fromEntries(Object.entries(specs).map(([field, spec]) => [field, shownValue(spec, values[field] ?? initial(spec))]));
}

function shownValue(spec: FieldSpec, value: Value): unknown {
  if (value === null) return null;
  switch (spec.kind) {
    case 'date':
      return `/Date(${Date.parse(`${String(value)}T00:00:00Z`)})/`;
    case 'instant':
      return `/Date(${Date.parse(String(value))}+0000)/`;
    case 'decimal':
      return new Decimal(String(value)).toFixed(spec.scale ?? 0);
    case 'complex':
      return typeof value === 'object' ? shown(spec.fields ?? {}, value) : {};
    default:
      return value;
  }
}
