import type { Failure } from '../domain/failure.ts';
import type { Db } from '../store/database.ts';
import { openBatch, sealBatch, type BatchKind } from '../store/time/intake.ts';
import { keepUnreadSheets, type UnreadSheet } from '../store/time/unread-sheets.ts';

const CHUNK = 200;

interface Unreadable {
  readonly id: string;
  readonly version: number | null;
  readonly document: object;
  readonly failure: Failure;
}

export interface Taken {
  readonly received: number;
  readonly known: number;
}

export interface SweptBatch<Document> {
  put(read: { readonly document: Document } | { readonly unreadable: Unreadable }): Promise<void>;
  /** Takes in what was put until now. */
  take(): Promise<void>;
}

/**
 * Takes in what a sweep of a time system reads, as one batch and some at a time; what cannot be read lies in quarantine. Where the system
 * fails before its end, all that came until then is taken.
 */
export async function takeSwept<Document>(
  db: Db,
  terms: {
    readonly system: string;
    readonly kind: BatchKind;
    readonly since: string;
    /** Of documents under one name that come close together the last counts; left out where each does. */
    readonly nameOf?: (document: Document) => string;
    readonly receive: (batch: string, documents: readonly Document[]) => Promise<Taken>;
    /** How many came until now. */
    readonly progress: (documents: number) => void;
  },
  read: (batch: SweptBatch<Document>) => Promise<void>,
): Promise<Taken & { readonly unreadable: number }> {
  const { system, kind, since, nameOf, receive, progress } = terms;
  const batch = await openBatch(db, { source: system, kind, idempotencyKey: `sweep/${since}` });
  const counts = { received: 0, known: 0, unreadable: 0 };
  let chunk = new Map<string | number, Document>();
  let unread: UnreadSheet[] = [];
  let position = 0;
  let notKept = 0;

  async function take(): Promise<void> {
    const { received, known } = await receive(batch.id, [...chunk.values()]);
    counts.received += received;
    counts.known += known;
    chunk = new Map();
    notKept += await keepUnreadSheets(db, { id: batch.id, source: system, kind }, unread, notKept);
    counts.unreadable += unread.length;
    unread = [];
    progress(counts.received + counts.known + counts.unreadable);
  }

  async function put(one: Parameters<SweptBatch<Document>['put']>[0]): Promise<void> {
    position += 1;
    if ('document' in one) {
      chunk.set(nameOf?.(one.document) ?? position, one.document);
    } else {
      const { id, version, document, failure } = one.unreadable;
      unread.push({ position, id, version, document, why: `${failure.message} ${failure.mend}` });
    }
    if (chunk.size + unread.length >= CHUNK) await take();
  }

  try {
    await read({ put, take });
  } finally {
    await take();
    await sealBatch(db, batch.id);
  }
  return counts;
}
