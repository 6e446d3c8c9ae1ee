/**
 * Runs SuiteQL over the sandbox's records. Answers are rows of text, keys in lower case, empty values left out;
 * booleans are T and F, dates M/D/YYYY: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_157909186990.html
 */
import type { Account } from './account.ts';
import { isReference, type StoredRecord } from './field-types.ts';
import { compareTexts, type Columns } from './suiteql-columns.ts';
import { parseSuiteQl, suiteQlRefusal, type Operand, type Predicate, type Query, type Selected } from './suiteql-parse.ts';
import { tableOf } from './suiteql-tables.ts';
import { exactSum } from './totals.ts';
import { refName } from './view.ts';

export interface SuiteQlResult {
  readonly rows: Record<string, string>[];
  readonly total: number;
}

type Read = (record: StoredRecord) => string;
type Test = (record: StoredRecord) => boolean;

/** Throws Refusal for what is no SuiteQL, or names what is not there. */
export function runSuiteQl(account: Account, text: string, limit: number, offset: number): SuiteQlResult {
  return run(account, parseSuiteQl(text), limit, offset);
}

function run(account: Account, query: Query, limit: number, offset: number): SuiteQlResult {
  const table = tableOf(account, query.table);
  if (table === undefined) throw suiteQlRefusal(`Invalid search query. Record '${query.table}' was not found.`);
  const { columns } = table;
  checkColumns(query, columns);
  const test = query.where === undefined ? undefined : compile(account, columns, query.where);
  const candidates = table.records((field) => wantedOf(query.where, field));
  const found = test === undefined ? candidates : candidates.filter(test);
  const rows = isGrouped(query) ? grouped(account, columns, query, found) : plainRows(account, columns, query, found, limit, offset);
  return isGrouped(query) ? { rows: rows.slice(offset, offset + limit), total: rows.length } : { rows, total: found.length };
}

function isGrouped(query: Query): query is Query & { readonly columns: readonly Selected[] } {
  return query.groupBy !== undefined || (query.columns !== '*' && query.columns.some((column) => column.aggregate !== undefined));
}

function plainRows(account: Account, columns: Columns, query: Query, found: readonly StoredRecord[], limit: number, offset: number): Record<string, string>[] {
  const ordered = sorted(columns, query, found);
  const wanted: readonly Selected[] = query.columns === '*' ? [...columns.keys()].map((name) => ({ name, operand: { kind: 'column', value: name } })) : query.columns;
  const reads = wanted.map((column): [string, Read] => [column.name, reader(account, columns, column.operand)]);
  return ordered.slice(offset, offset + limit).map((record) => shown(reads.map(([name, read]) => [name, read(record)])));
}

function grouped(account: Account, columns: Columns, query: Query & { readonly columns: readonly Selected[] }, found: readonly StoredRecord[]): Record<string, string>[] {
  const loose = query.columns.find((column) => column.aggregate === undefined && column.operand.kind === 'column' && query.groupBy?.includes(column.operand.value) !== true);
  if (loose !== undefined) throw suiteQlRefusal(`Invalid search query. '${loose.name}' must be in GROUP BY or in an aggregate function.`);
  const keys = (query.groupBy ?? []).map((name) => reader(account, columns, { kind: 'column', value: name }));
  const groups = new Map<string, StoredRecord[]>(query.groupBy === undefined ? [['[]', []]] : []);
  for (const record of found) {
    const key = JSON.stringify(keys.map((read) => read(record)));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [record]);
    else group.push(record);
  }
  const reads = query.columns.map((column): [Selected, Read] => [column, column.aggregate === 'COUNT' && column.operand.value === '*' ? () => '*' : reader(account, columns, column.operand)]);
  const rows = [...groups.values()].map((group) => shown(reads.map(([column, read]) => [column.name, aggregate(column, read, group)])));
  for (const { column, descending } of [...query.orderBy].reverse()) rows.sort((left, right) => compareTexts(left[column] ?? '', right[column] ?? '') * (descending ? -1 : 1));
  return rows;
}

function aggregate(column: Selected, read: Read, group: readonly StoredRecord[]): string {
  if (column.aggregate === undefined) return group[0] === undefined ? '' : read(group[0]);
  const values = group.map(read).filter((value) => value !== '');
  if (column.aggregate === 'COUNT') return String(values.length);
  return values.length === 0 ? '' : exactSum(values);
}

function shown(entries: readonly (readonly [string, string])[]): Record<string, string> {
  return Object.fromEntries(entries.filter(([, value]) => value !== ''));
}

function sorted(columns: Columns, query: Query, found: readonly StoredRecord[]): readonly StoredRecord[] {
  if (query.orderBy.length === 0) return found;
  const ordered = [...found];
  for (const { column, descending } of [...query.orderBy].reverse()) {
    const read = columns.get(column)?.moment ?? columns.get(column)?.text ?? (() => '');
    ordered.sort((left, right) => compareTexts(read(left), read(right)) * (descending ? -1 : 1));
  }
  return ordered;
}

/** The values a column must be one of, if the condition says so. The indexes do not mind case, so LOWER and UPPER may stand before the column. */
function wantedOf(where: Predicate | undefined, column: string): string[] | undefined {
  if (where?.kind === 'and') return wantedOf(where.left, column) ?? wantedOf(where.right, column);
  if (where?.kind !== 'compare' || !['=', 'IN'].includes(where.operator) || where.left.kind !== 'column' || where.left.value !== column || where.left.apply === 'DF') return undefined;
  return where.right.some((operand) => operand.kind === 'column' || operand.kind === 'moment') ? undefined : where.right.map((operand) => operand.value);
}

function checkColumns(query: Query, columns: Columns): void {
  const used = [...(query.columns === '*' ? [] : query.columns.map((column) => column.operand)), ...operandsOf(query.where)];
  const aliases = query.columns === '*' ? [] : query.columns.map((column) => column.name);
  const names = [
    ...used.filter((operand) => operand.kind === 'column').map((operand) => operand.value),
    ...(query.groupBy ?? []),
    ...query.orderBy.map((order) => order.column).filter((name) => !(isGrouped(query) && aliases.includes(name))),
  ];
  const unknown = names.find((name) => !columns.has(name));
  if (unknown !== undefined) throw suiteQlRefusal(`Invalid search query. Field '${unknown}' for record '${query.table}' was not found.`);
}

function operandsOf(predicate: Predicate | undefined): readonly Operand[] {
  if (predicate === undefined) return [];
  if (predicate.kind === 'not') return operandsOf(predicate.inner);
  if (predicate.kind === 'within') return [predicate.left];
  if (predicate.kind === 'compare') return [predicate.left, ...predicate.right];
  return [...operandsOf(predicate.left), ...operandsOf(predicate.right)];
}

function reader(account: Account, columns: Columns, operand: Operand): Read {
  const { value, apply } = operand;
  const column = columns.get(value);
  if (operand.kind !== 'column' || column === undefined) return () => value;
  if (apply === 'UPPER') return (record) => column.text(record).toUpperCase();
  if (apply === 'LOWER') return (record) => column.text(record).toLowerCase();
  if (apply === 'MOMENT') return column.moment ?? (() => '');
  if (apply === undefined) return column.text;
  return (record) => {
    const reference = column.value(record);
    return isReference(reference) ? refName(account, reference) : column.text(record);
  };
}

function compile(account: Account, columns: Columns, predicate: Predicate): Test {
  if (predicate.kind === 'not') {
    const inner = compile(account, columns, predicate.inner);
    return (record) => !inner(record);
  }
  if (predicate.kind === 'within') {
    const answered = new Set(run(account, predicate.query, Number.POSITIVE_INFINITY, 0).rows.flatMap((row) => Object.values(row)));
    const read = reader(account, columns, predicate.left);
    return (record) => answered.has(read(record));
  }
  if (predicate.kind !== 'compare') {
    const [left, right] = [compile(account, columns, predicate.left), compile(account, columns, predicate.right)];
    return predicate.kind === 'and' ? (record) => left(record) && right(record) : (record) => left(record) || right(record);
  }
  // What is compared with a date and time is a date and time as well.
  const byMoment = predicate.left.kind === 'column' && predicate.right.some((operand) => operand.kind === 'moment');
  const left = reader(account, columns, byMoment ? { ...predicate.left, apply: 'MOMENT' } : predicate.left);
  const test = comparison(predicate.operator, predicate.right.map((operand) => reader(account, columns, operand)), predicate.right);
  if (predicate.operator === 'NULL') return (record) => left(record) === '';
  return (record) => {
    const value = left(record);
    return value !== '' && test(value, record);
  };
}

function comparison(operator: string, right: readonly Read[], operands: readonly Operand[]): (value: string, record: StoredRecord) => boolean {
  const [first = () => '', second = () => ''] = right;
  switch (operator) {
    case 'IN': {
      const literals = new Set(operands.filter((operand) => operand.kind !== 'column').map((operand) => operand.value));
      return (value, record) => literals.has(value) || (literals.size < right.length && right.some((read) => read(record) === value));
    }
    case 'BETWEEN':
      return (value, record) => compareTexts(value, first(record)) >= 0 && compareTexts(value, second(record)) <= 0;
    case 'LIKE':
      return (value, record) => likePattern(first(record)).test(value);
    case '=':
      return (value, record) => compareTexts(value, first(record)) === 0;
    case '<':
      return (value, record) => compareTexts(value, first(record)) < 0;
    case '>':
      return (value, record) => compareTexts(value, first(record)) > 0;
    case '<=':
      return (value, record) => compareTexts(value, first(record)) <= 0;
    case '>=':
      return (value, record) => compareTexts(value, first(record)) >= 0;
    default:
      return (value, record) => compareTexts(value, first(record)) !== 0;
  }
}

function likePattern(pattern: string): RegExp {
  const escaped = pattern.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll('%', '.*').replaceAll('_', '.')}$`, 's');
}
