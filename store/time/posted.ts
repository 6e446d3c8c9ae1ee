import { sql } from 'kysely';
import type { Db } from '../database.ts';

/** Lines of the labor ledger with the entry they are of, and what of it they carry: billed and written off. */
const LINES = sql`
  select p.key, p.record, p.kind, p.state, p.reverses, p.planned_at, p.currency, p.hours, p.amount + (p.line->'billing'->'writtenOff'->>'amount')::numeric as worth,
    p.line->>'purpose' as purpose, p.line->>'projectEntity' as project_entity, p.line->'entry'->>'system' as system, p.line->'entry'->>'id' as id, (p.line->'entry'->>'version')::integer as version
  from labor_posting p`;

export interface AcceptedTotal {
  readonly legalEntity: string;
  readonly currency: string;
  /** posted: every line of it is in its ERP · not_booked: rightly in none, being of no hours, or taken back before it was there · unposted: it should be there, and is not */
  readonly fate: 'posted' | 'not_booked' | 'unposted';
  readonly entries: number;
  readonly hours: string;
  /** Billed and written off: of what is posted as the ledger's lines have it. */
  readonly worth: string;
}

/**
 * What became of everything accepted, by legal entity of the person and currency, as often as it was: an entry that was withdrawn and approved
 * again counts twice. Each acceptance is held against a booking of its own in the ledger; what is posted is summed from those lines.
 */
export async function acceptedTotals(db: Db): Promise<AcceptedTotal[]> {
  const { rows } = await sql<AcceptedTotal>`
    with line as (${LINES} where p.kind = 'original'),
    booking as (
      select l.record, l.system, l.id, l.version, min(l.planned_at) as at,
        case when bool_or(l.state not in ('done', 'cancelled') or (l.state = 'cancelled' and v.key is null)) then 'unposted'
          when bool_or(l.state = 'done' and l.purpose <> 'labor') then 'posted' else 'not_booked' end as fate,
        max(l.currency) filter (where l.purpose <> 'labor') as currency, max(l.hours) filter (where l.purpose <> 'labor') as hours, max(l.worth) filter (where l.purpose <> 'labor') as worth
      from line l left join labor_posting v on v.reverses = l.key and v.state = 'cancelled' group by 1, 2, 3, 4
    ),
    numbered as (
      select b.*, row_number() over (partition by system, id, version order by array_position(array['posted', 'unposted', 'not_booked'], fate), at, record) as nth from booking b
    ),
    accepted as (
      select r.legal_entity, e.currency, e.hours, e.billed + e.written_off as worth, r.system, o.entry_id, o.entry_version,
        row_number() over (partition by r.system, o.entry_id, o.entry_version order by r.id) as nth
      from time_outcome o join time_record r on r.id = o.record and r.kind = 'timesheet' join time_entry e on e.system = r.system and e.entry_id = o.entry_id and e.version = o.entry_version
      where o.outcome = 'accepted'
    )
    select a.legal_entity as "legalEntity", coalesce(b.currency, a.currency) as currency, coalesce(b.fate, case when a.hours = 0 then 'not_booked' else 'unposted' end) as fate,
      count(*)::integer as entries, sum(coalesce(b.hours, a.hours))::text as hours, sum(coalesce(b.worth, a.worth))::text as worth
    from accepted a left join numbered b on b.system = a.system and b.id = a.entry_id and b.version = a.entry_version and b.nth = a.nth
    group by 1, 2, 3 order by 1, 2, 3`.execute(db);
  return rows;
}

export interface UnpostedEntry {
  readonly entry: string;
  readonly timesheet: string | null;
  readonly legalEntity: string | null;
  /** What is wrong, in words. */
  readonly reason: string;
}

/**
 * Entries whose lines in the ledger are not what was accepted of them. One in force has its hours and its money there, in the project's books and in
 * the employer's, after everything that adjusted it; one taken back comes to nothing; and every line is in its ERP.
 */
export async function entriesAgainstLedger(db: Db): Promise<UnpostedEntry[]> {
  const { rows } = await sql<UnpostedEntry>`
    with line as (${LINES}),
    net as (
      select system, id, version, count(*) as lines, count(*) filter (where state not in ('done', 'cancelled')) as open, string_agg(distinct state, ', ') filter (where state not in ('done', 'cancelled')) as states,
        coalesce(sum(hours) filter (where state = 'done' and purpose <> 'labor'), 0) as project_hours, coalesce(sum(hours) filter (where state = 'done' and purpose <> 'billing'), 0) as employer_hours,
        coalesce(sum(worth) filter (where state = 'done' and purpose <> 'labor'), 0) as worth
      from line group by 1, 2, 3
    ),
    kept as (
      select e.system, e.entry_id, e.version, e.timesheet_id, e.legal_entity, e.currency, e.state, e.hours as accepted_hours,
        case when e.state = 'in_force' then e.hours else 0 end as hours, case when e.state = 'in_force' and e.hours <> 0 then e.billed + e.written_off else 0 end as worth
      from time_entry e
    ),
    held_against as (
      select coalesce(k.system, n.system) as system, coalesce(k.entry_id, n.id) as id, coalesce(k.version, n.version) as version, k.timesheet_id as timesheet, k.legal_entity,
        case when k.system is null then 'its lines are in the ledger, and it was never accepted'
          when n.open > 0 then n.open || ' of its ' || n.lines || ' lines are not in their ERP (' || n.states || ')'
          when n.system is null and k.accepted_hours <> 0 then 'it was accepted, and the ledger has no line of it'
          when n.project_hours <> k.hours or n.employer_hours <> k.hours or n.worth <> k.worth
            then 'the ERPs have ' || trim_scale(n.project_hours) || ' hours for the project, ' || trim_scale(n.employer_hours) || ' for the employer and ' || trim_scale(n.worth) || ' ' || k.currency || ' of it, and '
              || trim_scale(k.hours) || ' hours and ' || trim_scale(k.worth) || ' ' || k.currency || ' are in force' end as reason
      from kept k full join net n on n.system = k.system and n.id = k.entry_id and n.version = k.version
    ),
    unknown as (
      select r.system, o.entry_id, o.entry_version, r.record_id, r.legal_entity, 'it was accepted, and is not among the entries'::text
      from time_outcome o join time_record r on r.id = o.record and r.kind = 'timesheet'
      where o.outcome = 'accepted' and not exists (select from time_entry e where e.system = r.system and e.entry_id = o.entry_id and e.version = o.entry_version)
      union all
      select e.system, e.entry_id, e.version, e.timesheet_id, e.legal_entity, 'it is in force, and no decision accepted it'
      from time_entry e where not exists (
        select from time_outcome o join time_record r on r.id = o.record and r.kind = 'timesheet' where o.entry_id = e.entry_id and o.entry_version = e.version and r.system = e.system and o.outcome = 'accepted')
    )
    select system || ' ' || id || ' version ' || version as entry, timesheet, legal_entity as "legalEntity", reason
    from (select * from held_against where reason is not null union all select * from unknown) as wrong order by 1`.execute(db);
  return rows;
}

export interface BookedTotal {
  readonly legalEntity: string;
  readonly currency: string;
  /** Entries in force, and those of them that have no hours: nothing is booked for them. */
  readonly entries: number;
  readonly withoutHours: number;
  readonly hours: string;
  readonly worth: string;
  /** Lines in the ERPs: booked, and taken back or adjusted. */
  readonly originals: number;
  readonly reversals: number;
  readonly ledgerHours: string;
  readonly ledgerWorth: string;
  /** Lines that were taken back before they were in an ERP. */
  readonly cancelled: number;
}

/** What is in force against what the ledger says is in the ERPs, reversals off, by legal entity of the project's books and currency. */
export async function bookedTotals(db: Db): Promise<BookedTotal[]> {
  const { rows } = await sql<BookedTotal>`
    with line as (${LINES}),
    ledger as (
      select project_entity as legal_entity, currency, count(*) filter (where state = 'done' and kind = 'original') as originals, count(*) filter (where state = 'done' and kind = 'reversal') as reversals,
        count(*) filter (where state = 'cancelled') as cancelled, coalesce(sum(hours) filter (where state = 'done'), 0) as hours, coalesce(sum(worth) filter (where state = 'done'), 0) as worth
      from line where purpose <> 'labor' group by 1, 2
    ),
    force as (
      select legal_entity, currency, count(*) as entries, count(*) filter (where hours = 0) as without_hours, sum(hours) as hours, coalesce(sum(billed + written_off) filter (where hours <> 0), 0) as worth
      from time_entry where state = 'in_force' group by 1, 2
    )
    select coalesce(f.legal_entity, l.legal_entity) as "legalEntity", coalesce(f.currency, l.currency) as currency, coalesce(f.entries, 0)::integer as entries, coalesce(f.without_hours, 0)::integer as "withoutHours",
      coalesce(f.hours, 0)::text as hours, coalesce(f.worth, 0)::text as worth, coalesce(l.originals, 0)::integer as originals, coalesce(l.reversals, 0)::integer as reversals, coalesce(l.cancelled, 0)::integer as cancelled,
      coalesce(l.hours, 0)::text as "ledgerHours", coalesce(l.worth, 0)::text as "ledgerWorth"
    from force f full join ledger l on l.legal_entity = f.legal_entity and l.currency = f.currency order by 1, 2`.execute(db);
  return rows;
}
