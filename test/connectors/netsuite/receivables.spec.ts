import { describeReceivables } from '../conformance/receivables.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import { startAccount, type NetSuiteAccount } from './receivables-account.ts';

/** 17 in sandbox/netsuite/reference-data.ts: the item of bad debts. */
const BAD_DEBT = { badDebtItem: '17' };

for (const { name, approval, payments } of [{ name: 'where an invoice saved is posted', approval: false, payments: 'records' }, { name: 'where invoices are approved first, and payments are read by SuiteQL', approval: true, payments: 'suiteql' }]) {
  describe(`NetSuite's receivables, ${name}`, function () {
    this.timeout(60_000);
    let account: NetSuiteAccount;

    before(async () => {
      account = await startAccount({ approvalRouting: approval, options: { ...BAD_DEBT, invoiceApproval: approval, payments } });
    });
    after(async () => account?.sandbox.close());

    describeReceivables({
      name: `NetSuite ${name}`,
      port: () => account.receivables(),
      written: { invoice: approval ? 'draft' : 'issued', creditNote: 'issued' },
      writeMethod: 'PUT',
      unknownId: '99999999',
      // A write is answered by a header with the record's ID, and by no body.
      receivedBadly: { issue: { empty: 'taken', truncated: 'taken' }, writeOff: { empty: 'taken', truncated: 'taken' }, standing: { 'numbers-as-text': 'refused' }, payments: approval ? { 'unknown-values': 'refused' } : { 'numbers-as-text': 'refused' } },
      badAnswers: { write: { empty: 'taken', truncated: 'taken' }, undo: { 'numbers-as-text': 'refused' } },
      office: () => account.office,
      faults: sandboxFaults(() => account.sandbox.url),
    });
  });
}
