import { sql } from 'kysely';
import type { Db } from './database.ts';
import { plainText } from './json.ts';

export interface SubmitterNotice {
  /** "timesheet/harvest/1782959:2026-11-16/3" */
  readonly document: string;
  /** E-mail address. */
  readonly submitter: string;
  readonly message: string;
}

const OCCASION = 'refused';

/**
 * Puts what was refused, and how to mend it, into the outbox for whoever submitted it, for a time system that has no way to tell. The same
 * reasons in a row are told once. An address that nobody can have (RFC 2606, "invalid") is left out.
 * @returns whether it is new
 */
export async function tellSubmitter(db: Db, { document, submitter, message }: SubmitterNotice): Promise<boolean> {
  if (submitter.toLowerCase().endsWith('.invalid')) return false;
  const { rows } = await sql`
    with told as (select number, message from notification where case_id = ${document} and occasion = ${OCCASION} order by number desc limit 1)
    insert into notification (case_id, occasion, number, recipient, message)
    select ${document}, ${OCCASION}, coalesce((select number from told), 0) + 1, ${submitter}, ${plainText(message)}
    where not exists (select from told where message = ${plainText(message)})
    on conflict do nothing returning id`.execute(db);
  return rows.length > 0;
}
