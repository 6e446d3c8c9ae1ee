import fc from 'fast-check';
import { addDays } from '../../domain/dates.ts';
import { expenseReportSchema, type ExpenseLine, type ExpenseReport } from '../../domain/model/time/expense-report.ts';
import { minorDigits } from '../../domain/money.ts';
import { aDrive, aPerDiem, aReceipt, aReport, aTaxi, totalOf } from './expenses.ts';
import { anApproval, MONDAY } from './time.ts';

const CURRENCIES = ['USD', 'USD', 'USD', 'EUR', 'JPY', 'KWD', 'GBP'];

const cents = fc.integer({ min: 1, max: 40_000 }).map((value) => (value / 100).toFixed(2));
const incurredOn = fc.integer({ min: 0, max: 4 }).map((offset) => addDays(MONDAY, offset));
const rate = fc.integer({ min: 1, max: 2_000_000 }).map((value) => String(value / 1_000_000));

/** Receipts without a fault of their own, some in foreign money; two of them may still be too much together. */
const goodReceipt: fc.Arbitrary<ExpenseLine> = fc
  .record({ id: fc.uuid(), incurredOn, units: fc.integer({ min: 100, max: 39_000 }), category: fc.constantFrom('GROUND', 'LODGING', 'RAIL'), currency: fc.constantFrom(...CURRENCIES), rate, billable: fc.boolean() })
  .map(({ id, units, currency, rate: value, ...parts }) => {
    const digits = minorDigits(currency);
    const amount = { amount: (units / 10 ** Math.max(digits, 2)).toFixed(digits), currency };
    const worth = currency === 'USD' ? null : { rate: currency === 'JPY' ? '0.0067' : value, on: parts.incurredOn, source: 'card' };
    return aTaxi({ ...parts, id, amount, exchange: worth, merchant: id, receipt: aReceipt(id) });
  });

const goodDrive: fc.Arbitrary<ExpenseLine> = fc.record({ id: fc.uuid(), incurredOn, miles: fc.integer({ min: 1, max: 400 }) }).map(({ id, incurredOn: day, miles }) => aDrive({ id, incurredOn: day, distance: String(miles * 2), amount: { amount: (miles * 1.45).toFixed(2), currency: 'USD' } }));

const money = fc.oneof(
  { weight: 6, arbitrary: cents },
  { weight: 2, arbitrary: fc.constantFrom('0', '-4', '0.001', '999999999999999999.9999999999', '-999999999999999999', '0.0000000001') },
);

const decimal = fc.oneof(money, fc.constantFrom('1', '2', '0.5', '0.75', '28', '14', '68', '51', '0.725', '100'));

/** Any line that follows the schema, with the faults that expense systems send. */
const anyLine: fc.Arbitrary<ExpenseLine> = fc
  .record({
    head: fc.record({
      id: fc.constantFrom('A', 'B', 'C', 'D', 'E'),
      incurredOn: fc.oneof(incurredOn, fc.constantFrom('1999-01-01', '2026-12-24', '0001-01-01', '9999-12-31')),
      projectNumber: fc.constantFrom('US01-TECH-A', 'US01-TECH-A', 'NOWHERE', '__proto__'),
      task: fc.constantFrom(null, '2-2', '9', '\ud800'),
      costCenter: fc.constantFrom(null, null, 'US01-DATA', 'DE01-TECH', 'constructor'),
      billable: fc.boolean(),
      description: fc.constantFrom('Reise', 'Überstunden 加班 😀', 'broken \ud800', 'nul \0', ''),
      amount: fc.record({ amount: money, currency: fc.constantFrom(...CURRENCIES) }),
      exchange: fc.option(fc.record({ rate: decimal, on: incurredOn, source: fc.constant('card') }), { freq: 1 }),
    }),
    country: fc.constantFrom('US', 'DE', 'GB', 'NL'),
    category: fc.constantFrom('GROUND', 'MEALS', 'ENTERTAINMENT', 'YACHT', 'constructor'),
    receipt: fc.option(fc.constantFrom(aReceipt('one'), aReceipt('two')), { freq: 2 }),
    tax: fc.array(fc.record({ code: fc.constant('VAT'), ratePercent: decimal, amount: fc.record({ amount: money, currency: fc.constantFrom('USD', 'EUR') }), recoverable: fc.boolean() }), { maxLength: 3 }),
    days: decimal,
    unitRate: decimal,
    deduction: fc.record({ amount: money, currency: fc.constantFrom('USD', 'USD', 'EUR') }),
    unit: fc.constantFrom('km' as const, 'mi' as const),
    kind: fc.constantFrom('receipt' as const, 'per_diem' as const, 'mileage' as const),
  })
  .map(({ head, country, category, receipt, tax, days, unitRate, deduction, unit, kind }) => {
    switch (kind) {
      case 'receipt':
        return aTaxi({ ...head, country, category, receipt, tax });
      case 'per_diem':
        return aPerDiem({ ...head, country, days, ratePerDay: unitRate, deduction });
      default:
        return aDrive({ ...head, distance: days, unit, ratePerUnit: unitRate });
    }
  });

/** Reports whose lines have no fault of their own. */
export const soundReport: fc.Arbitrary<ExpenseReport> = fc.array(fc.oneof({ weight: 4, arbitrary: goodReceipt }, { weight: 1, arbitrary: goodDrive }), { minLength: 1, maxLength: 8 }).map((lines) => aReport(lines));

/** Any report that follows the schema, most of them approved. */
export const anyReport: fc.Arbitrary<ExpenseReport> = fc
  .record({
    lines: fc.array(fc.oneof({ weight: 2, arbitrary: goodReceipt }, { weight: 3, arbitrary: anyLine }), { minLength: 1, maxLength: 8 }),
    status: fc.constantFrom('approved' as const, 'approved' as const, 'approved' as const, 'submitted' as const, 'rejected' as const, 'withdrawn' as const),
    currency: fc.constantFrom('USD', 'USD', 'USD', 'EUR', 'JPY'),
    replaces: fc.constantFrom(null, null, { id: 'R-0', version: 1 }, { id: 'R-1', version: 1 }),
    total: fc.option(fc.record({ amount: money, currency: fc.constantFrom('USD', 'KWD') }), { freq: 1 }),
  })
  .map(({ lines, status, currency, replaces, total }) => aReport(lines, { currency, replaces, approval: anApproval({ of: { id: 'R-1', version: 1 }, status }), ...(total === null ? {} : { total }) }))
  .filter((report) => expenseReportSchema.safeParse(report).success);

/**
 * The life of one report as its system tells it: versions that correct each other (some that say so, some with a wrong total), approvals
 * that are withdrawn and given again. In the order in which they happened.
 */
export const reportLife: fc.Arbitrary<ExpenseReport[]> = fc
  .array(fc.record({ units: fc.integer({ min: 100, max: 30_000 }), names: fc.boolean(), dirty: fc.integer({ min: 0, max: 4 }), withdrawn: fc.integer({ min: 0, max: 3 }), again: fc.boolean() }), { minLength: 1, maxLength: 4 })
  .map((versions) => {
    let minute = 0;
    const at = () => `2026-11-15T09:${String((minute += 1)).padStart(2, '0')}:00.000Z`;
    return versions.flatMap(({ units, names, dirty, withdrawn, again }, position) => {
      const version = position + 1;
      const line = aTaxi({ amount: { amount: (units / 100).toFixed(2), currency: 'USD' } });
      const told = (status: 'approved' | 'withdrawn') =>
        aReport([line], {
          version,
          replaces: names && version > 1 ? { id: 'R-1', version: position } : null,
          approval: anApproval({ of: { id: 'R-1', version }, status, decidedAt: at() }),
          total: dirty === 0 ? { amount: '999.99', currency: 'USD' } : totalOf([line], 'USD'),
        });
      return [told('approved'), ...(withdrawn === 0 ? [told('withdrawn'), ...(again ? [told('approved')] : [])] : [])];
    });
  });
