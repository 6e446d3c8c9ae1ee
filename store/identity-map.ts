import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import type { Db } from './database.ts';
import { jsonText } from './json.ts';
import type { IdentityMapTable } from './schema.ts';

/** A canonical object and what one system calls it. */
export interface IdentityLink {
  readonly objectType: string;
  readonly canonicalId: string;
  readonly system: string;
  readonly externalId: string;
  readonly url: string | null;
}

export type IdentityRow = Selectable<IdentityMapTable>;

/** The same object would get a second external ID, or the same external ID a second object. Nothing was written. */
export class IdentityConflictError extends Error {
  override readonly name = 'IdentityConflictError';
}

/**
 * Links; linking the same pair again changes nothing but its address.
 * @throws IdentityConflictError where either side is linked to something else: retire the known identity first.
 */
export async function linkIdentity(db: Db, process: string | null, links: readonly IdentityLink[]): Promise<void> {
  if (links.length === 0) return;
  await sayingConflicts(sql`/* prepared: link_identity */
    ${linkingFrom(links, process)}
    ${LINK_CONFLICT}`.execute(db));
}

const LINK_CONFLICT = sql`
  on conflict (object_type, canonical_id, system) where retired_at is null
  do update set external_id = excluded.external_id, url = coalesce(excluded.url, identity_map.url)`;

function linkingFrom(links: readonly IdentityLink[], process: string | null, when = sql`true`) {
  return sql`
    insert into identity_map (object_type, canonical_id, system, external_id, url, process)
    select "objectType", "canonicalId", system, "externalId", url, ${process}::text
    from jsonb_to_recordset(${jsonText(links)}::jsonb) as l ("objectType" text, "canonicalId" text, system text, "externalId" text, url text)
    where ${when}`;
}

/** The part of a statement that links when the named earlier part returned a row. */
export function linkedWhen(part: string, links: readonly IdentityLink[], process: string | null) {
  return sql`${linkingFrom(links, process, sql`exists (select from ${sql.table(part)})`)} ${LINK_CONFLICT}`;
}

export async function externalIdOf(db: Db, object: { readonly objectType: string; readonly canonicalId: string; readonly system: string }): Promise<{ externalId: string; url: string | null } | undefined> {
  return await db
    .selectFrom('identity_map')
    .select(['external_id as externalId', 'url'])
    .where('object_type', '=', object.objectType)
    .where('canonical_id', '=', object.canonicalId)
    .where('system', '=', object.system)
    .where('retired_at', 'is', null)
    .executeTakeFirst();
}

export async function canonicalIdOf(db: Db, record: { readonly objectType: string; readonly system: string; readonly externalId: string }): Promise<string | undefined> {
  const row = await db
    .selectFrom('identity_map')
    .select('canonical_id')
    .where('object_type', '=', record.objectType)
    .where('system', '=', record.system)
    .where('external_id', '=', record.externalId)
    .where('retired_at', 'is', null)
    .executeTakeFirst();
  return row?.canonical_id;
}

/** All identities one process made, retired ones too. */
export async function identitiesOf(db: Db, process: string): Promise<IdentityRow[]> {
  return await db.selectFrom('identity_map').selectAll().where('process', '=', process).orderBy('id').execute();
}

/** Every system's record of one object: what "where is this customer?" asks. */
export async function identitiesOfObject(db: Db, objectType: string, canonicalId: string): Promise<IdentityRow[]> {
  return await db.selectFrom('identity_map').selectAll().where('object_type', '=', objectType).where('canonical_id', '=', canonicalId).orderBy('id').execute();
}

/** Ends an identity and keeps it as history. @returns false where none was live. */
export async function retireIdentity(db: Db, object: { readonly objectType: string; readonly canonicalId: string; readonly system: string; readonly because: string }): Promise<boolean> {
  const result = await db
    .updateTable('identity_map')
    .set({ retired_at: sql`now()`, retired_because: object.because })
    .where('object_type', '=', object.objectType)
    .where('canonical_id', '=', object.canonicalId)
    .where('system', '=', object.system)
    .where('retired_at', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Turns the database's refusal of a second identity into an `IdentityConflictError`. */
export async function sayingConflicts<T>(statement: Promise<T>): Promise<T> {
  try {
    return await statement;
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    if (error.code === 'QC002') throw new IdentityConflictError(error.message, { cause: error });
    if (error.code === '23505' && 'constraint' in error && error.constraint === 'identity_map_external') {
      const detail = 'detail' in error ? String(error.detail) : error.message;
      throw new IdentityConflictError(`this external ID already belongs to another object: ${detail}`, { cause: error });
    }
    throw error;
  }
}
