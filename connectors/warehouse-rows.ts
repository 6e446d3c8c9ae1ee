import { SystemFailure } from '../domain/failure.ts';
import type { WarehouseRow, WarehouseTable, WarehouseType } from './warehouse-port.ts';

const NAME = /^[a-z_][a-z0-9_]{0,62}$/;
const SHAPES: Readonly<Record<WarehouseType, { readonly pattern: RegExp; readonly as: string } | null>> = {
  text: null,
  integer: { pattern: /^-?\d{1,18}$/, as: 'a whole number' },
  decimal: { pattern: /^-?\d{1,28}(\.\d{1,10})?$/, as: 'a decimal number with at most 28 digits before and 10 after the point' },
  date: { pattern: /^\d{4}-\d{2}-\d{2}$/, as: 'a day YYYY-MM-DD' },
  timestamp: { pattern: /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z$/, as: 'an instant in UTC' },
  boolean: { pattern: /^(true|false)$/, as: 'true or false' },
};

/** @throws SystemFailure of kind contract for a table whose names or key no warehouse could take */
export function checkTable(table: WarehouseTable, system: string): void {
  const names = table.columns.map(({ name }) => name);
  const wrong = [table.name, ...names].find((name) => !NAME.test(name));
  if (wrong !== undefined) throw refused(table, system, `"${wrong}" is no name of lower-case letters, digits and underscores`);
  if (new Set(names).size !== names.length) throw refused(table, system, 'a column is named twice');
  if (table.key.length === 0 || table.key.some((column) => table.columns.find(({ name }) => name === column)?.nullable !== false)) throw refused(table, system, 'its key is not made of columns that are never null');
}

/**
 * Rows as arrays in the order of the columns, as a warehouse can carry them: broken characters become "\uFFFD".
 * @throws SystemFailure of kind contract for a value that is not of its column's type, a null where none may be, or a key that occurs twice
 */
export function positional(table: WarehouseTable, rows: readonly WarehouseRow[], system: string): (string | null)[][] {
  checkTable(table, system);
  const keys = new Set<string>();
  return rows.map((row) => {
    const unknown = Object.keys(row).find((name) => !table.columns.some((column) => column.name === name));
    if (unknown !== undefined) throw refused(table, system, `a row has "${unknown}", which is no column`);
    const key = JSON.stringify(table.key.map((column) => row[column]));
    if (keys.has(key)) throw refused(table, system, `the key ${key} occurs twice in one batch`);
    keys.add(key);
    return table.columns.map(({ name, type, nullable }) => {
      const value = row[name] ?? null;
      if (value === null) {
        if (!nullable) throw refused(table, system, `${name} of ${key} is null`);
        return null;
      }
      const shape = SHAPES[type];
      if (shape !== null && !shape.pattern.test(value)) throw refused(table, system, `${name} of ${key} is not ${shape.as}`);
      return type === 'text' ? value.toWellFormed().replaceAll('\0', '\uFFFD') : value;
    });
  });
}

/** A sum as the database wrote it, without trailing zeros or minus zero; null is zero. */
export function plainSum(text: string | null): string {
  const [whole = '0', fraction = ''] = (text ?? '0').split('.');
  const kept = fraction.replace(/0+$/, '');
  const plain = kept === '' ? whole : `${whole}.${kept}`;
  return /^-0$/.test(plain) ? '0' : plain;
}

function refused(table: WarehouseTable, system: string, why: string): SystemFailure {
  return new SystemFailure({ kind: 'contract', code: 'WAREHOUSE_ROWS', message: `Rows of ${table.name} were not written: ${why}.`, mend: 'Correct what makes the rows (store/reporting-changes.ts), then retry.', system, object: `warehouse table ${table.name}`, written: 'no' });
}
