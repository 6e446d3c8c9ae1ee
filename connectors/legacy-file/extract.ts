import { Readable } from 'node:stream';
import { CsvError, parse as parseStream } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { currencySchema } from '../../domain/money.ts';
import type { FileSession } from '../file-exchange/transport.ts';
import { sha256 } from './batch.ts';
import { decoded, MOST_RECORD_BYTES, type Encoding } from './file-text.ts';
import { notUnderstood, type About } from './refusals.ts';
import type { TableName } from './tables.ts';

/** A million lines of labor have about 150 MB. */
const MOST_BYTES = 256 * 1024 * 1024;
const MOST_MANIFEST_BYTES = 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

const whole = z.string().regex(/^\d{1,15}$/).transform(Number);
const decimal = z.string().regex(/^-?\d{1,15}(\.\d{1,10})?$/);

const manifestSchema = z.array(z.object({ extract: whole, table: z.string(), file: z.string().regex(/^extract-[A-Za-z0-9_.-]+$/), records: whole, bytes: whole, sha256: z.string(), complete_to: whole })).min(1);

/** A record as the ERP has it. */
const recordRow = z.object({ external_key: z.string(), number: z.string().min(1), status: z.string(), change: whole });
export type ExtractedRecord = z.infer<typeof recordRow>;

const laborRow = recordRow.extend({ company: z.string(), work_date: z.iso.date(), hours: decimal, bill_amount: decimal, bill_currency: currencySchema });
export type ExtractedLabor = z.infer<typeof laborRow>;

export interface Extract {
  readonly number: number;
  /** The last change that is in it; later ones are in acknowledgements. */
  readonly completeTo: number;
  records(table: TableName): Promise<ReadonlyMap<string, ExtractedRecord>>;
  /** One after the other: there may be a million. */
  labor(): AsyncIterable<ExtractedLabor>;
}

/** The number in an extract manifest's name; null for any other file. */
export function extractNumber(name: string): number | null {
  const number = /^extract-(\d{1,15})\.manifest\.csv$/.exec(name)?.[1];
  return number === undefined ? null : Number(number);
}

interface Kept {
  readonly extract: string;
  readonly tables: Map<string, ReadonlyMap<string, ExtractedRecord>>;
}

/** Reads extracts of one ERP, keeping the newest one's records, but not its labor, which is much and seldom asked for. */
export function createExtracts(folder: string, encoding: Encoding, about: (object: string) => About) {
  let kept: Kept = { extract: '', tables: new Map() };

  /** @throws SystemFailure for one that is not as its manifest says, or gone meanwhile */
  async function open(session: FileSession, manifest: string): Promise<Extract> {
    const read = await session.read(`${folder}/${manifest}`, MOST_MANIFEST_BYTES);
    const text = read === null ? null : textOf(read.content);
    const parsed = manifestSchema.safeParse(text === null ? null : rowsOf(text));
    const [first] = parsed.data ?? [];
    if (!parsed.success || first === undefined) throw damaged(manifest, read === null ? 'it is gone' : 'it is no manifest of an extract', text ?? '');
    const name = `${manifest}/${first.complete_to}/${first.extract}`;

    async function fileOf(table: TableName): Promise<{ readonly name: string; readonly records: number; readonly content: Buffer }> {
      const entry = parsed.data?.find((each) => each.table === table);
      const file = entry === undefined ? null : await session.read(`${folder}/${entry.file}`, MOST_BYTES);
      if (entry === undefined || file === null) throw damaged(manifest, `it has no file of ${table}`, text ?? '');
      if (file.content.length !== entry.bytes || sha256(file.content) !== entry.sha256) throw damaged(entry.file, 'it is not the file that the extract\'s manifest tells of', '');
      return { name: entry.file, records: entry.records, content: file.content };
    }

    async function* rowsIn<Schema extends z.ZodType>(table: TableName, schema: Schema): AsyncGenerator<z.infer<Schema>> {
      const file = await fileOf(table);
      let count = 0;
      const records: AsyncIterable<unknown> = Readable.from(chunksOf(file.content)).pipe(parseStream({ columns: true, skip_empty_lines: true, bom: true, max_record_size: MOST_RECORD_BYTES, encoding: encoding === 'utf-8' ? 'utf8' : 'latin1' }));
      try {
        for await (const record of records) {
          count += 1;
          const row = schema.safeParse(record);
          if (!row.success) throw damaged(file.name, `record ${count} is not as agreed: ${row.error.issues[0]?.path.map(String).join('.') ?? ''} ${row.error.issues[0]?.message ?? ''}`, '');
          yield row.data;
        }
      } catch (error) {
        throw error instanceof CsvError ? damaged(file.name, `it is no CSV file after its record ${count}`, '') : error;
      }
      if (count !== file.records) throw damaged(file.name, `it has ${count} records, its manifest says ${file.records}`, '');
    }

    return {
      number: first.extract,
      completeTo: first.complete_to,
      async records(table) {
        if (kept.extract !== name) kept = { extract: name, tables: new Map() };
        const known = kept.tables.get(table);
        if (known !== undefined) return known;
        const { tables } = kept;
        const records = new Map<string, ExtractedRecord>();
        for await (const row of rowsIn(table, recordRow)) records.set(row.external_key, row);
        tables.set(table, records);
        return records;
      },
      labor: () => rowsIn('labor', laborRow),
    };
  }

  function damaged(file: string, why: string, evidence: string) {
    return notUnderstood(about(`the extract ${file}`), 'LEGACY_EXTRACT_DAMAGED', `The ERP's extract ${file} cannot be used: ${why}.`, evidence.slice(0, 2000), 'no');
  }

  function textOf(content: Buffer): string | null {
    try {
      return decoded(content, encoding);
    } catch {
      return null;
    }
  }

  return { open };
}

function* chunksOf(content: Buffer): Generator<Buffer> {
  for (let at = 0; at < content.length; at += CHUNK_BYTES) yield content.subarray(at, at + CHUNK_BYTES);
}

function rowsOf(text: string): unknown {
  try {
    return parse(text, { columns: true, skip_empty_lines: true, max_record_size: MOST_RECORD_BYTES });
  } catch {
    return null;
  }
}
