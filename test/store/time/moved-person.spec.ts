import assert from 'node:assert/strict';
import { sql } from 'kysely';
import type { TimePerson } from '../../../domain/model/time/context.ts';
import { personKeys } from '../../../domain/model/time/reference.ts';
import type { Timesheet } from '../../../domain/model/time/timesheet.ts';
import { addDays } from '../../../domain/dates.ts';
import { dropReference, putReference, referenceRows } from '../../../store/time/reference.ts';
import { ADA, anAssignment, anEntry, aPerson, aProject, aRate, aTimesheet, MONDAY } from '../../builders/time.ts';
import { startDecisions, type Decisions } from './decisions.ts';

describe('A person who moves to another legal entity during the month', function () {
  this.timeout(60_000);
  let decisions: Decisions;
  before(async () => {
    decisions = await startDecisions({
      projects: [aProject({ number: 'FEE', billingMethod: 'fixed_fee' })],
      assignments: [anAssignment({ projectNumber: 'FEE' })],
      rates: [aRate({ projectNumber: 'FEE' })],
      transferRates: [{ employer: 'DE01', client: 'US01', laborCategory: 'ENGINEER', rate: '99.99', currency: 'EUR', from: '2026-01-01', to: null }],
    });
  });
  beforeEach(async () => {
    await decisions.empty();
    await dropReference(decisions.store.db, 'person', (await referenceRows(decisions.store.db, { kind: 'person' })).map(({ key }) => key));
    await terms(aPerson());
  });
  after(() => decisions.stop());

  const IN_GERMANY = { legalEntity: 'DE01', costCenter: 'DE01-TECH', timeZone: 'Europe/Berlin' };
  const [FORMER, MOVED] = [aPerson({ to: addDays(MONDAY, 1) }), aPerson({ ...IN_GERMANY, from: addDays(MONDAY, 2) })];
  /** The last of them under the person's address, those before under their first day too. */
  async function terms(...rows: readonly TimePerson[]): Promise<void> {
    await putReference(decisions.store.db, 'test', rows.map((document, position) => ({ kind: 'person', key: personKeys(document)[position === rows.length - 1 ? 0 : 1], scope: document.email, document })));
  }
  const on = (day: number, parts = {}) => anEntry({ id: `E-${day}`, projectNumber: 'FEE', task: null, workDate: addDays(MONDAY, day), ...parts });
  const week = aTimesheet([0, 1, 2, 3, 4].map((day) => on(day)));
  const employers = async () => (await decisions.rows(sql<{ text: string }>`select entry_id || ' ' || employer as text from time_entry where state = 'in_force' order by 1`)).map(({ text }) => text);
  const paid = async () => (await decisions.rows(sql<{ text: string }>`select employer || ' ' || trim_scale(sum(hours))::text as text from pay_line group by employer having sum(hours) <> 0 order by 1`)).map(({ text }) => text);

  it('has the week split between the two on the day of the move', async () => {
    await terms(FORMER, MOVED);
    await decisions.take(week);
    assert.deepEqual(await employers(), ['E-0 US01', 'E-1 US01', 'E-2 DE01', 'E-3 DE01', 'E-4 DE01']);
    assert.deepEqual(await paid(), ['DE01 24', 'US01 16']);
  });

  it('has old weeks judged by the employer of then, also where they come after the move', async () => {
    await terms(FORMER, MOVED);
    await decisions.take(aTimesheet([on(-7), on(-6)], { id: 'TS-0', weekStart: addDays(MONDAY, -7) }));
    assert.deepEqual(await paid(), ['US01 16']);
    const pages = await decisions.rows(sql<{ entity: string }>`select legal_entity as entity from time_record`);
    assert.deepEqual(pages, [{ entity: 'US01' }], 'and its page is one of that legal entity');
  });

  it('has what was posted before the move was told left as it is, until it is corrected: then by the employer of its day', async () => {
    await decisions.take(week);
    assert.deepEqual(await paid(), ['US01 40']);
    await terms(FORMER, MOVED);
    const corrected = week.entries.map((entry, day) => (day === 1 || day === 3 ? { ...entry, version: 2, replaces: { id: entry.id, version: 1 }, hours: '6' } : entry));
    await decisions.take({ ...week, version: 2, replaces: { id: week.id, version: 1 }, approval: { ...week.approval, of: { id: week.id, version: 2 } }, entries: corrected });
    assert.deepEqual(await employers(), ['E-0 US01', 'E-1 US01', 'E-2 US01', 'E-3 DE01', 'E-4 US01']);
    assert.deepEqual(await paid(), ['DE01 6', 'US01 30']);
  });

  it('ends in the same books whichever part of the week comes first', async () => {
    await terms(FORMER, MOVED);
    const long = [0, 1, 2, 3].map((day) => aTimesheet([on(day, { hours: '10' })], { id: `TS-${day}` }));
    const ends = new Set<string>();
    for (const order of [long, long.toReversed(), [2, 0, 3, 1].flatMap((day) => long[day] ?? [])]) {
      await decisions.empty();
      for (const sheet of order) await decisions.take(sheet);
      ends.add(JSON.stringify(await decisions.rows(sql`select entry_id, employer, pay_code, trim_scale(sum(hours))::text as hours from pay_line group by 1, 2, 3 having sum(hours) <> 0 order by 1, 2, 3`)));
    }
    assert.equal(ends.size, 1, [...ends].join('\n'));
    const withdrawn = (sheet: Timesheet): Timesheet => ({ ...sheet, approval: { ...sheet.approval, status: 'withdrawn', decidedAt: '2026-11-16T10:00:00.000Z' } });
    await decisions.take(...long.map(withdrawn));
    assert.deepEqual(await paid(), []);
  });

  it('is one row of reference data as it ever was where nothing has changed', async () => {
    await decisions.take(week);
    assert.deepEqual((await referenceRows(decisions.store.db, { kind: 'person' })).map(({ key }) => key), [ADA]);
    assert.deepEqual(await employers(), ['E-0 US01', 'E-1 US01', 'E-2 US01', 'E-3 US01', 'E-4 US01']);
  });
});
