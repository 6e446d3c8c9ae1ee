import { stringify } from 'csv-stringify/sync';
import type { LegacyFileOptions } from './options.ts';
import { notWritable, type About } from './refusals.ts';
import { fieldsOf, type Field, type TableName, type Values } from './tables.ts';

export type Encoding = LegacyFileOptions['encoding'];

const CUT = '...';
/** What people write that ISO 8859-1 has no character for, as near as it comes; letters with marks it lacks lose their marks. */
const NEAR: Readonly<Record<string, string>> = { '–': '-', '—': '-', '‘': "'", '’': "'", '‚': "'", '“': '"', '”': '"', '„': '"', '…': '...', '•': '-', '€': 'EUR', '™': '(TM)', 'ł': 'l', 'Ł': 'L', 'đ': 'd', 'Đ': 'D', 'œ': 'oe', 'Œ': 'OE', 'ı': 'i', '\u2011': '-', '\u202f': ' ', '\u2009': ' ' };

/**
 * A file of one table: a header with the names of its fields, CRLF, fields in quotes where they need them (RFC 4180).
 * @throws SystemFailure for a value the file cannot carry
 */
export function tableFile(table: TableName, rows: readonly Values[], encoding: Encoding, about: About): Buffer {
  const fields = fieldsOf(table);
  const records = rows.map((row) => recordOf(table, row, encoding, about));
  return encoded(csv([fields.map(({ name }) => name), ...records]), encoding);
}

/** The fields of one record as they stand in its file. @throws SystemFailure for a value the file cannot carry */
export function recordOf(table: TableName, row: Values, encoding: Encoding, about: About): string[] {
  return fieldsOf(table).map((field) => written(field, row[field.name] ?? null, encoding, about));
}

/** No record has as many: what has more is no such file, and is not read to its end. */
export const MOST_RECORD_BYTES = 64 * 1024;

export function csv(records: readonly (readonly string[])[]): string {
  return stringify(records.map((record) => [...record]), { record_delimiter: 'windows' });
}

export function encoded(text: string, encoding: Encoding): Buffer {
  return Buffer.from(text, encoding === 'utf-8' ? 'utf8' : 'latin1');
}

/** @throws TypeError where the bytes are not of the encoding */
export function decoded(content: Uint8Array, encoding: Encoding): string {
  return encoding === 'utf-8' ? new TextDecoder('utf-8', { fatal: true }).decode(content) : Buffer.from(content).toString('latin1');
}

function written(field: Field, value: string | null, encoding: Encoding, about: About): string {
  if (value === null || value === '') {
    if (!field.required) return '';
    throw notWritable(about, 'LEGACY_VALUE_MISSING', `${about.object} has no ${words(field)}, which the ERP needs.`, 'Enter it where the deal or the time comes from, then retry.');
  }
  switch (field.kind) {
    case 'text':
      return textOf(value, field.length, encoding);
    case 'name':
      return nameOf(field, value, encoding, about);
    case 'decimal':
      return decimalOf(field, value, about);
    default:
      if (value.length <= field.length && /^[\x20-\x7E]+$/.test(value)) return value;
      throw notWritable(about, 'LEGACY_VALUE_TOO_LONG', `The ${words(field)} "${value}" of ${about.object} does not fit: the ERP takes ${field.length} characters of plain ASCII.`, 'Give it a shorter one, then retry.');
  }
}

/** A name that is nothing but question marks would be no name. */
function nameOf(field: Field, value: string, encoding: Encoding, about: About): string {
  const text = textOf(value, field.length, encoding);
  if (/[\p{L}\p{N}]/u.test(text) || !/[\p{L}\p{N}]/u.test(value)) return text;
  throw notWritable(about, 'LEGACY_NAME_NOT_WRITABLE', `The ${words(field)} "${value}" of ${about.object} cannot be written in the ERP's character set, ISO 8859-1.`, 'Give it a name in Latin letters where it comes from, then retry.');
}

function decimalOf({ name, length, digits = 0 }: Field, value: string, about: About): string {
  const [, whole = '', fraction = ''] = /^-?(\d+)(?:\.(\d+))?$/.exec(value) ?? [];
  const exact = fraction.replace(/0+$/, '');
  if (whole !== '' && whole.length <= length && exact.length <= digits) return `${value.startsWith('-') ? '-' : ''}${whole}${exact === '' ? '' : `.${exact}`}`;
  throw notWritable(about, 'LEGACY_NUMBER_TOO_LONG', `${value} as ${name.replaceAll('_', ' ')} of ${about.object} does not fit: the ERP takes ${length} digits before the point and ${digits} after it.`, 'Correct it where it comes from, then retry.');
}

/** One line of text: a line break becomes the two characters \n, a backslash is doubled; cut between characters. */
export function textOf(value: string, length: number, encoding: Encoding): string {
  const parts = Array.from(value.toWellFormed().replaceAll(/\r\n?/g, '\n'), (character) => carried(character, encoding));
  if (lengthOf(parts) <= length) return parts.join('');
  const kept: string[] = [];
  for (const part of parts) {
    if (lengthOf(kept) + lengthOf([part]) > length - CUT.length) break;
    kept.push(part);
  }
  return `${kept.join('').trimEnd()}${CUT}`;
}

/** Characters as the ERP counts them: code points. */
function lengthOf(parts: readonly string[]): number {
  return parts.reduce((sum, part) => sum + Array.from(part).length, 0);
}

function carried(character: string, encoding: Encoding): string {
  if (character === '\n') return '\\n';
  if (character === '\\') return '\\\\';
  if (/^\p{Cc}$/u.test(character)) return ' ';
  if (encoding === 'utf-8' || character <= '\u00FF') return character;
  const near = NEAR[character] ?? character.normalize('NFKD').replaceAll(/\p{M}/gu, '');
  return /^[\x20-\xFF]+$/.test(near) ? near : '?';
}

function words({ name }: Field): string {
  return name.replaceAll('_', ' ');
}
