import { sql } from 'kysely';
import type { Instant } from '../../domain/dates.ts';
import type { Db } from '../database.ts';
import { lockForDecision } from './decide.ts';
import { CONTESTED } from './records.ts';

/** A received timesheet with entries that wait for something. */
export interface HeldRecord {
  readonly record: number;
  readonly system: string;
  readonly id: string;
  readonly version: number;
  readonly person: string;
  readonly legalEntity: string;
  /** Another document came before under the same ID and version. */
  readonly contested: boolean;
  readonly waitsFor: readonly string[];
  /** When it was decided first. */
  readonly since: Instant;
}

const HELD_RECORD = sql`r.id as record, r.system, r.record_id as id, r.version, r.person, r.legal_entity as "legalEntity", ${CONTESTED} as contested, array_agg(distinct o.waits_for order by o.waits_for) as "waitsFor", r.decided_at as since`;

/**
 * Timesheets with entries whose wait may be over by something that no decision about their people brings about: a project was activated or
 * cancelled, a period has opened, the original of a correction was refused or given back. The longest held come first.
 * @param terms.now the moment at which time is judged
 */
export async function heldNoLonger(db: Db, terms: { readonly now: Date; readonly except: readonly number[]; readonly limit: number }): Promise<HeldRecord[]> {
  const now = sql`${terms.now.toISOString()}::timestamptz`;
  const { rows } = await sql<HeldRecord>`
    select ${HELD_RECORD}
    from time_outcome o join time_record r on r.id = o.record
    where o.outcome = 'held' and r.kind = 'timesheet' and r.state = 'decided' and not (r.id = any(${[...terms.except]}::bigint[])) and (
      ('PROJECT_PENDING' = any(o.codes) and exists (
        select from time_reference t where t.kind = 'project' and t.key = regexp_replace(o.waits_for, '^activation of project ', '') and t.document->>'status' <> 'pending'))
      or ('PERIOD_NOT_YET_OPEN' = any(o.codes) and (
        (o.findings->0->>'until')::timestamptz <= ${now} or exists (
          select from time_reference t where t.kind = 'accounting_period' and t.key = regexp_replace(o.waits_for, '^accounting period (.*) of (.*)$', '\\2|\\1')
            and ((t.document->>'opensAt')::timestamptz <= ${now} or t.document->>'closed' = 'true'))))
      or ('ORIGINAL_NOT_SEEN' = any(o.codes) and exists (
        select from time_outcome original join time_record came on came.id = original.record
        where came.kind = 'timesheet' and came.system = r.system and original.outcome in ('accepted', 'repeat', 'rejected', 'returned')
          and original.entry_id = substring(o.waits_for from '^time entry (.*) version [0-9]+$') and original.entry_version = substring(o.waits_for from ' version ([0-9]+)$')::integer))
    )
    group by r.id order by r.id limit ${terms.limit}`.execute(db);
  return rows;
}

/** Timesheets held for longer than so many days that no open case is about. */
export async function heldTooLong(db: Db, terms: { readonly days: number; readonly except: readonly number[]; readonly limit: number }): Promise<HeldRecord[]> {
  const { rows } = await sql<HeldRecord>`
    select ${HELD_RECORD}
    from time_outcome o join time_record r on r.id = o.record
    where o.outcome = 'held' and r.kind = 'timesheet' and r.decided_at < now() - make_interval(days => ${terms.days}::integer) and not (r.id = any(${[...terms.except]}::bigint[]))
      and not exists (select from exception_case c where c.state = 'open' and c.process = 'timesheet/' || r.system || '/' || r.record_id || '/' || r.version || case when ${CONTESTED} then '/' || r.id else '' end)
    group by r.id order by r.id limit ${terms.limit}`.execute(db);
  return rows;
}

/**
 * Timesheets with lines that a decision planned minutes ago, that are not in the ERP, and that no page is about to post any more: the process
 * they were given to may have been terminated, or have ended before it heard of them.
 */
export async function leftUnposted(db: Db, terms: { readonly olderThanMs: number; readonly except: readonly number[]; readonly limit: number }): Promise<Omit<HeldRecord, 'waitsFor' | 'since'>[]> {
  const { rows } = await sql<Omit<HeldRecord, 'waitsFor' | 'since'>>`
    select r.id as record, r.system, r.record_id as id, r.version, r.person, r.legal_entity as "legalEntity", ${CONTESTED} as contested
    from (
      select record from labor_posting p
      where p.state not in ('done', 'refused', 'cancelled') and p.planned_at < now() - ${terms.olderThanMs}::double precision * interval '1 millisecond' and (p.lease_until is null or p.lease_until < now())
        and not (p.record = any(${[...terms.except]}::bigint[]))
      group by record
    ) open join time_record r on r.id = open.record join time_page page on page.batch = r.batch and page.page = r.page and page.state = 'done'
    order by r.id limit ${terms.limit}`.execute(db);
  return rows;
}

/** Drafts that wait for an approval which came for a later version, or for another copy of the same: without what the later one has left out. */
export async function overtakenDrafts(db: Db, limit: number): Promise<{ readonly record: number; readonly person: string }[]> {
  const { rows } = await sql<{ record: number; person: string }>`
    select distinct r.id as record, r.person from time_outcome o join time_record r on r.id = o.record
    where o.outcome = 'held' and 'APPROVAL_PENDING' = any(o.codes) and r.kind = 'timesheet' and ${OVERTAKEN} order by r.id limit ${limit}`.execute(db);
  return rows;
}

const OVERTAKEN = sql`exists (
  select from time_record later where later.kind = r.kind and later.system = r.system and later.record_id = r.record_id and later.state = 'decided'
    and (later.version > r.version or (later.version = r.version and later.id > r.id)) and not (later.document->'approval'->>'status' in ('draft', 'submitted')))`;

/** What is left of an overtaken draft needs nobody any more. @returns how many entries that were */
export async function endOvertakenDraft(db: Db, { record, person }: { readonly record: number; readonly person: string }): Promise<number> {
  return await db.transaction().execute(async (transaction) => {
    await lockForDecision(transaction, [`person ${person}`]);
    const { rows } = await sql<{ ended: number }>`
      with ended as (
        update time_outcome o set outcome = 'returned', decided_at = now() from time_record r
        where r.id = o.record and r.id = ${record} and o.outcome = 'held' and 'APPROVAL_PENDING' = any(o.codes) and ${OVERTAKEN} returning 1
      )
      select count(*)::integer as ended from ended`.execute(transaction);
    return rows[0]?.ended ?? 0;
  });
}

/** Entries that still wait are given back for good, and the time system is to be told what they waited for. @returns the time system */
export async function returnHeld(db: Db, record: number, mend: string): Promise<string> {
  return await db.transaction().execute(async (transaction) => {
    const { rows } = await sql<{ system: string; person: string }>`select system, person from time_record where id = ${record}`.execute(transaction);
    const [known] = rows;
    if (known === undefined) throw new Error(`there is no received timesheet ${record}`);
    await lockForDecision(transaction, [`person ${known.person}`]);
    await sql`
      with given as (
        update time_outcome set outcome = 'returned', decided_at = now() where record = ${record} and outcome = 'held' returning entry_id, entry_version, codes, findings
      ),
      told as (
        select jsonb_agg(jsonb_build_object('id', entry_id, 'version', entry_version, 'findings',
          jsonb_build_array(jsonb_build_object('code', codes[1], 'message', findings->0->>'message', 'mend', ${mend}::text)))) as entries
        from given having count(*) > 0
      )
      insert into time_answer (record, kind, system, state, detail)
      select r.id, 'reject', r.system, 'planned', jsonb_build_object('timesheetId', r.record_id, 'version', r.version, 'person', r.person, 'entries', told.entries)
      from time_record r, told where r.id = ${record}
      on conflict (record, kind) do update set state = 'planned', detail = excluded.detail, planned_at = now(), done_at = null`.execute(transaction);
    return known.system;
  });
}
