import assert from 'node:assert/strict';
import { createLago } from '../../../connectors/lago/index.ts';
import { isUnsupported, type References } from '../../../connectors/ports.ts';
import type { Invoice } from '../../../domain/model/invoice.ts';
import { callContext, dealOf, silent, uniqueTag } from '../conformance/documents.ts';
import { creditOf, invoiceOf, type InvoiceTerms } from '../conformance/receivables-documents.ts';
import { paymentsTold, readablePayments } from '../conformance/payments-told.ts';
import { failureOf } from '../conformance/records.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import { answerJson, testServer } from '../http/support.ts';
import { OPTIONS, startOrganization, type LagoOrganization } from './organization.ts';

const NONE: References = { customers: {}, contracts: {}, projects: {} };

describe("Lago's own rules", function () {
  this.timeout(20_000);
  let organization: LagoOrganization;
  const faults = sandboxFaults(() => organization.sandbox.url);

  before(async () => {
    organization = await startOrganization();
  });
  after(async () => organization?.sandbox.close());
  afterEach(() => faults.clear());

  async function fresh(terms: Partial<InvoiceTerms> = {}): Promise<{ document: Invoice; references: References }> {
    const { id, references } = await organization.office.customer('EUR');
    return { document: invoiceOf(uniqueTag(), { today: new Date(organization.clock.now()).toISOString().slice(0, 10), customerId: id, ...terms }), references };
  }
  const writes = async () => (await organization.admin.requests()).filter(({ method, url }) => method === 'POST' && url.endsWith('/invoices')).length;

  describe('before anything is sent, an invoice is refused', () => {
    const cases: readonly (readonly [string, Partial<InvoiceTerms>, string, string])[] = [
      ['with a deduction', { lines: [{ amount: '100.00' }, { amount: '-10.00', kind: 'adjustment' }] }, 'LAGO_NEGATIVE_LINE', 'business_rule'],
      ['whose tax was rounded for each line', { lines: [{ amount: '0.13', tax: '0.02' }, { amount: '0.13', tax: '0.02' }, { amount: '0.13', tax: '0.02' }] }, 'LAGO_TAX_ROUNDING', 'business_rule'],
      ['under a tax rule that nobody mapped', { taxRule: 'FR-VAT' }, 'LAGO_TAX_UNMAPPED', 'configuration'],
    ];
    for (const [what, terms, code, kind] of cases) {
      it(what, async () => {
        const wanted = await fresh(terms);
        const before = await writes();
        const failure = await failureOf(() => organization.port().invoice.write(wanted, null, callContext()));
        assert.deepEqual([failure.code, failure.kind, failure.written], [code, kind, 'no']);
        assert.equal(await writes(), before);
      });
    }
  });

  it('finds an invoice by its fees where the mark did not come through, and marks it then', async () => {
    const wanted = await fresh();
    await faults.next({ kind: 'cut-before', method: 'PUT' });
    const failure = await failureOf(() => organization.port().invoice.write(wanted, null, callContext()));
    assert.equal(failure.written, 'unknown');
    const found = await organization.port().invoice.find(wanted, callContext());
    assert.ok(found !== null);
    await organization.port().invoice.write(wanted, found, callContext());
    assert.equal(await organization.office.count(wanted.document), 1);
    await organization.office.check(wanted.document, found.externalId);
  });

  it('finds an invoice among hundreds of its customer, marked or not', async () => {
    const wanted = await fresh();
    await faults.next({ kind: 'cut-before', method: 'PUT' });
    await failureOf(() => organization.port().invoice.write(wanted, null, callContext()));
    const customer = wanted.references.customers[wanted.document.customerId];
    await organization.admin.seed({ paid_invoices: Array.from({ length: 150 }, () => ({ customer, amount: 100 })) });
    const found = await organization.port().invoice.find(wanted, callContext());
    assert.ok(found !== null);
    await organization.port().invoice.write(wanted, found, callContext());
    assert.deepEqual(await organization.port().invoice.find(wanted, callContext()), found);
  });

  it("takes nobody else's invoice for ours, whatever its fees say", async () => {
    const wanted = await fresh();
    const customer = wanted.references.customers[wanted.document.customerId];
    await organization.call('POST', '/invoices', { invoice: { external_customer_id: customer, currency: 'EUR', fees: [{ add_on_code: 'labor', unit_amount_cents: 1, description: `see ${wanted.document.id}`, tax_codes: ['zero'] }, { add_on_code: 'labor', unit_amount_cents: 1, description: `${wanted.document.id}0 #1`, tax_codes: ['zero'] }] } });
    assert.equal(await organization.port().invoice.find(wanted, callContext()), null);
  });

  it('says at once when Lago computed another total than was decided', async () => {
    const wanted = await fresh();
    const failure = await failureOf(() => organization.port({ taxCodes: { 'DE-VAT': ['vat_7'] } }).invoice.write(wanted, null, callContext()));
    assert.deepEqual([failure.code, failure.kind, failure.written], ['LAGO_TOTAL_DIFFERS', 'contract', 'unknown']);
  });

  it('names what is to be set up in Lago', async () => {
    for (const options of [{ addOns: { labor: 'no_such_add_on' } }, { taxCodes: { 'DE-VAT': ['no_such_tax'] } }, { billingEntities: { DE01: 'no_such_entity' } }]) {
      const wanted = await fresh();
      const failure = await failureOf(() => organization.port(options).invoice.write(wanted, null, callContext()));
      assert.deepEqual([failure.code, failure.kind, failure.written], ['LAGO_SET_UP', 'configuration', 'no'], JSON.stringify(options));
    }
  });

  it('credits a line on the fee it was billed by, and refuses to credit more than was billed', async () => {
    const wanted = await fresh();
    const port = organization.port();
    await port.invoice.write(wanted, null, callContext());
    const all = creditOf(wanted.document, uniqueTag());
    await port.invoice.write({ document: all, references: wanted.references }, null, callContext());
    const again = creditOf(wanted.document, uniqueTag(), 'first line');
    assert.equal((await failureOf(() => port.invoice.write({ document: again, references: wanted.references }, null, callContext()))).code, 'LAGO_CREDIT_TOO_LARGE');
  });

  it('voids what is left of the credit of a paid invoice, and keeps what was taken off an open one', async () => {
    const port = organization.port();
    for (const paid of [true, false]) {
      const wanted = await fresh();
      const { externalId } = await port.invoice.write(wanted, null, callContext());
      if (paid) await organization.office.pay(externalId, wanted.document.total);
      const credit = { document: creditOf(wanted.document, uniqueTag(), 'first line'), references: wanted.references };
      const written = await port.invoice.write(credit, null, callContext());
      const undone = await port.invoice.undo({ document: credit, externalId: written.externalId, created: true }, callContext());
      assert.equal(undone.how, paid ? 'cancelled' : 'kept', undone.detail);
    }
  });

  it('needs a premium license for credit notes, and says so', async () => {
    const plain = await startOrganization({ options: { premium: false } });
    try {
      const { id, references } = await plain.office.customer('EUR');
      const document = invoiceOf(uniqueTag(), { today: '2026-11-21', customerId: id });
      await plain.port().invoice.write({ document, references }, null, callContext());
      const failure = await failureOf(() => plain.port().invoice.write({ document: creditOf(document, uniqueTag()), references }, null, callContext()));
      assert.deepEqual([failure.code, failure.kind], ['LAGO_FORBIDDEN', 'configuration']);
      assert.match(failure.mend, /premium/);
    } finally {
      await plain.sandbox.close();
    }
  });

  it('tells a payment that was entered by hand for a day of last week', async () => {
    const wanted = await fresh();
    const port = organization.port();
    const { externalId } = await port.invoice.write(wanted, null, callContext());
    const since = new Date(organization.clock.now()).toISOString();
    const paidAt = new Date(organization.clock.now() - 7 * 86_400_000).toISOString().slice(0, 10);
    await organization.call('POST', '/payments', { payment: { invoice_id: externalId, amount_cents: 12_345, reference: 'Cheque 7', paid_at: paidAt } });
    const told = (await readablePayments(port, since)).filter(({ reference }) => reference === 'Cheque 7');
    assert.deepEqual(told.map((payment) => [payment.amount.amount, payment.receivedAt.slice(0, 10), payment.method, payment.applied[0]?.invoiceId]), [['123.45', paidAt, 'manual', wanted.document.id]]);
  });

  it('reads the other payments where the state, currency or moment of some is not known', async () => {
    const row = (id: string, change: object = {}) => ({ lago_id: id, invoice_ids: [], amount_cents: 100, amount_currency: 'EUR', payment_status: 'succeeded', type: 'manual', reference: null, created_at: '2026-11-21T08:00:00Z', ...change });
    const payments = [row('good-1'), row('reversed', { payment_status: 'reversed' }), row('no-currency', { amount_currency: 'Euro' }), row('no-moment', { created_at: 'yesterday' }), row('underway', { payment_status: 'processing' }), row('good-2')];
    const server = await testServer((_request, response) => answerJson(response, 200, { payments, meta: { next_page: null } }));
    try {
      const told = await paymentsTold(organization.port({}, { baseUrl: server.url }), '2026-11-21T00:00:00Z');
      assert.deepEqual(told.payments.map(({ payment }) => payment.externalId), ['good-2', 'good-1']);
      assert.deepEqual(told.unreadable.map(({ externalId, failure }) => [externalId, failure.kind, failure.code, failure.written]), [
        ['no-moment', 'contract', 'LAGO_PAYMENT_UNREADABLE', 'no'],
        ['no-currency', 'contract', 'LAGO_PAYMENT_UNREADABLE', 'no'],
        ['reversed', 'contract', 'LAGO_PAYMENT_STATUS', 'no'],
      ]);
    } finally {
      await server.close();
    }
  });

  it('refuses usage that Lago finds wrong, and leaves out nothing in silence', async () => {
    const { recordUsage } = organization.port();
    assert.ok(!isUnsupported(recordUsage));
    const failure = await failureOf(() => recordUsage([{ key: 'k', subscription: '', metric: 'hours', at: '2026-11-21T00:00:00Z', quantity: '1' }], callContext()));
    assert.deepEqual([failure.code, failure.kind, failure.written], ['LAGO_USAGE_REFUSED', 'business_rule', 'no']);
  });

  it('never shows the key in what it says, and is refused with a wrong one', async () => {
    const failure = await failureOf(() => organization.port({}, { credentials: { apiKey: 'not-the-right-key-at-all' } }).customer.find({ document: dealOf(uniqueTag()).customer, references: NONE }, callContext()));
    assert.deepEqual([failure.kind, failure.code], ['configuration', 'CREDENTIALS_REFUSED']);
    assert.ok(!JSON.stringify(failure).includes('not-the-right-key-at-all'));
    assert.throws(() => createLago({ system: 'lago', baseUrl: organization.sandbox.url, credentials: {}, options: OPTIONS, log: silent, limits: { concurrency: 1, requestsPerSecond: null, timeoutSeconds: 5 } }), /apiKey/);
  });
});
