import assert from 'node:assert/strict';
import { addDays } from '../../../domain/dates.ts';
import type { TimesheetContext } from '../../../domain/model/time/context.ts';
import type { PostedEntry } from '../../../domain/model/time/enriched-entry.ts';
import { timesheetSchema, type Timesheet } from '../../../domain/model/time/timesheet.ts';
import { planDropped, planWithdrawal } from '../../../domain/rules/timesheet/adjust.ts';
import { validateTimesheet } from '../../../domain/rules/timesheet/validate.ts';
import { isUnsupported } from '../../../connectors/ports.ts';
import type { TimesheetSource } from '../../../connectors/timesheet-source.ts';
import { theFirm } from '../../builders/firm.ts';
import { anAssignment, aPerson, aProject, aRate, aTimeContext, posted } from '../../builders/time.ts';
import { theyTakeBadAnswers, type ExceptionsOf, type Operation } from './bad-answers.ts';
import { callContext } from './documents.ts';
import { AT_ITS_LIMIT, failureOf, LIMIT_MS, type FaultBoard } from './records.ts';

/** A clock that stands still until a test moves it: versions of the systems are by the second. */
export interface TestClock {
  now(): number;
  advance(milliseconds: number): void;
}

export function testClock(start: string): TestClock {
  let at = Date.parse(start);
  return { now: () => at, advance: (milliseconds) => void (at += milliseconds) };
}

export interface Person {
  readonly email: string;
  /** The system's own ID of the person. */
  readonly id: string;
}

export interface Booking {
  /** Local to the person. */
  readonly date: string;
  readonly hours: number;
  readonly notes?: string;
}

/** What people do in a time system, past the connector. */
export interface TimeOffice {
  readonly system: string;
  readonly projectNumber: string;
  readonly laborCategory: string;
  readonly clock: TestClock;
  /** More timesheets than the system shows in one answer. */
  readonly many: number;
  person(timeZone?: string): Promise<Person>;
  /** Answers the entry's ID. */
  book(person: Person, booking: Booking): Promise<string>;
  /** Submits and approves the week from this Monday; answers the timesheet's ID. */
  approve(person: Person, weekStart: string): Promise<string>;
  withdraw(person: Person, weekStart: string): Promise<void>;
  change(person: Person, entryId: string, hours: number): Promise<void>;
  remove(person: Person, entryId: string): Promise<void>;
  /** So many people's approved weeks, one entry each, all approved in the same second. */
  approveMany(weeks: number): Promise<ReadonlySet<string>>;
}

export interface TimesheetCase {
  readonly name: string;
  readonly source: () => TimesheetSource;
  readonly office: () => TimeOffice;
  readonly faults: FaultBoard;
  readonly badAnswers?: ExceptionsOf<'changed' | 'load' | 'reject' | 'lock' | 'markInvoiced'>;
}

const MONDAY = '2026-06-01';

/** What every source of timesheets promises (connectors/timesheet-source.ts). */
export function describeTimesheetSource({ name, source, office, faults, badAnswers }: TimesheetCase): void {
  describe(`${name}, as any source of timesheets`, () => {
    afterEach(async () => faults.clear());
    const instant = () => new Date(office().clock.now()).toISOString();
    const sweep = async (since: string): Promise<{ changedAt: string; sheet: Timesheet }[]> => {
      const found: { changedAt: string; sheet: Timesheet }[] = [];
      for await (const change of source().changed(since, callContext())) if ('sheet' in change) found.push(change);
      return found;
    };
    const changedOf = async (since: string, id: string): Promise<Timesheet | undefined> => (await sweep(since)).findLast(({ sheet }) => sheet.id === id)?.sheet;
    const loaded = async (id: string): Promise<Timesheet> => {
      const sheet = await source().load(id, callContext());
      assert.ok(sheet !== null, `there is no timesheet ${id}`);
      return sheet;
    };
    /** Nothing of earlier tests is within a sweep's overlap. */
    beforeEach(() => office().clock.advance(3_600_000));
    const approvedWeek = async (...hours: number[]) => {
      const person = await office().person();
      const entries: string[] = [];
      for (const [index, each] of hours.entries()) entries.push(await office().book(person, { date: addDays(MONDAY, index), hours: each, notes: `work ${index}` }));
      office().clock.advance(60_000);
      return { person, entries, id: await office().approve(person, MONDAY) };
    };

    it('tells an approved week as one timesheet of its person, with its work', async () => {
      const since = instant();
      const { person, entries, id } = await approvedWeek(7.5, 4.25);
      const found = (await sweep(since)).filter(({ sheet }) => sheet.person === person.email);
      assert.equal(found.length, 1);
      const sheet = timesheetSchema.parse(found[0]?.sheet);
      assert.deepEqual([sheet.id, sheet.system, sheet.weekStart, sheet.approval.status, sheet.approval.of], [id, office().system, MONDAY, 'approved', { id, version: sheet.version }]);
      assert.ok(sheet.approval.approver !== null && sheet.approval.decidedAt !== null && sheet.approval.approver !== person.email);
      assert.deepEqual(
        sheet.entries.map((entry) => [entry.id, entry.person, entry.workDate, entry.hours, entry.projectNumber, entry.laborCategory, entry.notes, entry.system]),
        entries.map((entry, index) => [entry, person.email, addDays(MONDAY, index), ['7.5', '4.25'][index], office().projectNumber, office().laborCategory, `work ${index}`, office().system]),
      );
    });

    it('tells what is not approved yet to nobody', async () => {
      const since = instant();
      const person = await office().person();
      await office().book(person, { date: MONDAY, hours: 8 });
      const told = (await sweep(since)).filter(({ sheet }) => sheet.person === person.email);
      assert.deepEqual(told.flatMap(({ sheet }) => sheet.entries), []);
      assert.ok(told.every(({ sheet }) => sheet.approval.status !== 'approved'));
    });

    it('loads a timesheet as the sweep tells it, and the same again', async () => {
      const since = instant();
      const { id } = await approvedWeek(8);
      const told = await changedOf(since, id);
      assert.deepEqual(await loaded(id), told);
      assert.deepEqual(await loaded(id), told);
    });

    it('answers null for a timesheet it does not have', async () => {
      for (const id of ['nonsense', '000000000000000000000000', '999999999:2026-06-01', `${(await office().person()).id}:2026-06-03`, '1:2026-99-99', '']) {
        assert.equal(await source().load(id, callContext()), null, id);
      }
    });

    it('does not tell what changed long before', async () => {
      const { person } = await approvedWeek(8);
      office().clock.advance(3_600_000);
      assert.deepEqual((await sweep(instant())).filter(({ sheet }) => sheet.person === person.email), []);
    });

    it('misses nothing that changed in the very second up to which was read', async () => {
      const first = await approvedWeek(8);
      const upTo = (await sweep(instant())).at(-1)?.changedAt;
      assert.ok(upTo !== undefined);
      const second = await office().person();
      await office().book(second, { date: MONDAY, hours: 3 });
      const id = await office().approve(second, MONDAY);
      const found = await sweep(upTo);
      assert.ok(found.some(({ sheet }) => sheet.id === id), 'the change in the same second');
      assert.ok(found.every(({ changedAt }) => Date.parse(changedAt) <= office().clock.now()), 'no change is told as later than the reading');
      assert.deepEqual(found.find(({ sheet }) => sheet.id === first.id)?.sheet, await loaded(first.id), 'what is told again is the same');
    });

    it('tells the oldest change first', async () => {
      const since = instant();
      const ids: string[] = [];
      for (let index = 0; index < 3; index += 1) {
        office().clock.advance(300_000);
        ids.push((await approvedWeek(1 + index)).id);
      }
      office().clock.advance(300_000);
      const found = await sweep(since);
      assert.deepEqual(found.map(({ sheet }) => sheet.id).filter((id) => ids.includes(id)), ids);
      assert.deepEqual(found.map(({ changedAt }) => changedAt), found.map(({ changedAt }) => changedAt).toSorted());
    });

    it('reads more than a thousand timesheets that changed in one second, each once and whole', async function () {
      this.timeout(120_000);
      const since = instant();
      const expected = await office().approveMany(office().many);
      office().clock.advance(60_000);
      const found = (await sweep(since)).filter(({ sheet }) => expected.has(sheet.id));
      assert.equal(found.length, expected.size);
      assert.equal(new Set(found.map(({ sheet }) => sheet.id)).size, expected.size);
      assert.ok(found.every(({ sheet }) => sheet.entries.length === 1 && sheet.approval.status === 'approved'));
    });

    it('tells a withdrawn approval as a later version', async () => {
      const { person, id } = await approvedWeek(8);
      const before = await loaded(id);
      const since = instant();
      office().clock.advance(60_000);
      await office().withdraw(person, MONDAY);
      const after = await changedOf(since, id);
      assert.ok(after !== undefined && after.version > before.version);
      assert.deepEqual([after.approval.status, after.approval.of.version], ['withdrawn', after.version]);
      assert.ok(after.replaces !== null && after.replaces.id === id && after.replaces.version >= before.version && after.replaces.version < after.version);
    });

    it('tells a correction after a withdrawn approval as later versions of the timesheet and its entry', async () => {
      const { person, entries, id } = await approvedWeek(8, 6);
      const before = await loaded(id);
      const since = instant();
      office().clock.advance(60_000);
      await office().withdraw(person, MONDAY);
      office().clock.advance(60_000);
      await office().change(person, entries[0] ?? '', 7.75);
      office().clock.advance(60_000);
      const again = await office().approve(person, MONDAY);
      const after = await changedOf(since, again);
      assert.ok(after !== undefined);
      assert.ok(after.id !== id || after.version > before.version);
      const versions = new Map(before.entries.map((entry) => [entry.id, entry.version]));
      assert.deepEqual(after.entries.map(({ id: entryId, hours }) => [entryId, hours]), [[entries[0], '7.75'], [entries[1], '6']]);
      assert.ok(after.entries.every((entry) => entry.version > (versions.get(entry.id) ?? 0)), 'what was taken back with the approval comes as a new version, changed or not');
    });

    it('tells an entry that was removed by leaving it out of a version that replaces the one it was in', async () => {
      const { person, entries, id } = await approvedWeek(8, 6);
      const before = await loaded(id);
      const since = instant();
      office().clock.advance(60_000);
      await office().withdraw(person, MONDAY);
      office().clock.advance(60_000);
      await office().remove(person, entries[1] ?? '');
      office().clock.advance(60_000);
      const again = await office().approve(person, MONDAY);
      const after = await changedOf(since, again);
      assert.deepEqual(after?.entries.map((entry) => entry.id), [entries[0]]);
      if (again === id) assert.ok(after?.replaces?.id === id && after.replaces.version >= before.version);
    });

    it('tells approval, correction, removal and withdrawal so that the rules book and take back just that', async () => {
      const { config } = await theFirm();
      const person = await office().person('America/New_York');
      const { projectNumber: number, laborCategory } = office();
      const contextOf = (before: readonly PostedEntry[]): TimesheetContext =>
        aTimeContext(config, {
          asOf: '2026-06-09T12:00:00.000Z', people: [aPerson({ email: person.email, laborCategory, approvers: [] })], projects: [aProject({ number })],
          assignments: [anAssignment({ person: person.email, projectNumber: number, laborCategory })], rates: [aRate({ projectNumber: number, laborCategory })], posted: [...before],
        });
      const judge = (sheet: Timesheet, before: readonly PostedEntry[]) => {
        const { accepted, rejected, held, repeats } = validateTimesheet(sheet, contextOf(before));
        assert.deepEqual([rejected.flatMap(({ findings }) => findings.map(({ code }) => code)), held], [[], []]);
        return { accepted, repeats };
      };
      const entries = [await office().book(person, { date: MONDAY, hours: 8 }), await office().book(person, { date: addDays(MONDAY, 1), hours: 6 })];
      office().clock.advance(60_000);
      const first = await loaded(await office().approve(person, MONDAY));
      const before = judge(first, []).accepted.map((labor) => posted(labor));
      assert.equal(judge(first, before).repeats.length, 2, 'told again it changes nothing');

      office().clock.advance(60_000);
      await office().withdraw(person, MONDAY);
      const withdrawn = await loaded(first.id);
      assert.equal(planWithdrawal({ system: withdrawn.system, id: withdrawn.id, version: withdrawn.version }, contextOf(before)).length, 2, 'the withdrawal takes both back');

      office().clock.advance(60_000);
      await office().change(person, entries[0] ?? '', 7.75);
      await office().remove(person, entries[1] ?? '');
      office().clock.advance(60_000);
      const second = await loaded(await office().approve(person, MONDAY));
      const reversed = before.map((one): PostedEntry => ({ ...one, state: 'reversed' }));
      assert.deepEqual(judge(second, reversed).accepted.map(({ entry, outcome }) => [entry.hours, outcome]), [['7.75', 'new']]);
      assert.deepEqual(planDropped(second, contextOf(reversed)), []);
      // The same without the withdrawal, which a sweep may not have seen: the correction replaces, and what is missing is taken back.
      assert.deepEqual(judge(second, before).accepted.map(({ entry, outcome }) => [entry.hours, outcome]), [['7.75', 'correction']]);
      if (second.id === first.id) assert.deepEqual(planDropped(second, contextOf(before)).map(({ lines }) => lines.map(({ of, hours }) => [of.id, hours])), [[[entries[1], '-6']]]);
    });

    it("takes a person's local day as the work date, on both sides of the date line", async () => {
      for (const timeZone of ['Pacific/Kiritimati', 'Pacific/Pago_Pago', 'Asia/Kolkata', 'America/New_York']) {
        const person = await office().person(timeZone);
        await office().book(person, { date: MONDAY, hours: 8 });
        await office().book(person, { date: addDays(MONDAY, 6), hours: 2 });
        const sheet = await loaded(await office().approve(person, MONDAY));
        assert.deepEqual([sheet.weekStart, ...sheet.entries.map(({ workDate }) => workDate)], [MONDAY, MONDAY, addDays(MONDAY, 6)], timeZone);
      }
    });

    it('keeps notes in any script, cuts what is too long, and mends what cannot be stored', async () => {
      const person = await office().person();
      const notes = ['Müller & Søn 株式会社 🚀 עברית', `${'long '.repeat(400)}`, `half of a pair \ud83d here`];
      for (const [index, each] of notes.entries()) await office().book(person, { date: addDays(MONDAY, index), hours: 1, notes: each });
      const sheet = await loaded(await office().approve(person, MONDAY));
      const told = sheet.entries.map((entry) => entry.notes);
      assert.equal(told[0], notes[0]);
      assert.ok((told[1]?.length ?? 0) <= 1000 && told[1]?.startsWith('long long') === true);
      assert.ok(told.every((each) => each.isWellFormed()));
    });

    it('goes on where the token expires in the middle', async () => {
      const since = instant();
      const { id } = await approvedWeek(8);
      await faults.next({ kind: 'expired-token', method: 'GET' });
      assert.ok((await changedOf(since, id)) !== undefined);
    });

    for (const [what, fault, kind] of [
      ['the limit is reached', AT_ITS_LIMIT, 'transient'],
      ['the connection is cut', { kind: 'cut-before' }, 'transient'],
      ['it answers in another shape', { kind: 'wrong-schema' }, 'contract'],
      ['a web page comes instead', { kind: 'html' }, 'contract'],
      ['it fails', { kind: 'status', status: 503 }, 'transient'],
      ['the token may not read it', { kind: 'status', status: 403 }, 'configuration'],
    ] as const) {
      it(`fails as ${kind} where ${what}, and finds everything when asked again`, async () => {
        const since = instant();
        const { id } = await approvedWeek(8);
        await faults.next({ ...fault, method: 'GET' });
        const failure = await failureOf(() => sweep(since));
        assert.deepEqual([failure.kind, failure.written], [kind, 'no'], `${failure.code}: ${failure.message}`);
        if (fault === AT_ITS_LIMIT) assert.equal(failure.retryAfterMs, LIMIT_MS);
        assert.ok((await changedOf(since, id)) !== undefined);
      });
    }

    /** Where the system has no such operation, there is nothing to answer. */
    const offered = <Name extends 'reject' | 'lock' | 'markInvoiced'>(name: Name, act: (sheet: Timesheet) => (() => Promise<void>) | null): Operation & { readonly name: Name } => ({
      name, writes: false,
      arrange: async () => {
        const sheet = await loaded((await approvedWeek(8)).id);
        office().clock.advance(60_000);
        return act(sheet);
      },
    });
    const { reject, lock, markInvoiced } = { reject: () => source().reject, lock: () => source().lock, markInvoiced: () => source().markInvoiced };
    theyTakeBadAnswers([
      {
        name: 'changed', writes: false,
        arrange: async () => {
          const since = instant();
          const { id } = await approvedWeek(8);
          // What a source asks once and keeps is asked by now.
          await sweep(since);
          return async () => assert.ok((await changedOf(since, id)) !== undefined, 'a timesheet is passed over in silence');
        },
      },
      {
        name: 'load', writes: false,
        arrange: async () => {
          const { id } = await approvedWeek(8);
          return () => loaded(id);
        },
      },
      offered('reject', (sheet) => {
        const call = reject();
        return isUnsupported(call) ? null : () => call({ timesheetId: sheet.id, version: sheet.version, person: sheet.person, reason: 'Pick the project again.', entries: [] }, callContext());
      }),
      offered('lock', (sheet) => {
        const call = lock();
        return isUnsupported(call) ? null : () => call({ timesheetId: sheet.id, version: sheet.version, entries: sheet.entries, postedIn: 'netsuite' }, callContext());
      }),
      offered('markInvoiced', (sheet) => {
        const call = markInvoiced();
        return isUnsupported(call) ? null : () => call(sheet.entries, 'INV-1', callContext());
      }),
    ], faults, badAnswers);

    it('gives a timesheet back with its reasons, once, or says in words what people do instead', async () => {
      const { id } = await approvedWeek(8);
      const sheet = await loaded(id);
      const { reject } = source();
      if (isUnsupported(reject)) {
        assert.ok(reject.unsupported.length > 40, reject.unsupported);
        return;
      }
      const rejection = {
        timesheetId: id, version: sheet.version, person: sheet.person, reason: 'There is no project US01-X: pick it again.',
        entries: sheet.entries.map((entry) => ({ id: entry.id, version: entry.version, findings: [{ code: 'PROJECT_UNKNOWN', message: 'There is no project US01-X.', mend: 'Pick the project again.' }] })),
      };
      office().clock.advance(60_000);
      await reject(rejection, callContext());
      const after = await loaded(id);
      assert.equal(after.approval.status, 'withdrawn');
      assert.match(after.approval.reason ?? '', /US01-X/);
      office().clock.advance(60_000);
      await reject(rejection, callContext());
      assert.deepEqual(await loaded(id), after, 'a second time changes nothing');
    });

    it('does not give back what was approved anew meanwhile', async () => {
      const { person, id } = await approvedWeek(8);
      const { reject } = source();
      if (isUnsupported(reject)) return;
      const { version, person: email } = await loaded(id);
      office().clock.advance(60_000);
      await office().withdraw(person, MONDAY);
      office().clock.advance(60_000);
      const again = await office().approve(person, MONDAY);
      await reject({ timesheetId: again, version, person: email, reason: 'late', entries: [] }, callContext());
      assert.equal((await loaded(again)).approval.status, 'approved');
    });

    it('locks posted time, twice as well as once, or says in words what holds instead', async () => {
      const { lock } = source();
      if (isUnsupported(lock)) {
        assert.ok(lock.unsupported.length > 40, lock.unsupported);
        return;
      }
      const { id } = await approvedWeek(8);
      const { version, entries } = await loaded(id);
      await lock({ timesheetId: id, version, entries, postedIn: 'netsuite' }, callContext());
      await lock({ timesheetId: id, version, entries, postedIn: 'netsuite' }, callContext());
      assert.deepEqual((await loaded(id)).entries, entries);
    });

    it('marks time as invoiced, twice as well as once, or says in words what holds instead', async () => {
      const { markInvoiced } = source();
      if (isUnsupported(markInvoiced)) {
        assert.ok(markInvoiced.unsupported.length > 40, markInvoiced.unsupported);
        return;
      }
      const { id } = await approvedWeek(8, 7);
      const sheet = await loaded(id);
      await markInvoiced(sheet.entries, 'INV-1', callContext());
      await markInvoiced(sheet.entries, 'INV-1', callContext());
      assert.deepEqual(await loaded(id), sheet, 'the timesheet itself is as before');
    });
  });
}
