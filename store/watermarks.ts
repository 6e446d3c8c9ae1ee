import { sql } from 'kysely';
import type { Instant } from '../domain/dates.ts';
import type { Db } from './database.ts';

/** How far a sweep or an import has read; undefined before its first run. */
export async function readWatermark(db: Db, name: string): Promise<string | undefined> {
  const row = await db.selectFrom('watermark').select('value').where('name', '=', name).executeTakeFirst();
  return row?.value;
}

/**
 * Moves the watermark from the value that was read (null: none yet) to the next one.
 * @returns false where somebody else moved it meanwhile: read it again; nothing changed.
 */
export async function advanceWatermark(db: Db, mark: { readonly name: string; readonly from: string | null; readonly to: string }): Promise<boolean> {
  if (mark.from === null) {
    const inserted = await db.insertInto('watermark').values({ name: mark.name, value: mark.to }).onConflict((conflict) => conflict.doNothing()).executeTakeFirst();
    return (inserted.numInsertedOrUpdatedRows ?? 0n) > 0n;
  }
  const updated = await db.updateTable('watermark').set({ value: mark.to, advanced_at: sql`now()` }).where('name', '=', mark.name).where('value', '=', mark.from).executeTakeFirst();
  return updated.numUpdatedRows > 0n;
}

/** When it was last moved; undefined before its first run. */
export async function watermarkMovedAt(db: Db, name: string): Promise<Instant | undefined> {
  const row = await db.selectFrom('watermark').select('advanced_at').where('name', '=', name).executeTakeFirst();
  return row === undefined ? undefined : new Date(row.advanced_at).toISOString();
}
