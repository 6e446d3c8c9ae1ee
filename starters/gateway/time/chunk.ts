import type { Finding } from '../problem.ts';
import { within } from '../delivery.ts';
import type { TimeDocument } from './documents.ts';
import type { TimeIntake } from './store.ts';

export interface RecordAnswer {
  readonly line: number;
  readonly id: string | null;
  readonly version: number | null;
  readonly status: 'received' | 'known' | 'invalid';
  readonly errors?: readonly Finding[];
}

export interface Totals {
  lines: number;
  received: number;
  known: number;
  invalid: number;
}

/** Lines that are answered together, in their order: some to be made durable, some refused already. */
export interface Chunk {
  readonly items: ({ readonly line: number; readonly document: TimeDocument } | RecordAnswer)[];
  documents: number;
  bytes: number;
}

export const newChunk = (): Chunk => ({ items: [], documents: 0, bytes: 0 });

/**
 * Makes a chunk's documents durable.
 * @returns an answer for each line, in order.
 * @throws what the store throws: then none of the chunk counts as received.
 */
export async function keepChunk(intake: TimeIntake, batch: string, chunk: Chunk, timeoutMs: number): Promise<RecordAnswer[]> {
  const documents = chunk.items.flatMap((item) => ('document' in item ? [item.document] : []));
  const kept = documents.length === 0 ? [] : await keepDocuments(intake, batch, documents, timeoutMs);
  let at = 0;
  return chunk.items.map((item) => {
    if (!('document' in item)) return item;
    const { id, version } = item.document;
    const result = kept[at];
    at += 1;
    if (result === undefined) throw new Error(`the store answered ${kept.length} of ${documents.length} documents`);
    return { line: item.line, id, version, ...result };
  });
}

type Kept = { readonly status: 'received' | 'known' } | { readonly status: 'invalid'; readonly errors: readonly Finding[] };

/** A value that the schema lets pass and the database cannot hold is found by halving, so that it harms nobody but its own line. */
async function keepDocuments(intake: TimeIntake, batch: string, documents: readonly TimeDocument[], timeoutMs: number): Promise<readonly Kept[]> {
  try {
    return (await within(timeoutMs, () => intake.receive(batch, documents))).map(({ status }) => ({ status }));
  } catch (error) {
    if (!isDataException(error)) throw error;
    if (documents.length === 1) return [{ status: 'invalid', errors: [{ path: '', message: `the store cannot hold a value of this document (${error.message})` }] }];
    const half = Math.ceil(documents.length / 2);
    return [...(await keepDocuments(intake, batch, documents.slice(0, half), timeoutMs)), ...(await keepDocuments(intake, batch, documents.slice(half), timeoutMs))];
  }
}

/** Class 22 of the SQLSTATE codes. https://www.postgresql.org/docs/current/errcodes-appendix.html */
function isDataException(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('22');
}

export function count(totals: Totals, answers: readonly RecordAnswer[]): void {
  totals.lines += answers.length;
  for (const { status } of answers) totals[status] += 1;
}
