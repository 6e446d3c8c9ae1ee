import { sql } from 'kysely';
import type { Db } from './database.ts';

/**
 * Brings the warehouse up to date with what the decisions about these records changed: dimensions first, then one fact for each entry version.
 * The same again changes nothing.
 * @returns how many facts were new or changed
 */
export async function publishTimeFacts(db: Db, records: readonly number[]): Promise<number> {
  if (records.length === 0) return 0;
  const { rows } = await sql<{ n: number }>`
    with entry as materialized (
      select e.* from unnest(${[...records]}::bigint[]) as r (id) cross join lateral (select * from time_entry where changed_by = r.id offset 0) as e
    ),
    days as (
      insert into reporting.dim_date (day, iso_year, iso_week, month, quarter, weekday)
      select distinct work_date, extract(isoyear from work_date)::integer, extract(week from work_date)::integer, to_char(work_date, 'YYYY-MM'), to_char(work_date, 'YYYY"-Q"Q'), extract(isodow from work_date)::integer from entry
      on conflict do nothing
    ),
    people as (
      insert into reporting.dim_person as d (person, employer) select person, max(employer) from entry group by person
      on conflict (person) do update set employer = excluded.employer, updated_at = now() where d.employer <> excluded.employer
    ),
    projects as (
      insert into reporting.dim_time_project as d (project_number, legal_entity, currency) select project_number, max(legal_entity), max(currency) from entry group by project_number
      on conflict (project_number) do update set legal_entity = excluded.legal_entity, currency = excluded.currency, updated_at = now() where (d.legal_entity, d.currency) <> (excluded.legal_entity, excluded.currency)
    ),
    categories as (
      insert into reporting.dim_labor_category (labor_category) select distinct labor ->> 'laborCategory' from entry on conflict do nothing
    ),
    facts as (
      insert into reporting.fact_time as f
        (source_system, entry_id, entry_version, state, timesheet_id, person, work_date, project_number, labor_category, legal_entity, employer, cost_center, accounting_period, employer_period, pay_period,
         billing_status, hours, currency, billed, written_off, cost, cost_currency, transfer, transfer_currency)
      select system, entry_id, version, state, timesheet_id, person, work_date, project_number, labor ->> 'laborCategory', legal_entity, employer, labor ->> 'costCenter', labor ->> 'accountingPeriod', labor ->> 'employerPeriod', labor ->> 'payPeriod',
        labor -> 'billing' ->> 'status', hours, currency, billed, written_off, (labor -> 'cost' ->> 'amount')::numeric, labor -> 'cost' ->> 'currency', (labor -> 'transfer' -> 'amount' ->> 'amount')::numeric, labor -> 'transfer' -> 'amount' ->> 'currency'
      from entry
      on conflict (source_system, entry_id, entry_version) do update set
        state = excluded.state, timesheet_id = excluded.timesheet_id, person = excluded.person, work_date = excluded.work_date, project_number = excluded.project_number, labor_category = excluded.labor_category,
        legal_entity = excluded.legal_entity, employer = excluded.employer, cost_center = excluded.cost_center, accounting_period = excluded.accounting_period, employer_period = excluded.employer_period, pay_period = excluded.pay_period,
        billing_status = excluded.billing_status, hours = excluded.hours, currency = excluded.currency, billed = excluded.billed, written_off = excluded.written_off, cost = excluded.cost,
        cost_currency = excluded.cost_currency, transfer = excluded.transfer, transfer_currency = excluded.transfer_currency, published_at = now()
      where (f.state, f.timesheet_id, f.person, f.work_date, f.project_number, f.labor_category, f.legal_entity, f.employer, f.cost_center, f.accounting_period, f.employer_period, f.pay_period, f.billing_status, f.hours, f.currency, f.billed, f.written_off, f.cost, f.cost_currency, f.transfer, f.transfer_currency)
        is distinct from (excluded.state, excluded.timesheet_id, excluded.person, excluded.work_date, excluded.project_number, excluded.labor_category, excluded.legal_entity, excluded.employer, excluded.cost_center, excluded.accounting_period, excluded.employer_period, excluded.pay_period, excluded.billing_status, excluded.hours, excluded.currency, excluded.billed, excluded.written_off, excluded.cost, excluded.cost_currency, excluded.transfer, excluded.transfer_currency)
      returning 1
    )
    select count(*)::integer as n from facts`.execute(db);
  return rows[0]?.n ?? 0;
}
