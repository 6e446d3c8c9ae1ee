import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import type { BatchKind } from '../../../store/time/intake.ts';
import { STORE_DOWN, within } from '../delivery.ts';
import type { GatewayLimits } from '../deps.ts';
import type { Refusal } from '../problem.ts';
import { count, endSending, keepChunk, newChunk, unreadLine, type Chunk, type ChunkItem, type RecordAnswer, type Sending, type Totals } from './chunk.ts';
import { followDigest, type DigestResult } from './digest.ts';
import { readDocument } from './documents.ts';
import { splitLines, type Line } from './lines.ts';
import type { TimeIntake } from './store.ts';

export interface BulkRequest {
  readonly kind: BatchKind;
  readonly sending: Sending;
  readonly message: IncomingMessage;
  readonly intake: TimeIntake;
  readonly limits: GatewayLimits;
  readonly log: Logger;
  readonly counted: (answers: readonly RecordAnswer[]) => void;
  /** Aborted when the gateway is being stopped: what came whole is kept, and the sender is told to come back. */
  readonly stopping: AbortSignal;
}

/** The last line of an answer. */
export interface BulkEnd extends Totals {
  readonly batch: string;
  /** Every line was read and answered, and the digest, where one was given, is that of the body. */
  readonly complete: boolean;
  readonly digest: DigestResult;
  readonly problem?: Pick<Refusal, 'reason' | 'detail' | 'mend' | 'retryAfterSeconds'>;
}

const CHUNK_RECORDS = 250;
const CHUNK_BYTES = 2_000_000;
/** How long the rest of a body is let run out after the last answer, so that its sender gets to read it before the connection ends. */
const RUN_OUT_MS = 5000;
/** A sender that waits for answers before it sends more gets them after so long. */
const LINGER_MS = 50;

/**
 * Takes NDJSON line by line and yields answer lines as chunks become durable; the next chunk is read while one is written. Holds two chunks
 * and one line at most. A batch whose body ended is sealed, whatever was wrong with single lines; one that was cut off is left open for its sender to come
 * back, until it is stale.
 */
export async function* bulkAnswers(request: BulkRequest): AsyncGenerator<string, void, undefined> {
  const { kind, sending, message, intake, limits, log } = request;
  const { batch } = sending;
  const totals: Totals = { lines: 0, received: 0, known: 0, invalid: 0 };
  const splitter = splitLines(limits.bulkLineBytes);
  const digest = followDigest(message.headers);
  const source = message[Symbol.asyncIterator]();
  let chunk: Chunk = newChunk();
  let writing: Promise<readonly RecordAnswer[]> | undefined;
  let bytes = 0;
  let stopped: BulkEnd['problem'];

  const take = (line: Line, last = false): void => {
    const item = readLine(kind, line, limits, last);
    if (item === undefined) return;
    chunk.items.push(item);
    chunk.documents += 'document' in item ? 1 : 0;
    chunk.bytes += 'document' in item ? item.raw.length : item.unread.raw.length;
  };
  const isFull = () => chunk.documents >= CHUNK_RECORDS || chunk.bytes >= CHUNK_BYTES || chunk.items.length >= 4 * CHUNK_RECORDS;
  const write = (): void => {
    const full = chunk;
    chunk = newChunk();
    writing = keepChunk(intake, sending, full, limits.storeTimeoutMs);
    writing.catch(() => undefined);
  };
  async function written(): Promise<string> {
    const answers = (await writing) ?? [];
    writing = undefined;
    count(totals, answers);
    request.counted(answers);
    return answers.map((answer) => `${JSON.stringify(answer)}\n`).join('');
  }

  let next = following(source);
  try {
    for (;;) {
      const waiting = chunk.items.length > 0 && writing === undefined;
      if (request.stopping.aborted) {
        stopped = STOPPING;
        break;
      }
      const event = await soonest(next, writing, waiting ? LINGER_MS : limits.bulkIdleMs, request.stopping);
      if (event === 'written') {
        yield await written();
        continue;
      }
      if (event === 'late') {
        if (request.stopping.aborted) continue;
        if (waiting) write();
        else if (writing === undefined) {
          stopped = { reason: 'too_slow', detail: `nothing came for ${limits.bulkIdleMs} ms`, mend: 'Send the rest, or all of it again, under the same Idempotency-Key.' };
          break;
        }
        continue;
      }
      if ('error' in event) {
        // The sender is gone: what it sent whole is kept, and it may send the batch again.
        if (chunk.items.length > 0) {
          await written();
          write();
        }
        await written();
        log.warn({ batch, ...totals }, 'a bulk body was cut off');
        return;
      }
      if (event.done === true) break;
      next = following(source);
      const piece = Buffer.isBuffer(event.value) ? event.value : Buffer.from(String(event.value));
      bytes += piece.length;
      if (bytes > limits.bulkBytes) {
        stopped = { reason: 'too_large', detail: `the body is larger than ${limits.bulkBytes} bytes; what is past them was not read`, mend: 'Send the rest in another body under an Idempotency-Key of its own.' };
        break;
      }
      digest.update(piece);
      for (const line of splitter.push(piece)) {
        take(line);
        if (!isFull()) continue;
        if (writing !== undefined) yield await written();
        write();
      }
    }
    const rest = stopped === undefined ? splitter.end() : undefined;
    if (rest !== undefined) take(rest, true);
    if (writing !== undefined) yield await written();
    if (chunk.items.length > 0) {
      write();
      yield await written();
    }
    const result = stopped === undefined ? digest.result(message.trailers) : 'not given';
    if (stopped?.reason !== 'too_slow' && stopped !== STOPPING) await within(limits.storeTimeoutMs, () => (stopped === undefined ? endSending(intake, sending) : intake.seal(batch)));
    const problem = stopped ?? (result === 'mismatch' ? digestProblem(batch) : undefined);
    if (problem !== undefined) log.warn({ batch, ...totals, reason: problem.reason }, `a bulk body ended badly: ${problem.detail}`);
    yield ending({ batch, complete: problem === undefined, ...totals, digest: result, ...(problem === undefined ? {} : { problem }) });
  } catch (error) {
    log.error({ err: error, batch, ...totals }, 'the store could not keep a chunk of a batch');
    const problem = { ...STORE_DOWN, detail: 'the store could not keep the rest: every line answered so far is kept, no line after it', mend: 'Send the whole batch again under the same Idempotency-Key: what was kept is answered as known.' };
    yield ending({ batch, complete: false, ...totals, digest: 'not given', problem });
  }
  const until = Date.now() + RUN_OUT_MS;
  while (Date.now() < until && !request.stopping.aborted) {
    const event = await soonest(next, undefined, until - Date.now(), request.stopping);
    if (typeof event === 'string' || 'error' in event || event.done === true) return;
    next = following(source);
  }
}

const STOPPING: NonNullable<BulkEnd['problem']> = {
  reason: 'store_unavailable',
  detail: 'the gateway is being stopped; every line answered so far is kept',
  mend: 'Send the whole batch again under the same Idempotency-Key: what was kept is answered as known.',
  retryAfterSeconds: 10,
};

/** undefined for an empty line. */
function readLine(kind: BatchKind, line: Line, { bulkLineBytes }: GatewayLimits, last: boolean): ChunkItem | undefined {
  const { number } = line;
  if ('tooLong' in line) {
    const findings = [{ path: '', message: `the line has ${line.tooLong} bytes; ${bulkLineBytes} is the most` }];
    return { line: number, unread: { line: number, id: null, version: null, raw: line.start, bytes: line.tooLong, sha256: line.sha256, findings } };
  }
  const { bytes } = line;
  if (bytes.every((byte) => byte === 0x20 || byte === 0x09)) return undefined;
  const read = readDocument(kind, bytes, last);
  if (read.ok) return { line: number, document: read.document, raw: bytes };
  return { line: number, unread: unreadLine({ line: number, id: read.id, version: read.version, raw: bytes, findings: read.errors }) };
}

function digestProblem(batch: string): BulkEnd['problem'] {
  return {
    reason: 'digest_mismatch',
    detail: `the body is not the one the digest was made of; what was received stays in batch ${batch}, since each line is a business event of its own`,
    mend: 'Compare the answers with what was meant to be sent, and send the batch again under the same Idempotency-Key: what is right already is answered as known. A record that arrived wrong is corrected by its next version.',
  };
}

const ending = (end: BulkEnd) => `${JSON.stringify(end)}\n`;

type Piece = IteratorResult<unknown> | { readonly error: unknown };

async function following(source: AsyncIterator<unknown>): Promise<Piece> {
  try {
    return await source.next();
  } catch (error) {
    return { error };
  }
}

/** 'late' also where the gateway begins to stop, so that the caller looks. */
async function soonest(next: Promise<Piece>, writing: Promise<unknown> | undefined, ms: number, stopping: AbortSignal): Promise<Piece | 'written' | 'late'> {
  const { promise, resolve, reject } = Promise.withResolvers<Piece | 'written' | 'late'>();
  const late = () => resolve('late');
  const timer = setTimeout(late, ms);
  stopping.addEventListener('abort', late, { once: true });
  next.then(resolve, reject);
  writing?.then(() => resolve('written'), () => resolve('written'));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    stopping.removeEventListener('abort', late);
  }
}
