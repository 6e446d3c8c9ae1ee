/** The columns that SuiteQL sees of a record, and how their texts compare. */
import { isChoice, isReference, type FieldSpec, type FieldValue, type RecordType, type RecordTypeName, type StoredRecord } from './field-types.ts';

export interface Column {
  value(record: StoredRecord): FieldValue | undefined;
  /** As SuiteQL answers it; empty where there is none. */
  text(record: StoredRecord): string;
  /** Of a date and time: "2026-11-21 09:00:00", in the account's time zone (here UTC). */
  moment?(record: StoredRecord): string;
}

export type Columns = ReadonlyMap<string, Column>;

const known = new Map<RecordTypeName, Columns>();

/** By their names in lower case; sublists and subrecords are no columns. */
export function columnsOf(type: RecordType): Columns {
  const existing = known.get(type.name);
  if (existing !== undefined) return existing;
  const columns = new Map<string, Column>([['id', constant((record) => record.id)]]);
  columns.set('externalid', constant((record) => record.externalId));
  for (const [name, spec] of Object.entries(type.fields)) {
    if (name === 'externalId' || spec.kind === 'lines' || spec.kind === 'references' || spec.kind === 'part') continue;
    columns.set(name.toLowerCase(), {
      value: (record) => record.fields[name],
      text: (record) => textOf(spec, record.fields[name]),
      ...(spec.kind === 'datetime' || spec.kind === 'date' ? { moment: (record: StoredRecord) => momentOf(record.fields[name]) } : {}),
    });
  }
  known.set(type.name, columns);
  return columns;
}

export function constant(read: (record: StoredRecord) => string | undefined): Column {
  return { value: read, text: (record) => read(record) ?? '' };
}

function textOf(spec: FieldSpec, value: FieldValue | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return spec.kind === 'date' || spec.kind === 'datetime' ? `${Number(value.slice(5, 7))}/${Number(value.slice(8, 10))}/${value.slice(0, 4)}` : value;
  if (typeof value === 'number') return spec.kind === 'duration' ? String(Number((value / 60).toFixed(6))) : String(value);
  if (typeof value === 'boolean') return value ? 'T' : 'F';
  if (isReference(value)) return value.id;
  return isChoice(value) ? value.choice : '';
}

function momentOf(value: FieldValue | undefined): string {
  return typeof value === 'string' ? (value.length === 10 ? `${value} 00:00:00` : value.slice(0, 19).replace('T', ' ')) : '';
}

const DATE = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/;

/** Numbers and dates by value, everything else as text. */
export function compareTexts(left: string, right: string): number {
  if (left === right) return 0;
  const [a, b] = [comparable(left), comparable(right)];
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return left < right ? -1 : 1;
}

function comparable(text: string): number | string {
  const parts = DATE.exec(text);
  if (parts !== null) return Date.UTC(Number(parts[3]), Number(parts[1]) - 1, Number(parts[2]));
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}
