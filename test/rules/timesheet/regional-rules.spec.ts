import assert from 'node:assert/strict';
import type { FirmConfig } from '../../../domain/config/schema.ts';
import { addDays } from '../../../domain/dates.ts';
import type { TimePerson } from '../../../domain/model/time/context.ts';
import type { TimeEntry } from '../../../domain/model/time/time-entry.ts';
import { validateTimesheet } from '../../../domain/rules/timesheet/validate.ts';
import { checkConfig } from '../../../domain/config/check.ts';
import { pathText } from '../../../domain/config/mistake.ts';
import { theFirm } from '../../builders/firm.ts';
import { anEntry, aPerson, aProject, aTimeContext, aTimesheet, clock } from '../../builders/time.ts';

const HOMES = {
  'US': { legalEntity: 'US01', timeZone: 'America/New_York' },
  'US-CA': { legalEntity: 'US01', timeZone: 'America/Los_Angeles' },
  'DE-BE': { legalEntity: 'DE01', timeZone: 'Europe/Berlin' },
  'AU-NSW': { legalEntity: 'AU01', timeZone: 'Australia/Sydney' },
  'GB-ENG': { legalEntity: 'GB01', timeZone: 'Europe/London' },
  'CA-ON': { legalEntity: 'CA01', timeZone: 'America/Toronto' },
  'JP': { legalEntity: 'JP01', timeZone: 'Asia/Tokyo' },
} as const;

type Region = keyof typeof HOMES;

describe('The working-time law of', () => {
  let config: FirmConfig;

  before(async () => {
    ({ config } = await theFirm());
  });

  /** Judges a week of internal work that begins on `weekStart`, a day after its end. */
  function week(region: Region, weekStart: string, entries: readonly Partial<TimeEntry>[], person: Partial<TimePerson> = {}) {
    const { legalEntity, timeZone } = HOMES[region];
    const project = aProject({ number: 'BENCH', legalEntity, kind: 'internal', billingMethod: null, costCenter: `${legalEntity}-TECH`, startDate: '2026-01-01' });
    const sheet = aTimesheet(entries.map((entry, position) => anEntry({ id: `E-${position}`, projectNumber: 'BENCH', task: null, billable: false, ...entry })), { weekStart });
    const context = aTimeContext(config, { asOf: `${addDays(weekStart, 8)}T12:00:00.000Z`, people: [aPerson({ legalEntity, timeZone, ruleSet: region, calendar: null, ...person })], projects: [project] });
    return validateTimesheet(sheet, context);
  }

  const days = (weekStart: string, hours: readonly string[]): Partial<TimeEntry>[] => hours.flatMap((value, day) => (value === '0' ? [] : [{ workDate: addDays(weekStart, day), hours: value }]));

  const paid = (decision: ReturnType<typeof week>) => {
    assert.deepEqual(decision.rejected.flatMap(({ findings }) => findings.map(({ code }) => code)), []);
    const totals = new Map<string, number>();
    for (const { pay } of decision.accepted) for (const { payCode, hours } of pay) totals.set(payCode, (totals.get(payCode) ?? 0) + Number(hours));
    return Object.fromEntries(totals);
  };

  const codes = (decision: ReturnType<typeof week>) => [...new Set(decision.rejected.flatMap(({ findings }) => findings.map(({ code }) => code)))];

  describe('California (Labor Code 510)', () => {
    const SUNDAY = '2026-11-08';

    it('pays time and a half after 8 hours a day and double time after 12', () => {
      assert.deepEqual(paid(week('US-CA', SUNDAY, days(SUNDAY, ['0', '13']))), { REG: 8, OT15: 4, OT20: 1 });
    });

    it('pays time and a half after 40 hours a week', () => {
      assert.deepEqual(paid(week('US-CA', SUNDAY, days(SUNDAY, ['0', '8', '8', '8', '8', '8', '8']))), { REG: 40, OT15: 8 });
    });

    it('pays no hour by two rules: daily overtime does not count towards the 40 hours', () => {
      assert.deepEqual(paid(week('US-CA', SUNDAY, days(SUNDAY, ['0', '10', '10', '10', '10', '8']))), { REG: 40, OT15: 8 });
    });

    it('pays the first 8 hours of the seventh day worked at time and a half, what follows at double time', () => {
      const decision = week('US-CA', SUNDAY, days(SUNDAY, ['4', '4', '4', '4', '4', '4', '9']));
      assert.deepEqual(paid(decision), { REG: 24, OT15: 8, OT20: 1 });
    });

    it('pays exempt staff no overtime', () => {
      assert.deepEqual(paid(week('US-CA', SUNDAY, days(SUNDAY, ['0', '13']), { overtime: 'exempt' })), { REG: 13 });
    });

    it('asks for a meal period of 30 minutes (Labor Code 512)', () => {
      const long = (pause: number) => week('US-CA', SUNDAY, [{ workDate: '2026-11-09', hours: '8', clock: clock('2026-11-09T16:00', pause === 0 ? '2026-11-10T00:00' : '2026-11-10T00:30', pause) }]);
      assert.deepEqual(codes(long(0)), ['BREAK_TOO_SHORT']);
      assert.deepEqual(codes(long(30)), []);
    });
  });

  describe('the United States (Fair Labor Standards Act)', () => {
    it('pays time and a half after 40 hours a week, none by the day, and no premium for the weekend or a holiday', () => {
      assert.deepEqual(paid(week('US', '2026-11-08', days('2026-11-08', ['8', '0', '12', '12', '12']))), { REG: 40, OT15: 4 });
    });
  });

  describe('Germany (Working Hours Act)', () => {
    const MONDAY = '2026-11-09';

    it('allows ten hours a day and not more (section 3)', () => {
      assert.deepEqual(codes(week('DE-BE', MONDAY, days(MONDAY, ['10']))), []);
      assert.deepEqual(codes(week('DE-BE', MONDAY, days(MONDAY, ['10.25']))), ['DAY_HOURS_EXCEEDED']);
      const [rejected] = week('DE-BE', MONDAY, days(MONDAY, ['10.25'])).rejected;
      assert.equal(rejected?.findings[0]?.overridable, true, 'HR may confirm an exceptional case (section 14)');
    });

    it('adds up the day over all entries', () => {
      const decision = week('DE-BE', MONDAY, [{ workDate: MONDAY, hours: '6' }, { workDate: MONDAY, hours: '5' }, { workDate: '2026-11-10', hours: '8' }]);
      assert.deepEqual([decision.rejected.length, decision.accepted.length], [2, 1]);
    });

    it('allows no work on Sundays and public holidays (section 9)', () => {
      assert.deepEqual(codes(week('DE-BE', MONDAY, days(MONDAY, ['0', '0', '0', '0', '0', '0', '4']))), ['SUNDAY_WORK_NOT_ALLOWED']);
      assert.deepEqual(codes(week('DE-BE', '2026-05-25', days('2026-05-25', ['8']))), ['HOLIDAY_WORK_NOT_ALLOWED'], 'Whit Monday');
    });

    it('asks for 11 hours of rest between two days (section 5)', () => {
      const nights = (nextStart: string, nextEnd: string) => week('DE-BE', MONDAY, [
        { workDate: MONDAY, hours: '6', clock: clock('2026-11-09T16:00', '2026-11-09T22:00') },
        { workDate: '2026-11-10', hours: '6', clock: clock(nextStart, nextEnd) },
      ]);
      assert.deepEqual(codes(nights('2026-11-10T08:59', '2026-11-10T14:59')), ['REST_TOO_SHORT']);
      assert.deepEqual(codes(nights('2026-11-10T09:00', '2026-11-10T15:00')), []);
    });

    it('asks for 30 minutes of break beyond six hours and 45 beyond nine (section 4), taken between entries too', () => {
      const day = (hours: string, from: string, to: string, pause: number) => codes(week('DE-BE', MONDAY, [{ workDate: MONDAY, hours, clock: clock(from, to, pause) }]));
      assert.deepEqual(day('6', '2026-11-09T08:00', '2026-11-09T14:00', 0), []);
      assert.deepEqual(day('8', '2026-11-09T08:00', '2026-11-09T16:15', 15), ['BREAK_TOO_SHORT']);
      assert.deepEqual(day('9.5', '2026-11-09T07:00', '2026-11-09T17:00', 30), ['BREAK_TOO_SHORT']);
      const split = week('DE-BE', MONDAY, [
        { workDate: MONDAY, hours: '4', clock: clock('2026-11-09T08:00', '2026-11-09T12:00') },
        { workDate: MONDAY, hours: '4', clock: clock('2026-11-09T12:30', '2026-11-09T16:30') },
      ]);
      assert.deepEqual(codes(split), []);
    });

    it('does not bind subcontractors', () => {
      const subcontract = { vendor: 'Delta', order: 'PO-9', from: '2026-01-01', to: null, rate: '95.00', currency: 'EUR' };
      assert.deepEqual(codes(week('DE-BE', MONDAY, days(MONDAY, ['12', '0', '0', '0', '0', '0', '4']), { kind: 'subcontractor', subcontract })), []);
    });
  });

  describe('New South Wales (National Employment Standards, Clerks Award)', () => {
    const MONDAY = '2026-11-02';

    it('pays beyond 38 hours a week: two hours at time and a half, then double time', () => {
      assert.deepEqual(paid(week('AU-NSW', MONDAY, days(MONDAY, ['8', '8', '8', '8', '9']))), { REG: 38, OT15: 2, OT20: 1 });
    });

    it('pays beyond ten hours a day alike, each day by itself', () => {
      assert.deepEqual(paid(week('AU-NSW', MONDAY, days(MONDAY, ['13', '11']))), { REG: 20, OT15: 3, OT20: 1 });
    });

    it('pays a day that is over by the day and by the week once: its first two overtime hours at time and a half', () => {
      assert.deepEqual(paid(week('AU-NSW', MONDAY, days(MONDAY, ['10', '10', '10', '8', '12']))), { REG: 38, OT15: 2, OT20: 10 });
    });

    it('pays Sunday at double time and a public holiday at double time and a half', () => {
      assert.deepEqual(paid(week('AU-NSW', MONDAY, days(MONDAY, ['0', '0', '0', '0', '0', '0', '4']))), { OT20: 4 });
      assert.deepEqual(paid(week('AU-NSW', '2026-10-05', days('2026-10-05', ['5']))), { HOL25: 5 }, 'Labour Day');
    });

    it('asks for ten hours of rest', () => {
      const decision = week('AU-NSW', MONDAY, [
        { workDate: '2026-11-03', hours: '4', clock: clock('2026-11-03T08:00', '2026-11-03T12:00') },
        { workDate: '2026-11-04', hours: '4', clock: clock('2026-11-03T21:30', '2026-11-04T01:30') },
      ]);
      assert.deepEqual(codes(decision), ['REST_TOO_SHORT']);
    });
  });

  it('Ontario pays time and a half after 44 hours, and allows 48', () => {
    const sunday = '2026-11-08';
    assert.deepEqual(paid(week('CA-ON', sunday, days(sunday, ['0', '9', '9', '9', '9', '9']))), { REG: 44, OT15: 1 });
    assert.deepEqual(codes(week('CA-ON', sunday, days(sunday, ['0', '10', '10', '10', '10', '9']))), ['WEEK_HOURS_EXCEEDED']);
  });

  it('Japan pays a quarter more after eight hours a day', () => {
    assert.deepEqual(paid(week('JP', '2026-11-08', days('2026-11-08', ['0', '10']))), { REG: 8, OT125: 2 });
  });

  it('the United Kingdom asks for 11 hours of rest (Working Time Regulations)', () => {
    const decision = week('GB-ENG', '2026-11-09', [
      { workDate: '2026-11-09', hours: '4', clock: clock('2026-11-09T18:00', '2026-11-09T22:00') },
      { workDate: '2026-11-10', hours: '4', clock: clock('2026-11-10T07:00', '2026-11-10T11:00') },
    ]);
    assert.deepEqual(codes(decision), ['REST_TOO_SHORT']);
  });

  describe('the clock itself', () => {
    it('gives a day 23 hours when it goes forward and 25 when it goes back', () => {
      const night = (date: string, hours: string) => codes(week('US', addDays(date, 0), [{ workDate: date, hours }]));
      assert.deepEqual(night('2026-03-08', '23'), []);
      assert.deepEqual(night('2026-03-08', '23.5'), ['HOURS_ABSURD']);
      assert.deepEqual(night('2026-11-01', '25'), []);
      assert.deepEqual(night('2026-11-02', '24.5'), ['HOURS_ABSURD']);
    });

    it('is refused where several entries together are more than the day has', () => {
      assert.deepEqual(codes(week('US', '2026-03-08', [{ workDate: '2026-03-08', hours: '12' }, { workDate: '2026-03-08', hours: '11.5' }])), ['DAY_LONGER_THAN_CLOCK']);
    });

    it('counts the hours that really passed in a night it changes', () => {
      const shift = (hours: string) => codes(week('US', '2026-10-31', [{ workDate: '2026-10-31', hours, clock: clock('2026-11-01T02:00', '2026-11-01T11:00') }]));
      assert.deepEqual(shift('9'), [], '22:00 to 06:00 on the wall, nine hours of work');
      assert.deepEqual(shift('8'), ['HOURS_DIFFER_FROM_CLOCK']);
    });
  });

  it('a year whose public holidays are not listed waits for the list', () => {
    assert.deepEqual(codes(week('JP', '2027-02-01', days('2027-02-01', ['8']))), ['PUBLIC_HOLIDAYS_UNKNOWN']);
  });
});

describe('The regional rules in the configuration', () => {
  it('are refused where they name what does not exist or contradict themselves, each mistake with its place', async () => {
    const { config } = await theFirm();
    const [first, ...others] = config.regionalRules;
    assert.ok(first !== undefined);
    const spoiled = { ...first, pay: { ...first.pay, regular: 'NORMAL', overtime: [] }, holidays: { ...first.holidays, days: [{ date: '2031-01-01', name: 'New Year' }, { date: '2026-01-01', name: 'New Year' }, { date: '2026-01-01', name: 'New Year' }] } };
    const checked = checkConfig({
      ...config,
      regionalRules: [spoiled, ...others.map((rules) => (rules.code === 'US-CA' ? { ...rules, defaultForCountry: true } : rules))],
      timeClosing: [{ legalEntity: 'XX01', closesOnWorkingDay: 3, payFrequency: 'biweekly', payrollCutoff: { daysAfterEnd: 1, at: '17:00' }, payDaysAfterEnd: 5, lateEntryDays: 60 }],
    });
    assert.ok(!checked.ok);
    assert.deepEqual(checked.problems.map(({ path }) => pathText(path)), [
      'regionalRules[0].pay.regular',
      'regionalRules[0].pay.overtime',
      'regionalRules[0].holidays.days[0].date',
      'regionalRules[0].holidays.days[2].date',
      'regionalRules[1].defaultForCountry',
      'timeClosing[0].legalEntity',
      'timeClosing[0].payAnchor',
      'timeClosing',
    ]);
  });
});
