import { keepUnreadLines, LINE_KIND, type UnreadLine } from '../inbox-lines.ts';
import type { Db } from '../database.ts';
import { sha256 } from '../json.ts';
import type { BatchKind } from './intake.ts';

/** A timesheet or expense report that a sweep found and that is no canonical document. */
export interface UnreadSheet {
  /** Which of the documents of its sweep it was, from 1. */
  readonly position: number;
  readonly id: string;
  readonly version: number | null;
  /** As far as it could be read. */
  readonly document: object;
  /** Why it cannot be read, and what to do. */
  readonly why: string;
}

/**
 * Keeps documents of a sweep in quarantine, as unread lines of its batch. One that an earlier sweep kept as it is now is not kept, nor told
 * of, again: sweeps overlap.
 * @param passedOver how many this sweep brought before that were past the bound for keeping them
 * @returns how many of these are past that bound.
 */
export async function keepUnreadSheets(db: Db, batch: { readonly id: string; readonly source: string; readonly kind?: BatchKind }, sheets: readonly UnreadSheet[], passedOver: number): Promise<number> {
  if (sheets.length === 0) return 0;
  const lines = sheets.map(({ position, id, version, document, why }): UnreadLine => {
    const raw = Buffer.from(JSON.stringify(document));
    return { line: position, id, version, raw, bytes: raw.length, sha256: sha256(raw), findings: [{ path: '', message: why }] };
  });
  const kept = await db.selectFrom('inbox').select('content_hash').where('source', '=', batch.source).where('kind', '=', LINE_KIND[batch.kind ?? 'timesheets']).where('content_hash', 'in', lines.map((line) => line.sha256)).execute();
  const known = new Set(kept.map((row) => row.content_hash));
  const numbers = await keepUnreadLines(db, batch.id, lines.filter((line) => !known.has(line.sha256)), passedOver);
  return numbers.filter((number) => number === null).length;
}
