import { sql } from 'kysely';
import type { Db } from '../database.ts';
import { jsonText } from '../json.ts';
import type { JsonValue } from '../json.ts';
import { cancelOriginals } from './cancelled.ts';
import { endOvertakenRefusals, knowWhatCameLate, untellRefusals, type AcceptedLate } from './overtaken.ts';
import type { StoredRecord } from './records.ts';

/** Outcomes that may still change. */
const OPEN = sql`('rejected', 'held')`;

/**
 * Keeps other decisions about the same people and capped projects out until this transaction ends: what is decided rests on what was
 * decided before. Locks are taken in one order, so that no two decisions wait for each other.
 */
export async function lockForDecision(db: Db, names: readonly string[]): Promise<void> {
  await sql`select pg_advisory_xact_lock(74, h) from (select distinct hashtext(n) as h from unnest(${[...names]}::text[]) as n order by 1) as keys`.execute(db);
}

/** The same for what a decision finds it needs besides, without waiting: it may hold what another waits for. @returns whether it got all of them */
export async function tryLockForDecision(db: Db, names: readonly string[]): Promise<boolean> {
  const { rows } = await sql<{ got: boolean }>`select pg_try_advisory_xact_lock(74, h) as got from (select distinct hashtext(n) as h from unnest(${[...names]}::text[]) as n order by 1) as keys`.execute(db);
  return rows.every(({ got }) => got);
}

export interface OpenPosition {
  readonly record: number;
  readonly position: number;
  readonly outcome: 'rejected' | 'held';
  readonly codes: readonly string[];
}

/** Positions of records whose outcome may still change. */
export async function openPositions(db: Db, records: readonly number[]): Promise<OpenPosition[]> {
  const { rows } = await sql<OpenPosition>`
    select record, position, outcome, codes from time_outcome where record = any(${[...records]}::bigint[]) and outcome in ${OPEN} order by record, position`.execute(db);
  return rows;
}

/** Records with entries that wait, of these people or for one of these things, except the given ones. */
export async function heldRecordsOf(db: Db, people: readonly string[], things: readonly string[], except: readonly number[]): Promise<StoredRecord[]> {
  const { rows } = await sql<StoredRecord>`
    select r.id, r.system, r.record_id as "recordId", r.version, r.person, r.legal_entity as "legalEntity", r.document, r.state
    from (
        select own.id from unnest(${[...people]}::text[]) as p (person) cross join lateral (select id from time_record where person = p.person offset 0) as own
        union
        select record from time_outcome where outcome = 'held' and waits_for = any(${[...things]}::text[])
      ) as near join time_record r on r.id = near.id
    where r.state = 'decided' and r.kind = 'timesheet' and not (r.id = any(${[...except]}::bigint[]))
      and (select true from time_outcome o where o.record = r.id and o.outcome = 'held' limit 1)
    order by r.id`.execute(db);
  return rows;
}

/** These records, held before, were decided together with another: whoever works on that one sees to their postings. */
export async function noteReleased(db: Db, records: readonly number[], by: number): Promise<void> {
  if (records.length === 0) return;
  await sql`update time_record set released_by = ${by} where id = any(${[...records]}::bigint[])`.execute(db);
}

export interface PostedRow {
  readonly state: 'in_force' | 'superseded' | 'reversed';
  readonly generation: number;
  readonly postedGeneration: number;
  readonly labor: JsonValue;
}

/** Accepted entries that took the place of one of these or gave it, through however many steps. Few have any: each step is one look into two small indexes. @param entries "system\u0001id" */
async function linkedTo(db: Db, entries: readonly string[]): Promise<string[]> {
  const seen = new Set(entries);
  for (let asked = [...seen]; asked.length > 0; ) {
    const ids = asked.map((entry) => entry.slice(entry.indexOf('\u0001') + 1));
    const { rows } = await sql<{ system: string; id: string; replaces: string }>`
      select system, entry_id as id, replaces_id as replaces from time_entry where replaces_id = any(${ids}::text[])
      union all
      select system, entry_id, replaces_id from time_entry where entry_id = any(${ids}::text[]) and replaces_id is not null`.execute(db);
    asked = [...new Set(rows.flatMap(({ system, id, replaces }) => [`${system}\u0001${id}`, `${system}\u0001${replaces}`]))].filter((entry) => !seen.has(entry));
    for (const entry of asked) seen.add(entry);
  }
  return [...seen].slice(new Set(entries).size);
}

/** Everything accepted that a decision about these people has to know: their entries around the dates, all of the given timesheets and entry IDs, and what took the place of one of these entries or gave it, through however many steps. */
export async function postedAround(db: Db, around: { readonly people: readonly string[]; readonly from: string; readonly to: string; readonly timesheets: readonly string[]; readonly entries: readonly string[] }): Promise<PostedRow[]> {
  const entries = [...around.entries, ...(await linkedTo(db, around.entries))];
  const { rows } = await sql<PostedRow>`
    with wanted as materialized (
      select e.ctid as place from unnest(${[...around.people]}::text[]) as p (person) cross join lateral (
        select ctid from time_entry where person = p.person and work_date between ${around.from}::date and ${around.to}::date offset 0) as e
      union
      select e.ctid from unnest(${[...around.timesheets]}::text[]) as t (name) cross join lateral (
        select ctid from time_entry where system = split_part(t.name, chr(1), 1) and timesheet_id = split_part(t.name, chr(1), 2) offset 0) as e
      union
      select e.ctid from unnest(${entries}::text[]) as t (name) cross join lateral (
        select ctid from time_entry where system = split_part(t.name, chr(1), 1) and entry_id = split_part(t.name, chr(1), 2) offset 0) as e
    )
    select e.state, e.generation, e.posted_generation as "postedGeneration", e.labor from wanted cross join lateral (select * from time_entry where ctid = wanted.place offset 0) as e`.execute(db);
  return rows;
}

interface VersionRow {
  /** The time system: another may use the same ID for something else. */
  readonly system: string;
  readonly id: string;
  readonly version: number;
}

/** Versions of entries by these IDs, of whichever time system, that were received and refused, with what each would have replaced, and the refused ones among those in turn. */
export async function refusedAmong(db: Db, ids: readonly string[]): Promise<(VersionRow & { readonly replaces: { readonly id: string; readonly version: number } | null })[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<VersionRow & { replaces: { id: string; version: number } | null }>`
    with recursive refused as (
      select r.system, o.entry_id as id, o.entry_version as version, r.document->'entries'->o.position->'replaces' as replaces
      from time_outcome o join time_record r on r.id = o.record
      where o.entry_id = any(${[...ids]}::text[]) and o.outcome in ('rejected', 'returned') and r.document->'entries'->o.position->>'id' = o.entry_id
      union
      select r.system, o.entry_id, o.entry_version, r.document->'entries'->o.position->'replaces'
      from refused by join time_outcome o on o.entry_id = by.replaces->>'id' join time_record r on r.id = o.record and r.system = by.system
      where o.outcome in ('rejected', 'returned') and r.document->'entries'->o.position->>'id' = o.entry_id
    )
    select system, id, version, nullif(replaces, 'null'::jsonb) as replaces from refused`.execute(db);
  return rows;
}

/** Withdrawals of timesheets by these IDs, of whichever time system. */
export async function withdrawalsOf(db: Db, timesheets: readonly string[]): Promise<(VersionRow & { readonly at: string })[]> {
  if (timesheets.length === 0) return [];
  const { rows } = await sql<VersionRow & { at: string }>`select system, timesheet_id as id, timesheet_version as version, at from time_withdrawal where timesheet_id = any(${[...timesheets]}::text[])`.execute(db);
  return rows;
}

/** Approved versions of timesheets by these IDs that were decided before, except the given records. Arrays, so that each is one look into the index. */
export async function approvedVersions(db: Db, { systems, ids }: { readonly systems: readonly string[]; readonly ids: readonly string[] }, except: readonly number[]): Promise<JsonValue[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<{ document: JsonValue }>`
    select r.document from time_record r
    where r.kind = 'timesheet' and r.system = any(${[...systems]}::text[]) and r.record_id = any(${[...ids]}::text[]) and r.state = 'decided' and r.document->'approval'->>'status' = 'approved' and not (r.id = any(${[...except]}::bigint[])) order by r.id`.execute(db);
  return rows.map(({ document }) => document);
}

/** What was let pass of entries by these IDs, of whichever time system. */
export async function waiversOf(db: Db, entries: readonly string[]): Promise<(VersionRow & { readonly code: string; readonly by: string })[]> {
  if (entries.length === 0) return [];
  const { rows } = await sql<VersionRow & { code: string; by: string }>`select system, entry_id as id, entry_version as version, code, waived_by as by from time_waiver where entry_id = any(${[...entries]}::text[])`.execute(db);
  return rows;
}

export interface CapUse {
  readonly used: string;
  readonly currency: string;
  /** The first day of which something is written off. */
  readonly writtenOffFrom: string | null;
}

/** What is billed on these projects, all time: as it is kept, or counted from the entries in force where nothing is kept yet. */
export async function capsUsed(db: Db, projects: readonly string[]): Promise<ReadonlyMap<string, CapUse>> {
  if (projects.length === 0) return new Map();
  const { rows: kept } = await sql<CapUse & { projectNumber: string }>`
    select project_number as "projectNumber", used, currency,
      (select min(e.work_date)::text from time_entry e where e.project_number = c.project_number and e.state = 'in_force' and e.written_off > 0) as "writtenOffFrom"
    from time_cap c where project_number = any(${[...projects]}::text[])`.execute(db);
  const used = new Map(kept.map(({ projectNumber, ...use }) => [projectNumber, use]));
  const uncounted = projects.filter((number) => !used.has(number));
  if (uncounted.length === 0) return used;
  const { rows: counted } = await sql<CapUse & { projectNumber: string }>`
    select project_number as "projectNumber", sum(billed) as used, max(currency) as currency, min(work_date) filter (where written_off > 0)::text as "writtenOffFrom"
    from time_entry where project_number = any(${uncounted}::text[]) and state = 'in_force' group by project_number`.execute(db);
  for (const { projectNumber, ...use } of counted) used.set(projectNumber, use);
  return used;
}

/** Original postings of the given keys, as they were planned. */
export async function postingLines(db: Db, keys: readonly string[]): Promise<readonly { readonly key: string; readonly line: JsonValue }[]> {
  if (keys.length === 0) return [];
  const { rows } = await sql<{ key: string; line: JsonValue }>`select key, line from labor_posting where key = any(${[...keys]}::text[])`.execute(db);
  return rows;
}

export interface OutcomeRow {
  readonly record: number;
  readonly position: number;
  readonly entryId: string;
  readonly entryVersion: number;
  readonly outcome: 'accepted' | 'repeat' | 'rejected' | 'held' | 'returned' | 'withdrawn';
  readonly codes: readonly string[];
  readonly findings: readonly unknown[];
  readonly waitsFor: string | null;
  /** Refused for nothing but the cap of this project. */
  readonly roomIn: string | null;
}

export interface EntryRow {
  readonly record: number;
  /** Not in force where the same decision took it back again. */
  readonly state: 'in_force' | 'superseded' | 'reversed';
  readonly system: string;
  readonly entryId: string;
  readonly version: number;
  readonly timesheetId: string;
  readonly timesheetVersion: number;
  readonly person: string;
  readonly workDate: string;
  readonly projectNumber: string;
  readonly legalEntity: string;
  readonly employer: string;
  readonly hours: string;
  readonly currency: string;
  readonly billed: string;
  readonly writtenOff: string;
  readonly generation: number;
  readonly postedGeneration: number;
  readonly labor: object;
}

export interface DecisionRows {
  readonly decided: readonly number[];
  readonly outcomes: readonly OutcomeRow[];
  readonly entries: readonly EntryRow[];
  readonly ended: readonly { readonly record: number; readonly system: string; readonly entryId: string; readonly version: number; readonly state: 'superseded' | 'reversed' }[];
  readonly postings: readonly { readonly key: string; readonly record: number; readonly system: string; readonly legalEntity: string; readonly accountingPeriod: string; readonly kind: string; readonly reverses: string | null; readonly hours: string; readonly currency: string; readonly amount: string; readonly line: object }[];
  readonly payLines: readonly (Readonly<Record<string, unknown>> & { readonly key: string; readonly record: number })[];
  /** What is billed more, or with a minus less, than before. */
  readonly caps: readonly { readonly projectNumber: string; readonly currency: string; readonly billed: string }[];
  readonly withdrawals: readonly { readonly system: string; readonly timesheetId: string; readonly version: number; readonly at: string; readonly record: number }[];
  readonly answers: readonly { readonly record: number; readonly kind: 'reject' | 'lock'; readonly system: string; readonly detail: object }[];
  /** Entries that came into force after a newer version of their timesheet had been decided. */
  readonly acceptedLate: readonly AcceptedLate[];
}

/** Writes down what was decided, in the caller's transaction. An ended entry is ended before its successor is written. */
export async function writeDecision(db: Db, rows: DecisionRows): Promise<void> {
  if (rows.caps.length > 0) {
    // Before any entry is written: what is not kept yet is counted from the entries as they were. In one order, so that no two decisions wait for each other.
    await sql`
      insert into time_cap as c (project_number, currency, used)
      select r."projectNumber", r.currency, r.billed + case when exists (select from time_cap k where k.project_number = r."projectNumber") then 0
        else (select coalesce(sum(e.billed), 0) from time_entry e where e.project_number = r."projectNumber" and e.state = 'in_force') end
      from jsonb_to_recordset(${jsonText(rows.caps)}::jsonb) as r ("projectNumber" text, currency text, billed numeric) order by 1
      on conflict (project_number) do update set used = c.used + (select d.billed from jsonb_to_recordset(${jsonText(rows.caps)}::jsonb) as d ("projectNumber" text, billed numeric) where d."projectNumber" = c.project_number)`.execute(db);
  }
  if (rows.outcomes.length > 0) {
    await sql`
      insert into time_outcome as o (record, position, entry_id, entry_version, outcome, codes, findings, waits_for, room_in)
      select record, position, "entryId", "entryVersion", outcome, codes, findings, "waitsFor", "roomIn"
      from jsonb_to_recordset(${jsonText(rows.outcomes)}::jsonb) as r (record bigint, position integer, "entryId" text, "entryVersion" integer, outcome text, codes text[], findings jsonb, "waitsFor" text, "roomIn" text)
      on conflict (record, position) do update set outcome = excluded.outcome, codes = excluded.codes, findings = excluded.findings, waits_for = excluded.waits_for, room_in = excluded.room_in, decided_at = now()
      where o.outcome in ${OPEN} or (o.outcome = 'returned' and o.room_in is not null)`.execute(db);
  }
  if (rows.ended.length > 0) {
    await sql`
      update time_entry e set state = r.state, changed_by = r.record, changed_at = now()
      from jsonb_to_recordset(${jsonText(rows.ended)}::jsonb) as r (record bigint, system text, "entryId" text, version integer, state text)
      where e.system = r.system and e.entry_id = r."entryId" and e.version = r.version`.execute(db);
  }
  if (rows.entries.length > 0) {
    await sql`
      insert into time_entry as e (system, entry_id, version, record, timesheet_id, timesheet_version, person, work_date, state, project_number, legal_entity, employer, hours, currency, billed, written_off, labor, generation, posted_generation, changed_by)
      select system, "entryId", version, record, "timesheetId", "timesheetVersion", person, "workDate", state, "projectNumber", "legalEntity", employer, hours, currency, billed, "writtenOff", labor, generation, "postedGeneration", record
      from jsonb_to_recordset(${jsonText(rows.entries)}::jsonb) as r (record bigint, state text, system text, "entryId" text, version integer, "timesheetId" text, "timesheetVersion" integer, person text, "workDate" date, "projectNumber" text, "legalEntity" text, employer text, hours numeric, currency text, billed numeric, "writtenOff" numeric, labor jsonb, generation integer, "postedGeneration" integer)
      on conflict (system, entry_id, version) do update set timesheet_id = excluded.timesheet_id, timesheet_version = excluded.timesheet_version, person = excluded.person, work_date = excluded.work_date, state = excluded.state, project_number = excluded.project_number,
        legal_entity = excluded.legal_entity, employer = excluded.employer, hours = excluded.hours, currency = excluded.currency, billed = excluded.billed, written_off = excluded.written_off, labor = excluded.labor, generation = excluded.generation,
        posted_generation = excluded.posted_generation, changed_by = excluded.changed_by, changed_at = now()`.execute(db);
  }
  if (rows.postings.length > 0) {
    const cancelled = await cancelOriginals(db, rows.postings.flatMap(({ reverses, record }) => (reverses === null ? [] : [{ reverses, record }])));
    await sql`
      insert into labor_posting (key, record, system, legal_entity, accounting_period, kind, reverses, hours, currency, amount, line, state)
      select key, record, system, "legalEntity", "accountingPeriod", kind, reverses, hours, currency, amount, line, case when reverses = any(${[...cancelled]}::text[]) then 'cancelled' else 'planned' end
      from jsonb_to_recordset(${jsonText(rows.postings)}::jsonb) as r (key text, record bigint, system text, "legalEntity" text, "accountingPeriod" text, kind text, reverses text, hours numeric, currency text, amount numeric, line jsonb)`.execute(db);
  }
  if (rows.payLines.length > 0) {
    await sql`
      insert into pay_line (key, record, kind, employer, pay_period, person, work_date, pay_code, multiplier, hours, cost_center, project_number, entry_system, entry_id, entry_version)
      select key, record, kind, employer, "payPeriod", person, "workDate", "payCode", multiplier, hours, "costCenter", "projectNumber", "entrySystem", "entryId", "entryVersion"
      from jsonb_to_recordset(${jsonText(rows.payLines)}::jsonb) as r (key text, record bigint, kind text, employer text, "payPeriod" text, person text, "workDate" date, "payCode" text, multiplier numeric, hours numeric, "costCenter" text, "projectNumber" text, "entrySystem" text, "entryId" text, "entryVersion" integer)`.execute(db);
  }
  if (rows.withdrawals.length > 0) {
    await sql`
      insert into time_withdrawal (system, timesheet_id, timesheet_version, at, record)
      select system, "timesheetId", version, at, record from jsonb_to_recordset(${jsonText(rows.withdrawals)}::jsonb) as r (system text, "timesheetId" text, version integer, at timestamptz, record bigint)
      on conflict do nothing`.execute(db);
  }
  if (rows.answers.length > 0) {
    await sql`
      insert into time_answer (record, kind, system, state, detail)
      select record, kind, system, 'planned', detail from jsonb_to_recordset(${jsonText(rows.answers)}::jsonb) as r (record bigint, kind text, system text, detail jsonb)
      on conflict (record, kind) do update set state = 'planned', detail = excluded.detail, planned_at = now(), done_at = null`.execute(db);
  }
  if (rows.decided.length > 0) {
    await sql`update time_record set state = 'decided', decided_at = coalesce(decided_at, now()) where id = any(${[...rows.decided]}::bigint[])`.execute(db);
    await knowWhatCameLate(db, rows.acceptedLate);
    await endOvertakenRefusals(db, { refused: [...new Set(rows.outcomes.filter(({ outcome }) => outcome === 'rejected').map(({ record }) => record))], withdrawn: rows.withdrawals });
    // Refused versions that a later one took the place of need nobody any more. By the clock, which is past the moment of their own decision.
    const older = await sql<{ record: number }>`
      update time_outcome o set outcome = 'returned', decided_at = clock_timestamp()
      from time_record old, time_record new
      where o.outcome = 'rejected' and o.record = old.id and new.id = any(${[...rows.decided]}::bigint[])
        and old.kind = 'timesheet' and old.system = new.system and old.record_id = new.record_id and old.version < new.version returning o.record`.execute(db);
    const replaced = await sql<{ record: number }>`
      update time_outcome o set outcome = 'returned', decided_at = clock_timestamp()
      from jsonb_to_recordset(${jsonText(rows.entries.filter(({ entryId, version, labor }) => version > 1 || replacedBy(labor, entryId) !== undefined).map(({ system, entryId, version, labor, record }) => ({ record, system, id: replacedBy(labor, entryId) ?? entryId, version, other: replacedBy(labor, entryId) !== undefined })))}::jsonb) as n (record bigint, system text, id text, version integer, other boolean), time_record r
      where o.outcome = 'rejected' and o.entry_id = n.id and o.record <> n.record and r.id = o.record and r.system = n.system and (o.entry_version < n.version or n.other) returning o.record`.execute(db);
    await untellRefusals(db, [...new Set([...older.rows, ...replaced.rows].map(({ record }) => record))]);
  }
}

/** The other entry that this one takes the place of. */
function replacedBy(labor: object, entryId: string): string | undefined {
  const replaces = (labor as { readonly entry?: { readonly replaces?: { readonly id: string } | null } }).entry?.replaces;
  return replaces === null || replaces === undefined || replaces.id === entryId ? undefined : replaces.id;
}
