import assert from 'node:assert/strict';
import fc from 'fast-check';
import { sql } from 'kysely';
import { addDays } from '../../../domain/dates.ts';
import type { TimeEntry } from '../../../domain/model/time/time-entry.ts';
import type { Timesheet } from '../../../domain/model/time/timesheet.ts';
import { anApproval, anAssignment, anEntry, aProject, aRate, aTimesheet, MONDAY } from '../../builders/time.ts';
import { arrivalOf, UNKNOWN_PROJECT } from '../../builders/time-stories.ts';
import { startDecisions, type Decisions } from './decisions.ts';

const RUNS = Number(process.env['Q2C_PROPERTY_RUNS'] ?? 40);
/** The same stories each time, unless told: what is new is looked for on purpose. */
const SEED = Number(process.env['Q2C_PROPERTY_SEED'] ?? 20261121);
const IDS = ['A', 'B', 'C', 'D'] as const;

const anyRef = fc.record({ id: fc.constantFrom(...IDS), version: fc.integer({ min: 1, max: 2 }) });
const version = fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.integer({ min: 2, max: 3 }) });
/** Mostly the correction of an earlier entry, at times of anything; the first is one of its own. */
const entry: fc.Arbitrary<TimeEntry> = fc
  .record({ nth: fc.nat({ max: IDS.length - 1 }), version, earlier: fc.nat(), any: fc.option(anyRef, { freq: 1 }), sane: fc.integer({ min: 0, max: 5 }), day: fc.integer({ min: 0, max: 5 }), hours: fc.integer({ min: 1, max: 4 }), zero: fc.integer({ min: 0, max: 6 }), refused: fc.integer({ min: 0, max: 6 }) })
  .map(({ nth, version: number, earlier, any, sane, day, hours, zero, refused }) => {
    const id = IDS[nth] ?? 'A';
    const replaces = sane === 0 ? any : nth === 0 ? null : { id: IDS[earlier % nth] ?? 'A', version: 1 };
    return anEntry({ id, version: number, replaces, workDate: addDays(MONDAY, day), hours: replaces !== null && zero === 0 ? '0' : String(hours), projectNumber: refused === 0 ? UNKNOWN_PROJECT : 'FEE', task: null, notes: `${id} ${number}` });
  });

/** Timesheets whose entries, in them and across them, replace one another in every way, with what is withdrawn and approved again: as they arrive. */
const arrivals = fc
  .array(fc.record({ entry, sheet: fc.integer({ min: 0, max: 4 }) }), { minLength: 2, maxLength: 8 })
  .map((told) => [...new Map(told.map((one) => [`${one.entry.id}@${one.entry.version}`, one])).values()])
  .chain((told) =>
    fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 5, maxLength: 5 }).map((steps) =>
      [...Map.groupBy(told, ({ sheet }) => sheet)].flatMap(([number, list]) => {
        const id = `TS-${number}`;
        const at = (status: 'approved' | 'withdrawn', hour: number): Timesheet => aTimesheet(list.map((one) => one.entry), { id, approval: anApproval({ of: { id, version: 1 }, status, decidedAt: `2026-11-16T0${hour}:00:00.000Z` }) });
        return [at('approved', 1), at('withdrawn', 2), at('approved', 3)].slice(0, 1 + (steps[number] ?? 0));
      }),
    ),
  )
  .chain((told) => fc.tuple(fc.constant(told), arrivalOf(told)));

describe('Entries that replace one another', function () {
  this.timeout(180_000);
  let decisions: Decisions;
  before(async () => {
    decisions = await startDecisions({ projects: [aProject({ number: 'FEE', billingMethod: 'fixed_fee' })], assignments: [anAssignment({ projectNumber: 'FEE' })], rates: [aRate({ projectNumber: 'FEE' })] });
  });
  after(() => decisions.stop());

  it('are billed and paid once: of all that tell of one piece of work one at most is in force, in whatever order they arrive', async () => {
    let shared = 0;
    await fc.assert(fc.asyncProperty(arrivals, async ([told, arrival]) => {
      await decisions.empty();
      for (const round of arrival) {
        const pages = [];
        for (const sheets of round) pages.push(...(await decisions.receive(sheets)));
        await Promise.all(pages.map((page) => decisions.decide(page)));
      }
      shared += await assertOnce(told);
      const records = await decisions.rows(sql<{ id: number }>`select id from time_record order by id`);
      await decisions.decide({ records: records.map(({ id }) => id) }, true);
      await assertOnce(told);
    }), { numRuns: RUNS, seed: SEED, endOnFailure: true });
    assert.ok(shared > 0, `entries that take the place of others came into force ${shared} times`);
  });

  /** @returns how many entries in force were told to take the place of others */
  async function assertOnce(told: readonly Timesheet[]): Promise<number> {
    const lineOf = linesOf(told.flatMap(({ entries }) => entries));
    const inForce = await decisions.rows(sql<{ id: string; version: number; hours: string }>`select entry_id as id, version, hours::text as hours from time_entry where state = 'in_force' order by 1, 2`);
    for (const [position, one] of inForce.entries()) {
      for (const other of inForce.slice(position + 1)) {
        const line = lineOf(other);
        assert.ok(![...lineOf(one)].some((id) => line.has(id)), `${one.id}@${one.version} and ${other.id}@${other.version} tell of one piece of work and are both in force`);
      }
    }
    const [sums] = await decisions.rows(sql<{ ledger: string; paid: string }>`select (select coalesce(sum(hours), 0)::text from labor_posting where state <> 'cancelled') as ledger, (select coalesce(sum(hours), 0)::text from pay_line) as paid`);
    const hours = inForce.reduce((sum, one) => sum + Number(one.hours), 0);
    assert.deepEqual([Number(sums?.ledger), Number(sums?.paid)], [hours, hours], 'the ERP and payroll have the hours in force');
    return inForce.filter((one) => lineOf(one).size > 1).length;
  }
});

/** The IDs of what an entry takes the place of, through however many steps, and its own. */
function linesOf(entries: readonly TimeEntry[]): (ref: { readonly id: string; readonly version: number }) => ReadonlySet<string> {
  const told = new Map(entries.map((one) => [`${one.id}@${one.version}`, one]));
  return (of) => {
    const seen = new Map<string, string>();
    for (let at: { readonly id: string; readonly version: number } | null = of; at !== null && !seen.has(`${at.id}@${at.version}`); at = told.get(`${at.id}@${at.version}`)?.replaces ?? null) seen.set(`${at.id}@${at.version}`, at.id);
    return new Set(seen.values());
  };
}
