import { sql } from 'kysely';
import type { Db } from './database.ts';

/** A line that was planned just now is on its way. */
const ON_ITS_WAY = '5 minutes';

/** On `labor_posting p`: accepted, and not in its ERP, refused there, in doubt or failing, or planned for longer than a moment. */
export const OVERDUE = sql`(p.state <> 'done' and p.state <> 'cancelled' and (p.state in ('refused', 'in_doubt', 'not_done') or p.planned_at < now() - ${sql.lit(ON_ITS_WAY)}::interval))`;

/** Labor of an accounting period that is in no ERP, with the end of the period's books. */
export interface UnpostedLabor {
  readonly closesAt: string;
  readonly past: boolean;
  readonly timesheets: number;
  readonly lines: number;
  /** Of the lines: those a person has to see to. */
  readonly refused: number;
  readonly inDoubt: number;
  readonly systems: readonly string[];
}

/** Undefined for an accounting period that is not known. */
export async function unpostedLabor(db: Db, of: { readonly legalEntity: string; readonly accountingPeriod: string }): Promise<UnpostedLabor | undefined> {
  const { rows: [row] } = await sql<UnpostedLabor>`
    select a.document->>'closesAt' as "closesAt", (a.document->>'closed')::boolean or (a.document->>'closesAt')::timestamptz <= now() as past,
      count(distinct p.record)::integer as timesheets, count(p.key)::integer as lines, count(*) filter (where p.state = 'refused')::integer as refused,
      count(*) filter (where p.state = 'in_doubt' or (p.state = 'refused' and p.error->>'kind' = 'in_doubt'))::integer as "inDoubt",
      coalesce(array_agg(distinct p.system order by p.system) filter (where p.key is not null), '{}') as systems
    from time_reference a left join labor_posting p on p.legal_entity = ${of.legalEntity} and p.accounting_period = ${of.accountingPeriod} and ${OVERDUE}
    where a.kind = 'accounting_period' and a.key = ${`${of.legalEntity}|${of.accountingPeriod}`} group by a.document`.execute(db);
  return row;
}

/** Accounting periods with labor that is in no ERP, whose books close within the given hours or have closed: those of a legal entity with hours of its own by them. */
export async function booksAtRisk(db: Db, withinHours: (legalEntity: string) => number, now: Date): Promise<readonly { readonly legalEntity: string; readonly accountingPeriod: string }[]> {
  const { rows } = await sql<{ legalEntity: string; accountingPeriod: string; closesAt: string; closed: boolean }>`
    select open.legal_entity as "legalEntity", open.accounting_period as "accountingPeriod", a.document->>'closesAt' as "closesAt", (a.document->>'closed')::boolean as closed
    from (select distinct p.legal_entity, p.accounting_period from labor_posting p where ${OVERDUE}) as open
    join time_reference a on a.kind = 'accounting_period' and a.key = open.legal_entity || '|' || open.accounting_period order by 3, 1, 2`.execute(db);
  return rows.filter(({ legalEntity, closesAt, closed }) => closed || Date.parse(closesAt) <= now.getTime() + withinHours(legalEntity) * 3_600_000).map(({ legalEntity, accountingPeriod }) => ({ legalEntity, accountingPeriod }));
}
