import assert from 'node:assert/strict';
import type { FirmConfig } from '../../../domain/config/schema.ts';
import { expenseContextSchema, type ExpenseContext } from '../../../domain/model/time/expense-context.ts';
import { expensePostingSchema } from '../../../domain/model/time/expense-posting.ts';
import { expenseReportSchema, type ExpenseLine, type ExpenseReport } from '../../../domain/model/time/expense-report.ts';
import { validateExpenseReport } from '../../../domain/rules/expenses/validate.ts';
import { aDrive, anExpenseContext, aPerDiem, aReceipt, aReport, aTaxi, postedReport } from '../../builders/expenses.ts';
import { theFirm } from '../../builders/firm.ts';
import { ADA, anApproval, anAssignment, aPerson, aProject, BOSS } from '../../builders/time.ts';

type ContextParts = Parameters<typeof anExpenseContext>[1];

let config: FirmConfig;
before(async () => {
  ({ config } = await theFirm());
});

const usd = (amount: string) => ({ amount, currency: 'USD' });
const eur = (amount: string) => ({ amount, currency: 'EUR' });
const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const inGermany: ContextParts = { time: { people: [aPerson({ legalEntity: 'DE01', timeZone: 'Europe/Berlin' })] } };
const inBritain: ContextParts = { time: { people: [aPerson({ legalEntity: 'GB01', timeZone: 'Europe/London' })] } };

function codesOf(report: ExpenseReport, parts: ContextParts = {}): string[] {
  expenseReportSchema.parse(report);
  const decision = validateExpenseReport(report, expenseContextSchema.parse(anExpenseContext(config, parts)));
  return decision.outcome === 'rejected' ? [...new Set(decision.findings.map(({ code }) => code))].toSorted() : [decision.outcome];
}

function accepted(report: ExpenseReport, parts: ContextParts = {}) {
  const decision = validateExpenseReport(expenseReportSchema.parse(report), anExpenseContext(config, parts));
  assert.equal(decision.outcome, 'accepted', JSON.stringify(decision, null, 1));
  assert.ok(decision.outcome === 'accepted');
  expensePostingSchema.parse(decision.posting);
  return decision;
}

describe('An expense report', () => {
  it('with a taxi, two days of allowance and a drive is accepted and booked in the ERP of the employer, line by line', () => {
    const { posting, reversal, remarks } = accepted(aReport([aTaxi(), aPerDiem(), aDrive()]));
    assert.equal(posting.system, 'netsuite');
    assert.equal(posting.employer, 'US01');
    assert.equal(posting.accountingPeriod, '2026-11');
    assert.deepEqual(posting.total, usd('251.00'));
    assert.deepEqual(posting.lines.map(({ id, category, amount, billed, costCenter, receipt }) => [id, category, amount.amount, billed?.amount, costCenter, receipt]), [
      ['L-1', 'GROUND', '42.50', '42.50', 'US01-TECH', 'REC-L-1'],
      ['L-2', 'PER_DIEM', '136.00', '136.00', 'US01-TECH', null],
      ['L-3', 'MILEAGE', '72.50', '72.50', 'US01-TECH', null],
    ]);
    assert.equal(reversal, null);
    assert.deepEqual(remarks, ['EXPENSE_RATE_NOT_VERIFIED'], 'the allowance for fiscal year 2027 is marked as not verified in the configuration');
  });

  it('stands or falls as a whole: one wrong line rejects it, and every finding names its line', () => {
    const decision = validateExpenseReport(aReport([aTaxi(), aTaxi({ id: 'L-9', projectNumber: 'NOWHERE', category: 'YACHT' })]), anExpenseContext(config));
    assert.ok(decision.outcome === 'rejected');
    assert.deepEqual(decision.findings.map(({ code, path, record }) => [code, path, record]), [
      ['EXPENSE_CATEGORY_UNKNOWN', 'lines[L-9].category', 'canonical R-1 version 1, line L-9'],
      ['PROJECT_UNKNOWN', 'lines[L-9].projectNumber', 'canonical R-1 version 1, line L-9'],
    ]);
    for (const { message, mend } of decision.findings) assert.ok(message.length > 10 && mend.length > 10);
  });

  describe('of somebody', () => {
    it('who is not among our people, or whose employer is not one of ours, waits for the set-up', () => {
      assert.deepEqual(codesOf(aReport([aTaxi()], { person: 'nobody@northwind-consulting.example' })).includes('PERSON_UNKNOWN'), true);
      assert.ok(codesOf(aReport([aTaxi()]), { time: { people: [aPerson({ legalEntity: 'XX99' })] } }).includes('EMPLOYER_UNKNOWN'));
    });
    it('who had left, or who is a subcontractor without an order, is rejected', () => {
      assert.deepEqual(codesOf(aReport([aTaxi()]), { time: { people: [aPerson({ to: '2026-10-31' })] } }), ['PERSON_NOT_EMPLOYED']);
      assert.deepEqual(codesOf(aReport([aTaxi()]), { time: { people: [aPerson({ kind: 'subcontractor' })] } }), ['SUBCONTRACT_MISSING']);
    });
    it('whose employer has neither policy nor ERP waits for the set-up', () => {
      assert.ok(codesOf(aReport([aTaxi()]), { policies: [] }).includes('EXPENSE_POLICY_MISSING'));
      assert.ok(codesOf(aReport([aTaxi()]), { erps: [] }).includes('EXPENSE_ERP_MISSING'));
    });
    it('is in the currency in which the employer pays back', () => {
      assert.deepEqual(codesOf(aReport([aTaxi({ amount: eur('10.00') })], { currency: 'EUR' })).includes('EXPENSE_CURRENCY_NOT_PAID'), true);
    });
  });

  describe('and its approval', () => {
    it('is held while nobody has decided', () => {
      const decision = validateExpenseReport(aReport([aTaxi()], { approval: anApproval({ of: { id: 'R-1', version: 1 }, status: 'submitted' }) }), anExpenseContext(config));
      assert.ok(decision.outcome === 'held');
      assert.equal(decision.reason.code, 'APPROVAL_PENDING');
      assert.equal(decision.reason.waitsFor, 'approval of expense report R-1 version 1');
    });
    it('is rejected where the approver refused, is the submitter, is not named, or decided on another version', () => {
      const with_ = (parts: Parameters<typeof anApproval>[0]) => codesOf(aReport([aTaxi()], { approval: anApproval({ of: { id: 'R-1', version: 1 }, ...parts }) }));
      assert.deepEqual(with_({ status: 'rejected' }), ['APPROVAL_REJECTED']);
      assert.deepEqual(with_({ approver: ADA.toUpperCase() }), ['APPROVER_IS_SELF']);
      assert.deepEqual(with_({ approver: null }), ['APPROVER_MISSING']);
      assert.deepEqual(with_({ of: { id: 'R-1', version: 7 } }), ['APPROVAL_OF_OTHER_VERSION']);
      assert.deepEqual(with_({ approver: 'stranger@northwind-consulting.example' }), ['APPROVER_NOT_ENTITLED']);
    });
    it('by the manager of one project covers the lines of that project only', () => {
      const pm = 'pm@northwind-consulting.example';
      const time = { people: [aPerson({ approvers: [BOSS] })], projects: [aProject({ approvers: [pm] }), aProject({ number: 'B' })], assignments: [anAssignment(), anAssignment({ projectNumber: 'B' })] };
      const approval = anApproval({ of: { id: 'R-1', version: 1 }, approver: pm });
      assert.deepEqual(codesOf(aReport([aTaxi()], { approval }), { time }), ['accepted']);
      const decision = validateExpenseReport(aReport([aTaxi(), aTaxi({ id: 'L-4', projectNumber: 'B' })], { approval }), anExpenseContext(config, { time }));
      assert.ok(decision.outcome === 'rejected');
      assert.deepEqual(decision.findings.map(({ path }) => path), ['lines[L-4].projectNumber']);
    });
  });

  describe('on a project', () => {
    const onProject = (parts: Parameters<typeof aProject>[0], line: ExpenseLine = aTaxi(), time: ContextParts = {}) => codesOf(aReport([line]), { time: { projects: [aProject(parts)], ...time.time } });
    it('that is being set up is held for it', () => {
      assert.deepEqual(onProject({ status: 'pending' }), ['held']);
    });
    it('that is closed, over, or that the person is not assigned to is rejected', () => {
      assert.deepEqual(onProject({ status: 'closed' }), ['PROJECT_NOT_ACTIVE']);
      assert.deepEqual(onProject({ endDate: '2026-10-31' }), ['PROJECT_DATES_EXCEEDED']);
      assert.deepEqual(codesOf(aReport([aTaxi()]), { time: { assignments: [] } }), ['ASSIGNMENT_MISSING']);
      assert.deepEqual(codesOf(aReport([aTaxi()]), { time: { assignments: [anAssignment({ to: '2026-10-31' })] } }), ['ASSIGNMENT_NOT_COVERING_DATE']);
    });
    it('that became inactive a few days ago is still paid for what was spent before', () => {
      assert.deepEqual(accepted(aReport([aTaxi()]), { time: { projects: [aProject({ inactiveFrom: '2026-11-12' })] } }).remarks, ['INACTIVE_PROJECT_GRACE']);
    });
    it('is billed on only where it can be', () => {
      assert.deepEqual(onProject({ kind: 'internal', billingMethod: null }), ['BILLABLE_ON_INTERNAL_PROJECT']);
      assert.deepEqual(onProject({}, aTaxi({ task: '9' })), ['BILLABLE_ON_NON_BILLABLE_TASK']);
      assert.deepEqual(onProject({}, aTaxi({ task: '5-5' })), ['TASK_UNKNOWN']);
      assert.deepEqual(onProject({}, aTaxi({ category: 'ENTERTAINMENT' })), ['EXPENSE_NOT_BILLABLE']);
      assert.equal(accepted(aReport([aTaxi({ category: 'ENTERTAINMENT', billable: false })])).posting.lines[0]?.billed, null);
    });
    it('goes to a cost center of its legal entity', () => {
      assert.deepEqual(onProject({}, aTaxi({ costCenter: 'DE01-TECH' })), ['COST_CENTER_OF_OTHER_ENTITY']);
      assert.deepEqual(onProject({}, aTaxi({ costCenter: '__proto__' })), ['COST_CENTER_UNKNOWN']);
      assert.deepEqual(onProject({ costCenter: 'GONE' }), ['COST_CENTER_MISSING']);
      assert.deepEqual(onProject({ legalEntity: 'XX99' }), ['LEGAL_ENTITY_UNKNOWN']);
      assert.equal(accepted(aReport([aTaxi({ costCenter: 'US01-DATA' })])).posting.lines[0]?.costCenter, 'US01-DATA');
    });
    it('whose code changed is booked under the code in force on the day', () => {
      const time = { projects: [aProject({ number: 'OLD', changedTo: { number: 'NEW', from: '2026-11-10' } }), aProject({ number: 'NEW' })], assignments: [anAssignment({ projectNumber: 'OLD' })] };
      const { posting, remarks } = accepted(aReport([aTaxi({ projectNumber: 'OLD' }), aTaxi({ id: 'L-2', projectNumber: 'OLD', incurredOn: '2026-11-11' })]), { time });
      assert.deepEqual(posting.lines.map(({ projectNumber }) => projectNumber), ['OLD', 'NEW']);
      assert.deepEqual(remarks, ['PROJECT_CODE_CHANGED']);
    });
  });

  describe('and its receipts', () => {
    it('needs one above the amount of the country, and for lodging always', () => {
      const without = (line: Partial<ExpenseLine & { kind: 'receipt' }>) => aReport([aTaxi({ receipt: null, ...line })]);
      assert.deepEqual(codesOf(without({ amount: usd('74.99') })), ['accepted']);
      assert.deepEqual(codesOf(without({ amount: usd('75.00') })), ['EXPENSE_RECEIPT_MISSING']);
      assert.deepEqual(codesOf(without({ category: 'LODGING' })), ['EXPENSE_RECEIPT_MISSING']);
      assert.deepEqual(codesOf(aReport([aTaxi({ receipt: null, amount: eur('0.50'), country: 'DE' })], { currency: 'EUR' }), { ...inGermany, exchangeRates: [{ from: 'EUR', to: 'USD', on: '2026-11-09', rate: '1.16', source: 'ECB' }] }), ['EXPENSE_RECEIPT_MISSING']);
    });
    it('is refused where the same receipt stands twice, but one bill may cover two categories', () => {
      const bill = aReceipt('hotel bill');
      assert.deepEqual(codesOf(aReport([aTaxi({ receipt: bill }), aTaxi({ id: 'L-2', receipt: bill })])), ['EXPENSE_RECEIPT_REPEATED']);
      assert.deepEqual(codesOf(aReport([aTaxi({ receipt: bill, category: 'LODGING' }), aTaxi({ id: 'L-2', receipt: bill, category: 'MEALS' })])), ['accepted']);
    });
    it('is refused where somebody claimed the receipt before, until a person lets it pass', () => {
      const seen = { receipts: [{ sha256: aReceipt('L-1').sha256, report: { system: 'canonical', id: 'R-0', version: 1 }, line: 'L-7', person: BOSS }] };
      assert.deepEqual(codesOf(aReport([aTaxi()]), seen), ['EXPENSE_RECEIPT_SEEN_BEFORE']);
      const waivers = [{ report: { system: 'canonical', id: 'R-1', version: 1 }, code: 'EXPENSE_RECEIPT_SEEN_BEFORE', path: 'lines[L-1].receipt', by: 'carla' }];
      assert.deepEqual(accepted(aReport([aTaxi()]), { ...seen, waivers }).remarks, ['WAIVED_EXPENSE_RECEIPT_SEEN_BEFORE']);
    });
    it('is refused where the same money was spent at the same place on the same day before', () => {
      const twin = { merchant: 'Yellow  CAB', receipt: null };
      assert.deepEqual(codesOf(aReport([aTaxi({ ...twin, merchant: 'yellow cab' }), aTaxi({ id: 'L-2', ...twin })])), ['EXPENSE_DUPLICATE']);
      const before = aReport([aTaxi({ ...twin })], { id: 'R-0' });
      assert.deepEqual(codesOf(aReport([aTaxi(twin)]), { posted: [postedReport(before, accepted(before).posting)] }), ['EXPENSE_DUPLICATE']);
      assert.deepEqual(codesOf(aReport([aTaxi({ merchant: 'Cab' }), aTaxi({ id: 'L-2', merchant: 'Cab' })])), ['accepted'], 'two rides with receipts of their own are two rides');
    });
  });

  describe('and its limits', () => {
    it('is paid up to the most of a category, for one receipt or for all of a day, over reports too', () => {
      assert.deepEqual(codesOf(aReport([aTaxi({ category: 'LODGING', amount: usd('450.01') })])), ['EXPENSE_LIMIT_EXCEEDED']);
      const meals = [aTaxi({ category: 'MEALS', amount: usd('70.00') }), aTaxi({ id: 'L-2', category: 'MEALS', amount: usd('50.01') })];
      assert.deepEqual(codesOf(aReport(meals)), ['EXPENSE_LIMIT_EXCEEDED']);
      const lunch = aReport([aTaxi({ category: 'MEALS', amount: usd('70.00') })], { id: 'R-0' });
      assert.deepEqual(codesOf(aReport([aTaxi({ id: 'L-2', category: 'MEALS', amount: usd('50.01') })]), { posted: [postedReport(lunch, accepted(lunch).posting)] }), ['EXPENSE_LIMIT_EXCEEDED']);
    });
    it('is not paid for what the policy of the country does not pay', () => {
      const german = aReport([aTaxi({ category: 'MEALS', amount: eur('20.00'), country: 'DE', billable: false })], { currency: 'EUR' });
      assert.deepEqual(codesOf(german, inGermany), ['EXPENSE_CATEGORY_NOT_ALLOWED']);
    });
    it('needs a person above the most of a single line', () => {
      assert.deepEqual(codesOf(aReport([aTaxi({ category: 'TRAINING', billable: false, amount: usd('10000.01') })])), ['EXPENSE_LIMIT_EXCEEDED', 'EXPENSE_LINE_TOO_HIGH']);
    });
  });

  describe('and its tax', () => {
    const hotel = (tax: NonNullable<Extract<ExpenseLine, { kind: 'receipt' }>['tax']>, parts: Partial<Extract<ExpenseLine, { kind: 'receipt' }>> = {}) =>
      aReport([aTaxi({ category: 'LODGING', amount: eur('107.00'), country: 'DE', billable: false, tax, ...parts })], { currency: 'EUR' });
    const vat = (ratePercent: string, amount: string, recoverable = true, currency = 'EUR') => ({ code: 'VAT', ratePercent, amount: { amount, currency }, recoverable });

    it('is recovered to the cent where employer, country and category allow it', () => {
      const { posting } = accepted(hotel([vat('7', '7.00')]), inGermany);
      assert.deepEqual(posting.lines[0]?.recoverableTax, eur('7.00'));
      assert.deepEqual(accepted(hotel([vat('7', '7.00', false)]), inGermany).posting.lines[0]?.recoverableTax, eur('0.00'));
    });
    it('is refused at a rate the country does not have, or where the amount cannot contain it', () => {
      assert.deepEqual(codesOf(hotel([vat('8', '7.00')]), inGermany), ['EXPENSE_TAX_RATE_UNKNOWN']);
      assert.deepEqual(codesOf(hotel([vat('7', '7.10')]), inGermany), ['EXPENSE_TAX_IMPLAUSIBLE']);
      assert.deepEqual(codesOf(hotel([vat('7', '5.00'), vat('19', '5.00')]), inGermany), ['EXPENSE_TAX_IMPLAUSIBLE'], 'together they need more than the gross amount');
      assert.deepEqual(codesOf(hotel([vat('7', '-1.00')]), inGermany), ['EXPENSE_TAX_IMPLAUSIBLE']);
      assert.deepEqual(codesOf(hotel([vat('0', '1.00')]), inGermany), ['EXPENSE_TAX_IMPLAUSIBLE']);
      assert.deepEqual(codesOf(hotel([vat('7', '7.00', true, 'USD')]), inGermany), ['EXPENSE_TAX_CURRENCY_DIFFERS']);
    });
    it('is not recovered from another country, in a barred category, or without a receipt', () => {
      assert.deepEqual(codesOf(hotel([vat('20', '17.83')], { country: 'GB' }), inGermany), ['EXPENSE_TAX_NOT_RECOVERABLE']);
      assert.deepEqual(codesOf(hotel([vat('19', '10.00')], { category: 'ENTERTAINMENT' }), inGermany), ['EXPENSE_TAX_NOT_RECOVERABLE']);
      assert.deepEqual(codesOf(hotel([vat('7', '7.00')], { category: 'GROUND', receipt: null }), inGermany), ['EXPENSE_RECEIPT_MISSING', 'EXPENSE_TAX_WITHOUT_RECEIPT']);
      assert.deepEqual(codesOf(hotel([vat('21', '10.00')], { country: 'NL' }), inGermany), ['EXPENSE_TAX_COUNTRY_UNKNOWN']);
      assert.deepEqual(codesOf(hotel([vat('21', '10.00', false)], { country: 'NL' }), inGermany), ['accepted']);
    });
  });

  describe('and its daily allowances', () => {
    const german = (parts: Parameters<typeof aPerDiem>[0]) => codesOf(aReport([aPerDiem({ country: 'DE', deduction: eur('0'), billable: false, ...parts })], { currency: 'EUR' }), inGermany);
    it('pays Germany 28 EUR a day, 14 for departure and return, less 20, 40 and 40 percent for meals', () => {
      assert.deepEqual(german({ days: '2', ratePerDay: '28', amount: eur('56.00') }), ['accepted']);
      assert.deepEqual(german({ days: '1', ratePerDay: '14', amount: eur('14.00') }), ['accepted']);
      assert.deepEqual(german({ days: '2.5', ratePerDay: '28', amount: eur('70.00') }), ['accepted']);
      assert.deepEqual(german({ days: '2', ratePerDay: '28', deduction: eur('16.80'), amount: eur('39.20') }), ['accepted'], 'a breakfast and a dinner');
      assert.deepEqual(german({ days: '2', ratePerDay: '28', deduction: eur('5.61'), amount: eur('50.39') }), ['EXPENSE_DEDUCTION_IMPLAUSIBLE']);
      assert.deepEqual(german({ days: '1', ratePerDay: '28.01', amount: eur('28.01') }), ['EXPENSE_PER_DIEM_EXCEEDED']);
      assert.deepEqual(german({ days: '1.3', ratePerDay: '28', amount: eur('36.40') }), ['EXPENSE_DAYS_IMPLAUSIBLE']);
      assert.deepEqual(german({ days: '1', ratePerDay: '28', country: 'JP', amount: eur('28.00') }), ['EXPENSE_PER_DIEM_NOT_CONFIGURED']);
    });
    it('pays the United States the tier of the place, three quarters for departure and return', () => {
      const us = (parts: Parameters<typeof aPerDiem>[0]) => codesOf(aReport([aPerDiem(parts)]));
      assert.deepEqual(us({ days: '1', ratePerDay: '92', amount: usd('92.00') }), ['accepted']);
      assert.deepEqual(us({ days: '1', ratePerDay: '51', amount: usd('51.00') }), ['accepted']);
      assert.deepEqual(us({ days: '2.75', ratePerDay: '68', amount: usd('187.00') }), ['accepted']);
      assert.deepEqual(us({ days: '2.5', ratePerDay: '68', amount: usd('170.00') }), ['accepted'], 'three quarters twice and a whole day');
      assert.deepEqual(us({ days: '2.25', ratePerDay: '68', amount: usd('153.00') }), ['EXPENSE_DAYS_IMPLAUSIBLE']);
      assert.deepEqual(us({ days: '1', ratePerDay: '74', deduction: usd('20'), amount: usd('54.00') }), ['accepted'], "lunch of the 74 dollar tier");
      assert.deepEqual(us({ days: '1', ratePerDay: '68', deduction: usd('63'), amount: usd('5.00') }), ['accepted'], 'incidentals stay');
    });
    it('pays in its own currency, what was calculated, for days that are over, each day once', () => {
      assert.deepEqual(codesOf(aReport([aPerDiem({ amount: usd('136.01') })])), ['EXPENSE_ARITHMETIC_WRONG']);
      assert.deepEqual(codesOf(aReport([aPerDiem({ deduction: eur('0') })])), ['EXPENSE_ALLOWANCE_CURRENCY']);
      assert.deepEqual(codesOf(aReport([aPerDiem({ days: '10', amount: usd('680.00') })])), ['EXPENSE_DAYS_IMPLAUSIBLE']);
      assert.deepEqual(codesOf(aReport([aPerDiem(), aPerDiem({ id: 'L-3', incurredOn: '2026-11-10' })])), ['EXPENSE_DAYS_TWICE']);
      const before = aReport([aPerDiem()], { id: 'R-0' });
      assert.deepEqual(codesOf(aReport([aPerDiem({ incurredOn: '2026-11-10' })]), { posted: [postedReport(before, accepted(before).posting)] }), ['EXPENSE_DAYS_TWICE']);
    });
    it('pays the United Kingdom 5, 10 and 25 GBP', () => {
      const british = (rate: string) => codesOf(aReport([aPerDiem({ days: '1', ratePerDay: rate, amount: gbp(`${rate}.00`), deduction: gbp('0'), country: 'GB', billable: false })], { currency: 'GBP' }), inBritain);
      assert.deepEqual([british('5'), british('10'), british('25'), british('26')], [['accepted'], ['accepted'], ['accepted'], ['EXPENSE_PER_DIEM_EXCEEDED']]);
    });
  });

  describe('and its drives', () => {
    const british = (line: Parameters<typeof aDrive>[0], parts: ContextParts = {}, day = '2026-11-14') => codesOf(aReport([aDrive({ billable: false, ...line })], { currency: 'GBP', submittedOn: day }), { ...inBritain, ...parts });
    it('pays the rate of the country on the day: 45p until 5 April 2026, 55p after', () => {
      const time = { people: [aPerson({ legalEntity: 'GB01', timeZone: 'Europe/London' })], assignments: [anAssignment()], asOf: '2026-04-20T12:00:00.000Z' };
      assert.deepEqual(british({ ratePerUnit: '0.55', amount: gbp('55.00') }), ['accepted']);
      assert.deepEqual(british({ ratePerUnit: '0.56', amount: gbp('56.00') }), ['EXPENSE_MILEAGE_EXCEEDED']);
      assert.deepEqual(british({ incurredOn: '2026-04-05', ratePerUnit: '0.55', amount: gbp('55.00') }, { time }, '2026-04-19'), ['EXPENSE_MILEAGE_EXCEEDED']);
      assert.deepEqual(british({ incurredOn: '2026-04-06', ratePerUnit: '0.55', amount: gbp('55.00') }, { time }, '2026-04-19'), ['accepted']);
    });
    it('pays the full rate for the first 10,000 miles of a tax year, over all reports', () => {
      const drive = aDrive({ billable: false, ratePerUnit: '0.55', distance: '4000', amount: gbp('2200.00') });
      const before = ['A', 'B'].map((id) => aReport([{ ...drive, id: `L-${id}` }], { id: `R-${id}`, currency: 'GBP' }));
      const posted = before.map((report) => postedReport(report, accepted(report, inBritain).posting));
      assert.deepEqual(british({ ratePerUnit: '0.55', distance: '2000', amount: gbp('1100.00') }, { posted }), ['accepted']);
      assert.deepEqual(british({ ratePerUnit: '0.55', distance: '2000.1', amount: gbp('1100.06') }, { posted }), ['EXPENSE_MILEAGE_YEAR_EXCEEDED']);
      assert.deepEqual(british({ ratePerUnit: '0.25', distance: '2000', amount: gbp('500.00') }, { posted }), ['accepted']);
    });
    it('is calculated to the cent, in the unit of the country, of a distance that can be', () => {
      assert.deepEqual(codesOf(aReport([aDrive({ distance: '100.1', amount: usd('72.57') })])), ['accepted']);
      assert.deepEqual(codesOf(aReport([aDrive({ amount: usd('72.51') })])), ['EXPENSE_ARITHMETIC_WRONG']);
      assert.deepEqual(codesOf(aReport([aDrive({ unit: 'km' })])), ['EXPENSE_MILEAGE_UNIT_DIFFERS']);
      assert.deepEqual(codesOf(aReport([aDrive({ distance: '-5', amount: usd('3.63') })])), ['EXPENSE_DISTANCE_IMPLAUSIBLE']);
      assert.ok(codesOf(aReport([aDrive()]), { time: { people: [aPerson({ legalEntity: 'SG01' })] } }).includes('EXPENSE_MILEAGE_NOT_CONFIGURED'));
    });
  });

  describe('with foreign money', () => {
    const dinner = (exchange: ExpenseLine['exchange'], amount = eur('100.00')) => aReport([aTaxi({ amount, country: 'FR', exchange })]);
    const rate = (value: string, on = '2026-11-09') => ({ rate: value, on, source: 'card statement' });
    const reference = { exchangeRates: [{ from: 'EUR', to: 'USD', on: '2026-11-06', rate: '1.1600', source: 'ECB' }] };

    it('is converted to the cent with the rate it brings', () => {
      const { posting } = accepted(dinner(rate('1.16237')), reference);
      assert.deepEqual(posting.lines[0]?.amount, usd('116.24'));
      assert.deepEqual(posting.total, usd('116.24'));
    });
    it('is rejected without a rate, with one far from its day, or far from the reference', () => {
      assert.deepEqual(codesOf(dinner(null)), ['EXPENSE_EXCHANGE_MISSING']);
      assert.deepEqual(codesOf(dinner(rate('1.16', '2026-10-20'))), ['EXPENSE_EXCHANGE_DATE']);
      assert.deepEqual(codesOf(dinner(rate('1.30')), reference), ['EXPENSE_EXCHANGE_DEVIATES']);
      assert.deepEqual(codesOf(dinner(rate('1.30'))), ['accepted'], 'without a reference rate nobody can say it is wrong');
      assert.deepEqual(codesOf(dinner(rate('0'))).includes('EXPENSE_EXCHANGE_IMPLAUSIBLE'), true);
      assert.deepEqual(codesOf(aReport([aTaxi({ exchange: rate('1.5') })])), ['EXPENSE_EXCHANGE_NOT_NEEDED']);
    });
    it('is taken as its system rounds a half: to even or up, all lines alike', () => {
      const lines = [aTaxi({ amount: eur('0.10'), country: 'FR', exchange: rate('1.25'), merchant: 'A' }), aTaxi({ id: 'L-2', amount: eur('0.30'), country: 'FR', exchange: rate('1.15'), merchant: 'B' })];
      assert.deepEqual(accepted(aReport(lines, { total: usd('0.46') })).posting.lines.map(({ amount }) => amount.amount), ['0.12', '0.34']);
      assert.deepEqual(accepted(aReport(lines, { total: usd('0.48') })).posting.lines.map(({ amount }) => amount.amount), ['0.13', '0.35']);
      assert.deepEqual(codesOf(aReport(lines, { total: usd('0.47') })), ['EXPENSE_TOTAL_WRONG']);
    });
    it('keeps the decimals of each currency: none of the yen, three of the Kuwaiti dinar', () => {
      assert.deepEqual(codesOf(dinner(rate('0.0066'), { amount: '1200.5', currency: 'JPY' })).includes('EXPENSE_AMOUNT_TOO_FINE'), true);
      assert.deepEqual(codesOf(dinner(rate('3.25'), { amount: '1.255', currency: 'KWD' })), ['accepted']);
      assert.deepEqual(codesOf(dinner(rate('3.25'), { amount: '1.2555', currency: 'KWD' })).includes('EXPENSE_AMOUNT_TOO_FINE'), true);
      const japanese = aReport([aTaxi({ amount: { amount: '1200', currency: 'JPY' }, country: 'JP', billable: false })], { currency: 'JPY' });
      assert.deepEqual(accepted(japanese, { time: { people: [aPerson({ legalEntity: 'JP01', timeZone: 'Asia/Tokyo' })] } }).posting.total, { amount: '1200', currency: 'JPY' });
    });
    it('is billed on in the currency of the project, net of recoverable tax', () => {
      const time = { people: [aPerson({ legalEntity: 'DE01', timeZone: 'Europe/Berlin' })], projects: [aProject({ currency: 'GBP' })] };
      const report = aReport([aTaxi({ category: 'RAIL', amount: eur('119.00'), country: 'DE', tax: [{ code: 'VAT', ratePercent: '19', amount: eur('19.00'), recoverable: true }] })], { currency: 'EUR' });
      assert.deepEqual(codesOf(report, { time }), ['EXPENSE_BILLING_RATE_MISSING']);
      const { posting } = accepted(report, { time, exchangeRates: [{ from: 'EUR', to: 'GBP', on: '2026-11-09', rate: '0.87', source: 'ECB' }] });
      assert.deepEqual(posting.lines[0]?.billed, gbp('87.00'));
      assert.deepEqual(posting.lines[0]?.amount, eur('119.00'));
    });
  });

  describe('with days and numbers that cannot be', () => {
    it('names absurd amounts, refunds and totals that do not add up', () => {
      assert.ok(codesOf(aReport([aTaxi({ amount: usd('999999999999999999') })])).includes('EXPENSE_AMOUNT_ABSURD'));
      assert.deepEqual(codesOf(aReport([aTaxi({ amount: usd('-5.00') })])), ['EXPENSE_AMOUNT_NOT_POSITIVE']);
      assert.deepEqual(codesOf(aReport([aTaxi()], { total: usd('42.51') })), ['EXPENSE_TOTAL_WRONG']);
      assert.deepEqual(codesOf(aReport([aTaxi()], { total: eur('42.50') })), ['EXPENSE_TOTAL_WRONG']);
      assert.deepEqual(codesOf(aReport([aTaxi(), aTaxi({ merchant: 'Another', receipt: aReceipt('another') })])), ['EXPENSE_LINE_REPEATED']);
    });
    it('names the future, the absurd past, and what is older than the policy allows', () => {
      assert.ok(codesOf(aReport([aTaxi({ incurredOn: '2026-11-20' })])).includes('EXPENSE_IN_FUTURE'));
      assert.deepEqual(codesOf(aReport([aTaxi({ incurredOn: '2026-11-15' })])), ['EXPENSE_AFTER_SUBMISSION']);
      assert.ok(codesOf(aReport([aTaxi({ incurredOn: '1999-01-01' })])).includes('EXPENSE_DATE_ABSURD'));
      assert.deepEqual(codesOf(aReport([aTaxi({ incurredOn: '2026-09-10' })])), ['EXPENSE_TOO_OLD']);
    });
    it('names text that no system can store', () => {
      assert.deepEqual(codesOf(aReport([aTaxi({ description: 'broken \ud800' })])), ['EXPENSE_TEXT_UNREADABLE']);
      assert.deepEqual(codesOf(aReport([aTaxi({ merchant: 'nul \0' })])), ['EXPENSE_TEXT_UNREADABLE']);
      assert.deepEqual(codesOf(aReport([aTaxi({ merchant: 'Café Größe 咖啡 🍵', description: 'عشاء' })])), ['accepted']);
    });
  });

  describe('and the books', () => {
    const periodsOf = (change: (code: string) => object): Partial<ExpenseContext['time']> => ({ periods: anExpenseContext(config).time.periods.map((period) => ({ ...period, ...change(period.code) })) });
    it('is booked in the period of its last expense, or in the next open one', () => {
      assert.equal(accepted(aReport([aTaxi({ incurredOn: '2026-10-31' }), aTaxi({ id: 'L-2' })])).posting.accountingPeriod, '2026-11');
      const late = accepted(aReport([aTaxi({ incurredOn: '2026-10-20' })]));
      assert.equal(late.posting.accountingPeriod, '2026-11');
      assert.deepEqual(late.remarks, ['LATE_REPORT']);
    });
    it('is rejected where no period is open or known, and held where it opens later', () => {
      assert.deepEqual(codesOf(aReport([aTaxi()]), { time: periodsOf(() => ({ closed: true })) }), ['PERIOD_CLOSED']);
      assert.deepEqual(codesOf(aReport([aTaxi()]), { time: { periods: [] } }), ['PERIOD_UNKNOWN']);
      assert.deepEqual(codesOf(aReport([aTaxi()]), { time: periodsOf((code) => (code >= '2026-11' ? { opensAt: '2026-12-01T00:00:00.000Z' } : {})) }), ['held']);
    });
  });
});
