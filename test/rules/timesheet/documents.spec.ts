import assert from 'node:assert/strict';
import { expenseReportSchema, type ExpenseReport } from '../../../domain/model/time/expense-report.ts';
import { timeEntrySchema } from '../../../domain/model/time/time-entry.ts';
import { trueUpCap } from '../../../domain/rules/timesheet/cap-true-up.ts';
import { netBilled, planAdjustment } from '../../../domain/rules/timesheet/adjust.ts';
import { accountingPeriodsOf, payPeriodsOf } from '../../../domain/rules/timesheet/period-calendar.ts';
import { validateTimesheet } from '../../../domain/rules/timesheet/validate.ts';
import { theFirm } from '../../builders/firm.ts';
import { ADA, anApproval, anEntry, aProject, aTimeContext, aTimesheet, posted } from '../../builders/time.ts';

const EUR_DINNER = { amount: '84.00', currency: 'EUR' };

function aReport(): ExpenseReport {
  const head = { projectNumber: 'US01-TECH-A', task: null, costCenter: null, billable: true, exchange: null };
  return {
    schema: 'expense-report', schemaVersion: 1, system: 'harvest', id: 'X-1', version: 2, replaces: { id: 'X-1', version: 1 }, person: ADA, currency: 'USD', submittedOn: '2026-11-13', approval: anApproval({ of: { id: 'X-1', version: 2 } }),
    lines: [
      { kind: 'receipt', ...head, id: '1', incurredOn: '2026-11-10', description: 'Dinner with the client', amount: EUR_DINNER, exchange: { rate: '1.15', on: '2026-11-10', source: 'ECB reference rate' }, category: 'MEALS', merchant: 'Zum Anker', country: 'DE', receipt: { id: 'R-1', mediaType: 'application/pdf', bytes: 120_345, sha256: 'a'.repeat(64) }, tax: [{ code: 'DE-VAT', ratePercent: '19', amount: { amount: '13.41', currency: 'EUR' }, recoverable: true }] },
      { kind: 'per_diem', ...head, id: '2', incurredOn: '2026-11-11', description: 'Berlin', amount: { amount: '42.00', currency: 'USD' }, country: 'DE', days: '1.5', ratePerDay: '32.00', deduction: { amount: '6.00', currency: 'USD' } },
      { kind: 'mileage', ...head, id: '3', incurredOn: '2026-11-12', description: 'To the airport', amount: { amount: '28.00', currency: 'USD' }, distance: '40', unit: 'mi', ratePerUnit: '0.70' },
    ],
    total: { amount: '166.60', currency: 'USD' },
  };
}

describe('The canonical documents of time and expenses', () => {
  it('carry receipts in a foreign currency with tax, per diems and mileage', () => {
    const report = aReport();
    assert.deepEqual(expenseReportSchema.parse(report), report);
  });

  it('refuse a receipt without a checksum, an unknown kind of line, and a number that is not exact', () => {
    const spoil = (change: object) => expenseReportSchema.safeParse({ ...aReport(), lines: [{ ...aReport().lines[0], ...change }] }).success;
    assert.deepEqual([spoil({}), spoil({ receipt: { id: 'R', mediaType: 'application/pdf', bytes: 1, sha256: 'x' } }), spoil({ kind: 'gift' }), spoil({ amount: { amount: 84, currency: 'EUR' } })], [true, false, false, false]);
  });

  it('refuse an ID with broken or invisible characters and ten megabytes in one field', () => {
    const fits = (parts: object) => timeEntrySchema.safeParse({ ...anEntry(), ...parts }).success;
    assert.deepEqual([fits({}), fits({ id: 'a\ud800' }), fits({ id: 'a\nb' }), fits({ notes: 'x'.repeat(10_000_000) }), fits({ hours: 8 }), fits({ hours: '1e3' }), fits({ workDate: '2026-02-30' })], [true, false, false, false, false, false, false]);
  });
});

describe('The calendar of a legal entity', () => {
  it('closes the books at the end of its own working day, in its own time zone', async () => {
    const { config } = await theFirm();
    const closes = ['US01', 'DE01', 'AU01'].map((code) => {
      const entity = config.legalEntities.find((one) => one.code === code);
      const closing = config.timeClosing.find((one) => one.legalEntity === code);
      assert.ok(entity !== undefined && closing !== undefined);
      return accountingPeriodsOf(entity, closing, '2026-10-01', 1)[0]?.closesAt;
    });
    assert.deepEqual(closes, ['2026-11-05T05:00:00.000Z', '2026-11-06T23:00:00.000Z', '2026-11-03T13:00:00.000Z']);
  });

  it('has pay periods without gap or overlap, at any frequency', async () => {
    const { config } = await theFirm();
    const [closing] = config.timeClosing;
    assert.ok(closing !== undefined);
    for (const payFrequency of ['monthly', 'semi_monthly', 'biweekly'] as const) {
      const periods = payPeriodsOf({ code: 'US01', timeZone: 'America/New_York' }, { ...closing, payFrequency, payAnchor: '2026-01-04' }, '2026-01-01', 12);
      for (const [position, period] of periods.entries()) {
        const before = periods[position - 1];
        if (before !== undefined) assert.equal(Date.parse(period.from) - Date.parse(before.to), 86_400_000, `${before.code} to ${period.code}`);
        assert.ok(period.to > period.from && period.cutoffAt > period.to);
      }
      assert.ok((periods[0]?.from ?? '') <= '2026-01-01' && (periods.at(-1)?.to ?? '') >= '2026-12-31');
    }
  });
});

describe('A cap that a correction gave room again', () => {
  it('bills what was written off before, in the order of the work', async () => {
    const { config } = await theFirm();
    const limit = { amount: '2000.00', currency: 'USD' };
    const capped = (used: string) => [aProject({ billingMethod: 'capped', cap: { limit, used: { amount: used, currency: 'USD' }, beyond: 'write_off' } })];
    const first = validateTimesheet(aTimesheet([anEntry(), anEntry({ id: 'E-2', workDate: '2026-11-10' })]), aTimeContext(config, { projects: capped('0.00') })).accepted;
    assert.deepEqual(first.map(({ billing }) => [billing.amount.amount, billing.writtenOff.amount]), [['1760.00', '0.00'], ['240.00', '1520.00']]);
    const [monday, tuesday] = first.map((labor) => posted(labor));
    assert.ok(monday !== undefined && tuesday !== undefined);
    const context = aTimeContext(config, { projects: capped('2000.00'), posted: [monday, tuesday] });
    const [corrected] = validateTimesheet(aTimesheet([anEntry({ version: 2, hours: '2', replaces: { id: 'E-1', version: 1 } })]), context).accepted;
    assert.ok(corrected !== undefined);
    const changes = trueUpCap(limit, [{ ...monday, state: 'superseded' }, posted(corrected), tuesday]);
    assert.deepEqual(changes.map(({ labor }) => [labor.entry.id, labor.billing.amount.amount, labor.billing.writtenOff.amount]), [['E-2', '1560.00', '200.00']]);
    const [change] = changes;
    assert.ok(change !== undefined);
    assert.equal(netBilled(planAdjustment(change.labor, change.posted, context), 'USD').amount, '1320.00');
  });

  it('bills beyond the cap only what somebody let pass, and says so', async () => {
    const { config } = await theFirm();
    const projects = [aProject({ billingMethod: 'capped', cap: { limit: { amount: '100.00', currency: 'USD' }, used: { amount: '0.00', currency: 'USD' }, beyond: 'refuse' } })];
    const waivers = [{ entry: { system: 'harvest', id: 'E-1', version: 1 }, code: 'CAP_EXCEEDED', by: 'carla' }];
    const { accepted, rejected } = validateTimesheet(aTimesheet([anEntry(), anEntry({ id: 'E-2', workDate: '2026-11-10' })]), aTimeContext(config, { projects, waivers }));
    assert.deepEqual(accepted.map(({ billing, remarks }) => [billing.amount.amount, remarks]), [['1760.00', ['WAIVED_CAP_EXCEEDED']]]);
    assert.deepEqual(rejected.map(({ entry }) => entry.id), ['E-2']);
  });
});
