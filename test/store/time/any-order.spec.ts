import assert from 'node:assert/strict';
import { Decimal } from 'decimal.js';
import fc from 'fast-check';
import { sql } from 'kysely';
import type { TimesheetContext } from '../../../domain/model/time/context.ts';
import type { Timesheet } from '../../../domain/model/time/timesheet.ts';
import { anAssignment, aPerson, aProject, aRate } from '../../builders/time.ts';
import { arrivalOf, PEOPLE, PROJECTS, timeStory, type TimeStory } from '../../builders/time-stories.ts';
import { startDecisions, type Decisions } from './decisions.ts';

const RUNS = Number(process.env['Q2C_PROPERTY_RUNS'] ?? 25);
/** The same stories each time, unless told: what is new is looked for on purpose. */
const SEED = Number(process.env['Q2C_PROPERTY_SEED'] ?? 20261121);
const FROM = { from: '2026-01-01', to: null };

const PARTS: Partial<TimesheetContext> = {
  people: PEOPLE.map((email) => aPerson({ email })),
  projects: [aProject(), aProject({ number: 'FEE', billingMethod: 'fixed_fee' }), aProject({ number: 'BENCH', kind: 'internal', billingMethod: null }), aProject({ number: 'ABROAD', legalEntity: 'DE01', costCenter: 'DE01-TECH', currency: 'EUR' })],
  assignments: PEOPLE.flatMap((person) => PROJECTS.map((projectNumber) => anAssignment({ person, projectNumber }))),
  rates: PROJECTS.map((projectNumber) => aRate({ projectNumber, rate: '203.37', currency: projectNumber === 'ABROAD' ? 'EUR' : 'USD' })),
  transferRates: [{ employer: 'US01', client: 'DE01', laborCategory: 'ENGINEER', rate: '99.99', currency: 'EUR', ...FROM }],
};
const COSTS: TimesheetContext['costRates'] = [{ legalEntity: 'US01', laborCategory: 'ENGINEER', rate: '77.77', currency: 'USD', ...FROM }];

for (const [what, costRates] of [['that costs what the ERP says', []], ['whose cost is kept here', COSTS]] as const) {
  describe(`Time ${what}, told in any order`, function () {
    this.timeout(180_000);
    let decisions: Decisions;
    before(async () => {
      decisions = await startDecisions({ ...PARTS, costRates: [...costRates] });
    });
    after(() => decisions.stop());

    it('ends in the same books: in the order it came about', async () => {
      await fc.assert(fc.asyncProperty(timeStory, async (story) => {
        await arrive(story.told.map((sheet) => [[sheet]]));
        await assertBooks(story);
      }), { numRuns: RUNS, seed: SEED, endOnFailure: true });
    });

    it('ends in the same books: in any other, in pages of any size, several of them decided at the same moment', async () => {
      await fc.assert(fc.asyncProperty(timeStory.chain((story) => fc.tuple(fc.constant(story), arrivalOf(story.told))), async ([story, arrival]) => {
        await arrive(arrival);
        await assertBooks(story);
      }), { numRuns: RUNS, seed: SEED, endOnFailure: true });
    });

    it('changes nothing when the same month comes a second time, as it was or with words added', async () => {
      await fc.assert(fc.asyncProperty(timeStory, async (story) => {
        await arrive([[story.told]]);
        const before = await books();
        await arrive([[story.told]], true);
        await arrive([[story.told.map((sheet) => ({ ...sheet, approval: { ...sheet.approval, reason: 'a copy' } }))]], true);
        assert.deepEqual(await books(), before);
      }), { numRuns: 8, seed: SEED, endOnFailure: true });
    });

    /** @param arrival rounds of pages; the pages of a round are decided at the same moment */
    async function arrive(arrival: readonly (readonly (readonly Timesheet[])[])[], again = false): Promise<void> {
      if (!again) await decisions.empty();
      for (const pages of arrival) {
        const received = [];
        for (const sheets of pages) received.push(...(await decisions.receive(sheets)));
        await Promise.all(received.map((page) => decisions.decide(page)));
      }
    }

    async function books() {
      const [inForce, ledger, pay] = await Promise.all([
        decisions.rows(sql<{ entry: string; hours: string; currency: string; billed: string }>`select entry_id || '@' || version as entry, hours::text as hours, currency, billed::text as billed from time_entry where state = 'in_force' order by 1`),
        decisions.rows(sql<{ entry: string; hours: string; amount: string; lines: number }>`
          select line->'entry'->>'id' || '@' || (line->'entry'->>'version') as entry, sum(hours)::text as hours, sum(amount)::text as amount, count(*)::integer as lines
          from labor_posting where state <> 'cancelled' group by 1 having sum(hours) <> 0 or sum(amount) <> 0 order by 1`),
        decisions.rows(sql<{ entry: string; code: string; hours: string }>`select entry_id || '@' || entry_version as entry, pay_code as code, sum(hours)::text as hours from pay_line group by 1, 2 having sum(hours) <> 0 order by 1, 2`),
      ]);
      return { inForce, ledger, pay };
    }

    async function assertBooks({ told, inForce }: TimeStory): Promise<void> {
      const found = await books();
      const expected = inForce.map(({ entry }) => `${entry.id}@${entry.version}: ${Number(entry.hours)} h`).toSorted();
      assert.deepEqual(found.inForce.map(({ entry, hours }) => `${entry}: ${Number(hours)} h`).toSorted(), expected, 'what is in force');
      const worked = expected.filter((entry) => !entry.endsWith(': 0 h'));
      assert.deepEqual(found.ledger.map(({ entry, hours }) => `${entry}: ${Number(hours)} h`).toSorted(), worked, 'the ERP has these hours, and none of any other entry');
      assert.deepEqual(found.ledger.map(({ entry, amount }) => [entry, Number(amount)]), found.inForce.filter(({ hours }) => Number(hours) !== 0).map(({ entry, billed }) => [entry, Number(billed)]), 'and the money of the entries in force');
      const paid = Map.groupBy(found.pay, ({ entry }) => entry);
      assert.deepEqual([...paid].map(([entry, parts]) => `${entry}: ${Number(parts.reduce((sum, { hours }) => sum.plus(hours), new Decimal(0)))} h`).toSorted(), worked, 'payroll pays these hours');

      const parts = await decisions.rows(sql<{ entry: string; code: string; hours: string }>`
        select entry_id || '@' || version as entry, p->>'payCode' as code, sum((p->>'hours')::numeric)::text as hours from time_entry, jsonb_array_elements(labor->'pay') p where state = 'in_force'
        group by 1, 2 having sum((p->>'hours')::numeric) <> 0 order by 1, 2`);
      assert.deepEqual(found.pay.map(({ entry, code, hours }) => [entry, code, Number(hours)]), parts.map(({ entry, code, hours }) => [entry, code, Number(hours)]), 'under the pay codes of the entries in force');
      const weekOf = await decisions.rows(sql<{ person: string; regular: string; all: string }>`select person, sum(hours) filter (where multiplier = 1)::text as regular, sum(hours)::text as all from pay_line group by 1`);
      for (const { person, regular, all } of weekOf) assert.equal(Number(regular), Math.min(40, Number(all)), `the first 40 hours of ${person} are regular, and only they`);

      const outcomes = await decisions.rows(sql<{ outcome: string; n: number }>`select outcome, count(*)::integer as n from time_outcome group by 1`);
      const received = await decisions.rows(sql<{ n: number }>`select coalesce(sum(jsonb_array_length(document->'entries')), 0)::integer as n from time_record`);
      assert.equal(outcomes.reduce((sum, { n }) => sum + n, 0), received[0]?.n, 'each received entry has an outcome');
      assert.equal(received[0]?.n, [...new Map(told.map((sheet) => [JSON.stringify(sheet), sheet.entries.length])).values()].reduce((sum, n) => sum + n, 0));
      assert.deepEqual(outcomes.filter(({ outcome }) => outcome === 'held'), [], 'nothing waits any more');
    }
  });
}
