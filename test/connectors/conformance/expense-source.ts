import assert from 'node:assert/strict';
import type { ExpenseSource, UnreadableReport } from '../../../connectors/expense-source.ts';
import { addDays } from '../../../domain/dates.ts';
import { expenseReportSchema, type ExpenseReport } from '../../../domain/model/time/expense-report.ts';
import { theyTakeBadAnswers, type ExceptionsOf } from './bad-answers.ts';
import { callContext } from './documents.ts';
import { AT_ITS_LIMIT, failureOf, LIMIT_MS, type FaultBoard } from './records.ts';
import type { Person, TestClock } from './timesheet-source.ts';
import { onBothSidesOfTheDateLine } from './zones.ts';

export interface Spending {
  readonly date: string;
  readonly amount: string;
  /** A category of the system that is MEALS here. */
  readonly notes?: string;
  readonly receipt?: { readonly fileName: string; readonly bytes: number };
}

/** What people do with their expenses in a time system, past the connector. */
export interface ExpenseOffice {
  readonly system: string;
  readonly clock: TestClock;
  /** More reports than the system shows in one answer, and than a thousand. */
  readonly many: number;
  person(): Promise<Person>;
  /** A project whose client pays in this currency; answers its number. */
  project(currency: string): Promise<string>;
  /** Answers the expense's ID. */
  spend(person: Person, projectNumber: string, spending: Spending): Promise<string>;
  /** Submits and approves the person's expenses on the project in the week from this Monday; answers the report's ID. */
  approve(person: Person, projectNumber: string, weekStart: string): Promise<string>;
  withdraw(person: Person, reportId: string, weekStart: string): Promise<void>;
  change(expenseId: string, amount: string): Promise<void>;
  /** Takes all of an approved report away without a trace; past the API where that has no way. */
  remove(reportId: string, expenses: readonly string[]): Promise<void>;
  /** So many approved reports of one expense each, all approved in the same second. */
  approveMany(reports: number): Promise<ReadonlySet<string>>;
}

const MONDAY = '2026-06-01';

/** What every source of expenses promises (connectors/expense-source.ts). */
export function describeExpenseSource({ name, source, office, faults, badAnswers }: { readonly name: string; readonly source: () => ExpenseSource; readonly office: () => ExpenseOffice; readonly faults: FaultBoard; readonly badAnswers?: ExceptionsOf<'changed' | 'current'> }): void {
  describe(`${name}, as any source of expenses`, () => {
    afterEach(async () => faults.clear());
    /** Nothing of earlier tests is within a sweep's overlap. */
    beforeEach(() => office().clock.advance(3_600_000));
    const instant = () => new Date(office().clock.now()).toISOString();
    const changes = async (since: string) => {
      const found: { readonly changedAt: string; readonly report?: ExpenseReport; readonly unreadable?: UnreadableReport }[] = [];
      for await (const change of source().changed(since, callContext())) found.push(change);
      return found;
    };
    const sweep = async (since: string) => (await changes(since)).flatMap(({ report }) => report ?? []);
    const approved = async (currency: string, ...spendings: readonly Spending[]) => {
      const person = await office().person();
      const projectNumber = await office().project(currency);
      const expenses: string[] = [];
      for (const spending of spendings) expenses.push(await office().spend(person, projectNumber, spending));
      office().clock.advance(60_000);
      return { person, projectNumber, expenses, id: await office().approve(person, projectNumber, MONDAY) };
    };

    it('tells approved expenses as one report of their person, with each expense, its receipt and the sum', async () => {
      const since = instant();
      const { person, projectNumber, expenses, id } = await approved('USD', { date: MONDAY, amount: '41.2', notes: 'Trattoria Roma\nwith the client', receipt: { fileName: 'roma.pdf', bytes: 39_410 } }, { date: addDays(MONDAY, 2), amount: '9' });
      const found = (await sweep(since)).filter((report) => report.person === person.email);
      assert.equal(found.length, 1);
      const report = expenseReportSchema.parse(found[0]);
      assert.deepEqual([report.id, report.system, report.currency, report.total, report.approval.status, report.approval.of], [id, office().system, 'USD', { amount: '50.20', currency: 'USD' }, 'approved', { id, version: report.version }]);
      assert.ok(report.approval.approver !== null && report.approval.decidedAt !== null && report.approval.approver !== person.email);
      assert.ok(report.submittedOn >= MONDAY);
      assert.deepEqual(report.lines.map((line) => [line.kind, line.id, line.incurredOn, line.projectNumber, line.billable, line.amount.amount]), [['receipt', expenses[0], MONDAY, projectNumber, true, '41.20'], ['receipt', expenses[1], addDays(MONDAY, 2), projectNumber, true, '9.00']]);
      const [meal, other] = report.lines;
      assert.ok(meal?.kind === 'receipt' && other?.kind === 'receipt');
      assert.deepEqual([meal.category, meal.country, meal.merchant, meal.description, meal.receipt?.mediaType, meal.receipt?.bytes, other.receipt], ['MEALS', 'US', 'Trattoria Roma', 'Trattoria Roma\nwith the client', 'application/pdf', 39_410, null]);
    });

    it('tells nobody of what is not approved', async () => {
      const since = instant();
      const person = await office().person();
      await office().spend(person, await office().project('USD'), { date: MONDAY, amount: '12' });
      assert.deepEqual((await sweep(since)).filter((report) => report.person === person.email && report.approval.status === 'approved'), []);
    });

    it('tells the same twice, and as it is now when asked', async () => {
      const since = instant();
      const { id } = await approved('USD', { date: MONDAY, amount: '12.34' });
      const told = (await sweep(since)).find((report) => report.id === id);
      assert.ok(told !== undefined);
      assert.deepEqual((await sweep(since)).find((report) => report.id === id), told);
      const now: ExpenseReport[] = [];
      for await (const read of source().current([id, 'nonsense', '999999999'], callContext())) if ('report' in read) now.push(read.report);
      assert.deepEqual(now, [told]);
      office().clock.advance(3_600_000);
      assert.deepEqual((await sweep(instant())).filter((report) => report.id === id), [], 'not what changed long before');
    });

    it('tells a withdrawn approval as a later version without lines, and what is corrected after it as approved anew', async () => {
      const since = instant();
      const { person, projectNumber, expenses, id } = await approved('USD', { date: MONDAY, amount: '50' });
      const first = (await sweep(since)).find((report) => report.id === id);
      office().clock.advance(60_000);
      await office().withdraw(person, id, MONDAY);
      const second = (await sweep(since)).find((report) => report.id === id);
      assert.deepEqual([second?.approval.status, second?.lines, (second?.version ?? 0) > (first?.version ?? 0)], ['withdrawn', [], true]);
      assert.ok(Date.parse(second?.approval.decidedAt ?? '') > Date.parse(first?.approval.decidedAt ?? ''));
      office().clock.advance(60_000);
      await office().change(expenses[0] ?? '', '45.5');
      office().clock.advance(60_000);
      const again = await office().approve(person, projectNumber, MONDAY);
      const third = (await sweep(since)).find((report) => report.id === again);
      assert.deepEqual([third?.approval.status, third?.total.amount, third?.lines.map((line) => line.id)], ['approved', '45.50', expenses]);
      if (again === id) assert.ok((third?.version ?? 0) > (second?.version ?? 0));
    });

    it('does not tell what was deleted, however it is asked', async () => {
      const { id, expenses } = await approved('USD', { date: MONDAY, amount: '50' });
      await office().remove(id, expenses);
      const now: unknown[] = [];
      for await (const read of source().current([id], callContext())) now.push(read);
      assert.deepEqual(now, []);
    });

    it('keeps amounts of currencies with no and with three decimals exact', async () => {
      const since = instant();
      const yen = await approved('JPY', { date: MONDAY, amount: '4250' }, { date: MONDAY, amount: '1' });
      const dinar = await approved('KWD', { date: MONDAY, amount: '12.345' });
      const found = await sweep(since);
      assert.deepEqual([yen, dinar].map(({ id }) => found.find((report) => report.id === id)?.total), [{ amount: '4251', currency: 'JPY' }, { amount: '12.345', currency: 'KWD' }]);
    });

    it('keeps notes in any script', async () => {
      const since = instant();
      const notes = 'すし大 🍣 — Ünïcödé מסעדה';
      const { id } = await approved('USD', { date: MONDAY, amount: '10', notes });
      const [line] = (await sweep(since)).find((report) => report.id === id)?.lines ?? [];
      assert.deepEqual([line?.description, line?.kind === 'receipt' && line.merchant], [notes, notes]);
    });

    it('finds the same file of a receipt again, and does not take two files for one', async () => {
      const since = instant();
      const receipt = { fileName: 'IMG_2041.jpg', bytes: 48_211 };
      const one = await approved('USD', { date: MONDAY, amount: '10', receipt });
      const two = await approved('USD', { date: MONDAY, amount: '11', receipt }, { date: MONDAY, amount: '12', receipt: { ...receipt, bytes: 48_212 } });
      const found = await sweep(since);
      const hashes = [one, two].flatMap(({ id }) => found.find((report) => report.id === id)?.lines ?? []).flatMap((line) => (line.kind === 'receipt' ? [line.receipt?.sha256] : []));
      assert.deepEqual([hashes.length, hashes[0] === hashes[1], hashes[1] === hashes[2]], [3, true, false]);
    });

    it('tells one that cannot be read as such, in words, and every other as ever', async () => {
      const since = instant();
      const bad = await approved('USD', { date: MONDAY, amount: '10', receipt: { fileName: 'receipt.exe', bytes: 12 } });
      const good = await approved('USD', { date: MONDAY, amount: '11' });
      const found = await changes(since);
      const unreadable = found.flatMap((change) => change.unreadable ?? []);
      assert.deepEqual(unreadable.map((each) => [each.id, each.failure.kind]), [[bad.id, 'contract']]);
      assert.match(unreadable[0]?.failure.message ?? '', /receipt\.exe.*PDF, JPEG/);
      assert.ok(found.some(({ report }) => report?.id === good.id));
    });

    it('keeps the days of expenses wherever the process runs', async () => {
      await onBothSidesOfTheDateLine(async (zone) => {
        office().clock.advance(3_600_000);
        const since = instant();
        const { id } = await approved('USD', { date: MONDAY, amount: '10' }, { date: addDays(MONDAY, 6), amount: '11' });
        const report = (await sweep(since)).find((each) => each.id === id);
        assert.deepEqual(report?.lines.map(({ incurredOn }) => incurredOn), [MONDAY, addDays(MONDAY, 6)], zone);
      });
    });

    it('takes notes as long as the system lets people write them', async () => {
      const since = instant();
      const { id } = await approved('USD', { date: MONDAY, amount: '10', notes: `${'👩‍💻 ほげ '.repeat(300)}end` });
      const [line] = (await sweep(since)).find((report) => report.id === id)?.lines ?? [];
      assert.ok(line !== undefined && line.description.startsWith('👩‍💻 ほげ') && line.description.isWellFormed(), line?.description);
    });

    it('goes on where the token expires in the middle', async () => {
      const since = instant();
      const { id } = await approved('USD', { date: MONDAY, amount: '10' });
      await faults.next({ kind: 'expired-token', method: 'GET' });
      assert.ok((await sweep(since)).some((report) => report.id === id));
    });

    for (const [what, fault, kind] of [
      ['the limit is reached', AT_ITS_LIMIT, 'transient'],
      ['the connection is cut', { kind: 'cut-before' }, 'transient'],
      ['it fails', { kind: 'status', status: 503 }, 'transient'],
      ['the token may not read it', { kind: 'status', status: 403 }, 'configuration'],
    ] as const) {
      it(`fails as ${kind} where ${what}, and finds everything when asked again`, async () => {
        const since = instant();
        const { id } = await approved('USD', { date: MONDAY, amount: '10' });
        await faults.next({ ...fault, method: 'GET' });
        const failure = await failureOf(() => sweep(since));
        assert.deepEqual([failure.kind, failure.written], [kind, 'no'], `${failure.code}: ${failure.message}`);
        if (fault === AT_ITS_LIMIT) assert.equal(failure.retryAfterMs, LIMIT_MS);
        assert.ok((await sweep(since)).some((report) => report.id === id));
      });
    }

    theyTakeBadAnswers([
      {
        name: 'changed', writes: false,
        arrange: async () => {
          const since = instant();
          const { id } = await approved('USD', { date: MONDAY, amount: '10' });
          await changes(since);
          return async () => assert.ok((await changes(since)).some(({ report, unreadable }) => (report ?? unreadable)?.id === id), 'a report is passed over in silence');
        },
      },
      {
        name: 'current', writes: false,
        arrange: async () => {
          const { id } = await approved('USD', { date: MONDAY, amount: '10' });
          return async () => {
            const told: unknown[] = [];
            for await (const read of source().current([id], callContext())) told.push(read);
            assert.equal(told.length, 1, 'a report is told as gone');
          };
        },
      },
    ], faults, badAnswers);

    it('reads more than a thousand reports that were approved in one second, each once', async function () {
      this.timeout(120_000);
      const since = instant();
      office().clock.advance(60_000);
      const expected = await office().approveMany(office().many);
      const told = (await sweep(since)).filter(({ id }) => expected.has(id));
      assert.deepEqual([told.length, new Set(told.map(({ id }) => id)).size], [expected.size, expected.size]);
      assert.ok(told.every(({ lines }) => lines.length === 1));
    });
  });
}
