import { sql } from 'kysely';
import type { Db } from '../database.ts';
import { jsonText } from '../json.ts';
import type { JsonValue } from '../json.ts';

export type ExpensePostingState = 'planned' | 'intent' | 'done' | 'refused' | 'cancelled';

export interface StoredExpensePosting {
  readonly key: string;
  readonly system: string;
  readonly employer: string;
  readonly kind: 'original' | 'reversal';
  readonly state: ExpensePostingState;
  readonly externalId: string | null;
  readonly url: string | null;
  readonly posting: JsonValue;
  /** Of a reversal: where what it takes back stands. */
  readonly original: ExpensePostingState | null;
}

const COLUMNS = sql`p.key, p.system, p.employer, p.kind, p.state, p.external_id as "externalId", p.url, p.posting, (select o.state from expense_posting o where o.key = p.reverses) as original`;

export async function postingOf(db: Db, key: string): Promise<StoredExpensePosting | undefined> {
  const { rows } = await sql<StoredExpensePosting>`select ${COLUMNS} from expense_posting p where p.key = ${key}`.execute(db);
  return rows[0];
}

/** What a record's decision planned, the reversal first. */
export async function postingsOfRecord(db: Db, record: number): Promise<StoredExpensePosting[]> {
  const { rows } = await sql<StoredExpensePosting>`select ${COLUMNS} from expense_posting p where p.record = ${record} order by p.kind desc, p.key`.execute(db);
  return rows;
}

/** Begins a posting, unless it was cancelled or is done: from here on it can only be reversed. @returns whether it may be written */
export async function beginPosting(db: Db, key: string): Promise<boolean> {
  const { rows } = await sql`update expense_posting set state = 'intent' where key = ${key} and state in ('planned', 'refused', 'intent') returning key`.execute(db);
  return rows.length > 0;
}

export async function postingDone(db: Db, key: string, written: { readonly externalId: string; readonly url: string | null }): Promise<void> {
  await sql`update expense_posting set state = 'done', external_id = ${written.externalId}, url = ${written.url}, error = null, done_at = coalesce(done_at, now()) where key = ${key} and state = 'intent'`.execute(db);
}

/**
 * Certainly not written: it can still be cancelled; where a decision takes it back already it is, with its reversal.
 * @param state refused: for a person · planned: tried again
 */
export async function postingNotDone(db: Db, key: string, state: 'planned' | 'refused', error: object): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await sql`update expense_posting set state = ${state}, error = ${jsonText(error)}::jsonb where key = ${key} and state = 'intent'`.execute(transaction);
    await sql`
      with pair as (
        select o.key as original, v.key as reversal from expense_posting o join expense_posting v on v.reverses = o.key
        where o.key = ${key} and o.state in ('planned', 'refused') and v.state = 'planned'
      )
      update expense_posting p set state = 'cancelled', error = null from pair where p.key in (pair.original, pair.reversal)`.execute(transaction);
  });
}
