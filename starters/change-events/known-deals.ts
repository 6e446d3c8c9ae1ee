import { sql } from 'kysely';
import type { Db } from '../../store/database.ts';

/** Those of some deals that the line has to do with already: a process knows them, or an event of theirs is in the inbox. */
export async function knownDeals(db: Db, crm: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ readonly id: string }>`/* prepared: known_deals */
    select d.id from unnest(${[...ids]}::text[]) as d (id)
    where exists (select from deal_process p where p.crm = ${crm} and p.opportunity_id = d.id)
      or exists (select from inbox i where i.source = ${crm} and i.business_key = d.id)`.execute(db);
  return new Set(rows.map(({ id }) => id));
}
