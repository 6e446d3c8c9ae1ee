import assert from 'node:assert/strict';
import type { FirmConfig } from '../../domain/config/schema.ts';
import type { EnrichedEntry } from '../../domain/model/time/enriched-entry.ts';
import { weekdayOf } from '../../domain/rules/timesheet/hours.ts';
import { isHoliday } from '../../starters/month-end/sample/calendar.ts';
import { costCentersOf, entitiesOf } from '../../starters/month-end/sample/entities.ts';
import { sampleMonth } from '../../starters/month-end/sample/index.ts';
import { theFirm } from '../builders/firm.ts';
import { MonthJudge } from './judge-month.ts';

describe('the sample firm', () => {
  let config: FirmConfig;
  before(async () => {
    config = (await theFirm()).config;
  });

  it('has the example firm\'s legal entities as they are configured, and some of its own', () => {
    const entities = entitiesOf(12);
    const own = entities.filter(({ code }) => !config.legalEntities.some((entity) => entity.code === code));
    assert.deepEqual(own.map(({ code }) => code), ['US02', 'DE02', 'GB02', 'AU02']);
    for (const configured of config.legalEntities) {
      const entity = entities.find(({ code }) => code === configured.code);
      const { country, region, timeZone, functionalCurrency, billingCurrencies, costCenters } = configured;
      assert.deepEqual(
        entity && { country: entity.country, region: entity.region, timeZone: entity.timeZone, functionalCurrency: entity.functionalCurrency, billingCurrencies: entity.billingCurrencies, costCenters: costCentersOf(entity.code) },
        { country, region, timeZone, functionalCurrency, billingCurrencies, costCenters: costCenters.map(({ code }) => code) },
      );
    }
  });

  it('closes books and payroll of the example firm\'s legal entities when the configuration says so, where it names them', () => {
    for (const configured of config.timeClosing.filter(({ legalEntity }) => legalEntity !== '*')) {
      const closing = entitiesOf(12).find(({ code }) => code === configured.legalEntity)?.closing;
      assert.deepEqual({ ...closing, lateEntryDays: configured.lateEntryDays }, configured);
    }
  });

  it('knows the weekday holidays of every region whose rules its people work under', () => {
    for (const { country, holidays } of config.regionalRules) {
      const weekdays = holidays.days.filter(({ date }) => date.startsWith('2026') && weekdayOf(date) <= 5);
      assert.deepEqual(weekdays.filter(({ date }) => !isHoliday(country, date)), []);
    }
  });

  it('names only rule sets, pay codes and labor categories of the configuration', () => {
    const text = JSON.stringify([...sampleMonth({ consultants: 100, dirtyPercent: 0 }).reference()]);
    const named = (field: string) => new Set([...text.matchAll(new RegExp(`"${field}":"([^"]+)"`, 'g'))].map(([, value]) => value));
    assert.deepEqual([...named('laborCategory')].filter((code) => !config.laborCategories.some((category) => category.code === code)), []);
    assert.deepEqual([...named('absencePayCode')].filter((code) => !config.payCodes.some((payCode) => payCode.code === code)), []);
    assert.deepEqual([...named('ruleSet')].filter((code) => !config.regionalRules.some((ruleSet) => ruleSet.code === code)), []);
  });

  describe('in its month', () => {
    let accepted: readonly EnrichedEntry[];
    let people: ReadonlyMap<string, { readonly kind: string; readonly hours: number }>;

    before(function () {
      this.timeout(120_000);
      const month = sampleMonth({ seed: 21, consultants: 500 });
      accepted = new MonthJudge(month, config).run().flatMap(({ verdicts }) => verdicts.flatMap(({ labor }) => (labor === null ? [] : [labor])));
      people = new Map(
        [...month.reference()].flatMap(({ kind, key, document }) => {
          const person = new Map<string, unknown>(Object.entries(document));
          const calendar = person.get('calendar');
          return kind === 'person' ? [[key, { kind: String(person.get('kind')), hours: Array.isArray(calendar) ? calendar.reduce((sum: number, hours) => sum + Number(hours), 0) : 40 }] as const] : [];
        }),
      );
    });

    const some = (is: (labor: EnrichedEntry) => boolean) => accepted.filter(is).length;
    const remarked = (remark: string) => some(({ remarks }) => remarks.includes(remark));

    it('lends people between legal entities, at transfer rates', () => {
      assert.ok(some(({ transfer, legalEntity, employer }) => transfer !== null && legalEntity !== employer) > 50);
    });

    it('has subcontractors, who are not on the payroll, and part-timers', () => {
      const of = (is: (person: { readonly kind: string; readonly hours: number }) => boolean) => some(({ entry }) => is(people.get(entry.person) ?? { kind: 'employee', hours: 40 }));
      assert.ok(of(({ kind }) => kind === 'subcontractor') > 500);
      assert.ok(of(({ hours }) => hours < 40) > 500);
    });

    it('bills by the hour, within fees and not at all, and writes off what goes beyond a cap', () => {
      for (const status of ['actuals', 'in_fee', 'none'] as const) assert.ok(some(({ billing }) => billing.status === status) > 200, status);
      assert.ok(some(({ billing }) => Number(billing.writtenOff.amount) > 0) > 20);
    });

    it('has rates and project codes that change in the middle of a week', () => {
      assert.ok(some(({ billing }) => billing.rate !== null && billing.rate.from >= '2026-10-01') > 50);
      assert.ok(remarked('PROJECT_CODE_CHANGED') > 20);
    });

    it('has absences, overtime and corrections, some of which take an entry back', () => {
      const payCodes = new Set(accepted.flatMap(({ pay }) => pay.map(({ payCode }) => payCode)));
      for (const payCode of ['REG', 'LEAVE', 'SICK', 'OT15', 'OT20']) assert.ok(payCodes.has(payCode), payCode);
      assert.ok(some(({ outcome }) => outcome === 'correction') > 40);
      assert.ok(some(({ entry }) => entry.replaces !== null && entry.hours === '0') > 5);
    });

    it('has time of closed periods, and of projects inactive by now', () => {
      assert.ok(remarked('LATE_ENTRY') > 100);
      assert.ok(remarked('INACTIVE_PROJECT_GRACE') > 20);
    });

    it('has work in the night in which the clock changes, by the hours that really passed', () => {
      const nights = accepted.filter(({ entry }) => entry.workDate === '2026-10-25' && entry.clock !== null);
      assert.ok(nights.length > 0);
      for (const { entry } of nights) assert.equal(entry.hours, String((Date.parse(entry.clock?.endedAt ?? '') - Date.parse(entry.clock?.startedAt ?? '')) / 3_600_000));
    });

    it('has notes in many scripts', () => {
      const notes = accepted.map(({ entry }) => entry.notes).join('');
      for (const script of [/\p{Script=Han}/u, /\p{Script=Cyrillic}/u, /\p{Script=Arabic}/u, /\p{Script=Devanagari}/u, /\p{Emoji_Presentation}/u]) assert.match(notes, script);
    });
  });
});
