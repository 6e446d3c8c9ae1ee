import { createHash } from 'node:crypto';
import { parse } from 'csv-parse/sync';
import { BATCHES, CONTROL, fieldsOf, isTable, type Field, type TableName } from './layout.ts';
import type { LegacyOptions } from './options.ts';

const MANIFEST = 'batch,table,file,encoding,records,control_total,bytes,sha256';
const DIGITS = 10;

export type Values = Readonly<Record<string, string>>;

/** A record with the lines that belong to it. */
export interface Item {
  readonly table: TableName;
  readonly key: string;
  readonly values: Values;
  readonly lines: readonly Values[];
}

/** Why a batch is refused as a whole. */
export class BatchRefused extends Error {
  override readonly name = 'BatchRefused';
  readonly code: 'TORN' | 'CONTROL_TOTAL' | 'FORMAT' | 'ENCODING' | 'BUSY';
  constructor(code: BatchRefused['code'], message: string) {
    super(message);
    this.code = code;
  }
}

interface Announced {
  readonly table: TableName;
  readonly file: string;
  readonly records: number;
  readonly total: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Which files a manifest tells of. @throws BatchRefused */
export function readManifest(batch: string, content: Buffer, encoding: LegacyOptions['encoding']): Announced[] {
  const [header, ...rows] = parsed(content, encoding, 'the manifest');
  if (header?.join() !== MANIFEST) throw new BatchRefused('FORMAT', `the header of the manifest is not "${MANIFEST}"`);
  const announced = rows.map(([name, table = '', file = '', charset, records, total = '', bytes, sha256 = '']): Announced => {
    if (name !== batch) throw new BatchRefused('FORMAT', `the manifest is of the batch "${name ?? ''}"`);
    if (!isTable(table)) throw new BatchRefused('FORMAT', `there is no table "${table}"`);
    if (file !== `${batch}.${table}.csv`) throw new BatchRefused('FORMAT', `the file of ${table} is not named after its batch: "${file}"`);
    if (charset !== encoding) throw new BatchRefused('ENCODING', `files come in ${encoding.toUpperCase()}, not in "${charset ?? ''}"`);
    if (!/^\d+$/.test(records ?? '') || !/^\d+$/.test(bytes ?? '')) throw new BatchRefused('FORMAT', `the manifest has no count of records or bytes of ${table}`);
    return { table, file, records: Number(records), total, bytes: Number(bytes), sha256 };
  });
  const expected = BATCHES[announced[0]?.table ?? ''];
  if (expected === undefined || expected.join() !== announced.map(({ table }) => table).join()) throw new BatchRefused('FORMAT', `no batch consists of ${announced.map(({ table }) => table).join(' and ') || 'no file'}`);
  return announced;
}

/** The records of a batch. @throws BatchRefused where a file is not what its manifest says or a field not what its layout says */
export function readItems(announced: readonly Announced[], contents: ReadonlyMap<string, Buffer>, encoding: LegacyOptions['encoding']): Item[] {
  const [heads, lines] = announced.map((each) => ({ table: each.table, rows: readTable(each, contents.get(each.file), encoding) }));
  if (heads === undefined) return [];
  const keys = new Set(heads.rows.map(({ external_key: key }) => key));
  const stray = lines?.rows.find(({ external_key: key }) => !keys.has(key));
  if (stray !== undefined) throw new BatchRefused('FORMAT', `${lines?.table ?? ''} has lines of ${stray['external_key'] ?? ''}, which is not in ${heads.table}`);
  const linesOf = Map.groupBy(lines?.rows ?? [], ({ external_key: key }) => key ?? '');
  return heads.rows.map((values) => ({ table: heads.table, key: values['external_key'] ?? '', values, lines: linesOf.get(values['external_key'] ?? '') ?? [] }));
}

function readTable(announced: Announced, content: Buffer | undefined, encoding: LegacyOptions['encoding']): Values[] {
  const { table, file } = announced;
  if (content === undefined) throw new BatchRefused('TORN', `${file} is missing`);
  if (content.length !== announced.bytes) throw new BatchRefused('TORN', `${file} has ${content.length} bytes, its manifest says ${announced.bytes}`);
  if (createHash('sha256').update(content).digest('hex') !== announced.sha256) throw new BatchRefused('TORN', `the checksum of ${file} is not the one in its manifest`);
  const fields = fieldsOf(table);
  const [header, ...records] = parsed(content, encoding, file);
  if (header?.join() !== fields.map(({ name }) => name).join()) throw new BatchRefused('FORMAT', `the fields of ${file} are not those of ${table}, in their order`);
  const rows = records.map((record, index) => {
    if (record.length !== fields.length) throw new BatchRefused('FORMAT', `line ${index + 2} of ${file} has ${record.length} fields`);
    return Object.fromEntries(fields.map((field, at): [string, string] => [field.name, checked(field, record[at] ?? '', `line ${index + 2} of ${file}`)]));
  });
  if (rows.length !== announced.records) throw new BatchRefused('CONTROL_TOTAL', `${file} has ${rows.length} records, its manifest says ${announced.records}`);
  const control = CONTROL[table];
  const total = control === undefined ? 0n : rows.reduce((sum, row) => sum + scaled(row[control] || '0'), 0n);
  if (!isNumber(announced.total) || total !== scaled(announced.total)) throw new BatchRefused('CONTROL_TOTAL', `the control total of ${file} is not the ${announced.total} its manifest says`);
  return rows;
}

function parsed(content: Buffer, encoding: LegacyOptions['encoding'], what: string): string[][] {
  let text: string;
  try {
    text = encoding === 'utf-8' ? new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content) : content.toString('latin1');
  } catch {
    throw new BatchRefused('ENCODING', `${what} is not in ${encoding.toUpperCase()}`);
  }
  try {
    return parse(text, { record_delimiter: '\r\n' });
  } catch {
    throw new BatchRefused('FORMAT', `${what} is no CSV file with CRLF at the end of its lines`);
  }
}

function checked(field: Field, value: string, where: string): string {
  const wrong = (why: string) => new BatchRefused('FORMAT', `${where}: ${field.name} ${why}`);
  if (value === '') {
    if (field.required) throw wrong('is empty');
    return '';
  }
  if (/\p{Cc}/u.test(value)) throw wrong('has a control character');
  if (field.kind === 'n') {
    const [, whole = '', fraction = ''] = /^-?(\d+)(?:\.(\d+))?$/.exec(value) ?? [];
    if (whole === '' || whole.length > field.length || fraction.length > field.digits) throw wrong(`is no number of ${field.length} and ${field.digits} digits: "${value}"`);
    return value;
  }
  if (Array.from(value).length > field.length) throw wrong(`has more than ${field.length} characters`);
  if (field.kind === 'x') return plain(value);
  if (!/^[\x20-\x7E]+$/.test(value)) throw wrong('has characters that no code has');
  if (field.kind === 'd' && !isDate(value)) throw wrong(`is no date: "${value}"`);
  if (field.kind === 'f' && value !== 'Y' && value !== 'N') throw wrong('is neither Y nor N');
  return value;
}

/** Text as it is shown: "\n" stands for a line break, "\\" for a backslash. */
function plain(value: string): string {
  return value.replaceAll(/\\(n|\\)/g, (_, sign) => (sign === 'n' ? '\n' : '\\'));
}

function isDate(value: string): boolean {
  const at = new Date(`${value}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(at.getTime()) && at.toISOString().startsWith(value);
}

function isNumber(value: string): boolean {
  return /^-?\d+(\.\d{1,10})?$/.test(value);
}

/** In ten-thousand-millionths, so that sums are exact. */
function scaled(value: string): bigint {
  const [whole = '0', fraction = ''] = value.replace('-', '').split('.');
  const amount = BigInt(whole + fraction.padEnd(DIGITS, '0'));
  return value.startsWith('-') ? -amount : amount;
}
