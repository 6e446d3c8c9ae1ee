/**
 * The statements this sandbox knows: the handful a loader sends, word for word in Snowflake's grammar. Anything else is a compilation error: this is
 * not Snowflake's SQL.
 * https://docs.snowflake.com/en/sql-reference/sql/merge, …/create-table, …/alter-table, …/functions/flatten
 */
import { SqlError } from './errors.ts';
import { cursorOf, tokensOf, type Cursor } from './tokens.ts';
import type { ColumnType } from './values.ts';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
}

export type Statement =
  | { readonly kind: 'create'; readonly table: string; readonly columns: readonly Column[]; readonly key: readonly string[] }
  | { readonly kind: 'add-column'; readonly table: string; readonly column: Column }
  | { readonly kind: 'columns' }
  | { readonly kind: 'totals'; readonly table: string; readonly outputs: readonly { readonly label: string; readonly sumOf: string | null }[] }
  | Merge;

export interface Merge {
  readonly kind: 'merge';
  readonly table: string;
  readonly source: readonly { readonly position: number; readonly type: ColumnType; readonly label: string }[];
  readonly on: readonly { readonly target: string; readonly source: string }[];
  /** Where one of these differs; null where matched rows are left alone. */
  readonly differs: readonly { readonly target: string; readonly source: string }[] | null;
  readonly sets: readonly { readonly target: string; readonly source: string }[];
  readonly insert: readonly { readonly target: string; readonly source: string }[];
}

export interface Parsed {
  readonly statement: Statement;
  readonly placeholders: number;
}

/** @throws SqlError for what is not one of the known statements, or more than one */
export function parse(sql: string): Parsed {
  const tokens = tokensOf(sql.trim().replace(/;$/, ''));
  const statements = tokens.filter(({ text, kind }) => kind === 'sign' && text === ';').length + 1;
  if (statements > 1) throw new SqlError('000008', '0A000', `Actual statement count ${statements} did not match the desired statement count 1.`);
  const at = cursorOf(tokens, sql.length);
  const statement = statementAt(at);
  at.end();
  return { statement, placeholders: tokens.filter(({ text, kind }) => kind === 'sign' && text === '?').length };
}

function statementAt(at: Cursor): Statement {
  if (at.take('CREATE')) return createAt(at);
  if (at.take('ALTER')) return alterAt(at);
  if (at.take('MERGE')) return mergeAt(at);
  at.need('SELECT');
  return at.take('COUNT', '(', '*', ')') ? totalsAt(at) : columnsAt(at);
}

function typeAt(at: Cursor): ColumnType {
  if (at.take('VARCHAR')) return { kind: 'TEXT' };
  if (at.take('DATE')) return { kind: 'DATE' };
  if (at.take('BOOLEAN')) return { kind: 'BOOLEAN' };
  if (at.take('NUMBER')) {
    at.need('(');
    const precision = at.number();
    at.need(',');
    const scale = at.number();
    at.need(')');
    return { kind: 'NUMBER', precision, scale };
  }
  at.need('TIMESTAMP_NTZ', '(');
  const precision = at.number();
  at.need(')');
  return { kind: 'TIMESTAMP_NTZ', precision };
}

function createAt(at: Cursor): Statement {
  at.need('TABLE', 'IF', 'NOT', 'EXISTS');
  const table = at.name();
  at.need('(');
  const columns: Column[] = [];
  let key: string[] = [];
  do {
    if (at.take('PRIMARY', 'KEY', '(')) {
      key = at.list(() => at.name());
      at.need(')');
    } else {
      const name = at.name();
      const type = typeAt(at);
      columns.push({ name, type, nullable: !at.take('NOT', 'NULL') });
    }
  } while (at.take(','));
  at.need(')');
  return { kind: 'create', table, columns: columns.map((column) => (key.includes(column.name) ? { ...column, nullable: false } : column)), key };
}

function alterAt(at: Cursor): Statement {
  at.need('TABLE');
  const table = at.name();
  at.need('ADD', 'COLUMN', 'IF', 'NOT', 'EXISTS');
  const name = at.name();
  return { kind: 'add-column', table, column: { name, type: typeAt(at), nullable: true } };
}

function columnsAt(at: Cursor): Statement {
  at.need('TABLE_NAME', ',', 'COLUMN_NAME', ',', 'DATA_TYPE', ',', 'NUMERIC_SCALE', 'FROM', 'INFORMATION_SCHEMA', '.', 'COLUMNS', 'WHERE', 'TABLE_SCHEMA', '=', '?', 'ORDER', 'BY', 'TABLE_NAME', ',', 'ORDINAL_POSITION');
  return { kind: 'columns' };
}

function totalsAt(at: Cursor): Statement {
  at.need('AS');
  const outputs: { label: string; sumOf: string | null }[] = [{ label: at.name(), sumOf: null }];
  while (at.take(',')) {
    at.need('SUM', '(');
    const sumOf = at.name();
    at.need(')', 'AS');
    outputs.push({ label: at.name(), sumOf });
  }
  at.need('FROM');
  return { kind: 'totals', table: at.name(), outputs };
}

/** `t."A" <words> s."A"` */
function pairAt(at: Cursor, words: readonly string[]): { target: string; source: string } {
  at.need('T', '.');
  const target = at.name();
  at.need(...words);
  return { target, source: sourceAt(at) };
}

function sourceAt(at: Cursor): string {
  at.need('S', '.');
  return at.name();
}

function mergeAt(at: Cursor): Merge {
  at.need('INTO');
  const table = at.name();
  at.need('AS', 'T', 'USING', '(', 'SELECT');
  const source = at.list(() => {
    at.need('CAST', '(', 'F', '.', 'VALUE', '[');
    const position = at.number();
    at.need(']', '::', 'VARCHAR', 'AS');
    const type = typeAt(at);
    at.need(')', 'AS');
    return { position, type, label: at.name() };
  });
  at.need('FROM', 'TABLE', '(', 'FLATTEN', '(', 'INPUT', '=>', 'PARSE_JSON', '(', '?', ')', ')', ')', 'AS', 'F', ')', 'AS', 'S', 'ON');
  const on = [pairAt(at, ['='])];
  while (at.take('AND')) on.push(pairAt(at, ['=']));
  let differs: { target: string; source: string }[] | null = null;
  let sets: { target: string; source: string }[] = [];
  if (at.take('WHEN', 'MATCHED', 'AND', '(')) {
    differs = [pairAt(at, ['IS', 'DISTINCT', 'FROM'])];
    while (at.take('OR')) differs.push(pairAt(at, ['IS', 'DISTINCT', 'FROM']));
    at.need(')', 'THEN', 'UPDATE', 'SET');
    sets = at.list(() => {
      const target = at.name();
      at.need('=');
      return { target, source: sourceAt(at) };
    });
  }
  at.need('WHEN', 'NOT', 'MATCHED', 'THEN', 'INSERT', '(');
  const targets = at.list(() => at.name());
  at.need(')', 'VALUES', '(');
  const values = at.list(() => sourceAt(at));
  at.need(')');
  if (targets.length !== values.length) throw new SqlError('002020', '21S01', `SQL compilation error:\nInsert value list does not match column list expecting ${targets.length} but got ${values.length}`);
  return { kind: 'merge', table, source, on, differs, sets, insert: targets.map((target, index) => ({ target, source: values[index] ?? '' })) };
}
