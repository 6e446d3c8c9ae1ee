import type { UnreadLine, WaitingLine } from '../../../store/inbox-lines.ts';
import { sha256 } from '../../../store/json.ts';
import { within } from '../delivery.ts';
import type { Finding } from '../problem.ts';
import type { TimeDocument } from './documents.ts';
import type { OpenedBatch, TimeIntake } from './store.ts';

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

/** Lines that are answered together, in their order: some to be made durable as documents, some that cannot be read. */
export interface Chunk {
  readonly items: ChunkItem[];
  documents: number;
  bytes: number;
}

/** `raw`: the document as it came. */
export type ChunkItem = { readonly line: number; readonly document: TimeDocument; readonly raw: Buffer } | { readonly line: number; readonly unread: UnreadLine };

export const newChunk = (): Chunk => ({ items: [], documents: 0, bytes: 0 });

/** One sending of a batch, whose chunks are kept one after another. */
export interface Sending {
  readonly batch: string;
  /** In quarantine since an earlier sending. */
  readonly waiting: readonly WaitingLine[];
  /** Inbox numbers of those of them that can be read by now, and of the lines of this sending that cannot. */
  readonly mended: Set<number>;
  readonly unread: Set<number>;
  /** Unread lines of this sending that are past the bound for keeping them. */
  passedOver: number;
}

export const newSending = ({ id, waiting }: OpenedBatch): Sending => ({ batch: id, waiting, mended: new Set(), unread: new Set(), passedOver: 0 });

/**
 * Makes a chunk's documents durable, and keeps its other lines in quarantine.
 * @returns an answer for each line, in order.
 * @throws what the store throws: then none of the chunk counts as received.
 */
export async function keepChunk(intake: TimeIntake, sending: Sending, chunk: Chunk, timeoutMs: number): Promise<RecordAnswer[]> {
  const documents = chunk.items.flatMap((item) => ('document' in item ? [item.document] : []));
  const kept = documents.length === 0 ? [] : await keepDocuments(intake, sending.batch, documents, timeoutMs);
  let at = 0;
  const unread: UnreadLine[] = [];
  const refuse = (line: UnreadLine): RecordAnswer => {
    unread.push(line);
    return { line: line.line, id: line.id, version: line.version, status: 'invalid', errors: line.findings };
  };
  const answers = chunk.items.map((item): RecordAnswer => {
    if ('unread' in item) return refuse(item.unread);
    const { line, raw, document: { id, version } } = item;
    const result = kept[at];
    at += 1;
    if (result === undefined) throw new Error(`the store answered ${kept.length} of ${documents.length} documents`);
    if (result.status === 'invalid') return refuse(unreadLine({ line, id, version, raw, findings: result.errors }));
    return { line, id, version, ...result };
  });
  await keepUnread(intake, sending, unread, timeoutMs);
  for (const answer of answers) for (const inbox of mendedBy(sending, answer)) sending.mended.add(inbox);
  return answers;
}

async function keepUnread(intake: TimeIntake, sending: Sending, lines: readonly UnreadLine[], timeoutMs: number): Promise<void> {
  if (lines.length === 0) return;
  const inbox = await within(timeoutMs, () => intake.quarantine(sending.batch, lines, sending.passedOver));
  for (const number of inbox) {
    if (number === null) sending.passedOver += 1;
    else sending.unread.add(number);
  }
}

/** The lines in quarantine that this one is: of the same document version, or of the same place where theirs cannot be read. */
function mendedBy({ waiting }: Sending, { status, line, id, version }: RecordAnswer): number[] {
  if (status === 'invalid') return [];
  return waiting.filter((kept) => (kept.id === null ? kept.line === line : kept.id === id && (kept.version === version || kept.line === line))).map(({ inbox }) => inbox);
}

/** Ends a sending that was read to its end. @throws what the store throws. */
export async function endSending(intake: TimeIntake, { batch, mended, unread }: Sending): Promise<void> {
  await intake.mended(batch, [...mended].filter((inbox) => !unread.has(inbox)));
  await intake.seal(batch);
}

/** A line that is there as a whole. */
export function unreadLine({ raw, ...line }: Pick<UnreadLine, 'line' | 'id' | 'version' | 'raw' | 'findings'>): UnreadLine {
  return { ...line, raw, bytes: raw.length, sha256: sha256(raw) };
}

type Kept = { readonly status: 'received' | 'known' } | { readonly status: 'invalid'; readonly errors: readonly Finding[] };

/** A value that the schema lets pass and the database cannot hold is found by halving, so that it harms nobody but its own line. */
async function keepDocuments(intake: TimeIntake, batch: string, documents: readonly TimeDocument[], timeoutMs: number): Promise<readonly Kept[]> {
  try {
    return (await within(timeoutMs, () => intake.receive(batch, documents))).map(({ status }) => ({ status }));
  } catch (error) {
    const errors = valueRefusal(error);
    if (errors === undefined) throw error;
    if (documents.length === 1) return [{ status: 'invalid', errors }];
    const half = Math.ceil(documents.length / 2);
    return [...(await keepDocuments(intake, batch, documents.slice(0, half), timeoutMs)), ...(await keepDocuments(intake, batch, documents.slice(half), timeoutMs))];
  }
}

/** What to say where the database could not hold a value: class 22 of the SQLSTATE codes. https://www.postgresql.org/docs/current/errcodes-appendix.html */
export function valueRefusal(error: unknown): Finding[] | undefined {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('22'))) return undefined;
  return [{ path: '', message: `the store cannot hold a value of this document (${error.message})` }];
}

export function count(totals: Totals, answers: readonly RecordAnswer[]): void {
  totals.lines += answers.length;
  for (const { status } of answers) totals[status] += 1;
}
