import { Decimal } from 'decimal.js';
import type { Field, ServiceModel } from './model.ts';

export type Version = 2 | 4;

const NUMBERS = new Set(['Byte', 'SByte', 'Int16', 'Int32', 'Int64', 'Decimal', 'Double', 'Single']);
/** In JSON of version 2 these are texts: https://www.odata.org/documentation/odata-version-2-0/json-format/ */
const TEXTUAL_NUMBERS = new Set(['Int64', 'Decimal', 'Double', 'Single']);
const GUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** Whether a value of a JSON body is of a field's type and size. */
export function valueFits(model: ServiceModel, field: Field, value: unknown, version: Version): boolean {
  const { type } = field;
  if (type in model.enums) return typeof value === 'string' && (model.enums[type]?.includes(value) ?? true);
  if (NUMBERS.has(type)) {
    if (version === 2 && TEXTUAL_NUMBERS.has(type) ? typeof value !== 'string' : typeof value !== 'number') return false;
    return numberFits(field, String(value));
  }
  if (type === 'Boolean') return typeof value === 'boolean';
  if (typeof value !== 'string') return false;
  if (type === 'DateTime') return /^\/Date\(-?\d+\)\/$/.test(value);
  if (type === 'DateTimeOffset') return version === 2 ? /^\/Date\(-?\d+(?:[+-]\d{4})?\)\/$/.test(value) : INSTANT.test(value);
  return textFits(field, value);
}

function textFits({ type, maxLength }: Field, text: string): boolean {
  if (type === 'Guid') return GUID.test(text);
  if (type === 'Date') return /^\d{4}-\d\d-\d\d$/.test(text);
  if (type === 'Time') return text.startsWith('PT');
  return (type === 'String' || type === 'Binary') && text.length <= (maxLength ?? Number.POSITIVE_INFINITY);
}

function numberFits({ type, precision, scale }: Field, text: string): boolean {
  if (!/^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)) return false;
  const number = new Decimal(text);
  if (type.startsWith('Int') || type.endsWith('Byte')) return number.isInteger();
  return precision === undefined || scale === undefined || (number.decimalPlaces() <= scale && number.abs().lessThan(new Decimal(10).pow(precision - scale)));
}

/** Values as they stand in URLs. */
export const LITERAL = /(?:[\w.]+)?'(?:[^']|'')*'|-?\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d))?|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|-?\d+(?:\.\d+)?[mMlLdDfF]?\b|\b(?:true|false|null)\b/;

/** Whether a value of a URL is written as the field's type wants it. */
export function literalFits(model: ServiceModel, field: Field, literal: string, version: Version): boolean {
  const { type } = field;
  const [, prefix = '', quoted] = /^([\w.]*)'((?:[^']|'')*)'$/s.exec(literal) ?? [];
  const text = quoted?.replaceAll("''", "'");
  if (literal === 'null') return !field.required;
  if (type in model.enums) return text !== undefined && prefix.replace(/^.*\./, '') === type && (model.enums[type]?.includes(text) ?? true);
  if (NUMBERS.has(type)) return quoted === undefined && numberFits(field, literal.replace(/[mMlLdDfF]$/, ''));
  if (type === 'Boolean') return literal === 'true' || literal === 'false';
  if (version === 2) {
    const wanted = ({ DateTime: 'datetime', DateTimeOffset: 'datetimeoffset', Guid: 'guid', Time: 'time' } as Readonly<Record<string, string>>)[type] ?? '';
    if (prefix !== wanted || text === undefined) return false;
    return wanted === '' ? textFits(field, text) : wanted === 'guid' ? GUID.test(text) : Number.isFinite(Date.parse(wanted === 'datetime' ? `${text}Z` : text));
  }
  if (type === 'DateTimeOffset') return INSTANT.test(literal);
  if (type === 'Guid') return GUID.test(literal);
  return prefix === '' && text !== undefined && textFits(field, text);
}
