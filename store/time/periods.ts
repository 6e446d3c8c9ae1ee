import { sql } from 'kysely';
import type { FirmConfig } from '../../domain/config/schema.ts';
import { addMonths, type LocalDate } from '../../domain/dates.ts';
import { periodChange, type KnownPeriod } from '../../domain/rules/timesheet/period-change.ts';
import { accountingPeriodsOf, closingOf, payPeriodsOf } from '../../domain/rules/timesheet/period-calendar.ts';
import type { Db } from '../database.ts';
import { jsonText } from '../json.ts';
import type { ReferenceRow } from './reference.ts';

const MONTHS_BACK = 6;
const MONTHS_AHEAD = 14;
/** Of periods that the closing terms gave; any other was told by somebody. */
const SOURCE = 'configuration';

type Kind = 'accounting_period' | 'pay_period';
type Terms = Pick<FirmConfig, 'legalEntities' | 'timeClosing'>;
type Wanted = ReferenceRow & { readonly code: string; readonly from: LocalDate; readonly to: LocalDate };

/**
 * Sets up the accounting and pay periods that the closing terms of each legal entity give, half a year back and a year ahead; of legal entities
 * that reference data alone names too. Periods somebody told go before ours, as whoever keeps the books may have closed one or moved a cutoff;
 * ours that something was booked in stay as they are; the others become what the terms say now.
 * @returns how many are new, changed or gone
 * @throws Error where the terms would have a period overlap one in use; nothing is changed then
 */
export async function ensurePeriods(db: Db, config: Terms, now: Date): Promise<number> {
  const first = addMonths(`${now.toISOString().slice(0, 7)}-01`, -MONTHS_BACK);
  const entities = await entitiesOf(db, config);
  const known = await knownPeriods(db);
  const changes = entities.flatMap((entity) => {
    const closing = closingOf(entity.code, config.timeClosing);
    if (closing === undefined) return [];
    const months = MONTHS_BACK + MONTHS_AHEAD;
    return [
      { entity, kind: 'accounting_period' as const, wanted: accountingPeriodsOf(entity, closing, first, months).map((period) => wantedRow('accounting_period', period)) },
      { entity, kind: 'pay_period' as const, wanted: payPeriodsOf(entity, closing, first, months).map((period) => wantedRow('pay_period', period)) },
    ].map((each) => ({ ...each, ...periodChange(known(each.kind, entity.code), each.wanted) }));
  });
  const conflicts = changes.flatMap(({ entity, kind, conflicts: of }) => of.map(({ wanted, used }) => `${NAME[kind]} ${wanted.code} (${wanted.from} to ${wanted.to}) of legal entity ${entity.code} would overlap ${used.code} (${used.from} to ${used.to}), which is in use`));
  if (conflicts.length > 0) {
    throw new Error(`timeClosing cannot be changed like this: ${conflicts.join('; ')}. Let the new periods begin where that one ends, or load the periods of the transition as reference data (npm run q2c -- reference load); ours leave them alone.`);
  }
  return await writePeriods(db, changes.flatMap(({ put }) => put), changes.flatMap(({ entity, kind, drop }) => drop.map((code) => ({ kind, key: `${entity.code}|${code}` }))));
}

/** Keeps periods of legal entities that have none yet. */
export async function keepPeriods(db: Db, periods: { readonly [K in Kind]: readonly { readonly legalEntity: string; readonly code: string; readonly from: LocalDate; readonly to: LocalDate }[] }): Promise<void> {
  await writePeriods(db, [...periods.accounting_period.map((period) => wantedRow('accounting_period', period)), ...periods.pay_period.map((period) => wantedRow('pay_period', period))], []);
}

const NAME: Readonly<Record<Kind, string>> = { accounting_period: 'accounting period', pay_period: 'pay period' };

function wantedRow(kind: Kind, document: { readonly legalEntity: string; readonly code: string; readonly from: LocalDate; readonly to: LocalDate }): Wanted {
  const { legalEntity, code, from, to } = document;
  return { kind, key: `${legalEntity}|${code}`, scope: legalEntity, document, code, from, to };
}

/** Those of the configuration, and those that reference data alone names. */
async function entitiesOf(db: Db, { legalEntities }: Terms): Promise<{ readonly code: string; readonly timeZone: string }[]> {
  const { rows } = await sql<{ code: string; timeZone: string }>`select key as code, document->>'timeZone' as "timeZone" from time_reference where kind = 'entity' order by key`.execute(db);
  const configured = new Set(legalEntities.map(({ code }) => code));
  return [...legalEntities, ...rows.filter(({ code }) => !configured.has(code))];
}

async function knownPeriods(db: Db): Promise<(kind: Kind, legalEntity: string) => readonly KnownPeriod[]> {
  const { rows } = await sql<KnownPeriod & { readonly kind: Kind; readonly scope: string }>`
    with used as materialized (
      select 'pay_period' as kind, employer || '|' || pay_period as key from pay_line group by employer, pay_period
      union select 'pay_period', employer || '|' || pay_period from payroll_export
      union select 'accounting_period', legal_entity || '|' || accounting_period from labor_posting group by legal_entity, accounting_period
      union select 'accounting_period', employer || '|' || accounting_period from expense_posting
    )
    select t.kind, t.scope, t.document->>'code' as code, t.document->>'from' as from, t.document->>'to' as to,
      case when t.source <> ${SOURCE} then 'told' when u.key is not null then 'used' else 'free' end as standing
    from time_reference t left join used u on u.kind = t.kind and u.key = t.key
    where t.kind in ('accounting_period', 'pay_period')`.execute(db);
  const byScope = Map.groupBy(rows, ({ kind, scope }) => `${kind} ${scope}`);
  return (kind, legalEntity) => byScope.get(`${kind} ${legalEntity}`) ?? [];
}

/** What somebody told in the meantime stays. @returns how many rows changed */
async function writePeriods(db: Db, put: readonly Wanted[], drop: readonly { readonly kind: Kind; readonly key: string }[]): Promise<number> {
  if (put.length + drop.length === 0) return 0;
  const rows = put.map(({ kind, key, scope, document }) => ({ kind, key, scope, document }));
  const { rows: counted } = await sql<{ n: number }>`
    with dropped as (
      delete from time_reference t using jsonb_to_recordset(${jsonText(drop)}::jsonb) as r (kind text, key text)
      where t.kind = r.kind and t.key = r.key and t.source = ${SOURCE} returning 1
    ),
    written as (
      insert into time_reference as t (kind, key, scope, document, source)
      select r.kind, r.key, r.scope, r.document, ${SOURCE} from jsonb_to_recordset(${jsonText(rows)}::jsonb) as r (kind text, key text, scope text, document jsonb)
      on conflict (kind, key) do update set document = excluded.document, updated_at = now() where t.source = ${SOURCE} and t.document <> excluded.document returning 1
    ),
    counted as (select ((select count(*) from dropped) + (select count(*) from written))::integer as n),
    raised as (update time_reference_version set version = version + 1 where (select n from counted) > 0)
    select n from counted`.execute(db);
  return counted[0]?.n ?? 0;
}
