import { sql } from 'kysely';
import type { Instant } from '../../domain/dates.ts';
import type { Db } from '../database.ts';
import { jsonText } from '../json.ts';
import type { JsonValue } from '../json.ts';

/** One thing timesheets are judged by. The kinds and their documents: ARCHITECTURE.md, "Time". */
export interface ReferenceRow {
  readonly kind: string;
  readonly key: string;
  /** What rows of this kind are looked up by: a person, a project number, a legal entity. */
  readonly scope: string;
  readonly document: object;
}

/** Adds or replaces reference rows, all in one statement. Workers notice by the version. @returns how many rows are new or changed */
export async function putReference(db: Db, source: string, rows: readonly ReferenceRow[]): Promise<number> {
  if (rows.length === 0) return 0;
  const distinct = [...new Map(rows.map((row) => [`${row.kind} ${row.key}`, row])).values()];
  const { rows: changed } = await sql<{ changed: number }>`
    with written as (
      insert into time_reference as t (kind, key, scope, document, source)
      select kind, key, scope, document, ${source} from jsonb_to_recordset(${jsonText(distinct)}::jsonb) as r (kind text, key text, scope text, document jsonb)
      on conflict (kind, key) do update set scope = excluded.scope, document = excluded.document, source = excluded.source, updated_at = now()
      where t.document <> excluded.document or t.scope <> excluded.scope or t.source <> excluded.source
      returning 1
    ),
    counted as (select count(*)::integer as changed from written),
    raised as (update time_reference_version set version = version + 1 where (select changed from counted) > 0)
    select changed from counted`.execute(db);
  return changed[0]?.changed ?? 0;
}

/** Takes away what this source gave of a kind and no longer gives. Other sources' rows stay. */
export async function dropReferenceExcept(db: Db, source: string, kind: string, keys: readonly string[]): Promise<void> {
  await sql`
    with dropped as (delete from time_reference where source = ${source} and kind = ${kind} and not (key = any(${[...keys]}::text[])) returning 1)
    update time_reference_version set version = version + 1 where exists (select from dropped)`.execute(db);
}

/** Takes reference rows away. */
export async function dropReference(db: Db, kind: string, keys: readonly string[]): Promise<void> {
  await sql`
    with dropped as (delete from time_reference where kind = ${kind} and key = any(${[...keys]}::text[]) returning 1)
    update time_reference_version set version = version + 1 where exists (select from dropped)`.execute(db);
}

export async function referenceVersion(db: Db): Promise<number> {
  const { rows } = await sql<{ version: number }>`/* prepared: reference_version */ select version from time_reference_version`.execute(db);
  return rows[0]?.version ?? 0;
}

export interface StoredReference {
  readonly kind: string;
  readonly key: string;
  readonly scope: string;
  readonly document: JsonValue;
}

export async function allReference(db: Db): Promise<StoredReference[]> {
  const { rows } = await sql<StoredReference>`select kind, key, scope, document from time_reference order by kind, key`.execute(db);
  return rows;
}

export interface SourcedReference extends StoredReference {
  /** Who gave it. */
  readonly source: string;
  readonly updatedAt: Instant;
}

/** Reference rows by kind, and by key or source where asked for; in the order of their kinds and keys. */
export async function referenceRows(db: Db, wanted: { readonly kind?: string; readonly key?: string; readonly source?: string } = {}): Promise<SourcedReference[]> {
  const { kind = null, key = null, source = null } = wanted;
  const { rows } = await sql<SourcedReference>`
    select kind, key, scope, document, source, updated_at as "updatedAt" from time_reference
    where (${kind}::text is null or kind = ${kind}) and (${key}::text is null or key = ${key}) and (${source}::text is null or source = ${source})
    order by kind, key`.execute(db);
  return rows;
}
