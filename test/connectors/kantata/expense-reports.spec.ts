import assert from 'node:assert/strict';
import type { ExpenseAnswers, ExpenseRejection } from '../../../connectors/expense-answers.ts';
import { isUnsupported } from '../../../connectors/ports.ts';
import { callContext, uniqueTag } from '../conformance/documents.ts';
import { failureOf } from '../conformance/records.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import { startAccount, throughRelay, type KantataAccount } from './support.ts';

describe('Expense reports given back to Kantata', function () {
  this.timeout(60_000);
  let account: KantataAccount;
  const faults = sandboxFaults(() => account.sandbox.url);
  const answers = (changes: { baseUrl?: string } = {}): ExpenseAnswers => {
    const { expenseReports } = account.time({}, changes);
    assert.ok(!isUnsupported(expenseReports));
    return expenseReports;
  };
  const reject = async (rejection: ExpenseRejection, changes: { baseUrl?: string } = {}) => {
    const { reject: give } = answers(changes);
    assert.ok(typeof give === 'function');
    await give(rejection, callContext());
  };

  before(async () => {
    account = await startAccount();
  });
  after(async () => account?.sandbox.close());
  afterEach(() => account.mode('default'));

  async function approved(): Promise<ExpenseRejection> {
    const person = `p${uniqueTag()}@northwind-consulting.example`;
    const user = await account.seedOne('users', { full_name: 'Test Person', email_address: person });
    const workspace = await account.seedOne('workspaces', { title: `Project ${uniqueTag()}`, price: 1, require_expense_approvals: true });
    const expense = await account.seedOne('expenses', { workspace_id: workspace, user_id: user, date: '2026-06-01', amount_in_cents: 4250 });
    const reportId = await account.seedOne('expense_report_submissions', { user_id: user, workspace_id: workspace, line_item_ids: [expense] });
    const finding = { code: 'EXPENSE_RECEIPT_MISSING', path: 'lines[0].receipt', message: 'The receipt is missing.', mend: 'Add it.' };
    return { reportId, version: 1, person, reason: 'The receipt is missing. Add it.', findings: [finding] };
  }
  const report = async ({ reportId }: ExpenseRejection) => (await account.rows(`/expense_report_submissions/${reportId}`))[0];

  it('are rejected with what is wrong, where, and how to mend it, once', async () => {
    const rejection = await approved();
    const seen = await throughRelay(account, async (baseUrl) => {
      await reject(rejection, { baseUrl });
      await reject(rejection, { baseUrl });
    });
    assert.deepEqual(seen.filter(({ method }) => method !== 'GET').map(({ method, path }) => [method, path]), [['PUT', `/expense_report_submissions/${rejection.reportId}/reject`]]);
    assert.deepEqual([(await report(rejection))?.['status'], (await report(rejection))?.['current_resolution_description']], ['rejected', 'lines[0].receipt: The receipt is missing. Add it.']);
  });

  it('carry the word of the person who gave them back', async () => {
    const rejection = await approved();
    await reject({ ...rejection, reason: `carla: ask your manager\n${rejection.reason}` });
    assert.equal((await report(rejection))?.['current_resolution_description'], 'carla: ask your manager\nlines[0].receipt: The receipt is missing. Add it.');
  });

  it('are cancelled where an approval can only be cancelled, and are a case where it is final', async () => {
    const one = await approved();
    await account.mode('approved-can-be-cancelled-only');
    await reject(one);
    assert.equal((await report(one))?.['status'], 'cancelled');
    await account.mode('default');
    const final = await approved();
    await account.mode('approved-is-final');
    const failure = await failureOf(() => reject(final));
    assert.deepEqual([failure.kind, failure.code], ['business_rule', 'KANTATA_APPROVAL_FINAL']);
    assert.match(failure.mend, /"confirm_done"/);
  });

  it('are a case where Kantata does not know the report: nobody would learn of it otherwise', async () => {
    const failure = await failureOf(async () => reject({ ...(await approved()), reportId: '999999999' }));
    assert.deepEqual([failure.kind, failure.code], ['business_rule', 'KANTATA_EXPENSE_REPORT_UNKNOWN']);
    const foreign = await failureOf(async () => reject({ ...(await approved()), reportId: 'ER-2026-7' }));
    assert.equal(foreign.code, 'KANTATA_EXPENSE_REPORT_UNKNOWN');
  });

  it('are rejected once though the answer is lost', async () => {
    const rejection = await approved();
    await faults.next({ kind: 'cut-after', method: 'PUT', path: 'expense_report_submissions' });
    assert.equal((await failureOf(() => reject(rejection))).kind, 'in_doubt');
    await reject(rejection);
    assert.equal((await report(rejection))?.['status'], 'rejected');
  });
});
