import assert from 'node:assert/strict';
import type { FirmConfig } from '../../../domain/config/schema.ts';
import type { TimesheetContext } from '../../../domain/model/time/context.ts';
import type { PostedEntry } from '../../../domain/model/time/enriched-entry.ts';
import type { TimeEntry } from '../../../domain/model/time/time-entry.ts';
import { netBilled, planAdjustment, planDropped, planWithdrawal } from '../../../domain/rules/timesheet/adjust.ts';
import { validateTimesheet } from '../../../domain/rules/timesheet/validate.ts';
import { entriesOfWeekLine } from '../../../domain/rules/timesheet/week-line.ts';
import { theFirm } from '../../builders/firm.ts';
import { anAssignment, anEntry, aPerson, aProject, aRate, aTimeContext, aTimesheet, clock, MONDAY, posted } from '../../builders/time.ts';

describe('A timesheet beside what was posted before', () => {
  let config: FirmConfig;

  before(async () => {
    ({ config } = await theFirm());
  });

  const decide = (entries: readonly TimeEntry[], context: Partial<TimesheetContext> = {}) => validateTimesheet(aTimesheet(entries), aTimeContext(config, context));
  const codes = (decision: ReturnType<typeof decide>) => decision.rejected.flatMap(({ findings }) => findings.map(({ code }) => code));
  const held = (decision: ReturnType<typeof decide>) => decision.held.map(({ reason }) => reason.code);

  function postedOf(entries: readonly TimeEntry[], context: Partial<TimesheetContext> = {}): PostedEntry[] {
    const { accepted, rejected } = decide(entries, context);
    assert.deepEqual(rejected, []);
    return accepted.map((labor) => posted(labor));
  }

  it('is accepted again without any effect when it comes a second time', () => {
    const before = postedOf([anEntry()]);
    const again = decide([anEntry()], { posted: before });
    assert.deepEqual(again.accepted, before.map(({ labor }) => labor));
    assert.deepEqual(again.repeats, [{ id: 'E-1', version: 1 }]);
  });

  it('is refused where a version comes again with other content, or an older one after a newer', () => {
    assert.deepEqual(codes(decide([anEntry({ hours: '7' })], { posted: postedOf([anEntry()]) })), ['VERSION_REUSED']);
    assert.deepEqual(codes(decide([anEntry({ version: 1 })], { posted: postedOf([anEntry({ version: 2 })]) })), ['ENTRY_STALE']);
  });

  it('holds a correction that arrives before its original, and takes it when that is there', () => {
    const correction = anEntry({ version: 2, hours: '6', replaces: { id: 'E-1', version: 1 } });
    assert.deepEqual(held(decide([correction])), ['ORIGINAL_NOT_SEEN']);
    const { accepted } = decide([correction], { posted: postedOf([anEntry()]) });
    assert.deepEqual(accepted.map(({ outcome, billing }) => [outcome, billing.amount.amount]), [['correction', '1320.00']]);
  });

  it('takes the correction of an entry that was refused as an entry of its own', () => {
    const correction = anEntry({ version: 2, hours: '6', replaces: { id: 'E-1', version: 1 } });
    assert.deepEqual(decide([correction], { refused: [{ system: 'harvest', id: 'E-1', version: 1, replaces: null }] }).accepted.map(({ outcome }) => outcome), ['new']);
  });

  it('takes only the last of several versions in one timesheet', () => {
    const decision = decide([anEntry(), anEntry({ version: 2, hours: '6', replaces: { id: 'E-1', version: 1 } })]);
    assert.deepEqual([codes(decision), decision.accepted.map(({ entry }) => entry.version)], [['ENTRY_SUPERSEDED'], [2]]);
  });

  it('counts an entry once that stands in it twice, and not at all where the two differ', () => {
    assert.deepEqual(codes(decide([anEntry(), anEntry()])), ['ENTRY_REPEATED']);
    assert.deepEqual(codes(decide([anEntry(), anEntry({ hours: '7' })])), ['VERSION_REUSED', 'VERSION_REUSED']);
  });

  it('is refused where a correction names itself, another person, or what another correction replaced', () => {
    assert.deepEqual(codes(decide([anEntry({ replaces: { id: 'E-1', version: 1 } })])), ['CORRECTION_OF_ITSELF']);
    const before = postedOf([anEntry()]);
    const ofBob = before.map((one) => ({ ...one, labor: { ...one.labor, entry: { ...one.labor.entry, person: 'bob@northwind-consulting.example' } } }));
    assert.deepEqual(codes(decide([anEntry({ version: 2, replaces: { id: 'E-1', version: 1 } })], { posted: ofBob })), ['CORRECTION_OF_OTHER_PERSON']);
    const superseded = before.map((one) => ({ ...one, state: 'superseded' as const }));
    assert.deepEqual(codes(decide([anEntry({ id: 'E-9', replaces: { id: 'E-1', version: 1 } })], { posted: superseded })), ['ORIGINAL_SUPERSEDED']);
  });

  it('to zero hours of an entry that was refused says the same as the entry: there is nothing it could be booked on', () => {
    const before = { system: 'harvest', id: 'E-1', version: 1, replaces: null };
    assert.deepEqual(codes(decide([anEntry({ version: 2, hours: '0', projectNumber: 'US01-NOPE', replaces: { id: 'E-1', version: 1 } })], { refused: [before] })), ['PROJECT_UNKNOWN']);
  });

  it('is refused where corrections replace each other in a circle', () => {
    assert.deepEqual(codes(decide([anEntry({ id: 'A', replaces: { id: 'B', version: 1 } }), anEntry({ id: 'B', replaces: { id: 'A', version: 1 } })])), ['CORRECTION_IN_CIRCLE', 'CORRECTION_IN_CIRCLE']);
  });

  it('takes back what its new version no longer holds, also where the old one arrives last', () => {
    const [kept, dropped] = [anEntry(), anEntry({ id: 'E-2', workDate: '2026-11-10' })];
    const second = aTimesheet([kept], { version: 2, replaces: { id: 'TS-1', version: 1 } });
    const first = { posted: postedOf([kept, dropped]) };
    assert.deepEqual(validateTimesheet(second, aTimeContext(config, first)).repeats, [{ id: 'E-1', version: 1 }]);
    assert.deepEqual(planDropped(second, aTimeContext(config, first)).flatMap(({ lines }) => lines.map(({ of, billed }) => [of.id, billed.amount])), [['E-2', '-1760.00']]);
    const after = { posted: validateTimesheet(second, aTimeContext(config)).accepted.map((labor) => posted(labor)), laterVersions: [{ version: 2, entries: ['E-1'] }] };
    assert.deepEqual(codes(decide([kept, dropped], after)), ['TIMESHEET_STALE']);
    assert.deepEqual(planDropped(second, aTimeContext(config, after)), []);
  });

  it('counts, of an older version that arrives last, what a newer one tells of in a version that was refused', () => {
    const dropped = anEntry({ id: 'E-2', workDate: '2026-11-10' });
    const { accepted, rejected } = decide([anEntry(), dropped], { refused: [{ system: 'harvest', id: 'E-1', version: 2, replaces: { id: 'E-1', version: 1 } }], laterVersions: [{ version: 2, entries: ['E-1', 'E-3'] }] });
    assert.deepEqual([accepted.map(({ entry }) => entry.id), rejected.map(({ entry, findings }) => [entry.id, ...findings.map(({ code }) => code)])], [['E-1'], [['E-2', 'TIMESHEET_STALE']]]);
  });

  it('is refused where the same work is told twice under two IDs, in it or before', () => {
    const twin = anEntry({ id: 'E-2', notes: 'Work of E-1' });
    assert.deepEqual(codes(decide([anEntry(), twin])), ['ENTRY_DUPLICATED']);
    assert.deepEqual(codes(decide([twin], { posted: postedOf([anEntry()]) })), ['ENTRY_DUPLICATED']);
  });

  it('is refused where the times of two entries cross', () => {
    const morning = anEntry({ hours: '4', clock: clock('2026-11-09T14:00', '2026-11-09T18:00') });
    const noon = anEntry({ id: 'E-2', hours: '4', clock: clock('2026-11-09T17:30', '2026-11-09T21:30') });
    assert.deepEqual(codes(decide([morning, noon])), ['ENTRY_OVERLAPS', 'ENTRY_OVERLAPS']);
    assert.deepEqual(codes(decide([noon], { posted: postedOf([morning]) })), ['ENTRY_OVERLAPS']);
  });

  it('changes the pay codes of posted work where the week becomes overtime by it', () => {
    const week = [1, 2, 3, 4, 5].map((day) => anEntry({ id: `E-${day}`, workDate: `2026-11-${String(8 + day).padStart(2, '0')}` }));
    const [monday, ...later] = week;
    assert.ok(monday !== undefined);
    const before = postedOf(later);
    const { accepted, payChanges } = decide([anEntry({ ...monday, hours: '10' })], { posted: before });
    assert.deepEqual(accepted[0]?.pay, [{ payCode: 'REG', multiplier: '1', hours: '10' }]);
    assert.deepEqual(payChanges.map(({ posted: one, labor }) => [one.labor.entry.id, labor.pay.map(({ payCode, hours }) => `${payCode} ${hours}`)]), [['E-5', ['REG 6', 'OT15 2']]]);
  });
});

describe('A rate, a project code or a cap that changes in mid-week', () => {
  let config: FirmConfig;

  before(async () => {
    ({ config } = await theFirm());
  });

  const line = (projectNumber = 'US01-TECH-A') => entriesOfWeekLine({ weekStart: MONDAY, hours: ['8', '8', '8', '8', '8', '0', '0'], entry: anEntry({ id: 'ROW', projectNumber }) });
  const decide = (entries: readonly TimeEntry[], context: Partial<TimesheetContext>) => validateTimesheet(aTimesheet(entries), aTimeContext(config, context));

  it('bills each day by the rate in force on it', () => {
    const { accepted } = decide(line(), { rates: [aRate({ to: '2026-11-10' }), aRate({ from: '2026-11-11', rate: '231.55' })] });
    assert.deepEqual(accepted.map(({ billing }) => billing.amount.amount), ['1760.00', '1760.00', '1852.40', '1852.40', '1852.40']);
  });

  it('books each day on the project code in force on it, whichever of the two was entered', () => {
    const projects = [aProject({ changedTo: { number: 'US01-TECH-B', from: '2026-11-11' } }), aProject({ number: 'US01-TECH-B', startDate: '2026-11-11' })];
    for (const entered of ['US01-TECH-A', 'US01-TECH-B']) {
      const { accepted, rejected } = decide(line(entered), { projects });
      assert.deepEqual(rejected.flatMap(({ findings }) => findings.map(({ code }) => code)), []);
      assert.deepEqual(accepted.map(({ projectNumber }) => projectNumber.at(-1)), ['A', 'A', 'B', 'B', 'B']);
    }
  });

  it('bills up to the cap and writes the rest off, to the cent, where the project says so', () => {
    const projects = [aProject({ billingMethod: 'capped', cap: { limit: { amount: '10000.00', currency: 'USD' }, used: { amount: '4000.00', currency: 'USD' }, beyond: 'write_off' } })];
    const { accepted } = decide(line(), { projects });
    assert.deepEqual(accepted.map(({ billing }) => [billing.amount.amount, billing.writtenOff.amount]), [['1760.00', '0.00'], ['1760.00', '0.00'], ['1760.00', '0.00'], ['720.00', '1040.00'], ['0.00', '1760.00']]);
  });

  it('refuses what does not fit in the cap otherwise', () => {
    const projects = [aProject({ billingMethod: 'capped', cap: { limit: { amount: '10000.00', currency: 'USD' }, used: { amount: '4000.00', currency: 'USD' }, beyond: 'refuse' } })];
    const { accepted, rejected } = decide(line(), { projects });
    assert.deepEqual([accepted.length, rejected.map(({ findings }) => findings[0]?.code)], [3, ['CAP_EXCEEDED', 'CAP_EXCEEDED']]);
  });

  it('refuses a cap in a foreign currency', () => {
    const projects = [aProject({ billingMethod: 'capped', cap: { limit: { amount: '10000.00', currency: 'CAD' }, used: { amount: '0.00', currency: 'CAD' }, beyond: 'refuse' } })];
    assert.deepEqual([...new Set(decide(line(), { projects }).rejected.map(({ findings }) => findings[0]?.code))], ['CAP_CURRENCY_DIFFERS']);
  });

  it('gives the cap back what a correction takes less', () => {
    const cap = { limit: { amount: '1760.00', currency: 'USD' }, used: { amount: '1760.00', currency: 'USD' }, beyond: 'refuse' as const };
    const [original] = decide([anEntry()], {}).accepted;
    assert.ok(original !== undefined);
    const { accepted } = decide([anEntry({ version: 2, hours: '7', replaces: { id: 'E-1', version: 1 } })], { projects: [aProject({ billingMethod: 'capped', cap })], posted: [posted(original)] });
    assert.deepEqual(accepted.map(({ billing }) => billing.amount.amount), ['1540.00']);
  });
});

describe('A late correction', () => {
  let config: FirmConfig;
  const OCTOBER = { workDate: '2026-10-19' };
  const sheetOf = (entry: TimeEntry) => aTimesheet([entry], { weekStart: '2026-10-19' });

  before(async () => {
    ({ config } = await theFirm());
  });

  function correct(asOf: string, parts: Partial<TimeEntry>) {
    const [original] = validateTimesheet(sheetOf(anEntry(OCTOBER)), aTimeContext(config, { asOf: '2026-10-26T12:00:00.000Z' })).accepted;
    assert.ok(original !== undefined);
    const before = posted(original);
    const context = aTimeContext(config, { asOf, posted: [before] });
    const [correction] = validateTimesheet(sheetOf(anEntry({ ...OCTOBER, version: 2, replaces: { id: 'E-1', version: 1 }, ...parts })), context).accepted;
    assert.ok(correction !== undefined);
    return planAdjustment(correction, before, context);
  }

  it('stays in its periods while they are open', () => {
    const adjustment = correct('2026-10-26T13:00:00.000Z', { hours: '6' });
    assert.deepEqual([adjustment.erpNextPeriod, adjustment.payrollNextPeriod], [false, false]);
    assert.deepEqual(adjustment.lines.map(({ accountingPeriod, payPeriod }) => [accountingPeriod, payPeriod]), [['2026-10', 'B2026-10-11'], ['2026-10', 'B2026-10-11']]);
  });

  it('after the payroll cutoff is paid with the next period, while the books are still open', () => {
    const adjustment = correct('2026-10-28T12:00:00.000Z', { hours: '6' });
    assert.deepEqual([adjustment.erpNextPeriod, adjustment.payrollNextPeriod], [false, true]);
    assert.deepEqual(adjustment.lines.map(({ payPeriod }) => payPeriod), ['B2026-10-25', 'B2026-10-25']);
  });

  it('after the books closed is in the next period in ERP and payroll alike, the original reversed to the cent', () => {
    const adjustment = correct('2026-11-16T12:00:00.000Z', { hours: '6.5' });
    assert.deepEqual([adjustment.erpNextPeriod, adjustment.payrollNextPeriod], [true, true]);
    assert.deepEqual(adjustment.lines.map(({ kind, accountingPeriod, payPeriod, hours, billed }) => [kind, accountingPeriod, payPeriod, hours, billed.amount]), [
      ['reversal', '2026-11', 'B2026-11-08', '-8', '-1760.00'],
      ['replacement', '2026-11', 'B2026-11-08', '6.5', '1430.00'],
    ]);
    assert.deepEqual(netBilled(adjustment, 'USD'), { amount: '-330.00', currency: 'USD' });
  });

  it('to zero hours takes the entry back, even where its project is closed by now', () => {
    const [original] = validateTimesheet(aTimesheet([anEntry()]), aTimeContext(config)).accepted;
    assert.ok(original !== undefined);
    const context = aTimeContext(config, { posted: [posted(original)], projects: [aProject({ status: 'closed', inactiveFrom: '2026-10-01' })], assignments: [], rates: [] });
    const { accepted } = validateTimesheet(aTimesheet([anEntry({ version: 2, hours: '0', replaces: { id: 'E-1', version: 1 } })]), context);
    assert.deepEqual(accepted.map(({ billing, pay, projectNumber }) => [billing.amount.amount, pay, projectNumber]), [['0.00', [], 'US01-TECH-A']]);
    const [correction] = accepted;
    assert.ok(correction !== undefined);
    assert.deepEqual(netBilled(planAdjustment(correction, posted(original), context), 'USD').amount, '-1760.00');
  });

  it('that withdraws the approval reverses everything posted of the timesheet, and nothing else', () => {
    const costRates = [{ legalEntity: 'US01', laborCategory: 'ENGINEER', rate: '80.00', currency: 'USD', from: '2026-01-01', to: null }];
    const accepted = validateTimesheet(aTimesheet([anEntry(), anEntry({ id: 'E-2', workDate: '2026-11-10' })]), aTimeContext(config, { costRates })).accepted;
    const other = validateTimesheet(aTimesheet([anEntry({ id: 'E-3', workDate: '2026-11-11' })], { id: 'TS-2' }), aTimeContext(config)).accepted;
    const context = aTimeContext(config, { posted: [...accepted, ...other].map((labor) => posted(labor)) });
    const adjustments = planWithdrawal({ system: 'harvest', id: 'TS-1', version: 1 }, context);
    assert.deepEqual(adjustments.flatMap(({ lines }) => lines.map(({ of, billed, cost, pay }) => [of.id, billed.amount, cost?.amount, pay[0]?.hours])), [['E-1', '-1760.00', '-640.00', '-8'], ['E-2', '-1760.00', '-640.00', '-8']]);
  });

  it('cannot be booked where no period is open, and says what to do', () => {
    const [labor] = validateTimesheet(aTimesheet([anEntry()]), aTimeContext(config)).accepted;
    assert.ok(labor !== undefined);
    assert.throws(() => planWithdrawal({ system: 'harvest', id: 'TS-1', version: 1 }, aTimeContext(config, { posted: [posted(labor)], periods: [] })), /US01 has no open accounting period from 2026-11 on: have the next one opened/);
  });
});

describe('The cost of an hour', () => {
  it('includes the premium of its pay code, rounded once', async () => {
    const { config } = await theFirm();
    const costRates = [{ legalEntity: 'US01', laborCategory: 'ENGINEER', rate: '33.33', currency: 'USD', from: '2026-01-01', to: null }];
    const context = aTimeContext(config, { costRates, people: [aPerson({ ruleSet: 'US-CA', timeZone: 'America/Los_Angeles' })], assignments: [anAssignment()] });
    const { accepted } = validateTimesheet(aTimesheet([anEntry({ hours: '13' })]), context);
    assert.deepEqual(accepted.map(({ cost, pay }) => [cost?.amount, pay.map(({ payCode, hours }) => `${payCode} ${hours}`)]), [['533.28', ['REG 8', 'OT15 4', 'OT20 1']]]);
  });
});
