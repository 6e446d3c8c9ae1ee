import assert from 'node:assert/strict';
import type { FirmConfig } from '../../domain/config/schema.ts';
import { codeOf, DIRT_KINDS, sampleMonth, type SampleTerms, type SampleTimesheet } from '../../starters/month-end/sample/index.ts';
import { theFirm } from '../builders/firm.ts';
import { MonthJudge, type JudgedSheet } from './judge-month.ts';

/** What the rules said otherwise than the generator, in words. */
function differences(judged: readonly JudgedSheet[]): string[] {
  return [...Map.groupBy(judged, ({ told }) => JSON.stringify(told.sheet)).values()].flatMap((tellings) => {
    const [one] = tellings;
    if (one === undefined) return [];
    const { sheet, dirt } = one.told;
    const wrong = sheet.entries.flatMap((_, position) => {
      const expected = tellings.map(({ told }) => told.expected[position]).toSorted().join(' and ');
      const found = tellings.map(({ verdicts }) => verdicts[position]?.outcome).toSorted().join(' and ');
      return found === expected ? [] : [`${sheet.id} ${position} (${dirt ?? 'clean'}): ${expected} expected, ${found} ${tellings.flatMap(({ verdicts }) => verdicts[position]?.codes ?? []).join(' ')}`];
    });
    const codes = tellings.flatMap(({ verdicts }) => verdicts.flatMap((verdict) => verdict.codes));
    const missing = dirt !== null && !codes.includes(codeOf(dirt)) ? [`${sheet.id}: ${codeOf(dirt)} expected, ${codes.join(' ')}`] : [];
    return [...wrong, ...missing];
  });
}

describe('what must become of a sample month', () => {
  let config: FirmConfig;
  before(async () => {
    config = (await theFirm()).config;
  });

  const run = (terms: Partial<SampleTerms>, order?: (sheets: SampleTimesheet[]) => readonly SampleTimesheet[]) => new MonthJudge(sampleMonth(terms), config).run(order);

  for (const terms of [{ seed: 1, consultants: 60 }, { seed: 2, consultants: 60 }, { seed: 3, consultants: 60 }, { seed: 4, consultants: 400 }, { seed: 5, consultants: 60, month: '2026-05' }]) {
    it(`is what the rules say, entry by entry: ${JSON.stringify(terms)}`, function () {
      this.timeout(120_000);
      assert.deepEqual(differences(run(terms)), []);
    });
  }

  it('holds for every kind of dirt, each with its own finding', function () {
    this.timeout(120_000);
    const judged = run({ seed: 6, consultants: 320, dirtyPercent: 25 });
    assert.deepEqual(differences(judged), []);
    const told = new Set(judged.map(({ told: { dirt } }) => dirt));
    assert.deepEqual(DIRT_KINDS.filter((kind) => !told.has(kind)), []);
  });

  it('does not depend on the order of arrival', function () {
    this.timeout(120_000);
    assert.deepEqual(differences(run({ seed: 7, consultants: 80, dirtyPercent: 15 }, (sheets) => sheets.toReversed())), []);
    assert.deepEqual(differences(run({ seed: 7, consultants: 80, dirtyPercent: 15 }, (sheets) => sheets.toSorted((left, right) => (left.sheet.id < right.sheet.id ? -1 : 1)))), []);
  });

  it('names the legal entity that the reference data has for the person', function () {
    this.timeout(120_000);
    const month = sampleMonth({ seed: 9, consultants: 320, dirtyPercent: 25 });
    const employers = new Map([...month.reference()].flatMap(({ kind, key, document }) => (kind === 'person' ? [[key, String(Reflect.get(document, 'legalEntity'))] as const] : [])));
    for (const { sheet, legalEntity } of month.timesheets()) assert.equal(legalEntity, employers.get(sheet.person) ?? 'UNKNOWN');
  });

  it('has nothing dirty in it where none is asked for', function () {
    this.timeout(120_000);
    const judged = run({ seed: 8, consultants: 100, dirtyPercent: 0 });
    assert.deepEqual(differences(judged), []);
    assert.deepEqual(new Set(judged.flatMap(({ verdicts }) => verdicts.map(({ outcome }) => outcome))), new Set(['accepted', 'repeat']));
  });
});
