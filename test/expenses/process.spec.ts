import assert from 'node:assert/strict';
import { sql } from 'kysely';
import type { ExpenseReport } from '../../domain/model/time/expense-report.ts';
import { validateExpenseReport } from '../../domain/rules/expenses/validate.ts';
import { openIntent } from '../../store/posting-ledger.ts';
import { reconcileExpenses } from '../../store/expenses/reconciliation.ts';
import { finishDecidedPages } from '../../store/time/pages.ts';
import { aReceipt, anExpenseContext, aReport, aTaxi } from '../builders/expenses.ts';
import { anApproval } from '../builders/time.ts';
import { stopTemporalServer } from '../support/temporal.ts';
import { startExpenseLine, type ExpenseLine, type StepFault } from './line.ts';

const usd = (amount: string) => ({ amount, currency: 'USD' });

describe('The process of an expense report', function () {
  this.timeout(90_000);
  let line: ExpenseLine;
  let reports = 0;

  before(async () => {
    line = await startExpenseLine();
  });

  after(async () => {
    await line.stop();
    await stopTemporalServer();
  });

  afterEach(() => {
    line.erp.mendAll();
  });

  /** A report with an ID and a taxi of its own. */
  function own(parts: Partial<ExpenseReport> = {}, taxi: Parameters<typeof aTaxi>[0] = {}): ExpenseReport {
    reports += 1;
    const name = `R-${reports}`;
    return aReport([aTaxi({ merchant: `Cab of ${name}`, receipt: aReceipt(name), ...taxi })], { id: name, ...parts });
  }
  const version = (report: ExpenseReport, number: number, parts: Partial<ExpenseReport> = {}): ExpenseReport => ({ ...report, version: number, approval: anApproval({ of: { id: report.id, version: number } }), ...parts });
  const cheaper = (report: ExpenseReport, number: number, parts: Partial<ExpenseReport> = {}) => version(report, number, { lines: [aTaxi({ merchant: `Cab of ${report.id}`, receipt: aReceipt(report.id), amount: usd('40.00') })], total: usd('40.00'), ...parts });
  const written = ({ id }: ExpenseReport) => line.erp.of(id).map(({ posting }) => `${posting.kind} ${posting.total.amount}`);
  async function facts({ id }: ExpenseReport): Promise<string[]> {
    const { rows } = await sql<{ fact: string }>`select report_version || ' ' || state || ' ' || amount as fact from reporting.fact_expense where report_id = ${id} order by 1`.execute(line.store.db);
    return rows.map(({ fact }) => fact);
  }
  async function run(...of: readonly ExpenseReport[]): Promise<string[]> {
    return await Promise.all((await line.submit(...of)).map(async (id) => (await line.outcome(id)).outcome));
  }

  it('posts an accepted report to the ERP of the employer, into the warehouse, and says so', async () => {
    const report = own();
    const [id = ''] = await line.submit(report);
    assert.deepEqual(await line.outcome(id), { outcome: 'posted', postings: 1 });
    assert.deepEqual(written(report), ['original 42.50']);
    assert.deepEqual(await facts(report), ['1 in_force 42.50']);
    const progress = await line.progress(id);
    assert.deepEqual([progress.stage, progress.total, progress.postings[0]?.state, progress.postings[0]?.externalId], ['done', '42.50 USD', 'done', line.erp.of(report.id)[0]?.externalId]);
    const { rows } = await sql<{ kind: string; detail: { postings: { externalId: string }[] } }>`select a.kind, a.detail from time_answer a join time_record r on r.id = a.record where r.record_id = ${report.id}`.execute(line.store.db);
    assert.deepEqual(rows.map(({ kind, detail }) => [kind, detail.postings[0]?.externalId]), [['lock', progress.postings[0]?.externalId]]);
    assert.ok((await finishDecidedPages(line.store.db)) >= 1, 'its page is done');
  });

  describe('gets through, with one posting and one set of facts, whichever step breaks', () => {
    const steps: readonly StepFault['step'][] = ['decideExpenseReport', 'postExpense', 'publishExpense', 'answerExpense'];
    for (const step of steps) {
      for (const when of ['before', 'after'] as const) {
        it(`${step}, ${when} its work`, async () => {
          const report = own();
          line.breakStep({ step, when });
          assert.deepEqual(await run(report), ['posted']);
          assert.deepEqual(written(report), ['original 42.50']);
          assert.deepEqual(await facts(report), ['1 in_force 42.50']);
        });
      }
    }

    it('the call to the ERP, refused for passing reasons', async () => {
      const report = own();
      line.erp.fail(report.id, { kind: 'transient', times: 3 });
      assert.deepEqual(await run(report), ['posted']);
      assert.deepEqual(written(report), ['original 42.50']);
    });

    it('the answer of the ERP, lost after the posting was made', async () => {
      const report = own();
      line.erp.fail(report.id, { kind: 'in_doubt', after: true, times: 1 });
      assert.deepEqual(await run(report), ['posted']);
      assert.deepEqual(written(report), ['original 42.50'], 'the ERP was asked before anything was written again');
    });

    for (const arrived of [true, false]) {
      it(`a worker killed in the middle of the call, ${arrived ? 'after' : 'before'} it got through`, async () => {
        const report = own();
        const decision = validateExpenseReport(report, anExpenseContext(line.config));
        assert.ok(decision.outcome === 'accepted');
        const { key, system } = decision.posting;
        if (arrived) line.erp.put(decision.posting);
        await openIntent(line.store.db, { key, process: 'killed', step: 'expense', system, operation: 'write', objectType: 'expense_posting', canonicalId: key, requestHash: 'killed', request: null, existed: null, leaseMs: 500 });
        const asked = line.erp.asked();
        assert.deepEqual(await run(report), ['posted']);
        assert.deepEqual(written(report), ['original 42.50']);
        assert.equal(line.erp.asked(), asked + 1, 'the ERP was asked first');
      });
    }

    it('the answer of the ERP, lost before the posting was made', async () => {
      const report = own();
      line.erp.fail(report.id, { kind: 'in_doubt', times: 2 });
      assert.deepEqual(await run(report), ['posted']);
      assert.deepEqual(written(report), ['original 42.50']);
    });
  });

  describe('asks a person', () => {
    it('where an answer was lost and the ERP cannot be asked: it was done', async () => {
      const report = own();
      line.erp.cannotBeAsked('netsuite');
      line.erp.fail(report.id, { kind: 'in_doubt', after: true, times: 1 });
      const [id = ''] = await line.submit(report);
      const open = await line.openCase('WRITE_IN_DOUBT', id);
      assert.equal((await line.resolve(open, { action: 'confirm_done', externalId: line.erp.of(report.id)[0]?.externalId ?? '' })).accepted, true);
      assert.equal((await line.outcome(id)).outcome, 'posted');
      assert.deepEqual(written(report), ['original 42.50']);
      assert.equal((await line.progress(id)).postings[0]?.externalId, line.erp.of(report.id)[0]?.externalId);
    });

    it('where an answer was lost and the ERP cannot be asked: it was not done', async () => {
      const report = own();
      line.erp.cannotBeAsked('netsuite');
      line.erp.fail(report.id, { kind: 'in_doubt', times: 1 });
      const [id = ''] = await line.submit(report);
      const open = await line.openCase('WRITE_IN_DOUBT', id);
      assert.deepEqual(written(report), []);
      await line.resolve(open, { action: 'confirm_not_done' });
      assert.equal((await line.outcome(id)).outcome, 'posted');
      assert.deepEqual(written(report), ['original 42.50']);
    });

    it('where the ERP takes no expense reports: the case says how to book it by hand, and waits', async () => {
      const report = own();
      line.erp.close('netsuite');
      const [id = ''] = await line.submit(report);
      const open = await line.openCase('EXPENSES_NOT_OFFERED', id);
      assert.match(open.message, /takes no expense reports from us \(the licence has no expense module\)/);
      assert.match(open.mend, /Book it by hand in netsuite, period 2026-11, with EX-\w+-1 as its reference/);
      assert.equal(open.kind, 'configuration');
      assert.deepEqual(await facts(report), [], 'what is not booked is no fact yet');
      assert.deepEqual(open.permitted_actions, ['retry', 'confirm_done']);
      await line.resolve(open, { action: 'confirm_done', externalId: 'BY-HAND-7' });
      assert.equal((await line.outcome(id)).outcome, 'posted');
      assert.deepEqual((await line.progress(id)).postings.map(({ state, externalId }) => [state, externalId]), [['done', 'BY-HAND-7']]);
      assert.deepEqual([written(report), await facts(report)], [[], ['1 in_force 42.50']]);
    });

    it('where the ERP refuses the report for good, and tries again when told so', async () => {
      const report = own();
      line.erp.fail(report.id, { kind: 'business_rule', code: 'NETSUITE_PERIOD_LOCKED', times: 1 });
      const [id = ''] = await line.submit(report);
      const open = await line.openCase('NETSUITE_PERIOD_LOCKED', id);
      await line.resolve(open, { action: 'retry' });
      assert.equal((await line.outcome(id)).outcome, 'posted');
      assert.deepEqual(written(report), ['original 42.50']);
    });

    it('about a refused report, in one case with all findings, under the code of the first', async () => {
      const report = own({ total: usd('1.00') }, { category: 'YACHT' });
      const [id = ''] = await line.submit(report);
      const open = await line.openCase('EXPENSE_TOTAL_WRONG', id);
      assert.deepEqual(open.findings.map((finding) => (typeof finding === 'object' && finding !== null && 'code' in finding ? finding.code : null)), ['EXPENSE_TOTAL_WRONG', 'EXPENSE_CATEGORY_UNKNOWN']);
      assert.equal((await line.progress(id)).stage, 'waiting');
      assert.deepEqual(open.permitted_actions, ['retry', 'correct', 'return_to_submitter'], 'a wrong total cannot be let pass');
      await line.resolve(open, { action: 'return_to_submitter' });
      assert.equal((await line.outcome(id)).outcome, 'returned');
      assert.deepEqual(written(report), []);
    });
  });

  describe('once refused', () => {
    it('ends by itself when a later version arrives that is accepted', async () => {
      const report = own({ total: usd('1.00') });
      const [first = ''] = await line.submit(report);
      await line.openCase('EXPENSE_TOTAL_WRONG', first);
      assert.deepEqual(await run(version(report, 2, { total: usd('42.50') })), ['posted']);
      assert.equal((await line.outcome(first)).outcome, 'superseded');
      assert.deepEqual((await line.cases(first)).map(({ state }) => state), ['closed']);
      assert.deepEqual(written(report), ['original 42.50']);
    });

    it('goes on by itself when the configuration knows what it needs', async () => {
      const report = own({}, { category: 'VISA_FEES' });
      const [id = ''] = await line.submit(report);
      await line.openCase('EXPENSE_CATEGORY_UNKNOWN', id);
      const { config } = line;
      await line.activate({
        ...config,
        expenseCategories: [...config.expenseCategories, { code: 'VISA_FEES', name: 'Visas', billable: true, taxRecoverable: false }],
        expensePolicies: config.expensePolicies.map((policy) => ({ ...policy, categories: [...policy.categories, { code: 'VISA_FEES', most: null, per: 'receipt' as const }] })),
      });
      assert.equal((await line.outcome(id)).outcome, 'posted');
      assert.deepEqual((await line.cases(id)).map(({ state }) => state), ['closed']);
    });

    it('is posted where a person with the role lets it pass, with who and why in the trail', async () => {
      const first = own({}, { merchant: 'Shuttle', receipt: null });
      const twin = own({}, { merchant: 'Shuttle', receipt: null });
      assert.deepEqual(await run(first), ['posted']);
      const [id = ''] = await line.submit(twin);
      const open = await line.openCase('EXPENSE_DUPLICATE', id);
      assert.equal((await line.resolve(open, { action: 'override', reason: 'two rides' })).accepted, true);
      assert.equal((await line.outcome(id)).outcome, 'posted');
      assert.deepEqual((await line.progress(id)).remarks, ['WAIVED_EXPENSE_DUPLICATE']);
      const { rows } = await sql<{ message: string }>`select message from audit_trail where action = 'findings.waived' and process = ${id}`.execute(line.store.db);
      assert.deepEqual(rows.map(({ message }) => message), ['carla let EXPENSE_DUPLICATE pass: two rides']);
    });
  });

  describe('of a corrected report', () => {
    it('waits for the original where it arrives first, then takes it back in the ERP', async () => {
      const first = own();
      const [second = ''] = await line.submit(cheaper(first, 2, { replaces: { id: first.id, version: 1 } }));
      await line.until('it is held', async () => (await line.progress(second)).stage === 'held');
      assert.match((await line.progress(second)).waitsFor ?? '', /has not arrived yet/);
      const [original] = await run(first);
      assert.equal((await line.outcome(second)).outcome, 'posted');
      // The correction may be decided before the original's posting has begun: then neither it nor its reversal gets to the ERP.
      assert.deepEqual(written(first), original === 'posted' ? ['original 42.50', 'reversal -42.50', 'original 40.00'] : ['original 40.00']);
      assert.deepEqual(await facts(first), ['1 superseded 42.50', '2 in_force 40.00']);
    });

    it('reverses what was posted', async () => {
      const first = own();
      assert.deepEqual(await run(first), ['posted']);
      assert.deepEqual(await run(cheaper(first, 2)), ['posted']);
      assert.deepEqual(written(first), ['original 42.50', 'reversal -42.50', 'original 40.00']);
    });

    it('leaves out of the ERP what the ERP had refused, instead of posting and reversing it', async () => {
      const first = own();
      line.erp.fail(first.id, { kind: 'business_rule', code: 'NETSUITE_UNKNOWN_PROJECT', times: 1 });
      const [id = ''] = await line.submit(first);
      await line.openCase('NETSUITE_UNKNOWN_PROJECT', id);
      assert.deepEqual(await run(cheaper(first, 2)), ['posted']);
      assert.deepEqual(await line.outcome(id), { outcome: 'superseded', postings: 0 });
      assert.equal((await line.progress(id)).postings[0]?.state, 'cancelled');
      assert.deepEqual((await line.cases(id)).map(({ state }) => state), ['closed']);
      assert.deepEqual(written(first), ['original 40.00']);
    });
  });

  it('takes a posted report back when its approval is withdrawn', async () => {
    const report = own();
    assert.deepEqual(await run(report), ['posted']);
    assert.deepEqual(await run({ ...report, approval: anApproval({ of: { id: report.id, version: 1 }, status: 'withdrawn', decidedAt: '2026-11-16T11:00:00.000Z' }) }), ['withdrawn']);
    assert.deepEqual(written(report), ['original 42.50', 'reversal -42.50']);
    assert.deepEqual(await facts(report), ['1 reversed 42.50']);
  });

  it('waits while nobody has approved, and leaves the report to the approved document', async () => {
    const report = own();
    const [pending = ''] = await line.submit({ ...report, approval: anApproval({ of: { id: report.id, version: 1 }, status: 'submitted', approver: null, decidedAt: null }) });
    await line.until('it is held', async () => (await line.progress(pending)).stage === 'held');
    const [approved = ''] = await line.submit(report);
    assert.notEqual(approved, pending, 'the second document of a version has a process of its own');
    assert.equal((await line.outcome(approved)).outcome, 'posted');
    assert.equal((await line.outcome(pending)).outcome, 'superseded');
  });

  it('does nothing the second time for a report that is posted', async () => {
    const report = own();
    assert.deepEqual(await run(report), ['posted']);
    assert.deepEqual(await run({ ...report, approval: anApproval({ of: { id: report.id, version: 1 }, decidedAt: '2026-11-16T11:00:00.000Z' }) }), ['repeat']);
    assert.deepEqual(written(report), ['original 42.50']);
  });

  it('reconciles: received is accepted, settled, refused or held, and what is in force is what is in the ERP', async () => {
    await run(own());
    const [all, ...others] = await reconcileExpenses(line.store.db);
    assert.deepEqual([all?.legalEntity, all?.currency, others, all?.agrees, all?.toPost, all?.undecided.reports], ['US01', 'USD', [], true, '0', 0]);
    assert.equal(all?.posted, all?.inForce);
  });

  it('carries a batch of forty, each in a process of its own', async () => {
    const batch = Array.from({ length: 40 }, () => own());
    assert.deepEqual([...new Set(await run(...batch))], ['posted']);
    assert.deepEqual(batch.flatMap(written), batch.map(() => 'original 42.50'));
  });
});
