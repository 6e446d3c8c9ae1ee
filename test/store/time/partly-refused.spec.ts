import assert from 'node:assert/strict';
import fc from 'fast-check';
import { sql } from 'kysely';
import type { TimeEntry } from '../../../domain/model/time/time-entry.ts';
import type { Timesheet } from '../../../domain/model/time/timesheet.ts';
import { addDays } from '../../../domain/dates.ts';
import { anApproval, anAssignment, anEntry, aProject, aRate, aTimesheet, MONDAY } from '../../builders/time.ts';
import { UNKNOWN_PROJECT } from '../../builders/time-stories.ts';
import { startDecisions, type Decisions } from './decisions.ts';

const RUNS = Number(process.env['Q2C_PROPERTY_RUNS'] ?? 6);
/** The same stories each time, unless told: what is new is looked for on purpose. */
const SEED = Number(process.env['Q2C_PROPERTY_SEED'] ?? 20261121);
const OTHER_APPROVER = 'nobody-asked@northwind-consulting.example';

const on = (id: string, day: number, parts: Partial<TimeEntry> = {}) => anEntry({ id, workDate: addDays(MONDAY, day), hours: String(day + 2), projectNumber: 'FEE', task: null, ...parts });
const nextOf = (entry: TimeEntry, parts: Partial<TimeEntry> = {}): TimeEntry => ({ ...entry, version: entry.version + 1, replaces: { id: entry.id, version: entry.version }, ...parts });
const NOWHERE = { projectNumber: UNKNOWN_PROJECT };

const [first, second, third] = [on('E-1', 0), on('E-2', 1), on('E-3', 2)];

/** How the second version tells of the first entry, so that it is refused; and what corrects that. */
const REFUSED: readonly (readonly TimeEntry[])[] = [
  [nextOf(first, NOWHERE)],
  [nextOf(first, { ...NOWHERE, replaces: null })],
  [nextOf(first, { hours: '99' })],
  [on('C-1', 0, { ...NOWHERE, replaces: { id: 'E-1', version: 1 } })],
  [nextOf(first, NOWHERE), on('E-9', 4, NOWHERE)],
];
const CORRECTED: readonly ((refused: TimeEntry) => readonly TimeEntry[])[] = [
  (refused) => [nextOf(refused, { hours: '1', projectNumber: 'FEE' })],
  (refused) => [{ ...nextOf(refused, { hours: '1', projectNumber: 'FEE' }), replaces: null }],
  (refused) => [refused],
  () => [first],
  () => [],
];
/** What becomes of the other entries in a version. */
const OTHERS: readonly ((before: readonly TimeEntry[]) => readonly TimeEntry[])[] = [
  (before) => before,
  (before) => before.slice(0, 1),
  (before) => before.map((entry, position) => (position === 0 ? nextOf(entry, { hours: '5', projectNumber: 'FEE' }) : entry)),
  (before) => [...before.map((entry, position) => (position === 0 ? nextOf(entry, NOWHERE) : entry)), on('E-4', 3)],
];

/** Original, correction that is partly refused, later correction and a withdrawal, in the order in which they came about. */
const story: fc.Arbitrary<readonly Timesheet[]> = fc
  .record({
    refused: fc.constantFrom(...REFUSED),
    corrected: fc.constantFrom(...CORRECTED),
    others: fc.tuple(fc.constantFrom(...OTHERS), fc.constantFrom(...OTHERS)),
    approver: fc.constantFrom(null, null, null, OTHER_APPROVER),
    withdrawn: fc.constantFrom(1, 2, 3),
  })
  .map(({ refused, corrected, others: [secondOthers, thirdOthers], approver, withdrawn }) => {
    const at = (version: number, entries: readonly TimeEntry[], status: 'approved' | 'withdrawn' = 'approved'): Timesheet => {
      const decidedAt = `2026-11-16T0${version}:${status === 'approved' ? '00' : '30'}:00.000Z`;
      const approval = anApproval({ of: { id: 'TS-1', version }, status, decidedAt, ...(version === 2 && approver !== null ? { approver } : {}) });
      return aTimesheet(entries, { version, replaces: version === 1 ? null : { id: 'TS-1', version: version - 1 }, approval });
    };
    const [wrong = first] = refused;
    const kept = secondOthers([second, third]);
    const contents = [[first, second, third], [...refused, ...kept], [...corrected(wrong), ...thirdOthers(kept).filter(({ id }, position, all) => all.findIndex((one) => one.id === id) === position)]];
    return contents.flatMap((entries, position) => [at(position + 1, entries), ...(withdrawn === position + 1 ? [at(position + 1, entries, 'withdrawn')] : [])]);
  });

describe('A new version of a timesheet that is partly refused', function () {
  this.timeout(300_000);
  let decisions: Decisions;
  before(async () => {
    decisions = await startDecisions({
      projects: [aProject({ number: 'FEE', billingMethod: 'fixed_fee' }), aProject()],
      assignments: [anAssignment({ projectNumber: 'FEE' }), anAssignment()],
      rates: [aRate({ projectNumber: 'FEE' }), aRate()],
    });
  });
  after(() => decisions.stop());

  it('leaves what it would have replaced in force, also where it arrives before that', async () => {
    const original = aTimesheet([first, second]);
    const correction = aTimesheet([nextOf(first, NOWHERE), second], { version: 2, replaces: { id: 'TS-1', version: 1 } });
    for (const arrival of [[original, correction], [correction, original]]) {
      await decisions.empty();
      for (const sheet of arrival) await decisions.take(sheet);
      const { inForce, open } = await endState();
      assert.deepEqual(inForce.map(({ entry }) => entry), ['E-1@1', 'E-2@1']);
      assert.deepEqual(open.map(({ entry, outcome }) => [entry, outcome]), [['E-1@2', 'rejected']], 'one case, of what was refused');
    }
  });

  it('ends in the same books and the same cases in every order of arrival, with its original, its correction and a withdrawal', async () => {
    const tried = new Set<string>();
    await fc.assert(fc.asyncProperty(story, async (told) => {
      await arrive(told.map((sheet) => [sheet]));
      const expected = await endState();
      tried.add(`${expected.inForce.length > 0 ? 'some' : 'nothing'} in force, ${expected.open.length > 0 ? 'a case' : 'no case'}`);
      for (const order of permutations(told)) {
        await arrive(order.map((sheet) => [sheet]));
        assert.deepEqual(await endState(), expected, `one by one: ${namesOf(order)}`);
      }
    }), { numRuns: RUNS, seed: SEED, endOnFailure: true });
    assert.ok(tried.size >= 2, `ends of more than one kind were tried: ${[...tried].join('; ')}`);
  });

  it('ends in the same books and the same cases in pages of any size', async () => {
    await fc.assert(fc.asyncProperty(story, fc.nat({ max: 23 }), fc.integer({ min: 1, max: 3 }), async (told, nth, size) => {
      await arrive(told.map((sheet) => [sheet]));
      const expected = await endState();
      const order = permutations(told)[nth] ?? told;
      await arrive([order.slice(0, size), order.slice(size)]);
      assert.deepEqual(await endState(), expected, `${size} and the rest: ${namesOf(order)}`);
      await arrive([order]);
      assert.deepEqual(await endState(), expected, 'all in one page');
    }), { numRuns: RUNS * 3, seed: SEED, endOnFailure: true });
  });

  async function arrive(pages: readonly (readonly Timesheet[])[]): Promise<void> {
    await decisions.empty();
    for (const sheets of pages) await decisions.take(...sheets);
  }

  /** What counts in the end: entries in force, what ERP and payroll have of each, and what a person has to see to. */
  async function endState() {
    const [inForce, ledger, pay, open] = await Promise.all([
      decisions.rows(sql<{ entry: string; hours: string; project: string; billed: string }>`select entry_id || '@' || version as entry, hours::text as hours, project_number as project, billed::text as billed from time_entry where state = 'in_force' order by 1`),
      decisions.rows(sql<{ entry: string; hours: string; amount: string }>`
        select line->'entry'->>'id' || '@' || (line->'entry'->>'version') as entry, sum(hours)::text as hours, sum(amount)::text as amount
        from labor_posting where state <> 'cancelled' group by 1 having sum(hours) <> 0 or sum(amount) <> 0 order by 1`),
      decisions.rows(sql<{ entry: string; code: string; hours: string }>`select entry_id || '@' || entry_version as entry, pay_code as code, sum(hours)::text as hours from pay_line group by 1, 2 having sum(hours) <> 0 order by 1, 2`),
      decisions.rows(sql<{ sheet: string; entry: string; outcome: string }>`
        select r.version || ' ' || (r.document->'approval'->>'status') as sheet, o.entry_id || '@' || o.entry_version as entry, o.outcome
        from time_outcome o join time_record r on r.id = o.record where o.outcome in ('rejected', 'held') order by 1, 2`),
    ]);
    return { inForce, ledger, pay, open };
  }
});

function namesOf(sheets: readonly Timesheet[]): string {
  return sheets.map(({ version, approval, entries }) => `v${version} ${approval.status} [${entries.map((entry) => `${entry.id}@${entry.version}${entry.projectNumber === UNKNOWN_PROJECT ? '?' : ''}`).join(' ')}]`).join(' → ');
}

function permutations<Item>(items: readonly Item[]): Item[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, position) => permutations(items.toSpliced(position, 1)).map((rest) => [item, ...rest]));
}
