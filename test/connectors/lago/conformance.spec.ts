import { describeBilling } from '../conformance/billing.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import { startOrganization, type LagoOrganization } from './organization.ts';

describe('Lago as the billing system', function () {
  this.timeout(20_000);
  let organization: LagoOrganization;

  before(async () => {
    organization = await startOrganization();
  });
  after(async () => organization?.sandbox.close());

  describeBilling({
    name: 'Lago',
    port: () => organization.port(),
    written: { invoice: 'issued', creditNote: 'issued' },
    writeMethod: 'POST',
    unknownId: '1a901a90-1a90-1a90-1a90-1a901a901a99',
    // A currency that is none makes another total of it.
    badAnswers: { write: { 'unknown-values': 'contract LAGO_TOTAL_DIFFERS unknown' } },
    receivedBadly: { standing: { 'unknown-values': 'contract LAGO_INVOICE_STATUS no' }, payments: { 'numbers-as-text': 'refused' } },
    unknownCustomer: 'nobody',
    office: () => organization.office,
    faults: sandboxFaults(() => organization.sandbox.url),
  });
});
