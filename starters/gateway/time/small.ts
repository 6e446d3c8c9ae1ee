import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { BatchKind } from '../../../store/time/intake.ts';
import { readJson } from '../body.ts';
import { STORE_DOWN, within } from '../delivery.ts';
import type { GatewayLimits } from '../deps.ts';
import type { Refusal } from '../problem.ts';
import { count, endSending, keepChunk, newChunk, newSending, unreadLine, type Chunk, type RecordAnswer, type Sending, type Totals } from './chunk.ts';
import { sha256Of } from './digest.ts';
import { checkDocument } from './documents.ts';
import { elementsOf } from './elements.ts';
import type { TimeIntake } from './store.ts';

export interface SmallAnswer extends Totals {
  readonly batch: string;
  readonly records: readonly RecordAnswer[];
}

export type SmallResult = { readonly outcome: 'kept'; readonly answer: SmallAnswer } | { readonly outcome: 'refused'; readonly refusal: Refusal; readonly cause?: unknown };

export interface SmallRequest {
  readonly kind: BatchKind;
  readonly source: string;
  readonly idempotencyKey: string;
  readonly body: Buffer;
  readonly digest: string | undefined;
  readonly intake: TimeIntake;
  readonly limits: GatewayLimits;
}

/**
 * Takes one document or an array of them out of a body that is there as a whole: the valid ones are durable when this returns, the others in
 * quarantine. Of a body with none that is valid the sender hears by a refusal.
 */
export async function takeSmall({ kind, source, idempotencyKey, body, digest, intake, limits }: SmallRequest): Promise<SmallResult> {
  if (digest !== undefined && sha256Of(digest) !== createHash('sha256').update(body).digest('base64')) {
    return refused({ reason: 'digest_mismatch', detail: 'the SHA-256 of the body is another than the digest header says; nothing was kept', mend: 'Send the whole body again, with the digest of exactly these bytes.' });
  }
  if (body.length === 0) return refused({ reason: 'malformed', detail: 'the body is empty', mend: MEND_BODY });
  const opened = openBody(kind, body, limits.nesting);
  if (opened.empty) return refused({ reason: 'schema', detail: 'the array is empty', mend: 'Send at least one document.' });
  try {
    return await within(limits.storeTimeoutMs, async () => {
      const sending = newSending(await intake.open({ source, kind, idempotencyKey }));
      const records = await keepChunk(intake, sending, opened.chunk, limits.storeTimeoutMs);
      await endSending(intake, sending);
      const totals: Totals = { lines: 0, received: 0, known: 0, invalid: 0 };
      count(totals, records);
      if (totals.invalid === totals.lines) return refused(nothingRead(opened, records, sending));
      return { outcome: 'kept', answer: { batch: sending.batch, ...totals, records } };
    });
  } catch (cause) {
    return { ...refused(STORE_DOWN), cause };
  }
}

const MEND_BODY = 'Send one document or an array of documents as JSON in UTF-8.';

interface OpenedBody {
  readonly chunk: Chunk;
  readonly isList: boolean;
  readonly empty: boolean;
  /** Why the body is not JSON that can be read. */
  readonly malformed?: string;
}

function openBody(kind: BatchKind, body: Buffer, nesting: number): OpenedBody {
  const chunk = newChunk();
  const read = readJson(body, nesting);
  if (!read.ok) {
    chunk.items.push({ line: 1, unread: unreadLine({ line: 1, id: null, version: null, raw: body, findings: [{ path: '', message: read.detail }] }) });
    return { chunk, isList: false, empty: false, malformed: read.detail };
  }
  const isList = Array.isArray(read.value);
  const values = z.array(z.unknown()).parse(isList ? read.value : [read.value]);
  const text = body.toString('utf8');
  const texts = isList ? elementsOf(text) : [text];
  values.forEach((value, index) => {
    const line = index + 1;
    const raw = Buffer.from(texts[index] ?? JSON.stringify(value));
    const checked = checkDocument(kind, value, text);
    chunk.items.push(checked.ok ? { line, document: checked.document, raw } : { line, unread: unreadLine({ line, id: checked.id, version: checked.version, raw, findings: checked.errors }) });
  });
  return { chunk, isList, empty: values.length === 0 };
}

function nothingRead({ malformed, isList }: OpenedBody, records: readonly RecordAnswer[], { batch, unread, passedOver }: Sending): Refusal {
  const kept = `kept in quarantine (inbox ${[...unread].join(', ')}, batch ${batch}${passedOver === 0 ? '' : `; ${passedOver} more were only counted`})`;
  if (malformed !== undefined) return { reason: 'malformed', detail: `${malformed}; it is ${kept}`, mend: MEND_BODY };
  return {
    reason: 'schema',
    detail: records.length === 1 ? `the document does not follow the schema and is ${kept}` : `all ${records.length} documents do not follow the schema and are ${kept}`,
    mend: 'Mend each error and send it again under the same Idempotency-Key, or mend our schema or mapping and replay it with "q2c replay <inbox number>".',
    errors: records.flatMap(({ line, errors = [] }) => errors.map(({ path, message }) => ({ path: isList ? [line - 1, path].join('.').replace(/\.$/, '') : path, message }))).slice(0, 50),
  };
}

function refused(refusal: Refusal): { readonly outcome: 'refused'; readonly refusal: Refusal } {
  return { outcome: 'refused', refusal };
}
