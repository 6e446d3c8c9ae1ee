import { sql } from 'kysely';
import type { FirmConfig } from '../../domain/config/schema.ts';
import { addMonths } from '../../domain/dates.ts';
import { accountingPeriodsOf, closingOf, payPeriodsOf } from '../../domain/rules/timesheet/period-calendar.ts';
import type { Db } from '../database.ts';
import { jsonText } from '../json.ts';

const MONTHS_BACK = 6;
const MONTHS_AHEAD = 14;

/**
 * Sets up the accounting and pay periods that the closing terms of each legal entity give, half a year back and a year ahead. Periods that are
 * there stay as they are: whoever keeps the books may have closed one or moved a cutoff.
 * @returns how many were missing
 */
export async function ensurePeriods(db: Db, config: Pick<FirmConfig, 'legalEntities' | 'timeClosing'>, now: Date): Promise<number> {
  const first = addMonths(`${now.toISOString().slice(0, 7)}-01`, -MONTHS_BACK);
  const months = MONTHS_BACK + MONTHS_AHEAD;
  const rows = config.legalEntities.flatMap((entity) => {
    const closing = closingOf(entity.code, config.timeClosing);
    if (closing === undefined) return [];
    const row = (kind: string, document: { readonly legalEntity: string; readonly code: string }) => ({ kind, key: `${document.legalEntity}|${document.code}`, scope: document.legalEntity, document });
    return [...accountingPeriodsOf(entity, closing, first, months).map((period) => row('accounting_period', period)), ...payPeriodsOf(entity, closing, first, months).map((period) => row('pay_period', period))];
  });
  if (rows.length === 0) return 0;
  const { rows: added } = await sql<{ n: number }>`
    with added as (
      insert into time_reference (kind, key, scope, document, source)
      select r.kind, r.key, r.scope, r.document, 'configuration' from jsonb_to_recordset(${jsonText(rows)}::jsonb) as r (kind text, key text, scope text, document jsonb)
      where not exists (select from time_reference t where t.kind = r.kind and t.scope = r.scope and t.source <> 'configuration')
      on conflict (kind, key) do nothing returning 1
    ),
    counted as (select count(*)::integer as n from added),
    raised as (update time_reference_version set version = version + 1 where (select n from counted) > 0)
    select n from counted`.execute(db);
  return added[0]?.n ?? 0;
}
