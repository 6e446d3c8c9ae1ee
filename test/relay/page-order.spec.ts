import assert from 'node:assert/strict';
import fc from 'fast-check';
import { choosePages, weigh, type EntityDeadlines, type Waiting, type Weight } from '../../starters/relay/page-order.ts';

const NOW = new Date('2026-11-21T08:00:00.000Z');
const DEADLINES: EntityDeadlines = {
  pay: [{ to: '2026-11-15', at: '2026-11-20T17:00:00.000Z' }, { to: '2026-11-30', at: '2026-11-22T17:00:00.000Z' }, { to: '2026-12-15', at: '2026-12-18T17:00:00.000Z' }],
  books: [{ to: '2026-10-31', at: '2026-11-05T17:00:00.000Z' }, { to: '2026-11-30', at: '2026-12-03T17:00:00.000Z' }],
};

let n = 0;
function waiting(legalEntity = 'US01', parts: Partial<Waiting> = {}): Waiting {
  n += 1;
  return { batch: 'B', page: n, kind: 'timesheets', legalEntity, records: 200, readyAt: '2026-11-21T07:00:00.000Z', firstWeek: '2026-11-16', ...parts };
}
const page = (legalEntity = 'US01', parts: Partial<Waiting & Weight> = {}): Waiting & Weight => ({ ...waiting(legalEntity), priority: 2, cutoffAt: null, ...parts });
const room = (free: number, perEntity = free, running: Record<string, number> = {}) => ({ free, perEntity, running: new Map(Object.entries(running)) });

describe('What a waiting page is worth', () => {
  it('goes first when the payroll cutoff of its days is near', () => {
    assert.deepEqual(weigh(waiting(), DEADLINES, NOW), { priority: 1, cutoffAt: '2026-11-22T17:00:00.000Z' });
  });

  it('is not urgent when its days are paid later', () => {
    assert.deepEqual(weigh(waiting('US01', { firstWeek: '2026-12-07' }), DEADLINES, NOW), { priority: 2, cutoffAt: '2026-12-18T17:00:00.000Z' });
  });

  it('of days whose cutoff has passed belongs to the next payroll, and is as urgent as that', () => {
    assert.equal(weigh(waiting('US01', { firstWeek: '2026-11-09' }), DEADLINES, NOW).cutoffAt, '2026-11-22T17:00:00.000Z');
  });

  it('of expenses hurries for the close of the books only', () => {
    const expenses = waiting('US01', { kind: 'expenses', firstWeek: null });
    assert.deepEqual(weigh(expenses, DEADLINES, NOW), { priority: 3, cutoffAt: '2026-12-03T17:00:00.000Z' });
    assert.equal(weigh(expenses, DEADLINES, new Date('2026-12-02T08:00:00.000Z')).priority, 2);
  });

  it('of one record, which came by itself, goes a class ahead', () => {
    assert.equal(weigh(waiting('US01', { firstWeek: '2026-12-07', records: 1 }), DEADLINES, NOW).priority, 1);
    assert.equal(weigh(waiting('US01', { kind: 'expenses', firstWeek: null, records: 1 }), DEADLINES, NOW).priority, 2);
  });

  it('of an entity without periods is an ordinary one', () => {
    assert.deepEqual(weigh(waiting('UNKNOWN'), { pay: [], books: [] }, NOW), { priority: 2, cutoffAt: null });
  });
});

describe('The order in which pages start', () => {
  it('is payroll near its cutoff first, the earliest cutoff before the others', () => {
    const ordinary = page('US01', { readyAt: '2026-11-20T00:00:00.000Z' });
    const later = page('DE01', { priority: 1, cutoffAt: '2026-11-22T17:00:00.000Z' });
    const sooner = page('AU01', { priority: 1, cutoffAt: '2026-11-21T17:00:00.000Z' });
    assert.deepEqual(choosePages([ordinary, later, sooner], room(3)), [sooner, later, ordinary]);
  });

  it('gives legal entities their turn, however much one of them sent and however early', () => {
    const flood = Array.from({ length: 50 }, () => page('US01', { readyAt: '2026-11-20T00:00:00.000Z' }));
    const others = [page('DE01'), page('AU01')];
    const chosen = choosePages([...flood, ...others], room(6));
    assert.deepEqual(chosen.slice(0, 3).map(({ legalEntity }) => legalEntity).toSorted(), ['AU01', 'DE01', 'US01']);
    assert.deepEqual(chosen.slice(3), flood.slice(1, 4));
  });

  it('counts what runs already as a turn taken', () => {
    const [first] = choosePages([page('US01', { readyAt: '2026-11-20T00:00:00.000Z' }), page('DE01')], room(1, 6, { US01: 3 }));
    assert.equal(first?.legalEntity, 'DE01');
  });

  it('leaves room for others even while only one entity has pages, and even near its cutoff', () => {
    const flood = Array.from({ length: 10 }, () => page('US01', { priority: 1, cutoffAt: '2026-11-21T09:00:00.000Z' }));
    assert.equal(choosePages(flood, room(24, 6, { US01: 2 })).length, 4);
    assert.equal(choosePages([...flood, page('DE01')], room(24, 6, { US01: 6 }))[0]?.legalEntity, 'DE01');
  });

  it('gives an entity near its payroll cutoff more room than its share, and not all of it', () => {
    const due = Array.from({ length: 10 }, () => page('US01', { priority: 1, cutoffAt: '2026-11-21T09:00:00.000Z' }));
    const others = Array.from({ length: 10 }, () => page('DE01'));
    const chosen = choosePages([...others, ...due], { ...room(8, 2), perEntityNearCutoff: 6 });
    assert.deepEqual(chosen.map(({ legalEntity }) => legalEntity), [...Array.from({ length: 6 }, () => 'US01'), 'DE01', 'DE01']);
  });

  it('never starts a page twice, more than there is room for, or a lesser page before a more urgent one that has room', () => {
    const anyPage = fc.record({ legalEntity: fc.constantFrom('US01', 'DE01', 'AU01', 'FR01'), priority: fc.constantFrom(1 as const, 2 as const, 3 as const), cutoffAt: fc.constantFrom(null, '2026-11-21T09:00:00.000Z', '2026-11-23T09:00:00.000Z') });
    fc.assert(
      fc.property(fc.array(anyPage, { maxLength: 40 }), fc.nat(12), fc.integer({ min: 1, max: 6 }), (parts, free, perEntity) => {
        const pages = parts.map(({ legalEntity, ...weight }) => page(legalEntity, weight));
        const chosen = choosePages(pages, room(free, perEntity));
        assert.equal(new Set(chosen).size, chosen.length);
        assert.ok(chosen.length <= free);
        const taken = (entity: string) => chosen.filter(({ legalEntity }) => legalEntity === entity).length;
        for (const { legalEntity } of pages) assert.ok(taken(legalEntity) <= perEntity);
        const left = pages.filter((candidate) => !chosen.includes(candidate));
        for (const missed of left) {
          if (taken(missed.legalEntity) < perEntity) {
            assert.equal(chosen.length, free);
            assert.ok(chosen.every((better) => better.priority <= missed.priority));
          }
        }
      }),
    );
  });
});
