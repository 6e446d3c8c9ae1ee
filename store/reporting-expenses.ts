import { sql } from 'kysely';
import type { Db } from './database.ts';
import { jsonText } from './json.ts';

/**
 * Brings the warehouse up to date with what the decision about a received report changed: dimensions first, then one fact for each line of
 * each booking. The same again changes nothing.
 * @returns how many facts were new or changed
 */
export async function publishExpenseFacts(db: Db, record: number, categories: readonly { readonly code: string; readonly name: string }[]): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    with line as materialized (
      select r.system, r.report_id, r.version, r.booking, r.state, r.person, r.employer, p.key as posting_key, p.accounting_period, l.*
      from expense_report r join expense_posting p on p.key = r.posting_key,
        jsonb_to_recordset(p.posting -> 'lines') as l (id text, kind text, category text, "incurredOn" date, "projectNumber" text, "legalEntity" text, "costCenter" text, country text, amount jsonb, "recoverableTax" jsonb, billed jsonb)
      where r.record = ${record} or r.changed_by = ${record}
    ),
    days as (
      insert into reporting.dim_date (day, iso_year, iso_week, month, quarter, weekday)
      select distinct "incurredOn", extract(isoyear from "incurredOn")::integer, extract(week from "incurredOn")::integer, to_char("incurredOn", 'YYYY-MM'), to_char("incurredOn", 'YYYY"-Q"Q'), extract(isodow from "incurredOn")::integer from line
      on conflict do nothing
    ),
    people as (insert into reporting.dim_person (person, employer) select person, max(employer) from line group by person on conflict (person) do nothing),
    projects as (
      insert into reporting.dim_time_project (project_number, legal_entity, currency)
      select "projectNumber", max("legalEntity"), coalesce(max(t.document ->> 'currency'), max(billed ->> 'currency'), max(amount ->> 'currency'))
      from line left join time_reference t on t.kind = 'project' and t.key = "projectNumber" group by "projectNumber"
      on conflict (project_number) do nothing
    ),
    categories as (
      insert into reporting.dim_expense_category as d (category, name)
      select distinct line.category, coalesce(c.name, line.category) from line left join jsonb_to_recordset(${jsonText(categories)}::jsonb) as c (code text, name text) on c.code = line.category
      on conflict (category) do update set name = excluded.name, updated_at = now() where d.name <> excluded.name
    ),
    facts as (
      insert into reporting.fact_expense as f
        (source_system, report_id, report_version, booking, line_id, state, person, incurred_on, project_number, category, kind, legal_entity, employer, cost_center, country, accounting_period,
         currency, amount, recoverable_tax, billed, billed_currency, posting_key)
      select system, report_id, version, booking, id, state, person, "incurredOn", "projectNumber", category, kind, "legalEntity", employer, "costCenter", country, accounting_period,
        amount ->> 'currency', (amount ->> 'amount')::numeric, ("recoverableTax" ->> 'amount')::numeric, (billed ->> 'amount')::numeric, billed ->> 'currency', posting_key
      from line
      on conflict (source_system, report_id, report_version, booking, line_id) do update set state = excluded.state, published_at = now() where f.state <> excluded.state
      returning 1
    )
    select count(*)::integer as n from facts`.execute(db);
  return rows[0]?.n ?? 0;
}
