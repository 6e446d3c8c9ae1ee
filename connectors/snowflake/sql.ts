import type { WarehouseTable, WarehouseType } from '../warehouse-port.ts';

const TYPES: Readonly<Record<WarehouseType, string>> = { text: 'VARCHAR', integer: 'NUMBER(38,0)', decimal: 'NUMBER(38,10)', date: 'DATE', timestamp: 'TIMESTAMP_NTZ(6)', boolean: 'BOOLEAN' };

/** What INFORMATION_SCHEMA.COLUMNS says of a column of ours. */
const STORED: Readonly<Record<WarehouseType, { readonly type: string; readonly scale: string | null }>> = {
  text: { type: 'TEXT', scale: null },
  integer: { type: 'NUMBER', scale: '0' },
  decimal: { type: 'NUMBER', scale: '10' },
  date: { type: 'DATE', scale: null },
  timestamp: { type: 'TIMESTAMP_NTZ', scale: null },
  boolean: { type: 'BOOLEAN', scale: null },
};

/** In capitals, so that people can write the name without quotes. */
export function stored(name: string): string {
  return name.toUpperCase();
}

function quoted(name: string): string {
  return `"${stored(name).replaceAll('"', '""')}"`;
}

export function createTable({ name, columns, key }: WarehouseTable): string {
  const defined = columns.map((column) => `${quoted(column.name)} ${TYPES[column.type]}${column.nullable ? '' : ' NOT NULL'}`);
  return `CREATE TABLE IF NOT EXISTS ${quoted(name)} (${defined.join(', ')}, PRIMARY KEY (${key.map(quoted).join(', ')}))`;
}

/** Without NOT NULL, which rows that are there already could not meet. */
export function addColumn(table: string, column: WarehouseTable['columns'][number]): string {
  return `ALTER TABLE ${quoted(table)} ADD COLUMN IF NOT EXISTS ${quoted(column.name)} ${TYPES[column.type]}`;
}

export const COLUMNS = 'SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, NUMERIC_SCALE FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = ? ORDER BY TABLE_NAME, ORDINAL_POSITION';

/** False where a column would round or refuse what we write. */
export function holds(type: WarehouseType, column: { readonly type: string; readonly scale: string | null }): boolean {
  const wanted = STORED[type];
  return column.type === wanted.type && (wanted.scale === null || Number(column.scale ?? '0') >= Number(wanted.scale));
}

/**
 * One MERGE by key. Its rows come as one bound JSON text, an array of arrays in the order of the columns: the SQL API binds no arrays, and
 * thousands of placeholders would have to be compiled anew for each batch. Numbers travel as text and are cast here, so that nothing is rounded.
 */
export function merge({ name, columns, key }: WarehouseTable): string {
  const names = columns.map((column) => column.name);
  const others = names.filter((column) => !key.includes(column));
  const source = columns.map((column, position) => `CAST(f.VALUE[${position}]::VARCHAR AS ${TYPES[column.type]}) AS ${quoted(column.name)}`);
  const differs = others.map((column) => `t.${quoted(column)} IS DISTINCT FROM s.${quoted(column)}`);
  return [
    `MERGE INTO ${quoted(name)} AS t USING (SELECT ${source.join(', ')} FROM TABLE(FLATTEN(INPUT => PARSE_JSON(?))) AS f) AS s`,
    `ON ${key.map((column) => `t.${quoted(column)} = s.${quoted(column)}`).join(' AND ')}`,
    ...(others.length === 0 ? [] : [`WHEN MATCHED AND (${differs.join(' OR ')}) THEN UPDATE SET ${others.map((column) => `${quoted(column)} = s.${quoted(column)}`).join(', ')}`]),
    `WHEN NOT MATCHED THEN INSERT (${names.map(quoted).join(', ')}) VALUES (${names.map((column) => `s.${quoted(column)}`).join(', ')})`,
  ].join(' ');
}

export function totals({ name, columns }: WarehouseTable): string {
  const sums = columns.filter(({ type }) => type === 'decimal').map((column) => `SUM(${quoted(column.name)}) AS ${quoted(column.name)}`);
  return `SELECT ${['COUNT(*) AS "ROW_COUNT_"', ...sums].join(', ')} FROM ${quoted(name)}`;
}

/** A value as the MERGE's casts read it. */
export function sent(type: WarehouseType, value: string | null): string | null {
  return type === 'timestamp' && value !== null ? value.replace('T', ' ').replace('Z', '') : value;
}
