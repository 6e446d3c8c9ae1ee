import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import type { Db } from './database.ts';
import { plainText } from './json.ts';
import type { NotificationTable } from './schema.ts';

export type NotificationRow = Selectable<NotificationTable>;

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

/**
 * Takes the oldest message not sent (and not among those left out), hands it over, and marks it by what `deliver` returns: the way it went, or
 * null where it was not taken. It is locked meanwhile, so that no two senders have the same one; a sender that dies leaves it unmarked.
 * @returns false where there was none
 */
export async function deliverNextNotification(db: Db, leaveOut: readonly number[], deliver: (notification: NotificationRow) => Promise<string | null>): Promise<boolean> {
  return await db.transaction().execute(async (transaction) => {
    const next = await transaction
      .selectFrom('notification')
      .selectAll()
      .where('sent_at', 'is', null)
      .where(sql<boolean>`id <> all(${[...leaveOut]}::bigint[])`)
      .orderBy('id')
      .limit(1)
      .forUpdate()
      .skipLocked()
      .executeTakeFirst();
    if (next === undefined) return false;
    const via = await deliver(next);
    if (via !== null) await transaction.updateTable('notification').set({ sent_at: sql`clock_timestamp()`, sent_via: via }).where('id', '=', next.id).execute();
    return true;
  });
}

/** Messages to the owners of cases, the newest first; 100 unless told. */
export async function listNotifications(db: Db, filter: { readonly pending?: boolean; readonly limit?: number }): Promise<NotificationRow[]> {
  return await db
    .selectFrom('notification')
    .selectAll()
    .$if(filter.pending === true, (query) => query.where('sent_at', 'is', null))
    .orderBy('id', 'desc')
    .limit(filter.limit ?? 100)
    .execute();
}
