import { trace } from '@opentelemetry/api';
import { traceHeaders } from '../../../connectors/http/tracing.ts';
import type { Db } from '../../../store/database.ts';
import { answersAfter, recordsOfBatch, sentAnswers, sentVersions, type AnswersInOrder, type SentAnswer } from '../../../store/sender-answers.ts';
import { keepUnreadLines, markLinesTaken, waitingLines, type UnreadLine, type WaitingLine } from '../../../store/inbox-lines.ts';
import { batchStatuses, type BatchStatus } from '../../../store/time/batches.ts';
import { openBatch, receiveRecords, sealBatch, type Batch, type BatchKind, type ReceivedRecord } from '../../../store/time/intake.ts';
import type { TimeDocument } from './documents.ts';

/** With the lines that an earlier sending left in quarantine. */
export type OpenedBatch = Batch & { readonly waiting: readonly WaitingLine[] };

/** What the gateway needs of the store for time. Every promise settles only when what it tells of is durable. */
export interface TimeIntake {
  open(batch: { readonly source: string; readonly kind: BatchKind; readonly idempotencyKey: string }): Promise<OpenedBatch>;
  /** One result for each document, in order: all are kept, or none. */
  receive(batch: string, documents: readonly TimeDocument[]): Promise<readonly ReceivedRecord[]>;
  /** Keeps lines that cannot be read; `passedOver` lines of this sending were not kept before. @returns inbox numbers in order, null for a line past the bound. */
  quarantine(batch: string, lines: readonly UnreadLine[], passedOver: number): Promise<readonly (number | null)[]>;
  /** Lines in quarantine whose documents came in with another sending of their batch. */
  mended(batch: string, inbox: readonly number[]): Promise<unknown>;
  seal(batch: string): Promise<unknown>;
  status(batch: string): Promise<BatchStatus | undefined>;
  /** What became of each version of a document that this source sent, the oldest first. */
  versions(document: Parameters<typeof sentVersions>[1]): Promise<readonly SentAnswer[]>;
  /** Numbers of the new records of a batch that this source sent; undefined where it sent no such batch. */
  recordsOfBatch(which: Parameters<typeof recordsOfBatch>[1]): Promise<readonly number[] | undefined>;
  answersOf(which: Parameters<typeof sentAnswers>[1]): Promise<readonly SentAnswer[]>;
  /** undefined for a cursor that was never given. */
  answersAfter(which: Parameters<typeof answersAfter>[1]): Promise<AnswersInOrder | undefined>;
}

export function storeTimeIntake(db: Db): TimeIntake {
  return {
    async open(batch) {
      const opened = await openBatch(db, { ...batch, trace: traceHeaders()['traceparent'] });
      trace.getActiveSpan()?.setAttribute('q2c.object', `batch ${opened.id}`);
      return { ...opened, waiting: await waitingLines(db, opened.id) };
    },
    receive: (batch, documents) => receiveRecords(db, batch, documents),
    quarantine: (batch, lines, passedOver) => keepUnreadLines(db, batch, lines, passedOver),
    mended: (batch, ids) => markLinesTaken(db, { ids, batch, by: `sender of batch ${batch}`, disposition: 'sent again with its batch, and read' }),
    seal: (batch) => sealBatch(db, batch),
    versions: (document) => sentVersions(db, document),
    recordsOfBatch: (which) => recordsOfBatch(db, which),
    answersOf: (which) => sentAnswers(db, which),
    answersAfter: (which) => answersAfter(db, which),
    status: async (batch) => (await batchStatuses(db, { id: batch }))[0],
  };
}
