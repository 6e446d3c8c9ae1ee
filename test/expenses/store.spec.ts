import assert from 'node:assert/strict';
import fc from 'fast-check';
import { sql } from 'kysely';
import { expensePostingSchema } from '../../domain/model/time/expense-posting.ts';
import { endReport, supersededBy } from '../../store/expenses/decision.ts';
import { putReferenceRates } from '../../store/expenses/known.ts';
import { reconcileExpenses } from '../../store/expenses/reconciliation.ts';
import { beginPosting, postingDone, postingNotDone, postingOf } from '../../store/expenses/postings.ts';
import { publishExpenseFacts } from '../../store/reporting-expenses.ts';
import type { ExpenseReport } from '../../domain/model/time/expense-report.ts';
import { reportLife } from '../builders/arbitrary-expenses.ts';
import { aReceipt, aReport, aTaxi } from '../builders/expenses.ts';
import { anApproval, anAssignment, aPerson, aProject } from '../builders/time.ts';
import { startStoreLine, type StoreLine } from './store-line.ts';

const usd = (amount: string) => ({ amount, currency: 'USD' });
const GRACE = 'ada.twin@northwind-consulting.example';

describe('Decisions about expense reports in the store', function () {
  this.timeout(60_000);
  let line: StoreLine;
  let reports = 0;

  before(async () => {
    line = await startStoreLine({ people: [aPerson(), aPerson({ email: GRACE })], assignments: [anAssignment(), anAssignment({ person: GRACE }), anAssignment({ projectNumber: 'LONDON' })], projects: [aProject(), aProject({ number: 'LONDON', currency: 'GBP' })] });
  });

  after(async () => {
    await line.store.close();
  });

  /** A report with an ID and a taxi of its own. */
  function own(parts: Partial<ExpenseReport> = {}, taxi: Parameters<typeof aTaxi>[0] = {}): ExpenseReport {
    reports += 1;
    const name = parts.id ?? `R-${reports}`;
    return aReport([aTaxi({ merchant: `Cab of ${name}`, receipt: aReceipt(name), ...taxi })], { id: name, ...parts });
  }
  const version = (report: ExpenseReport, number: number, parts: Partial<ExpenseReport> = {}): ExpenseReport => ({ ...report, version: number, approval: anApproval({ of: { id: report.id, version: number } }), ...parts });
  async function stateOf({ id }: ExpenseReport): Promise<string[]> {
    const { rows } = await sql<{ line: string }>`select version || ' ' || state as line from expense_report where report_id = ${id} order by version, booking`.execute(line.store.db);
    return rows.map((row) => row.line);
  }
  async function postingsOf({ id }: ExpenseReport): Promise<string[]> {
    const { rows } = await sql<{ line: string }>`select kind || ' ' || amount || ' ' || state as line from expense_posting where posting -> 'report' ->> 'id' = ${id} order by planned_at, kind desc, key`.execute(line.store.db);
    return rows.map((row) => row.line);
  }

  it('plan one posting for an accepted report, and nothing more when the decision is asked for again', async () => {
    const report = own();
    const first = await line.judge(report);
    assert.equal(first.outcome, 'accepted');
    assert.deepEqual(first.postings.map(({ system, kind, state }) => [system, kind, state]), [['netsuite', 'original', 'planned']]);
    const { record, ...decision } = first;
    assert.deepEqual(await line.decide(record), decision);
    assert.deepEqual(await postingsOf(report), ['original 42.50 planned']);
    const { rows } = await sql<{ outcome: string; state: string }>`select o.outcome, r.state from time_outcome o join time_record r on r.id = o.record where o.record = ${record}`.execute(line.store.db);
    assert.deepEqual(rows, [{ outcome: 'accepted', state: 'decided' }]);
  });

  it('pay one receipt once, also where two people claim it in the same moment', async () => {
    for (let round = 0; round < 5; round += 1) {
      const mine = own();
      const [taxi] = mine.lines;
      assert.ok(taxi !== undefined);
      const records = await Promise.all([line.receive(mine), line.receive({ ...mine, id: `${mine.id}-too`, person: GRACE, approval: anApproval({ of: { id: `${mine.id}-too`, version: 1 } }) })]);
      const outcomes = await Promise.all(records.map(line.decide));
      assert.deepEqual(outcomes.map(({ outcome }) => outcome).toSorted(), ['accepted', 'rejected']);
      assert.deepEqual(outcomes.flatMap(({ findings }) => findings.map(({ code }) => code)), ['EXPENSE_RECEIPT_SEEN_BEFORE']);
    }
  });

  it('hold a correction for its original, and then take the original back', async () => {
    const first = own();
    const second = version(first, 2, { replaces: { id: first.id, version: 1 }, lines: [aTaxi({ merchant: 'x', amount: usd('40.00') })], total: usd('40.00') });
    const held = await line.judge(second);
    assert.deepEqual([held.outcome, held.waits?.code], ['held', 'ORIGINAL_NOT_SEEN']);
    const original = await line.judge(first);
    assert.deepEqual(original.released, [`expense/canonical/${first.id}/2`]);
    await beginPosting(line.store.db, original.postings[0]?.key ?? '');
    const corrected = await line.decide(held.record);
    assert.deepEqual(corrected.postings.map(({ kind }) => kind), ['reversal', 'original']);
    assert.deepEqual(await stateOf(first), ['1 superseded', '2 in_force']);
    assert.deepEqual(await postingsOf(first), ['original 42.50 intent', 'reversal -42.50 planned', 'original 40.00 planned']);
  });

  it('cancel a posting that nobody has begun, rather than post it and take it back', async () => {
    const first = own();
    await line.judge(first);
    const second = await line.judge(version(first, 2, { lines: [aTaxi({ merchant: 'y', amount: usd('40.00'), receipt: aReceipt(`${first.id} 2`) })], total: usd('40.00') }));
    assert.deepEqual(second.postings.map(({ kind }) => kind), ['original']);
    assert.deepEqual(second.superseded, [`expense/canonical/${first.id}/1`], 'whoever waits to post it is told');
    assert.deepEqual(await postingsOf(first), ['original 42.50 cancelled', 'original 40.00 planned']);
  });

  it('begin a posting or cancel it, never both', async () => {
    for (let round = 0; round < 10; round += 1) {
      const first = own();
      const { postings } = await line.judge(first);
      const key = postings[0]?.key ?? '';
      const stored = await postingOf(line.store.db, key);
      assert.ok(stored !== undefined);
      const record = await line.receive(version(first, 2));
      const reversal = expensePostingSchema.parse({ ...expensePostingSchema.parse(stored.posting), key: `${key}-R`, kind: 'reversal', reverses: key, total: usd('-42.50') });
      const [begun, ended] = await Promise.all([beginPosting(line.store.db, key), endReport(line.store.db, record, reversal, 'superseded')]);
      assert.equal(begun, ended === 'reversed');
    }
  });

  it('give up a posting together with its reversal where the ERP refuses it only after a correction took it back', async () => {
    for (const state of ['refused', 'planned'] as const) {
      const first = own();
      const original = await line.judge(first);
      const key = original.postings[0]?.key ?? '';
      await beginPosting(line.store.db, key);
      await line.judge(version(first, 2, { replaces: { id: first.id, version: 1 }, lines: [aTaxi({ merchant: `x of ${first.id}`, amount: usd('40.00'), receipt: aReceipt(`${first.id} again`) })], total: usd('40.00') }));
      assert.deepEqual((await postingsOf(first)).toSorted(), ['original 40.00 planned', 'original 42.50 intent', 'reversal -42.50 planned']);
      await postingNotDone(line.store.db, key, state, { code: 'NO' });
      assert.deepEqual((await postingsOf(first)).toSorted(), ['original 40.00 planned', 'original 42.50 cancelled', 'reversal -42.50 cancelled']);
    }
  });

  it('take back what is in force when the approval is withdrawn, and book it anew when it is given again', async () => {
    const report = own();
    const { postings } = await line.judge(report);
    await beginPosting(line.store.db, postings[0]?.key ?? '');
    const told = (status: 'withdrawn' | 'approved', at: string) => line.judge({ ...report, approval: anApproval({ of: { id: report.id, version: 1 }, status, decidedAt: at }) });
    assert.equal((await told('withdrawn', '2026-11-16T10:00:00.000Z')).outcome, 'withdrawn');
    assert.deepEqual(await stateOf(report), ['1 reversed']);
    assert.equal((await told('approved', '2026-11-16T11:00:00.000Z')).outcome, 'accepted');
    assert.equal((await told('approved', '2026-11-16T11:30:00.000Z')).outcome, 'repeat');
    assert.equal((await told('withdrawn', '2026-11-16T11:15:00.000Z')).outcome, 'withdrawn');
    assert.deepEqual(await stateOf(report), ['1 reversed', '1 in_force'], 'approved once more after that withdrawal');
    assert.deepEqual(await postingsOf(report), ['original 42.50 intent', 'reversal -42.50 planned', 'original 42.50 planned']);
  });

  it('leave refused documents to the one that takes their place, and name their processes', async () => {
    const dirty = own({ total: usd('1.00') });
    const refused = await line.judge(dirty);
    assert.deepEqual(refused.findings.map(({ code }) => code), ['EXPENSE_TOTAL_WRONG']);
    const again = await line.judge({ ...dirty, total: usd('2.00') });
    assert.deepEqual([again.outcome, again.superseded], ['rejected', [`expense/canonical/${dirty.id}/1`]]);
    const mended = version(dirty, 2, { total: usd('42.50') });
    const accepted = await line.judge(mended);
    assert.deepEqual([accepted.outcome, accepted.superseded], ['accepted', [`expense/canonical/${dirty.id}/1`, `expense/canonical/${dirty.id}/1/${again.record}`]]);
    assert.equal((await line.decide(refused.record)).outcome, 'superseded');
    assert.equal((await supersededBy(line.store.db, accepted.record, mended)).length, 2);
  });

  it('bill on in the currency of the project once its reference rate is loaded', async () => {
    const report = own({}, { projectNumber: 'LONDON' });
    const { db } = line.store;
    const record = await line.receive(report);
    assert.deepEqual((await line.decide(record)).findings.map(({ code }) => code), ['EXPENSE_BILLING_RATE_MISSING']);
    await putReferenceRates(db, [{ from: 'USD', to: 'GBP', on: '2026-11-06', rate: '0.75', source: 'ECB' }]);
    assert.equal((await line.decide(record)).outcome, 'accepted');
    const { rows } = await sql<{ billed: unknown }>`select posting -> 'lines' -> 0 -> 'billed' as billed from expense_posting where record = ${record}`.execute(db);
    assert.deepEqual(rows[0]?.billed, { amount: '31.88', currency: 'GBP' });
  });

  it('go into the warehouse line by line, each booking once, with what became of it', async () => {
    const report = own({ lines: [aTaxi({ merchant: 'A', receipt: aReceipt('wh-1') }), aTaxi({ id: 'L-2', merchant: 'B', category: 'LODGING', receipt: aReceipt('wh-2'), billable: false })], total: usd('85.00') });
    const { record, postings } = await line.judge(report);
    const { db } = line.store;
    const categories = line.config.expenseCategories;
    assert.equal(await publishExpenseFacts(db, record, categories), 2);
    assert.equal(await publishExpenseFacts(db, record, categories), 0, 'the same again changes nothing');
    await beginPosting(db, postings[0]?.key ?? '');
    const { record: second } = await line.judge(version(report, 2, { lines: [aTaxi({ merchant: 'A', amount: usd('41.00'), receipt: aReceipt('wh-1') })], total: usd('41.00') }));
    assert.equal(await publishExpenseFacts(db, second, categories), 3);
    const { rows } = await sql<{ fact: string }>`
      select f.report_version || ' ' || f.line_id || ' ' || f.state || ' ' || f.amount || ' ' || coalesce(f.billed::text, '-') || ' ' || c.name || ' ' || d.month as fact
      from reporting.fact_expense f join reporting.dim_expense_category c using (category) join reporting.dim_date d on d.day = f.incurred_on
      where f.report_id = ${report.id} order by f.report_version, f.line_id`.execute(db);
    assert.deepEqual(rows.map(({ fact }) => fact), ['1 L-1 superseded 42.50 42.50 Taxis, hired cars and public transport 2026-11', '1 L-2 superseded 42.50 - Lodging 2026-11', '2 L-1 in_force 41.00 41.00 Taxis, hired cars and public transport 2026-11']);
  });

  it('end alike in whatever order the documents of a report arrive, to the cent', async () => {
    const lives = fc.sample(reportLife, { numRuns: 6, seed: 20261121 });
    for (const [number, life] of lives.entries()) {
      const ends = [];
      for (const [turn, order] of [life, life.toReversed()].entries()) {
        const id = `LIFE-${number}-${turn}`;
        const documents = order.map((report): ExpenseReport => ({
          ...report,
          id,
          replaces: report.replaces === null ? null : { ...report.replaces, id },
          approval: { ...report.approval, of: { ...report.approval.of, id } },
          lines: report.lines.map((one) => (one.kind === 'receipt' ? { ...one, merchant: id, receipt: aReceipt(id) } : one)),
        }));
        const held = new Set<number>();
        for (const document of documents) {
          const { outcome, record } = await line.judge(document);
          if (outcome === 'held') held.add(record);
          for (let changed = true; changed;) {
            changed = false;
            for (const waiting of held) {
              if ((await line.decide(waiting)).outcome === 'held') continue;
              held.delete(waiting);
              changed = true;
            }
          }
        }
        const { rows } = await sql<{ inForce: string[] | null; net: string }>`
          select (select array_agg(version || ' ' || total) from expense_report where report_id = ${id} and state = 'in_force') as "inForce",
            (select coalesce(sum(amount), 0)::text from expense_posting where posting -> 'report' ->> 'id' = ${id} and state <> 'cancelled') as net`.execute(line.store.db);
        ends.push({ inForce: rows[0]?.inForce, net: Number(rows[0]?.net) });
      }
      assert.deepEqual(ends[1], ends[0], JSON.stringify(life.map(({ version: of, approval }) => `${of} ${approval.status}`)));
    }
    assert.deepEqual((await reconcileExpenses(line.store.db)).filter(({ agrees }) => !agrees), []);
  });

  it('keep where a posting stands: begun, certainly not done, done', async () => {
    const { postings } = await line.judge(own());
    const key = postings[0]?.key ?? '';
    const { db } = line.store;
    assert.equal(await beginPosting(db, key), true);
    await postingNotDone(db, key, 'refused', { code: 'NO' });
    assert.equal((await postingOf(db, key))?.state, 'refused');
    assert.equal(await beginPosting(db, key), true);
    await postingDone(db, key, { externalId: 'ER-1', url: null });
    await postingNotDone(db, key, 'planned', { code: 'LATE' });
    assert.deepEqual([(await postingOf(db, key))?.state, (await postingOf(db, key))?.externalId], ['done', 'ER-1']);
    assert.equal(await beginPosting(db, key), false);
  });
});
