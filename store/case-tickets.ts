import { sql } from 'kysely';
import type { Instant } from '../domain/dates.ts';
import type { Db } from './database.ts';
import { jsonText } from './json.ts';

/** What of a case its ticket was told: whatever differs from it is news. */
export interface ToldOfCase {
  readonly severity: string;
  readonly owner: string;
  readonly dueAt: Instant | null;
  readonly escalations: number;
  readonly lastChange: string | null;
}

export interface StoredTicket {
  readonly caseId: string;
  readonly desk: string;
  readonly externalId: string;
  readonly number: string | null;
  readonly url: string | null;
  readonly state: 'open' | 'closed' | 'gone';
  readonly told: ToldOfCase;
  readonly closedByHand: boolean;
  readonly closings: number;
}

const TICKET = sql`t.case_id as "caseId", t.desk, t.external_id as "externalId", t.number, t.url, t.state, t.told, t.closed_by_hand as "closedByHand", t.closings`;

/** Open cases without a ticket, and cases that changed or ended since their ticket at this desk was told of them; the longest waiting first. */
export async function casesToBring(db: Db, { desk, limit }: { readonly desk: string; readonly limit: number }): Promise<{ readonly caseId: string; readonly since: Instant }[]> {
  const { rows } = await sql<{ caseId: string; since: string }>`
    select c.case_id as "caseId", c.updated_at as since
    from exception_case c left join case_ticket t on t.case_id = c.case_id
    where (t.case_id is null and c.state = 'open') or (t.desk = ${desk} and t.state = 'open' and (c.state <> 'open' or c.updated_at > t.told_at))
    order by c.updated_at, c.case_id limit ${limit}`.execute(db);
  return rows.map(({ caseId, since }) => ({ caseId, since: new Date(since).toISOString() }));
}

export async function ticketOf(db: Db, caseId: string): Promise<StoredTicket | undefined> {
  return (await ticketsOf(db, [caseId]))[0];
}

export async function ticketsOf(db: Db, caseIds: readonly string[]): Promise<StoredTicket[]> {
  const { rows } = await sql<StoredTicket>`select ${TICKET} from case_ticket t where t.case_id = any(${[...caseIds]}::text[]) order by t.case_id`.execute(db);
  return rows;
}

/** Tickets at this desk whose cases are open, as far as it has been told. */
export async function openTickets(db: Db, desk: string): Promise<StoredTicket[]> {
  const { rows } = await sql<StoredTicket>`select ${TICKET} from case_ticket t join exception_case c on c.case_id = t.case_id where t.desk = ${desk} and t.state = 'open' and c.state = 'open' order by t.case_id`.execute(db);
  return rows;
}

/** The case has its ticket; the same again changes nothing. */
export async function keepTicket(db: Db, ticket: Pick<StoredTicket, 'caseId' | 'desk' | 'externalId' | 'url' | 'told'> & { readonly toldAt: string }): Promise<void> {
  const { caseId, desk, externalId, url, told, toldAt } = ticket;
  await sql`
    insert into case_ticket (case_id, desk, external_id, url, told, told_at) values (${caseId}, ${desk}, ${externalId}, ${url}, ${jsonText(told)}::jsonb, ${toldAt}::timestamptz)
    on conflict (case_id) do nothing`.execute(db);
}

/** @param change.toldAt the `updated_at` of the case as it was told */
export async function ticketTold(db: Db, change: { readonly caseId: string; readonly told: ToldOfCase; readonly toldAt: string }): Promise<void> {
  await sql`update case_ticket set told = ${jsonText(change.told)}::jsonb, told_at = ${change.toldAt}::timestamptz where case_id = ${change.caseId}`.execute(db);
}

export async function ticketEnded(db: Db, caseId: string, state: 'closed' | 'gone'): Promise<void> {
  await sql`update case_ticket set state = ${state} where case_id = ${caseId}`.execute(db);
}

export async function ticketNumbered(db: Db, caseId: string, number: string): Promise<void> {
  await sql`update case_ticket set number = ${number} where case_id = ${caseId} and number is distinct from ${number}`.execute(db);
}

/** Somebody closed the ticket at the desk, or opened it again. Each closing counts. */
export async function ticketClosedByHand(db: Db, caseId: string, closed: boolean): Promise<void> {
  await sql`update case_ticket set closed_by_hand = ${closed}, closings = closings + ${closed ? 1 : 0} where case_id = ${caseId} and closed_by_hand <> ${closed}`.execute(db);
}
