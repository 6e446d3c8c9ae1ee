import assert from 'node:assert/strict';
import type { FirmConfig } from '../../../domain/config/schema.ts';
import type { TimesheetContext } from '../../../domain/model/time/context.ts';
import type { TimeEntry } from '../../../domain/model/time/time-entry.ts';
import type { Timesheet } from '../../../domain/model/time/timesheet.ts';
import { validateTimesheet } from '../../../domain/rules/timesheet/validate.ts';
import { theFirm } from '../../builders/firm.ts';
import { ADA, anApproval, anAssignment, anEntry, aPerson, aProject, aRate, aTimeContext, aTimesheet, BOSS, clock } from '../../builders/time.ts';

interface Case {
  readonly statement: string;
  readonly entry?: Partial<TimeEntry>;
  readonly sheet?: Partial<Timesheet>;
  readonly context?: Partial<TimesheetContext>;
  readonly expected: readonly string[];
}

const inactive = (inactiveFrom: string) => ({ projects: [aProject({ status: 'closed', inactiveFrom })] });
const GERMAN = { people: [aPerson({ legalEntity: 'DE01', timeZone: 'Europe/Berlin', costCenter: 'DE01-TECH' })], projects: [aProject({ legalEntity: 'DE01', costCenter: 'DE01-TECH', currency: 'EUR' })], rates: [aRate({ currency: 'EUR' })] };

const REFUSED: readonly Case[] = [
  { statement: 'has more hours than a day', entry: { hours: '25' }, expected: ['HOURS_ABSURD hours'] },
  { statement: 'has an absurd number of hours', entry: { hours: '999999999999' }, expected: ['HOURS_ABSURD hours'] },
  { statement: 'has hours finer than hundredths', entry: { hours: '7.3333' }, expected: ['HOURS_TOO_FINE hours'] },
  { statement: 'has negative hours', entry: { hours: '-8' }, expected: ['HOURS_NOT_POSITIVE hours'] },
  { statement: 'has no hours', entry: { hours: '0' }, expected: ['HOURS_NOT_POSITIVE hours'] },
  { statement: 'is of another week', entry: { workDate: '2026-11-08' }, expected: ['WORK_DATE_OUTSIDE_WEEK workDate'] },
  { statement: 'is of a day still to come', entry: { workDate: '2026-11-18' }, sheet: { weekStart: '2026-11-16' }, expected: ['WORK_DATE_IN_FUTURE workDate'] },
  { statement: 'is of long ago', entry: { workDate: '2019-11-11' }, sheet: { weekStart: '2019-11-11' }, expected: ['WORK_DATE_ABSURD workDate', 'PERSON_NOT_EMPLOYED workDate', 'PROJECT_DATES_EXCEEDED workDate', 'ASSIGNMENT_NOT_COVERING_DATE workDate', 'RATE_NOT_IN_FORCE workDate', 'PERIOD_UNKNOWN workDate', 'PUBLIC_HOLIDAYS_UNKNOWN workDate'] },
  { statement: 'is of somebody else', sheet: { person: BOSS }, expected: ['PERSON_DIFFERS person', 'APPROVER_IS_SELF approval.approver'] },
  { statement: 'has broken Unicode in its notes', entry: { notes: 'caf\ud800' }, expected: ['NOTES_UNREADABLE notes'] },
  { statement: 'ends before it begins', entry: { clock: clock('2026-11-09T17:00', '2026-11-09T09:00') }, expected: ['CLOCK_OUT_OF_ORDER clock.endedAt'] },
  { statement: 'has hours its clock does not tell', entry: { clock: clock('2026-11-09T14:00', '2026-11-09T20:00') }, expected: ['HOURS_DIFFER_FROM_CLOCK hours'] },
  { statement: 'began on another local day than it says', entry: { clock: clock('2026-11-10T14:00', '2026-11-10T22:00') }, expected: ['WORK_DATE_DIFFERS_FROM_CLOCK workDate'] },
  { statement: 'is of a person nobody knows', context: { people: [] }, expected: ['PERSON_UNKNOWN person'] },
  { statement: 'is of a person who had left', context: { people: [aPerson({ to: '2026-10-31' })] }, expected: ['PERSON_NOT_EMPLOYED workDate'] },
  { statement: 'is of an employer that is not ours', context: { people: [aPerson({ legalEntity: 'XX01', ruleSet: 'US' })] }, expected: ['EMPLOYER_UNKNOWN person', 'TRANSFER_RATE_MISSING person', 'PERIOD_UNKNOWN workDate', 'PAY_PERIOD_UNKNOWN workDate'] },
  { statement: 'is of a subcontractor without an order', context: { people: [aPerson({ kind: 'subcontractor' })] }, expected: ['SUBCONTRACT_MISSING person'] },
  { statement: 'is on the day off of a part-time calendar', context: { people: [aPerson({ calendar: ['0', '8', '8', '8', '8', '0', '0'] })] }, expected: ['NOT_A_WORKING_DAY workDate'] },
  { statement: 'was rejected by the approver', sheet: { approval: anApproval({ status: 'rejected', reason: 'Friday was off' }) }, expected: ['APPROVAL_REJECTED approval.status'] },
  { statement: 'had its approval withdrawn', sheet: { approval: anApproval({ status: 'withdrawn' }) }, expected: ['APPROVAL_WITHDRAWN approval.status'] },
  { statement: 'had its approval withdrawn, though the approval arrives last', context: { withdrawals: [{ timesheet: { system: 'harvest', id: 'TS-1', version: 1 }, at: '2026-11-16T10:00:00.000Z' }] }, expected: ['APPROVAL_WITHDRAWN approval.status'] },
  { statement: 'is approved by nobody', sheet: { approval: anApproval({ approver: null }) }, expected: ['APPROVER_MISSING approval.approver'] },
  { statement: 'is approved by the person who worked', sheet: { approval: anApproval({ approver: ADA }) }, expected: ['APPROVER_IS_SELF approval.approver'] },
  { statement: 'is approved by somebody who may not', sheet: { approval: anApproval({ approver: 'eve@northwind-consulting.example' }) }, expected: ['APPROVER_NOT_ENTITLED approval.approver'] },
  { statement: 'is approved in another version', sheet: { approval: anApproval({ of: { id: 'TS-1', version: 2 } }) }, expected: ['APPROVAL_OF_OTHER_VERSION approval.of'] },
  { statement: 'is for a project nobody knows', entry: { projectNumber: 'US01-NONE' }, expected: ['PROJECT_UNKNOWN projectNumber'] },
  { statement: 'is for a project closed before the work', context: inactive('2026-11-01'), expected: ['PROJECT_NOT_ACTIVE projectNumber'] },
  { statement: 'comes after the ten days of grace that the United States office gives', context: { ...inactive('2026-11-10'), asOf: '2026-11-21T12:00:00.000Z' }, expected: ['PROJECT_NOT_ACTIVE projectNumber'] },
  { statement: 'is for a cancelled project, which has no grace', context: { projects: [aProject({ status: 'cancelled', inactiveFrom: '2026-11-12' })] }, expected: ['PROJECT_NOT_ACTIVE projectNumber'] },
  { statement: 'is outside the dates of the project', context: { projects: [aProject({ endDate: '2026-10-31' })] }, expected: ['PROJECT_DATES_EXCEEDED workDate'] },
  { statement: 'is for a task the project does not have', entry: { task: '7' }, expected: ['TASK_UNKNOWN task'] },
  { statement: 'is of somebody not assigned', context: { assignments: [] }, expected: ['ASSIGNMENT_MISSING projectNumber'] },
  { statement: 'is of a day the assignment does not cover', context: { assignments: [anAssignment({ from: '2026-11-10' })] }, expected: ['ASSIGNMENT_NOT_COVERING_DATE workDate'] },
  { statement: 'has a role that stands for no labor category', entry: { laborCategory: null, role: 'Rock star' }, expected: ['ROLE_NOT_MAPPED role'] },
  { statement: 'has a labor category that is not ours', entry: { laborCategory: 'WIZARD' }, expected: ['LABOR_CATEGORY_UNKNOWN laborCategory', 'RATE_MISSING laborCategory'] },
  { statement: 'has another labor category than the assignment', entry: { laborCategory: 'PARTNER' }, context: { rates: [aRate({ laborCategory: 'PARTNER' })] }, expected: ['LABOR_CATEGORY_NOT_ASSIGNED laborCategory'] },
  { statement: 'names no labor category, nor does anything else', entry: { laborCategory: null }, context: { assignments: [] }, expected: ['ASSIGNMENT_MISSING projectNumber', 'LABOR_CATEGORY_MISSING laborCategory'] },
  { statement: 'is billable on an internal project', context: { projects: [aProject({ kind: 'internal', billingMethod: null })] }, expected: ['BILLABLE_ON_INTERNAL_PROJECT billable'] },
  { statement: 'is billable on a task that is not', entry: { task: '9' }, expected: ['BILLABLE_ON_NON_BILLABLE_TASK task'] },
  { statement: 'has no rate', context: { rates: [] }, expected: ['RATE_MISSING laborCategory'] },
  { statement: 'has no rate on that day', context: { rates: [aRate({ from: '2026-11-10' })] }, expected: ['RATE_NOT_IN_FORCE workDate'] },
  { statement: 'has two rates on that day', context: { rates: [aRate(), aRate({ rate: '230.00' })] }, expected: ['RATE_AMBIGUOUS laborCategory'] },
  { statement: 'has a monthly rate on a project billed by the hour', context: { rates: [aRate({ unit: 'month' })] }, expected: ['RATE_UNIT_NOT_BY_TIME laborCategory'] },
  { statement: 'has a rate in another currency than the project', context: { rates: [aRate({ currency: 'CAD' })] }, expected: ['RATE_CURRENCY_DIFFERS laborCategory'] },
  { statement: 'is for a project in a currency its entity does not bill in', context: { projects: [aProject({ currency: 'JPY' })], rates: [aRate({ currency: 'JPY' })] }, expected: ['CURRENCY_NOT_BILLED projectNumber'] },
  { statement: 'names a cost center that does not exist', entry: { costCenter: 'NOWHERE' }, expected: ['COST_CENTER_UNKNOWN costCenter'] },
  { statement: 'names a cost center of another legal entity', entry: { costCenter: 'DE01-TECH' }, expected: ['COST_CENTER_OF_OTHER_ENTITY costCenter'] },
  { statement: 'is for a project whose cost center is not its entity\'s', context: { projects: [aProject({ costCenter: 'DE01-TECH' })] }, expected: ['COST_CENTER_MISSING costCenter'] },
  { statement: 'is for a project of an entity that is not ours', context: { projects: [aProject({ legalEntity: 'XX01' })] }, expected: ['LEGAL_ENTITY_UNKNOWN projectNumber', 'TRANSFER_RATE_MISSING person', 'PERIOD_UNKNOWN workDate'] },
  { statement: 'is of staff lent without a transfer rate', context: { ...GERMAN, people: [aPerson()] }, expected: ['TRANSFER_RATE_MISSING person'] },
  { statement: 'is of staff lent at a rate in a third currency', context: { ...GERMAN, people: [aPerson()], transferRates: [{ employer: 'US01', client: 'DE01', laborCategory: 'ENGINEER', rate: '90', currency: 'JPY', from: '2026-01-01', to: null }] }, expected: ['TRANSFER_CURRENCY_DIFFERS person'] },
  { statement: 'has no cost rate where the employer keeps them here', context: { costRates: [{ legalEntity: 'US01', laborCategory: 'PARTNER', rate: '150', currency: 'USD', from: '2026-01-01', to: null }] }, expected: ['COST_RATE_MISSING laborCategory'] },
  { statement: 'has a cost rate in a foreign currency', context: { costRates: [{ legalEntity: 'US01', laborCategory: 'ENGINEER', rate: '80', currency: 'EUR', from: '2026-01-01', to: null }] }, expected: ['COST_CURRENCY_DIFFERS laborCategory'] },
  { statement: 'has regional rules nobody configured', context: { ruleSets: [] }, expected: ['REGIONAL_RULES_MISSING person'] },
  { statement: 'comes too late for a period long closed', entry: { workDate: '2026-05-11' }, sheet: { weekStart: '2026-05-11' }, expected: ['PERIOD_CLOSED workDate'] },
];

describe('An entry of an approved timesheet', () => {
  let config: FirmConfig;

  before(async () => {
    ({ config } = await theFirm());
  });

  const decide = ({ entry = {}, sheet = {}, context = {} }: Omit<Case, 'statement' | 'expected'>) => validateTimesheet(aTimesheet([anEntry(entry)], { person: ADA, ...sheet }), aTimeContext(config, context));

  it('is accepted with rate, amount, cost center and periods when everything about it is in order', () => {
    const { accepted, rejected, held } = decide({});
    assert.deepEqual([rejected, held], [[], []]);
    const [labor] = accepted;
    assert.deepEqual(
      [labor?.billing.amount, labor?.billing.rate?.rate, labor?.costCenter, labor?.accountingPeriod, labor?.payPeriod, labor?.pay],
      [{ amount: '1760.00', currency: 'USD' }, '220.00', 'US01-TECH', '2026-11', 'B2026-11-08', [{ payCode: 'REG', multiplier: '1', hours: '8' }]],
    );
  });

  for (const { statement, expected, ...parts } of REFUSED) {
    it(`goes back where it ${statement}`, () => {
      const { accepted, rejected } = decide(parts);
      assert.deepEqual(accepted, []);
      assert.deepEqual(rejected.flatMap(({ findings }) => findings.map(({ code, path }) => `${code} ${path}`)), expected);
      for (const { findings } of rejected) for (const finding of findings) assert.ok(finding.record.startsWith('harvest E-1 version 1') && finding.mend.length > 10 && finding.message.length > 10);
    });
  }

  it('passes where somebody with the right role let the finding pass, and says so', () => {
    const { accepted } = decide({ context: { assignments: [anAssignment({ from: '2026-11-10' })], waivers: [{ entry: { system: 'harvest', id: 'E-1', version: 1 }, code: 'ASSIGNMENT_NOT_COVERING_DATE', by: 'priya' }] } });
    assert.deepEqual(accepted.map(({ remarks }) => remarks), [['WAIVED_ASSIGNMENT_NOT_COVERING_DATE']]);
  });

  it('cannot pass a finding that nobody may let pass, whatever waiver is given', () => {
    const { accepted } = decide({ entry: { hours: '25' }, context: { waivers: [{ entry: { system: 'harvest', id: 'E-1', version: 1 }, code: 'HOURS_ABSURD', by: 'priya' }] } });
    assert.deepEqual(accepted, []);
  });

  it('is taken within the grace of the region when the project closed after the work', () => {
    const { accepted } = decide({ context: { ...inactive('2026-11-12') } });
    assert.deepEqual(accepted.map(({ remarks }) => remarks), [['INACTIVE_PROJECT_GRACE']]);
  });

  it('waits for its approval, its project or its period rather than go back', () => {
    const future = aTimeContext(config).periods.map((period) => (period.code === '2026-11' ? { ...period, opensAt: '2026-11-30T00:00:00.000Z' } : period));
    const codes = (parts: Omit<Case, 'statement' | 'expected'>) => decide(parts).held.map(({ reason }) => reason.code);
    assert.deepEqual(codes({ sheet: { approval: anApproval({ status: 'submitted', approver: null, decidedAt: null }) } }), ['APPROVAL_PENDING']);
    assert.deepEqual(codes({ context: { projects: [aProject({ status: 'pending' })] } }), ['PROJECT_PENDING']);
    assert.deepEqual(codes({ context: { periods: future } }), ['PERIOD_NOT_YET_OPEN']);
  });

  it('of a closed month is booked in the open one, and paid with the next pay period', () => {
    const { accepted } = decide({ entry: { workDate: '2026-10-26' }, sheet: { weekStart: '2026-10-26' } });
    assert.deepEqual(accepted.map(({ accountingPeriod, payPeriod, remarks }) => [accountingPeriod, payPeriod, remarks]), [['2026-11', 'B2026-11-08', ['LATE_ENTRY']]]);
  });

  it('takes the labor category from the role of the time system, else from the assignment', () => {
    assert.equal(decide({ entry: { laborCategory: null, role: 'Software engineer' } }).accepted[0]?.laborCategory, 'ENGINEER');
    assert.equal(decide({ entry: { laborCategory: null } }).accepted[0]?.laborCategory, 'ENGINEER');
  });

  it('of a subcontractor on an order is billed and costed, but not paid by our payroll', () => {
    const subcontract = { vendor: 'Delta Freelance', order: 'PO-9', from: '2026-01-01', to: '2026-12-31', rate: '95.00', currency: 'USD' };
    const [labor] = decide({ context: { people: [aPerson({ kind: 'subcontractor', subcontract, calendar: null })] } }).accepted;
    assert.deepEqual([labor?.payPeriod, labor?.pay, labor?.cost, labor?.billing.amount.amount], [null, [], { amount: '760.00', currency: 'USD' }, '1760.00']);
  });

  it('of staff lent by another legal entity carries the transfer, with both periods', () => {
    const transferRates = [{ employer: 'US01', client: 'DE01', laborCategory: 'ENGINEER', rate: '101.25', currency: 'EUR', from: '2026-01-01', to: null }];
    const [labor] = decide({ context: { ...GERMAN, people: [aPerson()], transferRates } }).accepted;
    assert.deepEqual([labor?.employer, labor?.legalEntity, labor?.transfer], ['US01', 'DE01', { rate: '101.25', amount: { amount: '810.00', currency: 'EUR' } }]);
  });

  it('of an internal project is costed and paid, but not billed; leave is no working time', () => {
    const projects = [aProject({ kind: 'internal', billingMethod: null, absencePayCode: 'LEAVE' })];
    const [labor] = decide({ entry: { billable: false }, context: { projects, assignments: [], rates: [] } }).accepted;
    assert.deepEqual([labor?.billing.status, labor?.billing.amount.amount, labor?.pay[0]?.payCode], ['none', '0.00', 'LEAVE']);
  });

  it('is in the month it belongs to only until its own legal entity closes', () => {
    const at = (asOf: string) => decide({ entry: { workDate: '2026-10-26' }, sheet: { weekStart: '2026-10-26' }, context: { asOf } }).accepted[0]?.accountingPeriod;
    assert.equal(at('2026-11-05T04:59:00.000Z'), '2026-10', 'US01 closes at the end of the third working day in New York');
    assert.equal(at('2026-11-05T05:00:00.000Z'), '2026-11');
  });
});
