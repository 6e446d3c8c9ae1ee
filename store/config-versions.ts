import { sql } from 'kysely';
import type { Db } from './database.ts';
import { jsonText } from './json.ts';
import type { JsonValue } from './json.ts';
import { listen } from './listen.ts';
import type { Listener } from './listen.ts';

export const CONFIG_CHANNEL = 'q2c_config';

/** Keeps a validated configuration under its content hash; the same hash again changes nothing. */
export async function storeConfig(db: Db, config: { readonly hash: string; readonly document: unknown; readonly files: Readonly<Record<string, string>> }): Promise<void> {
  await db
    .insertInto('config_version')
    .values({ hash: config.hash, document: jsonText(config.document), files: jsonText(config.files) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/**
 * Makes a stored configuration the one in force, and tells listeners. Activating what is in force already changes nothing.
 * @throws Error for a hash that was never stored.
 */
export async function activateConfig(db: Db, activation: { readonly hash: string; readonly by: string }): Promise<{ changed: boolean; previous: string | null }> {
  const { hash, by } = activation;
  return await db.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(hashtext('q2c config activation'))`.execute(transaction);
    const stored = await transaction.selectFrom('config_version').select('hash').where('hash', '=', hash).executeTakeFirst();
    if (stored === undefined) throw new Error(`configuration ${hash} cannot be activated: it is not in the store. Store it first.`);
    const latest = await transaction.selectFrom('config_activation').select('hash').orderBy('id', 'desc').limit(1).executeTakeFirst();
    const previous = latest?.hash ?? null;
    if (previous === hash) return { changed: false, previous };
    await transaction.insertInto('config_activation').values({ hash, previous, activated_by: by }).execute();
    await transaction
      .insertInto('audit_trail')
      .values({ process: null, actor: by, action: 'config.activated', object: `configuration ${hash}`, system: null, message: `${by} activated configuration ${hash}`, details: jsonText({ hash, previous }) })
      .execute();
    await sql`select pg_notify(${CONFIG_CHANNEL}, ${hash})`.execute(transaction);
    return { changed: true, previous };
  });
}

export interface ActiveConfig {
  readonly hash: string;
  readonly document: JsonValue;
  readonly activatedAt: string;
}

export async function activeConfig(db: Db): Promise<ActiveConfig | undefined> {
  return await db
    .selectFrom('config_activation as a')
    .innerJoin('config_version as v', 'v.hash', 'a.hash')
    .select(['a.hash', 'v.document', 'a.activated_at as activatedAt'])
    .orderBy('a.id', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** The hash in force, without the document: cheap to ask often. */
export async function activeConfigHash(db: Db): Promise<string | undefined> {
  const row = await db.selectFrom('config_activation').select('hash').orderBy('id', 'desc').limit(1).executeTakeFirst();
  return row?.hash;
}

export async function configByHash(db: Db, hash: string): Promise<{ hash: string; document: JsonValue; files: Record<string, string>; storedAt: string } | undefined> {
  return await db.selectFrom('config_version').select(['hash', 'document', 'files', 'stored_at as storedAt']).where('hash', '=', hash).executeTakeFirst();
}

export async function configHistory(db: Db, limit = 100): Promise<{ hash: string; previous: string | null; activatedBy: string; activatedAt: string }[]> {
  return await db
    .selectFrom('config_activation')
    .select(['hash', 'previous', 'activated_by as activatedBy', 'activated_at as activatedAt'])
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
}

/** Tells of each activation with its hash; once with an empty string after each (re)connection. */
export async function listenConfig(url: string, onActivated: (hash: string) => void): Promise<Listener> {
  return await listen(url, CONFIG_CHANNEL, onActivated);
}
