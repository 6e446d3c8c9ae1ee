import { sql } from 'kysely';
import type { Db } from '../database.ts';
import { linkIdentity } from '../identity-map.ts';
import { jsonText } from '../json.ts';

/** Whose record in an HR system an e-mail address stands for. */
export interface PersonIdentity {
  readonly email: string;
  /** HR's own ID. */
  readonly externalId: string;
}

const PERSON = 'person';

/** HR's own IDs by e-mail address, as the last sync left them. */
export async function personIdentities(db: Db, hr: string): Promise<Map<string, string>> {
  const rows = await db.selectFrom('identity_map').select(['canonical_id as email', 'external_id as externalId']).where('object_type', '=', PERSON).where('system', '=', hr).where('retired_at', 'is', null).execute();
  return new Map(rows.map(({ email, externalId }) => [email, externalId]));
}

/** Links addresses and records; what either stood for before is kept as history. Call it within a transaction. */
export async function identifyPersons(db: Db, hr: string, process: string, people: readonly PersonIdentity[]): Promise<void> {
  if (people.length === 0) return;
  await sql`
    update identity_map as m set retired_at = now(), retired_because = 'HR gave the address to another record, or the record another address'
    from jsonb_to_recordset(${jsonText(people)}::jsonb) as p (email text, "externalId" text)
    where m.object_type = ${PERSON} and m.system = ${hr} and m.retired_at is null
      and ((m.canonical_id = p.email and m.external_id <> p."externalId") or (m.external_id = p."externalId" and m.canonical_id <> p.email))`.execute(db);
  await linkIdentity(db, process, people.map(({ email, externalId }) => ({ objectType: PERSON, canonicalId: email, system: hr, externalId, url: null })));
}
