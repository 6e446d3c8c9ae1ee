import { describeBilling } from '../conformance/billing.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import { startAccount, type StripeAccount } from './account.ts';

describe('Stripe as the billing system', function () {
  this.timeout(20_000);
  let account: StripeAccount;

  before(async () => {
    account = await startAccount();
  });
  after(async () => account?.sandbox.close());

  describeBilling({
    name: 'Stripe',
    port: () => account.port(),
    written: { invoice: 'draft', creditNote: 'issued' },
    writeMethod: 'POST',
    unknownId: 'in_1NoSuchInvoice',
    badAnswers: { undo: { 'unknown-values': 'contract STRIPE_INVOICE_STATUS no' } },
    receivedBadly: {
      issue: { 'numbers-as-text': 'refused', 'unknown-values': 'contract STRIPE_INVOICE_STATUS no' },
      writeOff: { 'numbers-as-text': 'refused', 'unknown-values': 'contract STRIPE_INVOICE_STATUS no' },
      standing: { 'numbers-as-text': 'refused', 'unknown-values': 'contract STRIPE_INVOICE_STATUS no' },
      payments: { 'numbers-as-text': 'refused' },
    },
    unknownCustomer: 'cus_1NoSuchCustomer',
    office: () => account.office,
    faults: sandboxFaults(() => account.sandbox.url),
  });
});
