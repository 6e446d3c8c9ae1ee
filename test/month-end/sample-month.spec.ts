import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { timePersonSchema } from '../../domain/model/time/context.ts';
import { timesheetSchema } from '../../domain/model/time/timesheet.ts';
import { DIRT_KINDS, sampleMonth, type SampleTerms } from '../../starters/month-end/sample/index.ts';

function fingerprint(terms: Partial<SampleTerms>): string {
  const month = sampleMonth(terms);
  const hash = createHash('sha256');
  for (const row of month.reference()) hash.update(JSON.stringify(row));
  for (const sheet of month.timesheets()) hash.update(JSON.stringify(sheet));
  return hash.digest('hex');
}

describe('a sample month', () => {
  it('is the same to the byte for the same terms, and another for another seed, size or month', function () {
    this.timeout(120_000);
    const first = fingerprint({ seed: 7, consultants: 60 });
    assert.equal(fingerprint({ seed: 7, consultants: 60 }), first);
    assert.notEqual(fingerprint({ seed: 8, consultants: 60 }), first);
    assert.notEqual(fingerprint({ seed: 7, consultants: 61 }), first);
    assert.notEqual(fingerprint({ seed: 7, consultants: 60, month: '2026-09' }), first);
  });

  it('can be asked for its timesheets again, even while they are being told', () => {
    const month = sampleMonth({ seed: 3, consultants: 20 });
    const one = month.timesheets()[Symbol.iterator]();
    one.next();
    const second = one.next().value;
    assert.deepEqual([...month.timesheets()][1], second);
  });

  it('of 4,000 consultants has 16,000 timesheets and 160,000 entries, 3 percent of the timesheets dirty in every kind', function () {
    this.timeout(120_000);
    const month = sampleMonth({ seed: 11 });
    const kinds = new Map<string, number>();
    let timesheets = 0;
    let entries = 0;
    const started = process.cpuUsage();
    for (const { sheet, expected, dirt } of month.timesheets()) {
      timesheets += 1;
      entries += sheet.entries.length;
      assert.equal(expected.length, sheet.entries.length);
      if (dirt !== null) kinds.set(dirt, (kinds.get(dirt) ?? 0) + 1);
    }
    const { user, system } = process.cpuUsage(started);
    const took = (user + system) / 1_000;
    console.log(`      ${timesheets} timesheets in ${Math.round(took)} ms of processor time: ${(took / timesheets).toFixed(3)} ms each`);
    assert.deepEqual({ timesheets, entries }, month.counts());
    assert.deepEqual({ timesheets, entries }, { timesheets: 16_000, entries: 160_000 });
    assert.deepEqual(DIRT_KINDS.filter((kind) => !kinds.has(kind)), []);
    assert.equal([...kinds.values()].reduce((sum, count) => sum + count, 0), 480);
    assert.ok(took < 6_000, `16,000 timesheets took ${took} ms of processor time`);
  });

  it('of 4,000 consultants is of 12 legal entities in three regions with 8 currencies and about 900 projects, closing on different days', function () {
    this.timeout(120_000);
    const kinds = Map.groupBy(sampleMonth({}).reference(), ({ kind }) => kind);
    const documents = (kind: string) => (kinds.get(kind) ?? []).map(({ document }) => new Map(Object.entries(document)));
    assert.equal(documents('entity').length, 12);
    assert.equal(new Set(documents('entity').map((entity) => entity.get('functionalCurrency'))).size, 8);
    assert.ok(new Set(documents('entity').map((entity) => entity.get('timeZone'))).size >= 8);
    const projects = documents('project').filter((project) => !String(project.get('number')).endsWith('-R'));
    assert.equal(projects.length, 900);
    assert.ok(new Set(documents('project').map((project) => project.get('currency'))).size >= 10);
    assert.ok(new Set(documents('accounting_period').filter((period) => period.get('code') === '2026-10').map((period) => String(period.get('closesAt')).slice(0, 10))).size >= 5);
    assert.ok(new Set(documents('pay_period').map((period) => String(period.get('code')).slice(0, 1))).size === 3);
  });

  it('follows the canonical schemas', function () {
    this.timeout(120_000);
    const month = sampleMonth({ seed: 2, consultants: 200, dirtyPercent: 25 });
    for (const { sheet } of month.timesheets()) assert.deepEqual(timesheetSchema.parse(sheet), sheet);
    for (const { kind, document } of month.reference()) if (kind === 'person') timePersonSchema.parse(document);
  });

  it('is told without being kept: memory stays flat', function () {
    this.timeout(120_000);
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('gc');
    assert.ok(typeof collect === 'function');
    const used = () => {
      collect();
      return process.memoryUsage().heapUsed / 1_048_576;
    };
    let told = 0;
    const readings: number[] = [];
    for (const { sheet } of sampleMonth({ seed: 5 }).timesheets()) {
      told += sheet.entries.length;
      if (told % 40_000 < sheet.entries.length) readings.push(used());
    }
    const [first = 0, ...later] = readings;
    assert.ok(later.length >= 3 && later.every((reading) => reading - first < 5), `megabytes in use after each 40,000 entries: ${readings.map((reading) => reading.toFixed(1)).join(', ')}`);
  });

  it('refuses terms that make no month', () => {
    assert.throws(() => sampleMonth({ month: '2026-13' }), /is no month/);
    assert.throws(() => sampleMonth({ month: '2031-05' }), /public holidays of 2026/);
    assert.throws(() => sampleMonth({ month: '2026-01' }), /from 2026-02 to 2026-12/);
    assert.throws(() => sampleMonth({ consultants: 3 }), /10 consultants or more/);
    assert.throws(() => sampleMonth({ dirtyPercent: 40 }), /0 to 25 percent/);
    assert.throws(() => sampleMonth({ seed: 1.5 }), /whole number/);
  });
});
