import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { BatchKind } from '../../../store/time/intake.ts';
import { readJson } from '../body.ts';
import { STORE_DOWN, within } from '../delivery.ts';
import type { GatewayLimits } from '../deps.ts';
import type { Refusal } from '../problem.ts';
import { count, keepChunk, newChunk, type RecordAnswer, type Totals } from './chunk.ts';
import { sha256Of } from './digest.ts';
import { checkDocument } from './documents.ts';
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

/** Takes one document or an array of them out of a body that is there as a whole: the valid ones are durable when this returns. */
export async function takeSmall({ kind, source, idempotencyKey, body, digest, intake, limits }: SmallRequest): Promise<SmallResult> {
  if (digest !== undefined && sha256Of(digest) !== createHash('sha256').update(body).digest('base64')) {
    return refused({ reason: 'digest_mismatch', detail: 'the SHA-256 of the body is another than the digest header says; nothing was kept', mend: 'Send the whole body again, with the digest of exactly these bytes.' });
  }
  const read = readJson(body, limits.nesting);
  if (!read.ok) return refused({ reason: 'malformed', detail: read.detail, mend: 'Send one document or an array of documents as JSON in UTF-8.' });
  const isList = Array.isArray(read.value);
  const values = z.array(z.unknown()).parse(isList ? read.value : [read.value]);
  if (values.length === 0) return refused({ reason: 'schema', detail: 'the array is empty', mend: 'Send at least one document.' });
  const text = body.toString('utf8');
  const chunk = newChunk();
  values.forEach((value, index) => {
    const checked = checkDocument(kind, value, text);
    chunk.items.push(checked.ok ? { line: index + 1, document: checked.document } : { line: index + 1, id: checked.id, version: checked.version, status: 'invalid', errors: checked.errors });
  });
  const invalid = chunk.items.flatMap((item) => ('errors' in item ? [{ at: item.line - 1, errors: item.errors }] : []));
  if (invalid.length === chunk.items.length) {
    return refused({
      reason: 'schema',
      detail: `${values.length === 1 ? 'the document does' : `all ${values.length} documents do`} not follow the schema; nothing was kept`,
      mend: 'Mend each error and send it again.',
      errors: invalid.flatMap(({ at, errors }) => errors.map(({ path, message }) => ({ path: isList ? [at, path].join('.').replace(/\.$/, '') : path, message }))).slice(0, 50),
    });
  }
  try {
    return await within(limits.storeTimeoutMs, async () => {
      const { id } = await intake.open({ source, kind, idempotencyKey });
      const records = await keepChunk(intake, id, chunk, limits.storeTimeoutMs);
      await intake.seal(id);
      const totals: Totals = { lines: 0, received: 0, known: 0, invalid: 0 };
      count(totals, records);
      return { outcome: 'kept', answer: { batch: id, ...totals, records } };
    });
  } catch (cause) {
    return { ...refused(STORE_DOWN), cause };
  }
}

function refused(refusal: Refusal): { readonly outcome: 'refused'; readonly refusal: Refusal } {
  return { outcome: 'refused', refusal };
}
