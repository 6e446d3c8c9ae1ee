import assert from 'node:assert/strict';
import { sql } from 'kysely';
import type { FirmConfig } from '../../domain/config/schema.ts';
import { activeConfigHash } from '../../store/config-versions.ts';
import { theFirm } from '../builders/firm.ts';
import { startTestLine, type TestLine } from '../support/line.ts';
import { stopTemporalServer } from '../support/temporal.ts';

describe('A configuration with other closing terms', function () {
  this.timeout(120_000);
  let line: TestLine;
  let firm: FirmConfig;
  before(async () => {
    line = await startTestLine();
    ({ config: firm } = await theFirm());
  });
  after(async () => {
    await line.stop();
    await stopTemporalServer();
  });

  it('is not put in force where its pay periods would overlap one that hours are paid in', async () => {
    const { db } = line.store;
    const before = await activeConfigHash(db);
    const { rows } = await sql<{ code: string; from: string; to: string }>`
      select document->>'code' as code, document->>'from' as from, document->>'to' as to from time_reference
      where kind = 'pay_period' and scope = 'US01' and document->>'from' <= current_date::text order by document->>'from' desc limit 1`.execute(db);
    const [current] = rows;
    assert.ok(current !== undefined);
    await sql`insert into pay_line (key, record, kind, employer, pay_period, person, work_date, pay_code, multiplier, hours, cost_center, project_number, entry_system, entry_id, entry_version)
      values ('K-1', 1, 'original', 'US01', ${current.code}, 'ada@northwind-consulting.example', ${current.from}, 'REG', 1, 8, 'CC', 'P', 'harvest', 'E-1', 1)`.execute(db);
    const payAnchor = new Date(Date.parse(current.from) + 7 * 86_400_000).toISOString().slice(0, 10);
    const changed = { ...firm, timeClosing: firm.timeClosing.map((terms) => ({ ...terms, payFrequency: 'biweekly' as const, payAnchor })) };
    await assert.rejects(line.activate(changed), new RegExp(`of legal entity US01 would overlap ${current.code} \\(${current.from} to ${current.to}\\), which is in use`));
    assert.equal(await activeConfigHash(db), before);
  });
});
