import assert from 'node:assert/strict';
import { addDays } from '../../../domain/dates.ts';
import type { FirmConfig } from '../../../domain/config/schema.ts';
import type { TimesheetContext } from '../../../domain/model/time/context.ts';
import type { TimeEntry } from '../../../domain/model/time/time-entry.ts';
import { validateTimesheet } from '../../../domain/rules/timesheet/validate.ts';
import { theFirm } from '../../builders/firm.ts';
import { anAssignment, anEntry, aPerson, aProject, aTimeContext, aTimesheet, MONDAY, posted } from '../../builders/time.ts';

const LENT: TimesheetContext['transferRates'] = [{ employer: 'DE01', client: 'US01', laborCategory: 'ENGINEER', rate: '99.99', currency: 'EUR', from: '2026-01-01', to: null }];
const IN_GERMANY = { legalEntity: 'DE01', costCenter: 'DE01-TECH', timeZone: 'Europe/Berlin' };

describe('A person who moves in mid-week', () => {
  let config: FirmConfig;
  before(async () => {
    ({ config } = await theFirm());
  });

  const on = (day: number, parts: Partial<TimeEntry> = {}) => anEntry({ id: `E-${day}`, workDate: addDays(MONDAY, day), ...parts });
  const decide = (entries: readonly TimeEntry[], context: Partial<TimesheetContext>) => validateTimesheet(aTimesheet(entries), aTimeContext(config, { transferRates: LENT, ...context }));
  const codes = (decision: ReturnType<typeof decide>) => decision.rejected.map(({ entry, findings }) => [entry.id, ...findings.map(({ code }) => code)]);
  /** To Germany, from this day of the week on. */
  const moved = (day: number) => [aPerson({ ...IN_GERMANY, from: addDays(MONDAY, day) }), aPerson({ to: addDays(MONDAY, day - 1) })];

  it('is paid and costs each day where they worked then, and is lent to the project only from the other legal entity', () => {
    const { accepted, rejected } = decide([0, 1, 2, 3, 4].map((day) => on(day)), { people: moved(2) });
    assert.deepEqual(rejected, []);
    assert.deepEqual(accepted.map(({ employer }) => employer), ['US01', 'US01', 'DE01', 'DE01', 'DE01']);
    assert.deepEqual(accepted.map(({ transfer }) => transfer?.amount.amount ?? null), [null, null, '799.92', '799.92', '799.92']);
    assert.deepEqual(accepted.map(({ payPeriod }) => payPeriod).map((period, _, [first]) => period === first), [true, true, false, false, false]);
    assert.ok(accepted.every(({ billing }) => billing.amount.amount === '1760.00'), 'the client is billed as agreed');
  });

  it('has overtime with each employer over the hours worked there', () => {
    const long = [0, 1, 2, 3].map((day) => on(day, { hours: '11' }));
    const { accepted, payChanges } = decide([...long, on(4)], { people: moved(4) });
    const beyond = accepted.filter(({ pay }) => pay.some(({ multiplier }) => multiplier !== '1'));
    assert.deepEqual(beyond.map(({ entry, employer, pay }) => [entry.id, employer, pay.filter(({ multiplier }) => multiplier !== '1').map(({ hours }) => hours)]), [['E-3', 'US01', ['4']]]);
    assert.deepEqual(payChanges, []);
  });

  it('changes overtime of the former employer by what comes late for a day there, and nothing that the new one pays', () => {
    const people = moved(4);
    const before = decide([...[1, 2, 3].map((day) => on(day, { hours: '11' })), on(4)], { people }).accepted.map((labor) => posted(labor));
    const { payChanges } = decide([on(0, { hours: '11' })], { people, posted: before });
    assert.deepEqual(payChanges.map(({ labor }) => [labor.entry.id, labor.employer]), [['E-3', 'US01']]);
  });

  it('is under the law of each day: a Sunday worked in Germany is refused, one worked after the move is not', () => {
    const sunday = [on(6)];
    assert.deepEqual(codes(decide(sunday, { people: [aPerson(IN_GERMANY)] })), [['E-6', 'SUNDAY_WORK_NOT_ALLOWED']]);
    assert.deepEqual(codes(decide(sunday, { people: [aPerson({ ...IN_GERMANY, to: addDays(MONDAY, 5) }), aPerson({ from: addDays(MONDAY, 6) })] })), []);
  });

  it('has all hours of the week counted by the law that holds on a day, wherever they were worked', () => {
    const long = [0, 1, 2].map((day) => on(day, { hours: '11' }));
    assert.deepEqual(codes(decide([...long, on(3, { hours: '11' })], { people: moved(3) })), [['E-3', 'DAY_HOURS_EXCEEDED']], 'only the day in Germany is too long');
  });

  it('who only changes labor category or calendar is judged by those of the day', () => {
    const internal = { projects: [aProject({ number: 'BENCH', kind: 'internal', billingMethod: null, tasks: [] })], assignments: [anAssignment({ projectNumber: 'BENCH' })] };
    const bench = { projectNumber: 'BENCH', task: null, billable: false, laborCategory: null };
    const people = [aPerson({ to: addDays(MONDAY, 1), calendar: ['8', '8', '0', '8', '8', '0', '0'] }), aPerson({ from: addDays(MONDAY, 2), laborCategory: 'PARTNER', calendar: ['8', '8', '8', '8', '0', '0', '0'] })];
    const { accepted, rejected } = decide([1, 2, 4].map((day) => on(day, bench)), { ...internal, assignments: [], people });
    assert.deepEqual(accepted.map(({ entry, laborCategory }) => [entry.id, laborCategory]), [['E-1', 'ENGINEER'], ['E-2', 'PARTNER']]);
    assert.deepEqual(codes({ accepted, rejected, held: [], repeats: [], payChanges: [] }), [['E-4', 'NOT_A_WORKING_DAY']]);
  });

  it('is with nobody between two employments', () => {
    assert.deepEqual(codes(decide([0, 1, 2, 3].map((day) => on(day)), { people: [aPerson({ to: addDays(MONDAY, 0) }), aPerson({ ...IN_GERMANY, from: addDays(MONDAY, 3) })] })), [['E-1', 'PERSON_NOT_EMPLOYED'], ['E-2', 'PERSON_NOT_EMPLOYED']]);
  });
});
