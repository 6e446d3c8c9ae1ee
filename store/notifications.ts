import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import type { Db } from './database.ts';
import { plainText } from './json.ts';
import type { NotificationTable } from './schema.ts';

export interface Notification {
  readonly caseId: string;
  /** "opened", "reminder", "escalation", "second_person". */
  readonly occasion: string;
  /** Counts within the occasion: the second reminder is 2. */
  readonly number: number;
  readonly recipient: string;
  readonly message: string;
}

/** Puts a message to a case's owner into the outbox; the same occasion and number of a case only once. @returns whether it is new. */
export async function enqueueNotification(db: Db, notification: Notification): Promise<boolean> {
  const { caseId, occasion, number, recipient, message } = notification;
  const result = await db
    .insertInto('notification')
    .values({ case_id: caseId, occasion, number, recipient, message: plainText(message) })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

export async function pendingNotifications(db: Db, limit = 100): Promise<Selectable<NotificationTable>[]> {
  return await db.selectFrom('notification').selectAll().where('sent_at', 'is', null).orderBy('id').limit(limit).execute();
}

/** @returns false where it was marked before. */
export async function markNotified(db: Db, id: number, via: string): Promise<boolean> {
  const result = await db.updateTable('notification').set({ sent_at: sql`now()`, sent_via: via }).where('id', '=', id).where('sent_at', 'is', null).executeTakeFirst();
  return result.numUpdatedRows > 0n;
}
