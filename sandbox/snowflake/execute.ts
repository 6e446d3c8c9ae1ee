/**
 * Executes a parsed statement on the sandbox's own records: SQLite's numbers are doubles, and a warehouse whose sums are off by a cent would prove
 * nothing. As in Snowflake a primary key is kept as a note and enforced by nobody: rows are only as unique as the MERGE makes them.
 */
import { z } from 'zod';
import type { RecordStore } from '../kit/sandbox.ts';
import { duplicateRow, invalidIdentifier, noObject, nullNotAllowed, SqlError } from './errors.ts';
import type { Column, Merge, Statement } from './parse.ts';
import { cast, sum, type ColumnType, type Value } from './values.ts';

export interface Result {
  readonly columns: readonly { readonly name: string; readonly type: ColumnType; readonly nullable: boolean }[];
  readonly rows: readonly (readonly Value[])[];
  readonly stats: Readonly<Record<string, number>>;
}

interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly key: readonly string[];
}
type Row = Readonly<Record<string, Value>>;

const COUNT: ColumnType = { kind: 'NUMBER', precision: 18, scale: 0 };
const TEXT: ColumnType = { kind: 'TEXT' };
const Flattened = z.array(z.array(z.union([z.string(), z.number(), z.boolean()]).transform(String).nullable()));

export function executor(records: RecordStore, schema: string) {
  const tables = records.collection<Table>('tables');
  const need = (name: string): Table => {
    const table = tables.get(name);
    if (table === undefined) throw noObject('Table', name);
    return table;
  };
  const rowsOf = (name: string) => records.collection<Row>(`rows of ${name}`);
  const done = (message: string): Result => ({ columns: [{ name: 'status', type: TEXT, nullable: true }], rows: [[message]], stats: {} });

  function run(statement: Statement, binds: readonly Value[]): Result {
    switch (statement.kind) {
      case 'create': {
        const { table, columns, key } = statement;
        if (tables.get(table) !== undefined) return done(`${table} already exists, statement succeeded.`);
        for (const name of key) columnOf({ name: table, columns, key }, name);
        tables.put(table, { name: table, columns, key });
        return done(`Table ${table} successfully created.`);
      }
      case 'add-column': {
        const table = need(statement.table);
        if (!table.columns.some(({ name }) => name === statement.column.name)) tables.put(table.name, { ...table, columns: [...table.columns, statement.column] });
        return done('Statement executed successfully.');
      }
      case 'columns': {
        const found = binds[0] === schema ? tables.all().toSorted((left, right) => (left.name < right.name ? -1 : 1)) : [];
        return {
          columns: [...['TABLE_NAME', 'COLUMN_NAME', 'DATA_TYPE'].map((name) => ({ name, type: TEXT, nullable: false })), { name: 'NUMERIC_SCALE', type: COUNT, nullable: true }],
          rows: found.flatMap((table) => table.columns.map((column) => [table.name, column.name, column.type.kind, column.type.kind === 'NUMBER' ? String(column.type.scale) : null])),
          stats: {},
        };
      }
      case 'totals': {
        const table = need(statement.table);
        const rows = rowsOf(table.name).all();
        const outputs = statement.outputs.map(({ label, sumOf }) => {
          if (sumOf === null) return { label, type: COUNT, value: String(rows.length) };
          const { type } = columnOf(table, sumOf);
          if (type.kind !== 'NUMBER') throw new SqlError('001065', '42000', `SQL compilation error: error line 1 at position 0\nInvalid argument types for function 'SUM': (${type.kind})`);
          return { label, type: { ...type, precision: 38 }, value: sum(rows.map((row) => row[sumOf] ?? null), type.scale) };
        });
        return { columns: outputs.map(({ label, type }) => ({ name: label, type, nullable: true })), rows: [outputs.map(({ value }) => value)], stats: {} };
      }
      case 'merge':
        return merge(need(statement.table), statement, binds[0] ?? null);
    }
  }

  function merge(table: Table, statement: Merge, json: Value): Result {
    const source = flattened(json).map((cells) => Object.fromEntries(statement.source.map(({ position, type, label }) => [label, cast(cells[position] ?? null, type)])));
    for (const { target, source: from } of [...statement.on, ...(statement.differs ?? []), ...statement.sets, ...statement.insert]) {
      columnOf(table, target);
      if (!statement.source.some(({ label }) => label === from)) throw invalidIdentifier(`S.${from}`);
    }
    const rows = rowsOf(table.name);
    const ids = new Map<string, string[]>();
    for (const [id, row] of rows.all().map((each) => [each['__ID'] ?? '', each] as const)) {
      const key = keyOf(statement.on.map(({ target }) => row[target] ?? null));
      if (key !== null) ids.set(key, [...(ids.get(key) ?? []), id]);
    }
    const touched = new Set<string>();
    const fresh: Row[] = [];
    let updated = 0;
    for (const from of source) {
      const key = keyOf(statement.on.map((pair) => from[pair.source] ?? null));
      const matches = key === null ? [] : (ids.get(key) ?? []);
      if (matches.length === 0) fresh.push(checked(table, Object.fromEntries(statement.insert.map((pair) => [pair.target, from[pair.source] ?? null]))));
      for (const id of matches) {
        const row = rows.get(id) ?? {};
        if (statement.differs?.some((pair) => (row[pair.target] ?? null) !== (from[pair.source] ?? null)) !== true) continue;
        if (touched.has(id)) throw duplicateRow(JSON.stringify(from));
        touched.add(id);
        rows.put(id, checked(table, { ...row, ...Object.fromEntries(statement.sets.map((pair) => [pair.target, from[pair.source] ?? null])) }));
        updated += 1;
      }
    }
    for (const row of fresh) {
      const id = String(records.nextId(`rows of ${table.name}`));
      rows.put(id, { __ID: id, ...row });
    }
    const counts = statement.differs === null ? [['number of rows inserted', fresh.length]] as const : [['number of rows inserted', fresh.length], ['number of rows updated', updated]] as const;
    return { columns: counts.map(([name]) => ({ name, type: COUNT, nullable: false })), rows: [counts.map(([, count]) => String(count))], stats: { numRowsInserted: fresh.length, numRowsUpdated: updated, numRowsDeleted: 0, numDuplicateRowsUpdated: 0 } };
  }

  return { run: (statement: Statement, binds: readonly Value[]): Result => records.transaction(() => run(statement, binds)) };
}

function columnOf(table: Table, name: string): Column {
  const column = table.columns.find((each) => each.name === name);
  if (column === undefined) throw invalidIdentifier(name);
  return column;
}

function checked(table: Table, row: Row): Row {
  if (table.columns.some(({ name, nullable }) => !nullable && (row[name] ?? null) === null)) throw nullNotAllowed();
  return row;
}

/** Null where a part is: nothing equals null. */
function keyOf(parts: readonly Value[]): string | null {
  return parts.includes(null) ? null : JSON.stringify(parts);
}

function flattened(json: Value): Value[][] {
  let value: unknown;
  try {
    value = JSON.parse(json ?? '');
  } catch {
    throw new SqlError('100069', '22P02', 'Error parsing JSON: document is not valid');
  }
  const rows = Flattened.safeParse(value);
  if (!rows.success) throw new SqlError('100071', '22000', 'Failed to cast variant value to VARCHAR');
  return rows.data;
}
