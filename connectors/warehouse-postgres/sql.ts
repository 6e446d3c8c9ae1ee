import type { WarehouseTable, WarehouseType } from '../warehouse-port.ts';

const TYPES: Readonly<Record<WarehouseType, string>> = { text: 'text', integer: 'bigint', decimal: 'numeric', date: 'date', timestamp: 'timestamptz', boolean: 'boolean' };

/** What format_type() says of columns that keep what we write. */
const HOLDS: Readonly<Record<WarehouseType, RegExp>> = { text: /^(text|character varying)$/, integer: /^(bigint|numeric)$/, decimal: /^numeric$/, date: /^date$/, timestamp: /^timestamp with time zone$/, boolean: /^boolean$/ };

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function holds(type: WarehouseType, formatted: string): boolean {
  return HOLDS[type].test(formatted);
}

export function createTable(place: string, { columns, key }: WarehouseTable): string {
  const defined = columns.map((column) => `${quoted(column.name)} ${TYPES[column.type]}${column.nullable ? '' : ' not null'}`);
  return `create table if not exists ${place} (${defined.join(', ')}, primary key (${key.map(quoted).join(', ')}))`;
}

/** Without NOT NULL, which rows that are there already could not meet. */
export function addColumn(place: string, column: WarehouseTable['columns'][number]): string {
  return `alter table ${place} add column if not exists ${quoted(column.name)} ${TYPES[column.type]}`;
}

/** Rows come as one JSON text of arrays, unfolded and cast here: what is numeric never passes through a double. */
export function merge(place: string, { columns, key }: WarehouseTable): string {
  const names = columns.map(({ name }) => name);
  const others = names.filter((name) => !key.includes(name));
  const values = columns.map((column, position) => `(r ->> ${position})::${TYPES[column.type]}`);
  const update = others.length === 0
    ? 'do nothing'
    : `do update set ${others.map((name) => `${quoted(name)} = excluded.${quoted(name)}`).join(', ')} where (${others.map((name) => `t.${quoted(name)}`).join(', ')}) is distinct from (${others.map((name) => `excluded.${quoted(name)}`).join(', ')})`;
  return `with done as (
      insert into ${place} as t (${names.map(quoted).join(', ')}) select ${values.join(', ')} from json_array_elements($1::json) as r
      on conflict (${key.map(quoted).join(', ')}) ${update} returning xmax = 0 as fresh
    ) select count(*) filter (where fresh)::integer as inserted, count(*) filter (where not fresh)::integer as updated from done`;
}

export function totals(place: string, { columns }: WarehouseTable): string {
  const sums = columns.filter(({ type }) => type === 'decimal').map(({ name }) => `, sum(${quoted(name)})::text as ${quoted(`sum ${name}`)}`);
  return `select count(*)::text as "rows"${sums.join('')} from ${place}`;
}
