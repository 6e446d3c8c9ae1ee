import { createHash } from 'node:crypto';
import { addDecimal } from '../../domain/money.ts';
import { csv, encoded, tableFile, type Encoding } from './file-text.ts';
import type { About } from './refusals.ts';
import { TABLES, type Row, type TableName, type Values } from './tables.ts';

const MANIFEST_FIELDS = ['batch', 'table', 'file', 'encoding', 'records', 'control_total', 'bytes', 'sha256'] as const;

/** The rows of one table, as they go into a batch. */
export type Part = { readonly [Table in TableName]: { readonly table: Table; readonly rows: readonly Row<Table>[] } }[TableName];

export interface BatchFile {
  readonly table: TableName;
  readonly content: Buffer;
  readonly records: number;
  readonly controlTotal: string;
}

/** What is sent together and answered together. */
export interface Batch {
  /** The same for the same call with the same content, whoever makes it and however often: "customers.5f0c….91ab…". A number follows it in file names. */
  readonly stem: string;
  readonly encoding: Encoding;
  readonly files: readonly BatchFile[];
}

/**
 * A batch about one record, or of many lines.
 * @param about what the mark in its name is made of, by which everything ever sent about a record is found: see `markOf`
 * @param idempotencyKey of the call
 * @throws SystemFailure for a value the files cannot carry
 */
export function batchOf(parts: readonly Part[], mark: string, idempotencyKey: string, encoding: Encoding, about: About): Batch {
  const [first] = parts;
  if (first === undefined) throw new Error('a batch has at least one file');
  const files = parts.map((part): BatchFile => ({ table: part.table, content: tableFile(part.table, part.rows, encoding, about), records: part.rows.length, controlTotal: controlTotal(part) }));
  const digest = digestOf(idempotencyKey, ...files.map(({ content }) => content));
  return { stem: `${first.table}.${mark}.${digest.slice(0, 16)}`, encoding, files };
}

/** Stands in the names of all batches about one record: "5f0c1d2e3a4b". */
export function markOf(record: string, externalKey: string): string {
  return digestOf(record, externalKey).slice(0, 12);
}

export function fileName(batch: string, table: TableName): string {
  return `${batch}.${table}.csv`;
}

export function manifestName(batch: string): string {
  return `${batch}.manifest.csv`;
}

/** The batch a manifest is of; null for any other file. */
export function batchOfManifest(name: string): string | null {
  return /^(.+)\.manifest\.csv$/.exec(name)?.[1] ?? null;
}

/** Written last: whoever sees it finds the files complete. The same batch gives the same bytes. */
export function manifestOf(batch: Batch, name: string): Buffer {
  const records = batch.files.map(({ table, content, records: count, controlTotal: total }) => [name, table, fileName(name, table), batch.encoding, String(count), total, String(content.length), sha256(content)]);
  return encoded(csv([MANIFEST_FIELDS, ...records]), batch.encoding);
}

export function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** The sum of the table's control field over all records, whatever their currencies: it shows that all of them arrived. */
function controlTotal({ table, rows }: Part): string {
  const { control } = TABLES[table];
  if (control === null) return '0';
  const values: readonly Values[] = rows;
  return values.reduce((sum, row) => addDecimal(sum, row[control] ?? '0'), '0');
}

function digestOf(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex');
}
