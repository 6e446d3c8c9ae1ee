import { sql } from 'kysely';
import type { Db } from './database.ts';
import { jsonText } from './json.ts';

/** A project as the warehouse knows it. Amounts and rates are decimal strings, days YYYY-MM-DD. */
export interface PublishedProject {
  readonly client: { readonly id: string; readonly name: string; readonly country: string | null; readonly parentId: string | null };
  readonly project: {
    readonly id: string;
    readonly number: string;
    readonly name: string;
    readonly legalEntity: string;
    readonly region: string;
    readonly serviceLine: string;
    readonly billingMethod: string;
    readonly currency: string;
    readonly startDate: string;
    readonly endDate: string | null;
  };
  readonly deal: { readonly crm: string; readonly opportunityId: string; readonly version: string };
  readonly process: string;
  readonly rates: readonly { readonly laborCategory: string; readonly unit: string; readonly from: string; readonly to: string | null; readonly rate: string; readonly currency: string }[];
  /** What the deal is worth in this project, by currency. */
  readonly bookings: readonly { readonly amount: string; readonly currency: string; readonly bookedOn: string }[];
}

/** Puts the project, its client, rates and booked value into the warehouse, or brings them up to date: the same again changes nothing but its time. */
export async function publishProject(db: Db, published: PublishedProject): Promise<void> {
  const { client, project, deal } = published;
  await db.transaction().execute(async (transaction) => {
    await sql`
      insert into reporting.dim_client (client_id, name, country, parent_client_id)
      values (${client.id}, ${client.name}, ${client.country}, ${client.parentId})
      on conflict (client_id) do update set name = excluded.name, country = excluded.country, parent_client_id = excluded.parent_client_id, published_at = now()`.execute(transaction);
    await sql`
      insert into reporting.dim_project
        (project_id, number, name, client_id, legal_entity, region, service_line, billing_method, currency, start_date, end_date, crm, opportunity_id, deal_version, process)
      values (${project.id}, ${project.number}, ${project.name}, ${client.id}, ${project.legalEntity}, ${project.region}, ${project.serviceLine}, ${project.billingMethod},
        ${project.currency}, ${project.startDate}, ${project.endDate}, ${deal.crm}, ${deal.opportunityId}, ${deal.version}, ${published.process})
      on conflict (project_id) do update set
        number = excluded.number, name = excluded.name, client_id = excluded.client_id, legal_entity = excluded.legal_entity, region = excluded.region,
        service_line = excluded.service_line, billing_method = excluded.billing_method, currency = excluded.currency, start_date = excluded.start_date,
        end_date = excluded.end_date, deal_version = excluded.deal_version, process = excluded.process, published_at = now(), withdrawn_at = null, withdrawn_because = null`.execute(transaction);
    await sql`delete from reporting.dim_rate where project_id = ${project.id}`.execute(transaction);
    await sql`
      insert into reporting.dim_rate (project_id, labor_category, unit, valid_from, valid_to, rate, currency)
      select ${project.id}, "laborCategory", unit, "from", "to", rate, currency
      from jsonb_to_recordset(${jsonText(published.rates)}::jsonb) as r ("laborCategory" text, unit text, "from" date, "to" date, rate numeric, currency text)`.execute(transaction);
    await sql`delete from reporting.fact_booking where project_id = ${project.id}`.execute(transaction);
    await sql`
      insert into reporting.fact_booking (project_id, currency, amount, booked_on)
      select ${project.id}, currency, amount, "bookedOn"
      from jsonb_to_recordset(${jsonText(published.bookings)}::jsonb) as b (amount numeric, currency text, "bookedOn" date)`.execute(transaction);
  });
}

/** Takes a project's value out of the bookings and marks it withdrawn; the project itself stays as history. @returns false where it was not published. */
export async function withdrawProject(db: Db, withdrawal: { readonly projectId: string; readonly because: string }): Promise<boolean> {
  const { rows } = await sql<{ withdrawn: boolean }>`
    with withdrawn as (
      update reporting.dim_project set withdrawn_at = coalesce(withdrawn_at, now()), withdrawn_because = coalesce(withdrawn_because, ${withdrawal.because})
      where project_id = ${withdrawal.projectId} returning project_id
    ),
    unbooked as (delete from reporting.fact_booking b using withdrawn w where b.project_id = w.project_id)
    select exists (select from withdrawn) as withdrawn`.execute(db);
  return rows[0]?.withdrawn === true;
}

export interface ReportedProject {
  readonly projectId: string;
  readonly number: string;
  readonly legalEntity: string;
  readonly withdrawnAt: string | null;
  readonly bookings: readonly { readonly currency: string; readonly amount: string }[];
}

/** What the warehouse says of one project; undefined where it was never published. */
export async function reportedProject(db: Db, projectId: string): Promise<ReportedProject | undefined> {
  const { rows } = await sql<ReportedProject>`
    select p.project_id as "projectId", p.number, p.legal_entity as "legalEntity", p.withdrawn_at as "withdrawnAt",
      coalesce((select jsonb_agg(jsonb_build_object('currency', b.currency, 'amount', b.amount::text) order by b.currency)
        from reporting.fact_booking b where b.project_id = p.project_id), '[]') as bookings
    from reporting.dim_project p where p.project_id = ${projectId}`.execute(db);
  return rows[0];
}
