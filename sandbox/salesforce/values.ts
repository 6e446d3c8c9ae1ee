import { SalesforceError, refuse, type ErrorItem } from './errors.ts';
import { normalizeId } from './ids.ts';
import { findField, findObjectType, type Field, type ObjectType } from './schema.ts';

export type Scalar = string | number | boolean | null;
export type Fields = Readonly<Record<string, Scalar>>;

/**
 * Reads a request's fields: unknown and unwritable names, types, lengths, picklists and ID forms.
 * Throws a SalesforceError with the code the vendor uses; empty strings become null, as there.
 */
export function readFields(object: ObjectType, body: Readonly<Record<string, unknown>>, purpose: 'create' | 'update'): Fields {
  const fields: Record<string, Scalar> = {};
  const findings: ErrorItem[] = [];
  for (const [name, value] of Object.entries(body)) {
    if (name === 'attributes') continue;
    const field = findField(object, name);
    if (field === undefined) refuse(400, 'INVALID_FIELD', `No such column '${name}' on sobject of type ${object.name}`);
    if (field.readOnly === true || (purpose === 'update' && field.createOnly === true)) {
      const advice =
        'Please check the security settings of this field and verify that it is read/write for your profile or permission set.';
      refuse(400, 'INVALID_FIELD_FOR_INSERT_UPDATE', `Unable to create/update fields: ${field.name}. ${advice}`, [field.name]);
    }
    const read = readValue(object, field, value);
    if (read.ok) fields[field.name] = read.value;
    else findings.push(read.finding);
  }
  const missing = missingFields(object, fields, purpose);
  if (missing.length > 0) {
    findings.push({
      message: `Required fields are missing: [${missing.join(', ')}]`,
      errorCode: 'REQUIRED_FIELD_MISSING',
      fields: missing,
    });
  }
  if (findings.length > 0) throw new SalesforceError(400, findings);
  return fields;
}

function missingFields(object: ObjectType, fields: Fields, purpose: 'create' | 'update'): string[] {
  const missing: string[] = [];
  for (const field of object.fields.values()) {
    if (field.required !== true) continue;
    const value = fields[field.name];
    if (purpose === 'create' ? value === undefined || value === null : value === null) missing.push(field.name);
  }
  return missing;
}

type Read = { readonly ok: true; readonly value: Scalar } | { readonly ok: false; readonly finding: ErrorItem };

const accept = (value: Scalar): Read => ({ ok: true, value });
const finding = (errorCode: string, message: string, field: Field): Read => ({
  ok: false,
  finding: { message, errorCode, fields: [field.name] },
});

function readValue(object: ObjectType, field: Field, value: unknown): Read {
  if (value === null || value === '') return field.type === 'boolean' ? unreadable(field, value) : accept(null);
  switch (field.type) {
    case 'boolean':
      return typeof value === 'boolean' ? accept(value) : unreadable(field, value);
    case 'currency':
    case 'double':
      return readNumber(object, field, value);
    case 'date':
      return typeof value === 'string' && isDate(value) ? accept(value.slice(0, 10)) : unreadable(field, value);
    case 'datetime':
      return typeof value === 'string' && isInstant(value) ? accept(new Date(value).toISOString()) : unreadable(field, value);
    case 'id':
    case 'reference':
      return readReference(field, value);
    case 'picklist':
      if (typeof value === 'string' && field.picklist?.includes(value) === true) return accept(value);
      return finding(
        'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
        `${field.label}: bad value for restricted picklist field: ${shown(value)}`,
        field,
      );
    default:
      return readText(object, field, value);
  }
}

function readText(object: ObjectType, field: Field, value: unknown): Read {
  if (typeof value === 'object') return unreadable(field, value);
  const text = shown(value);
  if (field.length !== undefined && text.length > field.length) {
    const name = field.name === 'Name' ? `${object.label} Name` : field.label;
    return finding('STRING_TOO_LONG', `${name}: data value too large: ${text.slice(0, 255)} (max length=${field.length})`, field);
  }
  if (field.type === 'email' && !/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(text)) {
    return finding('INVALID_EMAIL_ADDRESS', `${field.label}: invalid email address: ${text}`, field);
  }
  if (field.name === 'BillingCountryCode' && !isCountry(text)) {
    const message =
      "There's a problem with this country, even though it may appear correct. Please select a country/territory from the list of valid countries.: Billing Country";
    return finding('FIELD_INTEGRITY_EXCEPTION', message, field);
  }
  return accept(text);
}

function readNumber(object: ObjectType, field: Field, value: unknown): Read {
  const number =
    typeof value === 'number' ? value : typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isFinite(number)) return unreadable(field, value);
  if (Math.abs(number) >= 1e16) {
    return finding(
      'NUMBER_OUTSIDE_VALID_RANGE',
      `${object.label} ${field.label}: value outside of valid range on numeric field: ${number}`,
      field,
    );
  }
  return accept(Number(number.toFixed(field.scale ?? 2)));
}

function readReference(field: Field, value: unknown): Read {
  const id = typeof value === 'string' ? normalizeId(value) : undefined;
  const target = field.referenceTo === undefined ? undefined : findObjectType(field.referenceTo);
  if (id === undefined || (target !== undefined && !id.startsWith(target.keyPrefix))) {
    return finding('MALFORMED_ID', `${field.label}: id value of incorrect type: ${shown(value)}`, field);
  }
  return accept(id);
}

function unreadable(field: Field, value: unknown): Read {
  const kind =
    typeof value === 'string'
      ? 'VALUE_STRING'
      : typeof value === 'number'
        ? 'VALUE_NUMBER'
        : value === null
          ? 'VALUE_NULL'
          : 'START_OBJECT';
  const message = `Cannot deserialize instance of ${field.type} from ${kind} value ${shown(value)} or request may be missing a required field at [line:1, column:2]`;
  return { ok: false, finding: { message, errorCode: 'JSON_PARSER_ERROR' } };
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

export function isDate(text: string): boolean {
  const match = /^(\d{4}-\d{2}-\d{2})(T00:00:00(\.000)?(Z|\+0000|\+00:00)?)?$/.exec(text);
  const day = match?.[1];
  if (day === undefined) return false;
  const instant = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(day);
}

const isInstant = (text: string): boolean => /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}/.test(text) && !Number.isNaN(Date.parse(text));

const REGIONS = new Intl.DisplayNames('en', { type: 'region' });
const isCountry = (code: string): boolean => /^[A-Z]{2}$/.test(code) && REGIONS.of(code) !== code;
