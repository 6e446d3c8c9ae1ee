import assert from 'node:assert/strict';
import { Decimal } from 'decimal.js';
import fc from 'fast-check';
import { sql } from 'kysely';
import { returnRefused } from '../../../store/time/corrections.ts';
import { putReference } from '../../../store/time/reference.ts';
import { releasedRecords } from '../../../store/time/summary.ts';
import type { TimeEntry } from '../../../domain/model/time/time-entry.ts';
import type { Timesheet } from '../../../domain/model/time/timesheet.ts';
import { anApproval, anAssignment, anEntry, aPerson, aProject, aRate, aTimesheet } from '../../builders/time.ts';
import { arrivalOf, PEOPLE, PROJECTS, timeStory, type TimeStory } from '../../builders/time-stories.ts';
import { startDecisions, type Decisions } from './decisions.ts';

const RUNS = Number(process.env['Q2C_PROPERTY_RUNS'] ?? 20);
const SEED = Number(process.env['Q2C_PROPERTY_SEED'] ?? 20261121);
const [, BOB, CLEO] = PEOPLE;
const CAPPED = [['US01-TECH-A', 'USD'], ['ABROAD', 'EUR']] as const;
const RATE = '203.37';

const capped = (number: string, limit: string, beyond: 'refuse' | 'write_off') => {
  const currency = number === 'ABROAD' ? 'EUR' : 'USD';
  return aProject({ number, currency, ...(number === 'ABROAD' ? { legalEntity: 'DE01', costCenter: 'DE01-TECH' } : {}), billingMethod: 'capped', cap: { limit: { amount: limit, currency }, used: { amount: '0', currency }, beyond } });
};

describe('Time on capped projects, told in any order', function () {
  this.timeout(180_000);
  let decisions: Decisions;
  before(async () => {
    decisions = await startDecisions({
      people: PEOPLE.map((email) => aPerson({ email })),
      projects: [capped('US01-TECH-A', '1000.00', 'write_off'), capped('ABROAD', '600.00', 'write_off'), aProject({ number: 'FEE', billingMethod: 'fixed_fee' }), aProject({ number: 'BENCH', kind: 'internal', billingMethod: null })],
      assignments: PEOPLE.flatMap((person) => PROJECTS.map((projectNumber) => anAssignment({ person, projectNumber }))),
      rates: PROJECTS.map((projectNumber) => aRate({ projectNumber, rate: RATE, currency: projectNumber === 'ABROAD' ? 'EUR' : 'USD' })),
      transferRates: [{ employer: 'US01', client: 'DE01', laborCategory: 'ENGINEER', rate: '99.99', currency: 'EUR', from: '2026-01-01', to: null }],
    });
  });
  after(() => decisions.stop());

  it('bills the same entries up to the cap, in the order of the work, where the rest is written off', async () => {
    await caps({ 'US01-TECH-A': '1000.00', ABROAD: '600.00' }, 'write_off');
    await fc.assert(fc.asyncProperty(storyAndArrival, async ([story, arrival]) => {
      await arrive(arrival);
      await assertBooks(story, { 'US01-TECH-A': '1000.00', ABROAD: '600.00' });
    }), { numRuns: RUNS, seed: SEED, endOnFailure: true });
  });

  it('accepts all that fits into the cap together, where the rest is refused, whatever was in its way meanwhile', async () => {
    await fc.assert(fc.asyncProperty(storyAndArrival, async ([story, arrival]) => {
      const limits = Object.fromEntries(CAPPED.map(([number]) => [number, worthOf(story.inForce.map(({ entry }) => entry).filter((entry) => entry.projectNumber === number)).plus('0.01').toFixed(2)]));
      await caps(limits, 'refuse');
      await arrive(arrival);
      await assertBooks(story, limits);
    }), { numRuns: RUNS, seed: SEED, endOnFailure: true });
  });

  const storyAndArrival = timeStory.chain((story) => fc.tuple(fc.constant(story), arrivalOf(story.told)));

  async function caps(limits: Readonly<Record<string, string>>, beyond: 'refuse' | 'write_off'): Promise<void> {
    await putReference(decisions.store.db, 'test', Object.entries(limits).map(([number, limit]) => ({ kind: 'project', key: number, scope: number, document: capped(number, limit, beyond) })));
  }

  async function arrive(arrival: readonly (readonly (readonly Timesheet[])[])[]): Promise<void> {
    await decisions.empty();
    for (const pages of arrival) {
      const received = [];
      for (const sheets of pages) received.push(...(await decisions.receive(sheets)));
      await Promise.all(received.map((page) => decisions.decide(page)));
    }
  }

  async function assertBooks({ inForce }: TimeStory, limits: Readonly<Record<string, string>>): Promise<void> {
    const found = await decisions.rows(sql<{ entry: string; hours: string; billed: string; off: string }>`select entry_id || '@' || version as entry, hours::text, billed::text, written_off::text as off from time_entry where state = 'in_force' order by entry_id`);
    assert.deepEqual(found.map(({ entry, hours }) => `${entry}: ${Number(hours)} h`).toSorted(), inForce.map(({ entry }) => `${entry.id}@${entry.version}: ${Number(entry.hours)} h`).toSorted(), 'what is in force');
    for (const [number] of CAPPED) {
      const billed = new Map(found.map((row) => [row.entry, row]));
      let left = new Decimal(limits[number] ?? 0);
      for (const entry of inForce.map((one) => one.entry).filter((one) => one.projectNumber === number).toSorted((one, other) => (`${one.workDate} ${one.id}` < `${other.workDate} ${other.id}` ? -1 : 1))) {
        const worth = worthOf([entry]);
        const amount = Decimal.min(worth, left);
        left = left.minus(amount);
        const row = billed.get(`${entry.id}@${entry.version}`);
        assert.deepEqual([entry.id, Number(row?.billed), Number(row?.off)], [entry.id, amount.toNumber(), worth.minus(amount).toNumber()]);
      }
      const used = await decisions.rows(sql<{ used: string }>`select used::text from time_cap where project_number = ${number}`);
      assert.equal(Number(used[0]?.used ?? 0), new Decimal(limits[number] ?? 0).minus(left).toNumber(), 'what the project has used is what is billed');
    }
    const ledger = await decisions.rows(sql<{ entry: string; hours: string; amount: string }>`
      select line->'entry'->>'id' || '@' || (line->'entry'->>'version') as entry, sum(hours) filter (where line->>'purpose' <> 'billing')::text as hours, sum(amount)::text as amount
      from labor_posting where state <> 'cancelled' group by 1, line->'entry'->>'id' having sum(hours) <> 0 or sum(amount) <> 0 order by line->'entry'->>'id'`);
    assert.deepEqual(ledger.map(({ entry, hours, amount }) => [entry, Number(hours), Number(amount)]), found.filter(({ hours }) => Number(hours) !== 0).map(({ entry, hours, billed }) => [entry, Number(hours), Number(billed)]), 'the ERPs have the hours and the money of the entries in force');
    const paid = await decisions.rows(sql<{ entry: string; hours: string }>`select entry_id || '@' || entry_version as entry, sum(hours)::text as hours from pay_line group by 1, entry_id having sum(hours) <> 0 order by entry_id`);
    assert.deepEqual(paid.map(({ entry, hours }) => [entry, Number(hours)]), ledger.map(({ entry, hours }) => [entry, Number(hours)]), 'payroll pays these hours');
  }
});

function worthOf(entries: readonly TimeEntry[]): Decimal {
  return entries.reduce((sum, { hours }) => sum.plus(new Decimal(hours).times(RATE).toDecimalPlaces(2, Decimal.ROUND_HALF_EVEN)), new Decimal(0));
}

for (const beyond of ['refuse', 'write_off'] as const) {
  describe(`A cap of 2,000 USD (${beyond}) that a correction, and then a withdrawal, give room again`, function () {
    this.timeout(120_000);
    let decisions: Decisions;
    before(async () => {
      decisions = await startDecisions({
        people: [aPerson(), aPerson({ email: BOB }), aPerson({ email: CLEO, legalEntity: 'DE01', costCenter: 'DE01-TECH', timeZone: 'Europe/Berlin' })],
        projects: [capped('US01-TECH-A', '2000.00', beyond), aProject({ number: 'FEE', billingMethod: 'fixed_fee' })],
        assignments: PEOPLE.flatMap((person) => ['US01-TECH-A', 'FEE'].map((projectNumber) => anAssignment({ person, projectNumber }))),
        rates: [aRate({ projectNumber: 'US01-TECH-A' })],
        transferRates: [{ employer: 'DE01', client: 'US01', laborCategory: 'ENGINEER', rate: '99.99', currency: 'USD', from: '2026-01-01', to: null }],
      });
    });
    beforeEach(() => decisions.empty());
    after(() => decisions.stop());

    const approved = (id: string, version: number, hour: number, status: 'approved' | 'withdrawn' = 'approved') => anApproval({ of: { id, version }, status, decidedAt: `2026-11-16T0${hour}:00:00.000Z` });
    const on = (parts: Partial<TimeEntry>) => anEntry({ task: null, ...parts });
    const a1 = aTimesheet([on({ id: 'A' })], { id: 'TS-A', approval: approved('TS-A', 1, 1) });
    const b = aTimesheet([on({ id: 'B', person: BOB, workDate: '2026-11-10', hours: '6' })], { id: 'TS-B', person: BOB, approval: approved('TS-B', 1, 2) });
    const second = (parts: Partial<TimeEntry>) => aTimesheet([on({ id: 'A', version: 2, replaces: { id: 'A', version: 1 }, ...parts })], { id: 'TS-A', version: 2, replaces: { id: 'TS-A', version: 1 }, approval: approved('TS-A', 2, 3) });
    const a2 = second({ hours: '2' });
    const withdrawn: Timesheet = { ...a2, approval: approved('TS-A', 2, 4, 'withdrawn') };

    const billed = async () => (await decisions.rows(sql<{ entry: string; billed: string; off: string }>`select entry_id || '@' || version as entry, billed::text, written_off::text as off from time_entry where state = 'in_force' order by 1`)).map(({ entry, billed: amount, off }) => `${entry} ${Number(amount)} ${Number(off)}`);
    const posted = async () => (await decisions.rows(sql<{ entry: string; amount: string }>`select line->'entry'->>'id' as entry, sum(amount)::text as amount from labor_posting where state <> 'cancelled' group by 1 having sum(amount) <> 0 order by 1`)).map(({ entry, amount }) => `${entry} ${Number(amount)}`);
    const open = async () => (await decisions.rows(sql<{ entry: string }>`select entry_id || '@' || entry_version || ' ' || outcome as entry from time_outcome where outcome in ('rejected', 'held') order by 1`)).map(({ entry }) => entry);
    const toTell = async () => (await decisions.rows(sql<{ record: string }>`select r.record_id as record from time_answer a join time_record r on r.id = a.record where a.kind = 'reject' and a.state = 'planned' order by 1`)).map(({ record }) => record);
    const oneByOne = async (...sheets: readonly Timesheet[]) => {
      for (const sheet of sheets) await decisions.take(sheet);
    };
    const ending = async () => ({ billed: await billed(), posted: await posted(), open: await open(), toTell: await toTell() });

    const stories: readonly (readonly [what: string, told: Readonly<Record<string, Timesheet>>, expected: { readonly billed: readonly string[]; readonly posted: readonly string[] }])[] = [
      ['a correction to less', { a1, b, a2 }, { billed: ['A@2 440 0', 'B@1 1320 0'], posted: ['A 440', 'B 1320'] }],
      ['and a withdrawal', { a1, b, a2, withdrawn }, { billed: ['B@1 1320 0'], posted: ['B 1320'] }],
      ['a move to another project', { a1, b, a2: second({ projectNumber: 'FEE' }) }, { billed: ['A@2 0 0', 'B@1 1320 0'], posted: ['B 1320'] }],
      ['an entry dropped', { a1, b, a2: { ...a2, entries: [] } }, { billed: ['B@1 1320 0'], posted: ['B 1320'] }],
    ];
    for (const [what, told, expected] of stories) {
      it(`ends in the same books and the same open cases in all orders: ${what}`, async () => {
        for (const order of permutations(Object.entries(told))) {
          await decisions.empty();
          await oneByOne(...order.map(([, sheet]) => sheet));
          assert.deepEqual(await ending(), { ...expected, open: [], toTell: [] }, order.map(([name]) => name).join(', '));
        }
      });
    }

    it('ends in the same books when all of it comes in one page, and when each is decided at the same moment', async () => {
      for (const order of permutations([a1, b, a2])) {
        await decisions.empty();
        for (const page of await decisions.receive(order)) await decisions.decide(page);
        assert.deepEqual((await ending()).billed, ['A@2 440 0', 'B@1 1320 0']);
        await decisions.empty();
        const pages = [];
        for (const sheet of order) pages.push(...(await decisions.receive([sheet])));
        await Promise.all(pages.map((page) => decisions.decide(page)));
        assert.deepEqual(await ending(), { billed: ['A@2 440 0', 'B@1 1320 0'], posted: ['A 440', 'B 1320'], open: [], toTell: [] });
      }
    });

    if (beyond === 'refuse') {
      it('hands what it brings free to the process that sees to it', async () => {
        await oneByOne(a1, b);
        assert.deepEqual([await open(), await toTell()], [['B@1 rejected'], ['TS-B']]);
        const [page] = await decisions.receive([a2]);
        assert.ok(page !== undefined);
        await decisions.decide(page);
        assert.deepEqual((await releasedRecords(decisions.store.db, page)).map(({ id }) => id), ['TS-B']);
      });

      it('goes to whoever worked first where several wait, as far as it goes', async () => {
        const late = (id: string, workDate: string) => aTimesheet([on({ id, person: BOB, workDate, hours: '6' })], { id: `TS-${id}`, person: BOB, approval: approved(`TS-${id}`, 1, 2) });
        await oneByOne(a1, late('C', '2026-11-12'), late('D', '2026-11-11'), a2);
        assert.deepEqual([await billed(), await open()], [['A@2 440 0', 'D@1 1320 0'], ['C@1 rejected']]);
      });

      it('leaves alone what somebody has given back to its submitter meanwhile', async () => {
        await oneByOne(a1, b);
        const [record] = await decisions.rows(sql<{ id: number }>`select id from time_record where record_id = 'TS-B'`);
        await returnRefused(decisions.store.db, record?.id ?? 0);
        await decisions.take(a2);
        assert.deepEqual(await billed(), ['A@2 440 0']);
      });

      it('takes nothing away from what was accepted: of two timesheets that do not fit together the first to come stands', async () => {
        for (const [order, standing] of [[[a1, b], 'A@1 1760 0'], [[b, a1], 'B@1 1320 0']] as const) {
          await decisions.empty();
          await oneByOne(...order);
          assert.deepEqual([await billed(), (await open()).length], [[standing], 1]);
        }
      });
    } else {
      it('is billed to the earlier work, also where it comes later: what was posted to the later is reversed and posted anew', async () => {
        await oneByOne(b, a1);
        assert.deepEqual([await billed(), await posted()], [['A@1 1760 0', 'B@1 240 1080'], ['A 1760', 'B 240']]);
        const kinds = await decisions.rows(sql<{ entry: string; kind: string; amount: string }>`select line->'entry'->>'id' as entry, kind, amount::text from labor_posting order by 1, 2, labor_posting.amount desc`);
        assert.deepEqual(kinds.map(({ entry, kind, amount }) => `${entry} ${kind} ${Number(amount)}`), ['A original 1760', 'B original 1320', 'B original 240', 'B reversal -1320']);
        const pay = await decisions.rows(sql<{ n: number }>`select count(*)::integer as n from pay_line where entry_id = 'B'`);
        assert.deepEqual(pay, [{ n: 1 }], 'the hours are paid as they were');
      });

      it('is shared out as before while a period is closed for somebody, and anew with the next time on the project', async () => {
        const abroad = aTimesheet([on({ id: 'B', person: CLEO, workDate: '2026-11-10', hours: '6' })], { id: 'TS-B', person: CLEO });
        await oneByOne(a1, abroad);
        await decisions.whileClosed('DE01', () => decisions.take(a2));
        assert.deepEqual(await billed(), ['A@2 440 0', 'B@1 240 1080']);
        await decisions.take(aTimesheet([on({ id: 'C', workDate: '2026-11-11', hours: '2' })], { id: 'TS-C' }));
        assert.deepEqual([await billed(), await posted()], [['A@2 440 0', 'B@1 1320 0', 'C@1 240 200'], ['A 440', 'B 1320', 'C 240']]);
      });
    }
  });
}

function permutations<Item>(items: readonly Item[]): Item[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, position) => permutations(items.toSpliced(position, 1)).map((rest) => [item, ...rest]));
}
