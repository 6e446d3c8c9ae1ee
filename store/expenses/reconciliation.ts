import { sql } from 'kysely';
import type { Db } from '../database.ts';

/** What was received and what became of it, for one legal entity and currency. Amounts are exact decimals. */
export interface ExpenseReconciliation {
  readonly legalEntity: string;
  readonly currency: string;
  readonly received: Count;
  readonly accepted: Count;
  /** Known before, withdrawn, or taken by a later document: nothing of its own to post. */
  readonly settled: Count;
  readonly rejected: Count;
  readonly held: Count;
  readonly undecided: Count;
  /** Of the accepted reports that are in force. */
  readonly inForce: string;
  /** Net of all postings, reversals included: in the ERP, and still to come. */
  readonly posted: string;
  readonly toPost: string;
  /** Every received report has one outcome, and what is in force is what is posted or still to be. */
  readonly agrees: boolean;
}

interface Count {
  readonly reports: number;
  readonly amount: string;
}

/** Compares, for each legal entity and currency, what was received with what became of it, and what is in force with what was posted. */
export async function reconcileExpenses(db: Db): Promise<ExpenseReconciliation[]> {
  const { rows } = await sql<Omit<ExpenseReconciliation, 'agrees'> & { agrees: boolean }>`
    with document as (
      select r.legal_entity, r.document -> 'total' ->> 'currency' as currency, (r.document -> 'total' ->> 'amount')::numeric as amount,
        case when o.outcome is null then 'undecided' when o.outcome in ('repeat', 'withdrawn', 'superseded') then 'settled' when o.outcome = 'returned' then 'rejected' else o.outcome end as fate
      from time_record r left join expense_outcome o on o.record = r.id where r.kind = 'expense'
    ),
    counted as (
      select legal_entity, currency, ${counts(['accepted', 'settled', 'rejected', 'held', 'undecided'])}, jsonb_build_object('reports', count(*), 'amount', sum(amount)::text) as received
      from document group by legal_entity, currency
    ),
    force as (select employer, currency, sum(total) as amount from expense_report where state = 'in_force' group by employer, currency),
    ledger as (
      select employer, currency, coalesce(sum(amount) filter (where state = 'done'), 0) as posted, coalesce(sum(amount) filter (where state in ('planned', 'intent', 'refused')), 0) as open
      from expense_posting group by employer, currency
    )
    select c.legal_entity as "legalEntity", c.currency, c.received, c.accepted, c.settled, c.rejected, c.held, c.undecided,
      coalesce(f.amount, 0)::text as "inForce", coalesce(l.posted, 0)::text as posted, coalesce(l.open, 0)::text as "toPost",
      coalesce(f.amount, 0) = coalesce(l.posted, 0) + coalesce(l.open, 0)
        and (c.received ->> 'reports')::integer = (c.accepted ->> 'reports')::integer + (c.settled ->> 'reports')::integer + (c.rejected ->> 'reports')::integer + (c.held ->> 'reports')::integer + (c.undecided ->> 'reports')::integer as agrees
    from counted c left join force f on f.employer = c.legal_entity and f.currency = c.currency left join ledger l on l.employer = c.legal_entity and l.currency = c.currency
    order by 1, 2`.execute(db);
  return rows;
}

function counts(fates: readonly string[]) {
  return sql.join(fates.map((fate) => sql`jsonb_build_object('reports', count(*) filter (where fate = ${sql.lit(fate)}), 'amount', coalesce(sum(amount) filter (where fate = ${sql.lit(fate)}), 0)::text) as ${sql.id(fate)}`));
}
