import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { createReference } from '../../../activities/time/reference.ts';
import type { FirmConfig } from '../../../domain/config/schema.ts';
import type { TimeClosing } from '../../../domain/model/time/regional-rule-set.ts';
import { activateConfig, storeConfig } from '../../../store/config-versions.ts';
import type { Store } from '../../../store/database.ts';
import { ensurePeriods } from '../../../store/time/periods.ts';
import { putReference } from '../../../store/time/reference.ts';
import { theFirm } from '../../builders/firm.ts';
import { freshStore } from '../support.ts';

const NOW = new Date('2026-11-21T12:00:00.000Z');

describe('The periods of a legal entity', function () {
  this.timeout(60_000);
  let store: Store;
  let config: FirmConfig;
  beforeEach(async () => {
    store = await freshStore();
    ({ config } = await theFirm());
  });
  afterEach(() => store.close());

  const ensure = (terms: Partial<TimeClosing> = {}) => ensurePeriods(store.db, { ...config, timeClosing: config.timeClosing.map((line) => ({ ...line, ...terms })) }, NOW);
  const pay = async (legalEntity: string, from: string, to: string) => {
    const { rows } = await sql<{ code: string }>`select document->>'code' as code from time_reference where kind = 'pay_period' and scope = ${legalEntity} and document->>'from' between ${from} and ${to} order by document->>'from', 1`.execute(store.db);
    return rows.map(({ code }) => code);
  };
  const cutoff = async (key: string) => (await sql<{ at: string }>`select document->>'cutoffAt' as at from time_reference where kind = 'pay_period' and key = ${key}`.execute(store.db)).rows[0]?.at;
  /** Hours of somebody are to be paid with this period. */
  const use = async (employer: string, payPeriod: string) =>
    void (await sql`insert into pay_line (key, record, kind, employer, pay_period, person, work_date, pay_code, multiplier, hours, cost_center, project_number, entry_system, entry_id, entry_version)
      values (${`${employer}|${payPeriod}`}, 1, 'original', ${employer}, ${payPeriod}, 'ada@northwind-consulting.example', '2026-11-20', 'REG', 1, 8, 'CC', 'P', 'harvest', 'E-1', 1)`.execute(store.db));
  const tell = async (legalEntity: string, code: string, from: string, to: string) =>
    void (await putReference(store.db, 'payroll bureau', [{ kind: 'pay_period', key: `${legalEntity}|${code}`, scope: legalEntity, document: { schema: 'pay-period', schemaVersion: 1, legalEntity, code, from, to, cutoffAt: `${to}T12:00:00.000Z`, payDate: to } }]));

  it('are set up from its closing terms, once', async () => {
    assert.ok((await ensure()) > 200);
    assert.equal(await ensure(), 0);
    const { rows } = await sql<{ kind: string; n: number }>`select kind, count(*)::integer as n from time_reference where scope = 'GB01' group by 1 order by 1`.execute(store.db);
    assert.deepEqual(rows, [{ kind: 'accounting_period', n: 20 }, { kind: 'pay_period', n: 20 }]);
  });

  it('become those of changed terms where nothing was booked in them, and never a mixture of both', async () => {
    await ensure({ payFrequency: 'semi_monthly' });
    const before = await cutoff('US01|S2026-12-1');
    await ensure({ payFrequency: 'semi_monthly', payrollCutoff: { daysAfterEnd: 7, at: '17:00' } });
    assert.notEqual(await cutoff('US01|S2026-12-1'), before);
    await ensure({ payFrequency: 'monthly' });
    assert.deepEqual(await pay('US01', '2026-10-01', '2027-01-31'), ['M2026-10', 'M2026-11', 'M2026-12', 'M2027-01']);
  });

  it('that are in use stay as they were, and the new ones begin where the old ones end', async () => {
    await ensure({ payFrequency: 'semi_monthly' });
    await use('US01', 'S2026-11-1');
    const before = await cutoff('US01|S2026-11-1');
    await ensure({ payFrequency: 'monthly', payrollCutoff: { daysAfterEnd: 7, at: '17:00' } });
    assert.deepEqual(await pay('US01', '2026-11-01', '2027-01-31'), ['S2026-11-1', 'S2026-11-2', 'M2026-12', 'M2027-01']);
    assert.equal(await cutoff('US01|S2026-11-1'), before);
    assert.deepEqual(await pay('DE01', '2026-11-01', '2027-01-31'), ['M2026-11', 'M2026-12', 'M2027-01'], 'of a legal entity without any in use all are new');
  });

  it('refuse by name terms whose periods would overlap one in use, and stay as they are', async () => {
    await ensure({ payFrequency: 'biweekly', payAnchor: '2026-11-16' });
    await use('US01', 'B2026-11-16');
    const before = await pay('US01', '2026-01-01', '2027-12-31');
    await assert.rejects(ensure({ payFrequency: 'biweekly', payAnchor: '2026-11-23' }), /pay period B2026-11-23 \(2026-11-23 to 2026-12-06\) of legal entity US01 would overlap B2026-11-16 \(2026-11-16 to 2026-11-29\), which is in use.*reference load/);
    assert.deepEqual(await pay('US01', '2026-01-01', '2027-12-31'), before);
    await tell('US01', 'TRANSITION', '2026-11-30', '2026-12-06');
    await ensure({ payFrequency: 'biweekly', payAnchor: '2026-11-23' });
    assert.deepEqual(await pay('US01', '2026-11-10', '2026-12-31'), ['B2026-11-16', 'TRANSITION', 'B2026-12-07', 'B2026-12-21']);
  });

  it('that somebody told go before ours, which fill the rest where they overlap none', async () => {
    await ensure({ payFrequency: 'monthly' });
    await tell('GB01', 'M2026-12', '2026-12-01', '2026-12-31');
    await tell('GB01', 'FOUR-WEEKS', '2027-01-11', '2027-02-07');
    await ensure({ payFrequency: 'monthly' });
    assert.deepEqual(await pay('GB01', '2026-11-01', '2027-03-31'), ['M2026-11', 'M2026-12', 'FOUR-WEEKS', 'M2027-03']);
    assert.equal(await cutoff('GB01|M2026-12'), '2026-12-31T12:00:00.000Z');
  });

  it('that only reference data names are kept where payroll finds them', async () => {
    await putReference(store.db, 'hanna', [{ kind: 'entity', key: 'NL01', scope: 'NL01', document: { code: 'NL01', country: 'NL', timeZone: 'Europe/Amsterdam', functionalCurrency: 'EUR', billingCurrencies: ['EUR'], costCenters: [], erp: null } }]);
    await storeConfig(store.db, { hash: 'h1', document: config, files: {} });
    await activateConfig(store.db, { hash: 'h1', by: 'test' });
    await createReference(store.db)();
    assert.ok((await pay('NL01', '2026-11-01', '2026-12-31')).length > 0, 'as soon as time is judged by them');
    assert.equal((await sql`select from time_reference where kind = 'pay_period' and scope = 'NL01' and source <> 'configuration'`.execute(store.db)).rows.length, 0);
    await ensure({ payFrequency: 'monthly' });
    assert.deepEqual(await pay('NL01', '2026-11-01', '2026-12-31'), ['M2026-11', 'M2026-12'], 'and with each activation');
  });
});
