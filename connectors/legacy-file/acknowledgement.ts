import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { decoded, MOST_RECORD_BYTES, type Encoding } from './file-text.ts';

const FIELDS = ['kind', 'external_key', 'outcome', 'number', 'status', 'change', 'code', 'message'] as const;

const code = z.string().max(40);
const batchSchema = z.object({
  kind: z.literal('B'),
  external_key: z.string().min(1),
  outcome: z.enum(['TAKEN', 'REFUSED']),
  /** SHA-256 of the manifest as the ERP received it. */
  number: z.string().regex(/^[0-9a-f]{64}$/),
  code,
  message: z.string().max(500),
});

const answerSchema = z
  .object({
    kind: z.literal('R'),
    external_key: z.string().min(1),
    outcome: z.enum(['CREATED', 'CHANGED', 'PRESENT', 'REFUSED', 'DELETED', 'DEACTIVATED', 'CANCELLED', 'KEPT', 'NOT_FOUND', 'DONE']),
    number: z.string().max(40),
    status: z.string().max(20),
    /** Of the record's last change, counted over the whole ERP. */
    change: z.string().regex(/^\d{0,15}$/).transform(Number),
    code,
    message: z.string().max(500),
  })
  .refine(({ outcome, number }) => number !== '' || outcome === 'REFUSED' || outcome === 'NOT_FOUND', 'has no number');

/** What the ERP says of one record. */
export type RecordAnswer = Omit<z.infer<typeof answerSchema>, 'kind' | 'external_key'> & { readonly key: string };

export interface Acknowledgement {
  readonly batch: string;
  readonly outcome: 'TAKEN' | 'REFUSED';
  /** Of the manifest as the ERP received it. */
  readonly sha256: string;
  readonly code: string;
  readonly message: string;
  readonly records: readonly RecordAnswer[];
}

export class AcknowledgementUnreadable extends Error {
  override readonly name = 'AcknowledgementUnreadable';
}

/** Reads an acknowledgement: a B record for the batch, an R record for each of its records, and a T record with their number at its end. @throws AcknowledgementUnreadable */
export function readAcknowledgement(content: Buffer, encoding: Encoding): Acknowledgement {
  const [header, head, ...rest] = recordsOf(content, encoding);
  if (header?.join() !== FIELDS.join()) throw new AcknowledgementUnreadable(`its header is not "${FIELDS.join()}"`);
  const last = rest.at(-1);
  const lines = rest.slice(0, -1);
  if (head === undefined || last?.[0] !== 'T' || Number(last[1]) !== lines.length) throw new AcknowledgementUnreadable('it has no B record at its beginning, or no T record with the number of its R records at its end');
  const { external_key: batch, outcome, number, code: why, message } = shaped(batchSchema, head);
  return {
    batch,
    outcome,
    sha256: number,
    code: why,
    message,
    records: lines.map((line) => {
      const { kind: _kind, external_key: key, ...answer } = shaped(answerSchema, line);
      return { key, ...answer };
    }),
  };
}

function recordsOf(content: Buffer, encoding: Encoding): string[][] {
  try {
    return parse(decoded(content, encoding), { skip_empty_lines: true, max_record_size: MOST_RECORD_BYTES });
  } catch {
    throw new AcknowledgementUnreadable(`it is no CSV file in ${encoding.toUpperCase()}`);
  }
}

function shaped<Schema extends z.ZodType>(schema: Schema, line: readonly string[]): z.infer<Schema> {
  const parsed = schema.safeParse(Object.fromEntries(FIELDS.map((name, index) => [name, line[index] ?? ''])));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new AcknowledgementUnreadable(`the record of ${line[1] ?? '?'}: ${issue?.path.map(String).join('.') ?? ''} ${issue?.message ?? 'is not as agreed'}`);
}
