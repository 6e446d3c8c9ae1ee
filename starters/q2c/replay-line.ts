import type { Db } from '../../store/database.ts';
import { isCut, markLinesTaken } from '../../store/inbox-lines.ts';
import type { InboxEvent } from '../../store/inbox.ts';
import { sha256 } from '../../store/json.ts';
import { receiveRecords, sealBatch, type BatchKind } from '../../store/time/intake.ts';
import type { Finding } from '../gateway/problem.ts';
import { valueRefusal } from '../gateway/time/chunk.ts';
import { readDocument } from '../gateway/time/documents.ts';
import type { Replay, Replayed } from './replay.ts';

/**
 * Reads a kept line of a batch by the schema of today, or a mended document in its place, and takes it into the batch it came with. The line
 * stays in the inbox as it came; the audit trail says what was taken for it.
 */
export async function replayLine(db: Db, kind: BatchKind, event: InboxEvent, { by, reason, mended }: Replay): Promise<Replayed> {
  if (event.state === 'dispatched') return { outcome: 'waiting' };
  if (mended === undefined && isCut(event)) return unreadable(`only the first ${event.raw_body.length} bytes of this line are kept: give the whole document with --with <file>`);
  const bytes = mended ?? event.raw_body;
  const read = readDocument(kind, bytes);
  if (!read.ok) return { outcome: 'unreadable', findings: read.errors };
  const { id, version } = read.document;
  const meant = idOf(event);
  if (meant !== null && meant !== id) return unreadable(`the file holds ${id}; the kept line is about ${meant}`);
  const batch = event.business_key;
  let status: string | undefined;
  try {
    status = (await receiveRecords(db, batch, [read.document]))[0]?.status;
  } catch (error) {
    const findings = valueRefusal(error);
    if (findings === undefined) throw error;
    return { outcome: 'unreadable', findings };
  }
  await sealBatch(db, batch);
  const disposition = `${mended === undefined ? 'read again' : 'a mended document taken for it'} by ${by}: ${reason} (${id} version ${version}, ${status ?? ''})`;
  await markLinesTaken(db, { ids: [event.id], batch, by, disposition, details: { document: id, version, sha256: sha256(bytes) } });
  return { outcome: 'replayed', object: `${id} version ${version} in batch ${batch}`, others: 0 };
}

function unreadable(message: string): { readonly outcome: 'unreadable'; readonly findings: readonly Finding[] } {
  return { outcome: 'unreadable', findings: [{ path: '', message }] };
}

function idOf({ payload }: InboxEvent): string | null {
  return payload !== null && typeof payload === 'object' && 'id' in payload && typeof payload['id'] === 'string' ? payload['id'] : null;
}
