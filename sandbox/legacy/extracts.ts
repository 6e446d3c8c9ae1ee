import { createHash } from 'node:crypto';
import type { SandboxContext } from '../kit/sandbox.ts';
import { KEPT_TABLES, type Books, type Entry, type KeptTable } from './books.ts';
import type { Files } from './files.ts';

const KEPT_EXTRACTS = 3;
const MANIFEST = ['extract', 'table', 'file', 'records', 'bytes', 'sha256', 'complete_to'];
const FIELDS = ['external_key', 'number', 'status', 'change'];
const LABOR_FIELDS = ['company', 'work_date', 'hours', 'bill_amount', 'bill_currency'];

interface WrittenExtract {
  readonly id: string;
  readonly completeTo: number;
  readonly at: string;
  readonly records: number;
}

/** Writes what the ERP has into files, a table each and last a manifest, and puts away what nobody needs any more. */
export function createExtracts({ records, now }: SandboxContext, books: Books, files: Files) {
  const written = records.collection<WrittenExtract>('extracts');

  async function write(): Promise<number> {
    const number = records.nextId('extract');
    const completeTo = books.nextChange();
    const name = `extract-${String(number).padStart(8, '0')}`;
    const contents = KEPT_TABLES.map((table) => {
      const entries = books.tables[table].all();
      return { table, file: `${name}.${table}.csv`, count: entries.length, bytes: files.content([[...FIELDS, ...(table === 'labor' ? LABOR_FIELDS : [])], ...entries.map((entry) => rowOf(table, entry))]) };
    });
    for (const { file, bytes } of contents) await files.write(`out/${file}`, bytes);
    await files.write(`out/${name}.manifest.csv`, files.content([MANIFEST, ...contents.map(({ table, file, count, bytes }) => [number, table, file, count, bytes.length, createHash('sha256').update(bytes).digest('hex'), completeTo])]));
    const before = written.all().at(-1);
    written.put(String(number), { id: String(number), completeTo, at: now().toISOString(), records: contents.reduce((sum, { count }) => sum + count, 0) });
    await putAway(before?.completeTo ?? 0);
    return number;
  }

  /** Acknowledgements that the extract before this one covers as well, and extracts that others have followed. */
  async function putAway(coveredTwice: number): Promise<void> {
    for (const file of await files.list('out')) {
      const batch = /^(.+)\.ack\.csv$/.exec(file)?.[1];
      if (batch !== undefined && (books.journal.get(batch)?.change ?? Infinity) <= coveredTwice) await files.move(`out/${file}`, `out/old/${file}`);
    }
    for (const { id } of written.all().slice(0, -KEPT_EXTRACTS)) {
      const name = `extract-${id.padStart(8, '0')}`;
      await files.remove(`out/${name}.manifest.csv`);
      for (const table of KEPT_TABLES) await files.remove(`out/${name}.${table}.csv`);
      written.delete(id);
    }
  }

  return { write, newest: () => written.all().at(-1) };
}

function rowOf(table: KeptTable, { id, number, status, change, fields }: Entry): (string | number)[] {
  return [id, number, status, change, ...(table === 'labor' ? LABOR_FIELDS.map((name) => fields[name] ?? '') : [])];
}
