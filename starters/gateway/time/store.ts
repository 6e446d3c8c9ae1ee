import type { Db } from '../../../store/database.ts';
import { batchStatuses, type BatchStatus } from '../../../store/time/batches.ts';
import { openBatch, receiveRecords, sealBatch, type Batch, type BatchKind, type ReceivedRecord } from '../../../store/time/intake.ts';
import type { TimeDocument } from './documents.ts';

/** What the gateway needs of the store for time. Every promise settles only when what it tells of is durable. */
export interface TimeIntake {
  open(batch: { readonly source: string; readonly kind: BatchKind; readonly idempotencyKey: string }): Promise<Batch>;
  /** One result for each document, in order: all are kept, or none. */
  receive(batch: string, documents: readonly TimeDocument[]): Promise<readonly ReceivedRecord[]>;
  seal(batch: string): Promise<unknown>;
  status(batch: string): Promise<BatchStatus | undefined>;
}

export function storeTimeIntake(db: Db): TimeIntake {
  return {
    open: (batch) => openBatch(db, batch),
    receive: (batch, documents) => receiveRecords(db, batch, documents),
    seal: (batch) => sealBatch(db, batch),
    status: async (batch) => (await batchStatuses(db, { id: batch }))[0],
  };
}
