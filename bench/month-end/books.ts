import pg from 'pg';
import type { Timesheet } from '../../domain/model/time/timesheet.ts';
import type { Booking } from '../../domain/rules/timesheet/book.ts';
import type { TimesheetDecision } from '../../domain/rules/timesheet/validate.ts';
import type { Posted } from './work.ts';

/**
 * What a peer's application keeps in PostgreSQL of a timesheet: the same rows that our line leaves of it (outcomes, accepted entries, lines posted to the
 * ERP, pay lines, facts of the warehouse), with primary keys and no further index. Each part in one statement, so in one transaction.
 */
export interface PeerBooks {
  decided(sheet: Timesheet, decision: TimesheetDecision, booking: Booking): Promise<void>;
  posted(sheet: Timesheet, posted: readonly Posted[]): Promise<void>;
  close(): Promise<void>;
}

export function openBooks(storeUrl: string, connections: number): PeerBooks {
  const pool = new pg.Pool({ connectionString: storeUrl, max: connections, application_name: 'peer' });
  // The next statement opens a new connection.
  pool.on('error', () => undefined);
  return {
    async decided(sheet, decision, { entries, postings, payLines }) {
      await pool.query({ name: 'decided', text: DECIDED, values: [sheet.id, sheet.version, ...[outcomesOf(sheet, decision), entries.map(({ labor }) => labor), postings, payLines].map((rows) => JSON.stringify(rows))] });
    },
    async posted(sheet, posted) {
      await pool.query({ name: 'posted', text: POSTED, values: [sheet.id, sheet.version, JSON.stringify(posted)] });
    },
    close: () => pool.end(),
  };
}

function outcomesOf(sheet: Timesheet, { accepted, rejected, held }: TimesheetDecision): object[] {
  const refused = new Map(rejected.map(({ entry, findings }) => [entry, findings]));
  const waiting = new Map(held.map(({ entry, reason }) => [entry, reason]));
  const taken = new Set(accepted.map(({ entry }) => `${entry.id}@${entry.version}`));
  return sheet.entries.map((entry, position) => {
    const findings = refused.get(entry) ?? [];
    const reason = waiting.get(entry);
    const outcome = reason !== undefined ? 'held' : findings.length === 0 && taken.has(`${entry.id}@${entry.version}`) ? 'accepted' : 'rejected';
    return { position, entry_id: entry.id, entry_version: entry.version, outcome, codes: reason === undefined ? findings.map(({ code }) => code) : [reason.code], findings: reason === undefined ? findings : [reason] };
  });
}

const DECIDED = `
  with outcomes as (
    insert into peer_outcome (timesheet, version, position, entry_id, entry_version, outcome, codes, findings)
    select $1, $2::integer, position, entry_id, entry_version, outcome, codes, findings
    from jsonb_to_recordset($3::jsonb) as o (position integer, entry_id text, entry_version integer, outcome text, codes text[], findings jsonb) on conflict do nothing),
  entries as (
    insert into peer_entry (entry_id, entry_version, timesheet, version, person, work_date, project_number, legal_entity, employer, hours, currency, billed, written_off, labor)
    select l -> 'entry' ->> 'id', (l -> 'entry' ->> 'version')::integer, $1, $2::integer, l -> 'entry' ->> 'person', (l -> 'entry' ->> 'workDate')::date, l ->> 'projectNumber', l ->> 'legalEntity', l ->> 'employer',
      (l -> 'entry' ->> 'hours')::numeric, l -> 'billing' -> 'amount' ->> 'currency', (l -> 'billing' -> 'amount' ->> 'amount')::numeric, (l -> 'billing' -> 'writtenOff' ->> 'amount')::numeric, l
    from jsonb_array_elements($4::jsonb) as e (l) on conflict do nothing),
  lines as (
    insert into peer_labor_line (key, timesheet, version, hours, currency, amount, line)
    select l ->> 'key', $1, $2::integer, (l ->> 'hours')::numeric, l -> 'billing' -> 'amount' ->> 'currency', (l -> 'billing' -> 'amount' ->> 'amount')::numeric, l
    from jsonb_array_elements($5::jsonb) as e (l) on conflict do nothing)
  insert into peer_pay_line (key, timesheet, version, employer, pay_period, person, work_date, pay_code, multiplier, hours, cost_center, project_number)
  select key, $1, $2::integer, employer, "payPeriod", person, "workDate", "payCode", multiplier, hours, "costCenter", "projectNumber"
  from jsonb_to_recordset($6::jsonb) as p (key text, employer text, "payPeriod" text, person text, "workDate" date, "payCode" text, multiplier numeric, hours numeric, "costCenter" text, "projectNumber" text) on conflict do nothing`;

const POSTED = `
  with lines as (
    update peer_labor_line l set external_id = p."externalId", refusal = p.refusal, done_at = now()
    from jsonb_to_recordset($3::jsonb) as p (key text, "externalId" text, refusal text) where l.key = p.key),
  facts as (
    insert into peer_fact (entry_id, entry_version, timesheet, person, work_date, project_number, labor_category, legal_entity, employer, cost_center, accounting_period, employer_period, pay_period, billing_status, hours, currency, billed, written_off, cost, cost_currency, transfer, transfer_currency)
    select entry_id, entry_version, timesheet, person, work_date, project_number, labor ->> 'laborCategory', legal_entity, employer, labor ->> 'costCenter', labor ->> 'accountingPeriod', labor ->> 'employerPeriod', labor ->> 'payPeriod', labor -> 'billing' ->> 'status',
      hours, currency, billed, written_off, (labor -> 'cost' ->> 'amount')::numeric, labor -> 'cost' ->> 'currency', (labor -> 'transfer' -> 'amount' ->> 'amount')::numeric, labor -> 'transfer' -> 'amount' ->> 'currency'
    from peer_entry where timesheet = $1 and version = $2::integer on conflict do nothing)
  insert into peer_done (timesheet, version) values ($1, $2::integer) on conflict do nothing`;

export async function createPeerTables(storeUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: storeUrl });
  await client.connect();
  try {
    await client.query(`
      create table peer_outcome (timesheet text, version integer, position integer, entry_id text not null, entry_version integer not null, outcome text not null, codes text[] not null, findings jsonb not null, decided_at timestamptz(3) not null default now(), primary key (timesheet, version, position));
      create table peer_entry (entry_id text, entry_version integer, timesheet text not null, version integer not null, person text not null, work_date date not null, project_number text not null, legal_entity text not null, employer text not null, hours numeric not null, currency text not null, billed numeric not null, written_off numeric not null, labor jsonb not null, primary key (entry_id, entry_version));
      create index on peer_entry (timesheet, version);
      create table peer_labor_line (key text primary key, timesheet text not null, version integer not null, hours numeric not null, currency text not null, amount numeric not null, line jsonb not null, external_id text, refusal text, done_at timestamptz(3));
      create table peer_pay_line (key text primary key, timesheet text not null, version integer not null, employer text not null, pay_period text not null, person text not null, work_date date not null, pay_code text not null, multiplier numeric not null, hours numeric not null, cost_center text not null, project_number text not null);
      create table peer_fact (entry_id text, entry_version integer, timesheet text not null, person text not null, work_date date not null, project_number text not null, labor_category text not null, legal_entity text not null, employer text not null, cost_center text not null, accounting_period text not null, employer_period text not null, pay_period text, billing_status text not null, hours numeric not null, currency text not null, billed numeric not null, written_off numeric not null, cost numeric, cost_currency text, transfer numeric, transfer_currency text, primary key (entry_id, entry_version));
      create table peer_done (timesheet text, version integer, at timestamptz(3) not null default now(), primary key (timesheet, version))`);
  } finally {
    await client.end();
  }
}
