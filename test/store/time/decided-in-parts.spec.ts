import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { decideInParts } from '../../../activities/time/decide-in-parts.ts';
import { createReference, type Reference } from '../../../activities/time/reference.ts';
import type { TimeEntry } from '../../../domain/model/time/time-entry.ts';
import type { Timesheet } from '../../../domain/model/time/timesheet.ts';
import { anAssignment, anEntry, AS_OF, aPerson, aProject, aRate, aTimesheet } from '../../builders/time.ts';
import { startDecisions, type Decisions } from './decisions.ts';

const PEOPLE = Array.from({ length: 45 }, (_, index) => `person-${index}@firm.example`);
const SINGLE = 'single@firm.example';
const LIMIT = '100000.00';

/** Forty-five people's weeks on one capped project: three parts. */
describe('A large page decided in parts', function () {
  this.timeout(60_000);
  let decisions: Decisions;
  let reference: Reference;
  before(async () => {
    decisions = await startDecisions({
      people: [...PEOPLE, SINGLE].map((email) => aPerson({ email })),
      projects: [aProject({ number: 'CAP', billingMethod: 'capped', cap: { limit: { amount: LIMIT, currency: 'USD' }, used: { amount: '0', currency: 'USD' }, beyond: 'refuse' } })],
      assignments: [...PEOPLE, SINGLE].map((person) => anAssignment({ person, projectNumber: 'CAP' })),
      rates: [aRate({ projectNumber: 'CAP', currency: 'USD' })],
    });
    reference = await createReference(decisions.store.db)();
  });
  beforeEach(() => decisions.empty());
  after(() => decisions.stop());

  const onCap = (person: string, parts: Partial<TimeEntry> = {}) => anEntry({ id: `E-${person}`, person, projectNumber: 'CAP', task: null, hours: '1', ...parts });
  const week = (person: string): Timesheet => aTimesheet([onCap(person)], { id: `TS-${person}`, person });
  const correction = (person: string): Timesheet => aTimesheet([onCap(person, { version: 2, replaces: { id: `E-${person}`, version: 1 }, hours: '2' })], { id: `TS-${person}`, person, version: 2, replaces: { id: `TS-${person}`, version: 1 } });
  const decide = (selection: { batch: string; page: number }, inTurn: (records: number, work: () => Promise<number>) => Promise<number> = (_, work) => work()) => decideInParts(decisions.store.db, reference, { selection, again: false, asOf: () => AS_OF, inTurn });
  const outcomes = async () => await decisions.rows(sql<{ id: string; version: number; outcome: string }>`select r.record_id as id, r.version, o.outcome from time_record r join time_outcome o on o.record = r.id order by r.record_id, r.version`);
  const used = async () => (await decisions.rows(sql<{ used: string }>`select used::text from time_cap where project_number = 'CAP'`)).map((row) => Number(row.used));

  it('keeps nobody who works on the same capped project waiting for the whole of it', async () => {
    const [page] = await decisions.receive(PEOPLE.map((person) => week(person)));
    const [single] = await decisions.receive([week(SINGLE)]);
    assert.ok(page !== undefined && single !== undefined);
    const decidedBefore: number[] = [];
    let parts = 0;
    await decide(page, async (records, work) => {
      assert.equal(records, PEOPLE.length, 'its turn is that of a large page');
      parts += 1;
      if (parts === 2) {
        assert.equal(await decisions.decide(single), 1);
        decidedBefore.push((await outcomes()).length);
      }
      return await work();
    });
    assert.deepEqual(decidedBefore, [21], 'the first part and the single one, while the rest of the page still waits');
    assert.equal((await outcomes()).length, PEOPLE.length + 1);
    assert.deepEqual(await used(), [46 * 220]);
  });

  it('goes on after a crash with what was not decided, and decides nothing twice', async () => {
    const [page] = await decisions.receive(PEOPLE.map((person) => week(person)));
    assert.ok(page !== undefined);
    let parts = 0;
    await assert.rejects(
      decide(page, async (_, work) => {
        parts += 1;
        if (parts === 3) throw new Error('the worker is gone');
        return await work();
      }),
      /the worker is gone/,
    );
    assert.equal((await outcomes()).length, 40);
    assert.equal(await decide(page), 5);
    assert.equal(await decide(page), 0);
    assert.deepEqual([(await outcomes()).length, await used()], [PEOPLE.length, [45 * 220]]);
  });

  it('comes to the same end whichever part a correction and its original are in', async () => {
    const [first = '', last = ''] = [PEOPLE[0], PEOPLE.at(-1)];
    const originals = PEOPLE.map((person) => week(person));
    const [page] = await decisions.receive([correction(first), ...originals, correction(last)]);
    assert.ok(page !== undefined);
    await decide(page);
    assert.deepEqual((await outcomes()).filter(({ outcome }) => outcome !== 'accepted'), []);
    assert.deepEqual(await used(), [47 * 220], 'two hours instead of one for two people');
  });
});
