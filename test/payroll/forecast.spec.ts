import assert from 'node:assert/strict';
import fc from 'fast-check';
import { forecastCutoffs, type BacklogLine } from '../../domain/rules/cutoff/forecast.ts';
import { shareInTime, type TimedBatch } from '../../domain/rules/cutoff/share-in-time.ts';

const NOW = '2026-11-30T12:00:00.000Z';
const secondsOn = (seconds: number) => new Date(Date.parse(NOW) + seconds * 1000).toISOString();

describe('The forecast of cutoffs', () => {
  const of = (legalEntity: string, records: number, payroll: number | null, invoice: number | null): BacklogLine => ({ legalEntity, records, payrollCutoffAt: payroll === null ? null : secondsOn(payroll), invoiceCutoffAt: invoice === null ? null : secondsOn(invoice) });
  const lateOf = (lines: readonly BacklogLine[], recordsPerSecond: number) => forecastCutoffs({ now: NOW, backlog: lines, recordsPerSecond }).map(({ legalEntity, cutoff, late, waiting }) => `${legalEntity} ${cutoff} ${late}/${waiting}`);

  it('says which legal entity will miss which cutoff by how many records, the soonest first', () => {
    assert.deepEqual(lateOf([of('DE01', 500, null, 200), of('US01', 100, 60, 400), of('GB01', 300, 150, 1000)], 2), ['GB01 payroll 100/300', 'DE01 invoice 500/500']);
    assert.deepEqual(lateOf([of('DE01', 500, null, 200), of('US01', 100, 60, 400), of('GB01', 300, 150, 1000)], 10), []);
  });

  it('adds up the weeks of one legal entity that have the same cutoff, and says when they will be through', () => {
    const [miss] = forecastCutoffs({ now: NOW, backlog: [of('US01', 100, 60, 400), of('US01', 40, 60, 900)], recordsPerSecond: 1 });
    assert.deepEqual(miss, { legalEntity: 'US01', cutoff: 'payroll', cutoffAt: secondsOn(60), waiting: 140, late: 80, past: false, doneAt: secondsOn(140) });
  });

  it('lets what is late already hold up nothing that can still be made', () => {
    assert.deepEqual(lateOf([of('US01', 100, -5, null), of('GB01', 50, 50, null)], 1), ['US01 payroll 100/100']);
  });

  it('says that everything will be late where nothing moves, and refuses a rate that cannot be', () => {
    const [miss] = forecastCutoffs({ now: NOW, backlog: [of('US01', 3, 60, null)], recordsPerSecond: 0 });
    assert.deepEqual([miss?.late, miss?.doneAt], [3, null]);
    assert.throws(() => forecastCutoffs({ now: NOW, backlog: [], recordsPerSecond: -1 }), /cannot be/);
    assert.throws(() => forecastCutoffs({ now: NOW, backlog: [], recordsPerSecond: Number.NaN }), /cannot be/);
  });

  const line = fc.record({ legalEntity: fc.constantFrom('US01', 'GB01', 'DE01'), records: fc.nat(200), payrollCutoffAt: fc.option(fc.integer({ min: -100, max: 400 }).map(secondsOn)), invoiceCutoffAt: fc.option(fc.integer({ min: -100, max: 400 }).map(secondsOn)) });
  const total = (lines: readonly BacklogLine[], rate: number) => forecastCutoffs({ now: NOW, backlog: lines, recordsPerSecond: rate }).reduce((sum, { late }) => sum + late, 0);

  it('has never more late at a higher rate, and never more late than waits', () => {
    fc.assert(fc.property(fc.array(line, { maxLength: 8 }), fc.double({ min: 0, max: 20, noNaN: true }), fc.double({ min: 0, max: 20, noNaN: true }), (lines, rate, more) => {
      assert.ok(total(lines, rate + more) <= total(lines, rate));
      for (const { late, waiting } of forecastCutoffs({ now: NOW, backlog: lines, recordsPerSecond: rate })) assert.ok(late > 0 && late <= waiting);
    }));
  });
});

describe('The share of records that make their cutoff', () => {
  const batch = fc.record({ arrivesAt: fc.integer({ min: 0, max: 60 }), cutoffAt: fc.integer({ min: 0, max: 120 }), records: fc.nat(40) });

  it('is what a small example says: an urgent batch behind a flood', () => {
    const flood: TimedBatch[] = [{ arrivesAt: 0, cutoffAt: 1000, records: 90 }, { arrivesAt: 0, cutoffAt: 10, records: 10 }];
    assert.equal(shareInTime('fifo', flood, 1), 0.9);
    assert.equal(shareInTime('cutoff', flood, 1), 1);
  });

  it('does not give up what can be made for what cannot: plain earliest deadline first would', () => {
    const hopeless: TimedBatch[] = [{ arrivesAt: 0, cutoffAt: 10, records: 100 }, { arrivesAt: 0, cutoffAt: 100, records: 100 }];
    assert.equal(shareInTime('cutoff', hopeless, 1), 0.5);
  });

  it('is never lower in the order of cutoffs than first in, first out', () => {
    fc.assert(fc.property(fc.array(batch, { maxLength: 12 }), fc.constantFrom(0.5, 1, 3, 7.3), (batches, rate) => {
      const [cutoff, fifo] = [shareInTime('cutoff', batches, rate), shareInTime('fifo', batches, rate)];
      assert.ok(cutoff >= fifo, `${cutoff} < ${fifo}`);
      assert.ok(cutoff >= 0 && cutoff <= 1);
    }), { numRuns: 500 });
  });

  it('is the most that any order can have: no choice of records in time is larger', () => {
    const small = fc.array(fc.record({ arrivesAt: fc.nat(5), cutoffAt: fc.nat(8), records: fc.nat(3) }), { maxLength: 4 });
    fc.assert(fc.property(small, (batches) => {
      const jobs = batches.flatMap(({ arrivesAt, cutoffAt, records }) => Array.from({ length: records }, () => ({ arrivesAt, cutoffAt })));
      const best = largestMatching(jobs);
      assert.equal(shareInTime('cutoff', batches, 1), jobs.length === 0 ? 1 : best / jobs.length);
    }), { numRuns: 300 });
  });

  it('is one for an empty backlog, and the same for one batch in either order', () => {
    assert.equal(shareInTime('cutoff', [], 1), 1);
    fc.assert(fc.property(batch, fc.constantFrom(1, 4), (only, rate) => {
      assert.equal(shareInTime('cutoff', [only], rate), shareInTime('fifo', [only], rate));
    }));
    assert.throws(() => shareInTime('fifo', [], 0), /above zero/);
  });
});

/** Records assigned to seconds one by one, by augmenting paths: slow and plainly right. */
function largestMatching(jobs: readonly { readonly arrivesAt: number; readonly cutoffAt: number }[]): number {
  const taken = new Map<number, number>();
  const place = (job: number, tried: Set<number>): boolean => {
    const { arrivesAt = 0, cutoffAt = 0 } = jobs[job] ?? {};
    for (let second = arrivesAt; second < cutoffAt; second += 1) {
      if (tried.has(second)) continue;
      tried.add(second);
      const holder = taken.get(second);
      if (holder !== undefined && !place(holder, tried)) continue;
      taken.set(second, job);
      return true;
    }
    return false;
  };
  return jobs.filter((_, job) => place(job, new Set())).length;
}
