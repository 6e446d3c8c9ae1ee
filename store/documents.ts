import { sql } from 'kysely';
import type { Db } from './database.ts';
import { canonicalJson, sha256 } from './json.ts';

/** The reference under which a document is or would be kept: SHA-256 of its canonical JSON. */
export function documentRef(body: unknown): string {
  return sha256(canonicalJson(body));
}

/** Claim check: keeps a document once, whoever brings it, and gives the reference that workflows carry instead of it. */
export async function putDocument(db: Db, document: { readonly kind: string; readonly schemaVersion: number; readonly body: unknown }): Promise<string> {
  const body = canonicalJson(document.body);
  const ref = sha256(body);
  await sql`/* prepared: put_document */
    insert into document (ref, kind, schema_version, body) values (${ref}, ${document.kind}, ${document.schemaVersion}::integer, ${body})
    on conflict (ref) do nothing`.execute(db);
  return ref;
}

export interface StoredDocument {
  readonly kind: string;
  readonly schemaVersion: number;
  readonly body: unknown;
}

/** @throws Error when the store has no such document, or what it has does not match its reference. */
export async function getDocument(db: Db, ref: string): Promise<StoredDocument> {
  const { rows } = await sql<{ kind: string; schema_version: number; body: string }>`/* prepared: get_document */
    select kind, schema_version, body from document where ref = ${ref}`.execute(db);
  const row = rows[0];
  if (row === undefined) throw new Error(`the store has no document ${ref}`);
  if (sha256(row.body) !== ref) throw new Error(`document ${ref} (${row.kind}) was changed in the store: its content no longer matches its reference`);
  const body: unknown = JSON.parse(row.body);
  return { kind: row.kind, schemaVersion: row.schema_version, body };
}
