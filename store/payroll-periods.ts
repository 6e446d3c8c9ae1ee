import { sql } from 'kysely';
import { payPeriodSchema, type PayPeriod } from '../domain/model/time/periods.ts';
import type { Db } from './database.ts';
import { OVERDUE } from './unposted-labor.ts';

/** A pay period of a legal entity; undefined where there is none of that code. */
export async function payPeriodOf(db: Db, of: { readonly legalEntity: string; readonly payPeriod: string }): Promise<PayPeriod | undefined> {
  const { rows: [row] } = await sql<{ document: unknown }>`select document from time_reference where kind = 'pay_period' and key = ${`${of.legalEntity}|${of.payPeriod}`}`.execute(db);
  return row === undefined ? undefined : payPeriodSchema.parse(row.document);
}

/** Timesheets of a pay period that payroll would miss, by what holds them up. */
export interface OpenForPayroll {
  /** Not decided yet. */
  readonly waiting: number;
  /** Decided, but waiting for another record. */
  readonly held: number;
  /** Returned to the consultant, and no newer version has come. */
  readonly rejected: number;
  /** Accepted, and some of it is not in its ERP: payroll has the hours, the books have not. */
  readonly unposted: number;
}

/** Timesheets of the legal entity's own people whose week touches the period. Of subcontractors payroll knows nothing; a version that a newer one replaced is no longer asked for. */
export async function openForPayroll(db: Db, period: Pick<PayPeriod, 'legalEntity' | 'from' | 'to'>): Promise<OpenForPayroll> {
  const { rows: [counted] } = await sql<OpenForPayroll>`
    with newest as (
      select distinct on (r.system, r.record_id) r.id, r.state, r.person, r.system, r.record_id
      from time_record r
      where r.kind = 'timesheet' and r.legal_entity = ${period.legalEntity}
        and (r.week_start is null or (r.week_start <= ${period.to}::date and r.week_start > ${period.from}::date - 7))
      order by r.system, r.record_id, r.version desc, r.id desc
    ), paid as (
      select newest.id, newest.state, newest.system, newest.record_id from newest left join time_reference p on p.kind = 'person' and p.key = newest.person
      where coalesce(p.document ->> 'kind', 'employee') = 'employee'
    )
    select count(*) filter (where state = 'received')::int as waiting,
      count(*) filter (where state = 'decided' and exists (select from time_outcome o where o.record = paid.id and o.outcome = 'held'))::int as held,
      count(*) filter (where state = 'decided' and exists (select from time_outcome o where o.record = paid.id and o.outcome = 'rejected')
        and not exists (select from time_outcome o where o.record = paid.id and o.outcome = 'held'))::int as rejected,
      count(*) filter (where exists (
        select from time_record v join labor_posting p on p.record = v.id
        where v.kind = 'timesheet' and v.system = paid.system and v.record_id = paid.record_id and ${OVERDUE}))::int as unposted
    from paid`.execute(db);
  return counted ?? { waiting: 0, held: 0, rejected: 0, unposted: 0 };
}

export interface DuePayroll {
  readonly legalEntity: string;
  readonly payPeriod: string;
}

/**
 * Pay periods whose export is to run: those that reach their cutoff within the given hours, and those past it with hours that no export has, or
 * with an export that has not come to its end (rejected lines that nobody has settled included).
 */
export async function duePayrolls(db: Db, { withinHours }: { readonly withinHours: number }): Promise<DuePayroll[]> {
  const { rows } = await sql<DuePayroll>`
    select p.document ->> 'legalEntity' as "legalEntity", p.document ->> 'code' as "payPeriod"
    from time_reference p
    where p.kind = 'pay_period' and (p.document ->> 'cutoffAt')::timestamptz <= now() + make_interval(secs => ${withinHours * 3600})
      and ((p.document ->> 'cutoffAt')::timestamptz > now()
        or exists (select from pay_line l where l.employer = p.document ->> 'legalEntity' and l.pay_period = p.document ->> 'code' and l.payroll_export is null)
        or exists (select from payroll_export e where e.employer = p.document ->> 'legalEntity' and e.pay_period = p.document ->> 'code'
          and (e.state in ('planned', 'sent') or exists (select from payroll_line l where l.export = e.id and l.state = 'rejected'))))
    order by (p.document ->> 'cutoffAt')::timestamptz, 1, 2`.execute(db);
  return rows;
}
