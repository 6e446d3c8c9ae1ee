import fc from 'fast-check';
import type { FirmConfig } from '../../domain/config/schema.ts';
import { addDays } from '../../domain/dates.ts';
import type { TimePerson, TimeProject, TimesheetContext } from '../../domain/model/time/context.ts';
import type { TimeEntry } from '../../domain/model/time/time-entry.ts';
import type { Timesheet } from '../../domain/model/time/timesheet.ts';
import { ADA, anApproval, anAssignment, anEntry, aPerson, aProject, aRate, aTimeContext, aTimesheet, MONDAY } from './time.ts';

/** Of each cap, billed by entries that are not Ada's. */
export const USED_BY_OTHERS = '5123.45';
const CAP = { limit: { amount: '6000.00', currency: 'USD' }, used: { amount: USED_BY_OTHERS, currency: 'USD' } };

/** One project of every kind that time is booked on, some of them unfit for it. */
const PROJECTS: readonly TimeProject[] = [
  aProject(),
  aProject({ number: 'CAP-REFUSE', billingMethod: 'capped', cap: { ...CAP, beyond: 'refuse' } }),
  aProject({ number: 'CAP-WRITE', billingMethod: 'capped', cap: { ...CAP, beyond: 'write_off' } }),
  aProject({ number: 'FEE', billingMethod: 'fixed_fee' }),
  aProject({ number: 'BENCH', kind: 'internal', billingMethod: null }),
  aProject({ number: 'LEAVE', kind: 'internal', billingMethod: null, absencePayCode: 'LEAVE', tasks: [] }),
  aProject({ number: 'OLD', changedTo: { number: 'NEW', from: '2026-11-12' } }),
  aProject({ number: 'NEW', startDate: '2026-11-12' }),
  aProject({ number: 'ABROAD', legalEntity: 'DE01', costCenter: 'DE01-TECH', currency: 'EUR' }),
  aProject({ number: 'SOON', status: 'pending' }),
  aProject({ number: 'CLOSED', status: 'closed', inactiveFrom: '2026-11-11' }),
];
const BOOKABLE = PROJECTS.map(({ number }) => number);

const HOMES: readonly Partial<TimePerson>[] = [
  { ruleSet: 'US-CA', timeZone: 'America/Los_Angeles' },
  { legalEntity: 'US01', timeZone: 'America/New_York' },
  { legalEntity: 'AU01', timeZone: 'Australia/Sydney' },
  { legalEntity: 'DE01', timeZone: 'Europe/Berlin' },
  { kind: 'subcontractor', subcontract: { vendor: 'Delta', order: 'PO-9', from: '2026-01-01', to: null, rate: '91.17', currency: 'USD' } },
];

export function contextOf(config: FirmConfig, home: Partial<TimePerson>, parts: Partial<TimesheetContext> = {}): TimesheetContext {
  const span = { from: '2026-01-01', to: null };
  return aTimeContext(config, {
    people: [aPerson({ calendar: null, ...home })],
    projects: [...PROJECTS],
    assignments: BOOKABLE.map((projectNumber) => anAssignment({ projectNumber })),
    rates: BOOKABLE.flatMap((projectNumber) => {
      const rate = { projectNumber, currency: projectNumber === 'ABROAD' ? 'EUR' : 'USD' };
      return [aRate({ ...rate, rate: '203.37', to: '2026-11-11' }), aRate({ ...rate, rate: '1711.11', unit: 'day', from: '2026-11-12' })];
    }),
    transferRates: ['US01', 'AU01', 'DE01'].flatMap((employer) => ['US01', 'DE01'].map((client) => ({ employer, client, laborCategory: 'ENGINEER', rate: '99.99', currency: client === 'US01' ? 'USD' : 'EUR', ...span }))),
    costRates: [{ legalEntity: 'US01', laborCategory: 'ENGINEER', rate: '77.77', currency: 'USD', ...span }],
    ...parts,
  });
}

export const anyHome: fc.Arbitrary<Partial<TimePerson>> = fc.record({ home: fc.constantFrom(...HOMES), overtime: fc.constantFrom('eligible' as const, 'exempt' as const) }).map(({ home, overtime }) => ({ ...home, overtime }));

const day = fc.integer({ min: -1, max: 7 }).map((offset) => addDays(MONDAY, offset));
const sane = fc.integer({ min: 1, max: 1_100 }).map((hundredths) => String(hundredths / 100));
const hours = fc.oneof({ weight: 8, arbitrary: sane }, { weight: 1, arbitrary: fc.constantFrom('0', '-4', '24', '25', '7.3333', '999999999999999999', '0.0000000001') });
const ref = fc.record({ id: fc.constantFrom('A', 'B', 'C', 'D', 'Z'), version: fc.integer({ min: 1, max: 3 }) });

/** Any entry that follows the schema, with the faults that time systems send. */
const anyEntry: fc.Arbitrary<TimeEntry> = fc
  .record({
    id: fc.constantFrom('A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M'),
    version: fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) }),
    replaces: fc.oneof({ weight: 5, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: ref }),
    workDate: day,
    hours,
    projectNumber: fc.constantFrom(...BOOKABLE, 'US01-TECH-A', 'US01-TECH-A', 'NOWHERE'),
    task: fc.constantFrom(null, '2-2', '9'),
    role: fc.constantFrom(null, 'Software engineer', 'Clown'),
    laborCategory: fc.constantFrom('ENGINEER', 'ENGINEER', 'ENGINEER', null, 'WIZARD'),
    costCenter: fc.constantFrom(null, null, null, 'US01-DATA', 'DE01-TECH', '__proto__'),
    billable: fc.boolean(),
    start: fc.option(fc.integer({ min: 0, max: 30 * 60 }), { freq: 4 }),
    notes: fc.constantFrom('Work', 'More work', 'Überstunden 加班 😀', 'broken \ud800', 'nul \0'),
  })
  .map(({ start, ...parts }) => {
    const from = Date.parse(`${parts.workDate}T06:00:00.000Z`) + (start ?? 0) * 60_000;
    const clock = start === null || Math.abs(Number(parts.hours)) > 100 ? null : { startedAt: new Date(from).toISOString(), endedAt: new Date(from + Math.round(Number(parts.hours) * 3_600_000)).toISOString(), breakMinutes: 0 };
    return anEntry({ ...parts, clock });
  });

/** Entries without a fault of their own; what they are together may still be too much. */
const goodEntry: fc.Arbitrary<TimeEntry> = fc
  .record({ id: fc.uuid(), day: fc.integer({ min: 0, max: 5 }), hundredths: fc.integer({ min: 1, max: 450 }), projectNumber: fc.constantFrom('US01-TECH-A', 'CAP-REFUSE', 'CAP-WRITE', 'FEE', 'BENCH', 'LEAVE', 'OLD', 'NEW', 'ABROAD') })
  .map(({ id, day: offset, hundredths, projectNumber }) => anEntry({ id, workDate: addDays(MONDAY, offset), hours: String(hundredths / 100), projectNumber, task: null, billable: projectNumber !== 'BENCH' && projectNumber !== 'LEAVE', notes: id }));

/** Any timesheet of Ada's week, most of them approved. */
export const anyTimesheet: fc.Arbitrary<Timesheet> = fc
  .record({ entries: fc.array(fc.oneof({ weight: 5, arbitrary: goodEntry }, { weight: 2, arbitrary: anyEntry }), { maxLength: 16 }), status: fc.constantFrom('approved' as const, 'approved' as const, 'approved' as const, 'approved' as const, 'approved' as const, 'approved' as const, 'submitted' as const, 'rejected' as const, 'withdrawn' as const) })
  .map(({ entries, status }) => aTimesheet(entries, { person: ADA, approval: anApproval({ status }) }));

/** Originals with chains of corrections, some down to nothing: each a good entry on a day of its own or beside others. */
export const correctedWork: fc.Arbitrary<TimeEntry[]> = fc
  .array(fc.record({ day: fc.integer({ min: 0, max: 6 }), versions: fc.array(fc.integer({ min: 0, max: 350 }), { minLength: 1, maxLength: 4 }), project: fc.constantFrom('US01-TECH-A', 'FEE', 'OLD', 'CAP-WRITE') }), { minLength: 1, maxLength: 7 })
  .map((work) =>
    work.flatMap(({ day: offset, versions, project }, number) =>
      versions.map((hundredths, position) =>
        anEntry({
          id: `W-${number}`,
          version: position + 1,
          replaces: position === 0 ? null : { id: `W-${number}`, version: position },
          workDate: addDays(MONDAY, Math.min(offset, 6)),
          hours: String((position === 0 ? Math.max(hundredths, 25) : hundredths) / 100),
          projectNumber: project,
          notes: `Work ${number}`,
        }),
      ),
    ),
  );
