/**
 * Runs SuiteQL over the sandbox's records. Answers are rows of text, keys in lower case, empty values left out;
 * booleans are T and F, dates M/D/YYYY: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_157909186990.html
 */
import type { Account } from './account.ts';
import { isChoice, isReference, type FieldValue, type RecordType, type RecordTypeName, type StoredRecord } from './field-types.ts';
import { RECORD_TYPES } from './record-types.ts';
import { parseSuiteQl, suiteQlRefusal, type Operand, type Predicate, type Query } from './suiteql-parse.ts';
import { refName } from './view.ts';

type Row = ReadonlyMap<string, FieldValue>;

const TABLES: Readonly<Record<string, RecordTypeName>> = {
  customer: 'customer',
  job: 'job',
  projecttask: 'projectTask',
  transaction: 'salesOrder',
  billingschedule: 'billingSchedule',
  customersubsidiaryrelationship: 'customerSubsidiaryRelationship',
  customrecord_q2c_rate_card: 'customrecord_q2c_rate_card',
  customrecord_q2c_rate_line: 'customrecord_q2c_rate_line',
  subsidiary: 'subsidiary',
  currency: 'currency',
  item: 'serviceSaleItem',
  term: 'term',
};

export interface SuiteQlResult {
  readonly rows: Record<string, string>[];
  readonly total: number;
}

export function runSuiteQl(account: Account, text: string, limit: number, offset: number): SuiteQlResult {
  const query = parseSuiteQl(text);
  const tableType = TABLES[query.table];
  if (tableType === undefined) throw suiteQlRefusal(`Invalid search query. Record '${query.table}' was not found.`);
  const type = RECORD_TYPES[tableType];
  const names = columnsOf(type);
  checkColumns(query, names);
  const found = candidates(account, type, query.where)
    .map((record) => rowOf(type, record))
    .filter((row) => query.where === undefined || holds(account, query.where, row));
  if (query.columns === 'count') return { rows: [{ expr1: String(found.length) }], total: 1 };
  for (const { column, descending } of [...query.orderBy].reverse()) {
    found.sort((left, right) => compare(plain(left.get(column)), plain(right.get(column))) * (descending ? -1 : 1));
  }
  return { rows: found.slice(offset, offset + limit).map((row) => project(account, query, row)), total: found.length };
}

function columnsOf(type: RecordType): ReadonlySet<string> {
  const plainFields = Object.entries(type.fields).filter(([, spec]) => spec.kind !== 'lines' && spec.kind !== 'part');
  return new Set(['id', 'externalid', ...plainFields.map(([name]) => name.toLowerCase()), ...(type.name === 'salesOrder' ? ['type'] : [])]);
}

function rowOf(type: RecordType, record: StoredRecord): Row {
  const row = new Map<string, FieldValue>([['id', record.id]]);
  if (record.externalId !== undefined) row.set('externalid', record.externalId);
  if (type.name === 'salesOrder') row.set('type', 'SalesOrd');
  for (const [name, value] of Object.entries(record.fields)) row.set(name.toLowerCase(), value);
  return row;
}

/** An equality on the ID, the external ID or an indexed reference that must hold is answered by index. */
function candidates(account: Account, type: RecordType, where: Predicate | undefined): StoredRecord[] {
  const id = equality(where, 'id');
  if (id !== undefined) return [account.records(type.name).get(id)].filter((record) => record !== undefined);
  const externalId = equality(where, 'externalid');
  if (externalId !== undefined) return [account.byExternalId(type.name, externalId)].filter((record) => record !== undefined);
  for (const field of Object.keys(type.fields)) {
    const value = account.isIndexed(type.name, field) ? equality(where, field.toLowerCase()) : undefined;
    if (value !== undefined) return account.referring(type.name, field, value);
  }
  return account.records(type.name).all();
}

function equality(where: Predicate | undefined, column: string): string | undefined {
  if (where?.kind === 'and') return equality(where.left, column) ?? equality(where.right, column);
  if (where?.kind !== 'compare' || where.operator !== '=' || where.left.value !== column || where.left.apply !== undefined) return undefined;
  const right = where.right[0];
  return right === undefined || right.kind === 'column' ? undefined : right.value;
}

function checkColumns(query: Query, names: ReadonlySet<string>): void {
  const used = [...(typeof query.columns === 'string' ? [] : query.columns.map((column) => column.operand)), ...operandsOf(query.where)];
  const columns = [...used.filter((operand) => operand.kind === 'column').map((operand) => operand.value), ...query.orderBy.map((order) => order.column)];
  const unknown = columns.find((column) => !names.has(column));
  if (unknown !== undefined) throw suiteQlRefusal(`Invalid search query. Field '${unknown}' for record '${query.table}' was not found.`);
}

function operandsOf(predicate: Predicate | undefined): readonly Operand[] {
  if (predicate === undefined) return [];
  if (predicate.kind === 'not') return operandsOf(predicate.inner);
  if (predicate.kind === 'compare') return [predicate.left, ...predicate.right];
  return [...operandsOf(predicate.left), ...operandsOf(predicate.right)];
}

function project(account: Account, query: Query, row: Row): Record<string, string> {
  const shown: Record<string, string> = {};
  if (typeof query.columns === 'string') {
    for (const [name, value] of row) shown[name] = plain(value);
  } else {
    for (const { operand, name } of query.columns) shown[name] = evaluate(account, operand, row);
  }
  return Object.fromEntries(Object.entries(shown).filter(([, value]) => value !== ''));
}

function evaluate(account: Account, operand: Operand, row: Row): string {
  const value = operand.kind === 'column' ? row.get(operand.value) : operand.value;
  if (operand.apply === 'DF' && isReference(value)) return refName(account, value);
  const text = plain(value);
  if (operand.apply === 'UPPER') return text.toUpperCase();
  return operand.apply === 'LOWER' ? text.toLowerCase() : text;
}

function plain(value: FieldValue | undefined): string {
  if (isReference(value)) return value.id;
  if (isChoice(value)) return value.choice;
  if (typeof value === 'boolean') return value ? 'T' : 'F';
  if (typeof value === 'string' && /^\d{4}-\d{2}-\d{2}(T|$)/.test(value)) return `${Number(value.slice(5, 7))}/${Number(value.slice(8, 10))}/${value.slice(0, 4)}`;
  return typeof value === 'object' || value === undefined ? '' : String(value);
}

function holds(account: Account, predicate: Predicate, row: Row): boolean {
  if (predicate.kind === 'not') return !holds(account, predicate.inner, row);
  if (predicate.kind !== 'compare') {
    const left = holds(account, predicate.left, row);
    return predicate.kind === 'and' ? left && holds(account, predicate.right, row) : left || holds(account, predicate.right, row);
  }
  const left = evaluate(account, predicate.left, row);
  if (predicate.operator === 'NULL') return left === '';
  if (left === '') return false;
  const right = predicate.right.map((operand) => evaluate(account, operand, row));
  const first = right[0] ?? '';
  if (predicate.operator === 'IN') return right.includes(left);
  if (predicate.operator === 'BETWEEN') return compare(left, first) >= 0 && compare(left, right[1] ?? '') <= 0;
  if (predicate.operator === 'LIKE') return likePattern(first).test(left);
  const order = compare(left, first);
  if (predicate.operator === '=') return order === 0;
  if (predicate.operator === '<') return order < 0;
  if (predicate.operator === '>') return order > 0;
  if (predicate.operator === '<=') return order <= 0;
  if (predicate.operator === '>=') return order >= 0;
  return order !== 0;
}

function likePattern(pattern: string): RegExp {
  const escaped = pattern.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll('%', '.*').replaceAll('_', '.')}$`, 's');
}

/** Numbers and dates by value, everything else as text. */
function compare(left: string, right: string): number {
  const [a, b] = [comparable(left), comparable(right)];
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return left === right ? 0 : left < right ? -1 : 1;
}

function comparable(text: string): number | string {
  const parts = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(text);
  if (parts !== null) return Date.UTC(Number(parts[3]), Number(parts[1]) - 1, Number(parts[2]));
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}
