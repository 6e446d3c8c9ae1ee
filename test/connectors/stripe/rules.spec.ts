import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import type { References } from '../../../connectors/ports.ts';
import type { Invoice } from '../../../domain/model/invoice.ts';
import { callContext, dealOf, uniqueTag } from '../conformance/documents.ts';
import { creditOf, invoiceOf, type InvoiceTerms } from '../conformance/receivables-documents.ts';
import { readablePayments } from '../conformance/payments-told.ts';
import { failureOf } from '../conformance/records.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import { startAccount, type StripeAccount } from './account.ts';

const NONE: References = { customers: {}, contracts: {}, projects: {} };

describe("Stripe's own rules", function () {
  this.timeout(20_000);
  let account: StripeAccount;
  const faults = sandboxFaults(() => account.sandbox.url);

  before(async () => {
    account = await startAccount();
  });
  after(async () => account?.sandbox.close());
  afterEach(() => faults.clear());

  const today = () => new Date(account.clock.now()).toISOString().slice(0, 10);
  async function fresh(terms: Partial<InvoiceTerms> = {}): Promise<{ document: Invoice; references: References }> {
    const { id, references } = await account.office.customer('EUR');
    return { document: invoiceOf(uniqueTag(), { today: today(), customerId: id, ...terms }), references };
  }
  const requestsSince = async (before: number) => (await account.admin.requests()).slice(before).filter(({ method }) => method === 'POST');
  const count = async () => (await account.admin.requests()).length;

  describe('before anything is sent, an invoice is refused', () => {
    const cases: readonly (readonly [string, () => Partial<InvoiceTerms>, string])[] = [
      ['with more lines than Stripe takes', () => ({ lines: Array.from({ length: 251 }, () => ({ amount: '1.00' })) }), 'STRIPE_TOO_MANY_LINES'],
      ['that was due yesterday', () => ({ invoice: { dueDate: '2026-11-20' } }), 'STRIPE_DUE_DATE_PAST'],
      ['with an amount that ends in another digit than 0, in a currency of three decimals', () => ({ currency: 'KWD', lines: [{ amount: '5.125', tax: '0' }] }), 'STRIPE_AMOUNT_PRECISION'],
      ['with a tax that ends so', () => ({ currency: 'KWD', lines: [{ amount: '5.120', tax: '0.256' }] }), 'STRIPE_AMOUNT_PRECISION'],
    ];
    for (const [what, terms, code] of cases) {
      it(what, async () => {
        const { document, references } = await fresh(terms());
        const before = await count();
        const failure = await failureOf(() => account.port().invoice.write({ document, references }, null, callContext()));
        assert.deepEqual([failure.code, failure.kind, failure.written], [code, 'business_rule', 'no']);
        assert.deepEqual(await requestsSince(before), []);
      });
    }

    it('whose customer Stripe does not have, as a matter of configuration', async () => {
      const { document } = await fresh();
      const failure = await failureOf(() => account.port().invoice.write({ document, references: NONE }, null, callContext()));
      assert.deepEqual([failure.code, failure.kind], ['STRIPE_CUSTOMER_UNKNOWN', 'configuration']);
    });

    it('whose own number is too long', async () => {
      const { document, references } = await fresh({ invoice: { id: 'INV-US01-2026-10-0000000017' } });
      const failure = await failureOf(() => account.port({ invoiceNumbers: 'ours' }).invoice.write({ document, references }, null, callContext()));
      assert.equal(failure.code, 'STRIPE_NUMBER_LENGTH');
    });
  });

  it('numbers invoices by our ID where that is wanted', async () => {
    const { document, references } = await fresh();
    const port = account.port({ invoiceNumbers: 'ours' });
    const { externalId } = await port.invoice.write({ document, references }, null, callContext());
    assert.equal((await port.issue({ document, externalId }, callContext())).number, document.id);
  });

  it('does not issue a draft whose total was changed in Stripe', async () => {
    const { document, references } = await fresh();
    const written = await account.port().invoice.write({ document, references }, null, callContext());
    const customer = references.customers[document.customerId] ?? '';
    await account.call('POST', '/invoiceitems', { customer, invoice: written.externalId, amount: '100', description: 'Added by hand' });
    const failure = await failureOf(() => account.port().issue({ document, externalId: written.externalId }, callContext()));
    assert.deepEqual([failure.code, failure.kind, failure.written], ['STRIPE_TOTAL_DIFFERS', 'business_rule', 'no']);
    assert.equal((await account.port().standing({ document, externalId: written.externalId }, callContext())).status, 'draft');
    await account.port().invoice.write({ document, references }, written, callContext());
    assert.equal((await account.port().issue({ document, externalId: written.externalId }, callContext())).status, 'issued');
  });

  describe('does anew what it did within the day and was taken back since, though Stripe repeats its answer under the same key:', () => {
    const linesOf = async (externalId: string) => z.object({ data: z.array(z.looseObject({ id: z.string() })) }).parse(await account.call('GET', `/invoices/${externalId}/lines?limit=100`)).data;

    it('a customer that an abort deleted', async () => {
      const { customer } = dealOf(uniqueTag());
      const [record, context, port] = [{ document: customer, references: NONE }, callContext(), account.port().customer];
      const { externalId } = await port.write(record, null, context);
      await port.undo({ document: record, externalId, created: true }, context);
      const again = await port.write(record, await port.find(record, context), context);
      assert.notEqual(again.externalId, externalId);
      assert.equal((await port.find(record, context))?.externalId, again.externalId);
      assert.equal(await account.office.countCustomers(customer.id), 1);
    });

    it('a draft', async () => {
      const [record, context, port] = [await fresh(), callContext(), account.port().invoice];
      const { externalId } = await port.write(record, null, context);
      await port.undo({ document: record, externalId, created: true }, context);
      const again = await port.write(record, await port.find(record, context), context);
      assert.notEqual(again.externalId, externalId);
      await account.office.check(record.document, again.externalId);
      assert.equal(await account.office.count(record.document), 1);
    });

    it('the lines of a draft', async () => {
      const [record, context, port] = [await fresh({ lines: Array.from({ length: 60 }, (_, index) => ({ amount: `${index + 1}.00` })) }), callContext(), account.port().invoice];
      const written = await port.write(record, null, context);
      const lines = await linesOf(written.externalId);
      await account.call('POST', `/invoices/${written.externalId}/remove_lines`, Object.fromEntries(lines.flatMap(({ id }, index) => [[`lines[${index}][id]`, id], [`lines[${index}][behavior]`, 'delete']])));
      await port.write(record, written, context);
      await account.office.check(record.document, written.externalId);
    });

    it('but not what stands: a repeated answer makes nothing twice', async () => {
      const [record, context, port] = [await fresh(), callContext(), account.port().invoice];
      const first = await port.write(record, null, context);
      const again = await port.write(record, null, context);
      assert.equal(again.externalId, first.externalId);
      await account.office.check(record.document, first.externalId);
      assert.equal(await account.office.count(record.document), 1);
    });
  });

  it('puts a line right whose amount a person changed in Stripe', async () => {
    const { document, references } = await fresh();
    const port = account.port();
    const written = await port.invoice.write({ document, references }, null, callContext());
    const { data } = z.object({ data: z.array(z.looseObject({ id: z.string() })) }).parse(await account.call('GET', `/invoices/${written.externalId}/lines`));
    await account.call('POST', `/invoices/${written.externalId}/update_lines`, { 'lines[0][id]': data[0]?.id ?? '', 'lines[0][amount]': '1' });
    assert.equal((await failureOf(() => port.issue({ document, externalId: written.externalId }, callContext()))).code, 'STRIPE_TOTAL_DIFFERS');
    await port.invoice.write({ document, references }, written, callContext());
    await account.office.check(document, written.externalId);
    assert.equal((await port.issue({ document, externalId: written.externalId }, callContext())).status, 'issued');
  });

  it('sends nothing for lines that are as they should be', async () => {
    const { document, references } = await fresh();
    const written = await account.port().invoice.write({ document, references }, null, callContext());
    const before = await count();
    await account.port().invoice.write({ document, references }, written, callContext());
    assert.deepEqual((await requestsSince(before)).map(({ url }) => url), [`/v1/invoices/${written.externalId}`]);
  });

  it('finishes an invoice whose lines were cut off in the middle, without a line twice', async () => {
    const { document, references } = await fresh({ lines: Array.from({ length: 130 }, (_, index) => ({ amount: `${index + 1}.00` })) });
    await faults.next({ kind: 'cut-after', path: 'add_lines' });
    const context = callContext();
    const failure = await failureOf(() => account.port().invoice.write({ document, references }, null, context));
    assert.equal(failure.written, 'unknown');
    const found = await account.port().invoice.find({ document, references }, context);
    const written = await account.port().invoice.write({ document, references }, found, context);
    await account.office.check(document, written.externalId);
  });

  it('asks under another key where Stripe only repeats that it failed', async () => {
    const { document, references } = await fresh();
    const port = account.port();
    const { externalId } = await port.invoice.write({ document, references }, null, callContext());
    const context = callContext();
    await account.call('POST', `/invoices/${externalId}/finalize`, {});
    const item = creditOf(document, uniqueTag());
    // Refused once the endpoint had begun: Stripe keeps the refusal under this key for a day.
    await account.call('POST', `/invoices/${externalId}/void`, {});
    const refusal = await failureOf(() => port.invoice.write({ document: item, references }, null, context));
    assert.equal(refusal.kind, 'business_rule');
    const again = await failureOf(() => port.invoice.write({ document: item, references }, null, context));
    assert.equal(again.kind, 'business_rule');
    const state = await account.admin.state();
    assert.equal(state['idempotency_keys']?.filter((row) => String(row['id']).startsWith(context.idempotencyKey)).length, 2, 'the second attempt was made under a further key');
  });

  it('finds an invoice among hundreds of its customer', async () => {
    const { document, references } = await fresh();
    const written = await account.port().invoice.write({ document, references }, null, callContext());
    const customer = references.customers[document.customerId] ?? '';
    await account.admin.seed({ paid_invoices: Array.from({ length: 250 }, () => ({ customer, amount: 100 })) });
    assert.equal((await account.port().invoice.find({ document, references }, callContext()))?.externalId, written.externalId);
  });

  it('finds a customer of long ago by search, and one of just now although search lags', async () => {
    const { customer } = dealOf(uniqueTag());
    const written = await account.port().customer.write({ document: customer, references: NONE }, null, callContext());
    const before = await count();
    assert.equal((await account.port().customer.find({ document: customer, references: NONE }, callContext()))?.externalId, written.externalId);
    assert.ok((await account.admin.requests()).slice(before).every(({ url }) => !url.includes('/search')));
    account.clock.advance(40 * 86_400_000);
    assert.equal((await account.port().customer.find({ document: customer, references: NONE }, callContext()))?.externalId, written.externalId);
    assert.ok((await account.admin.requests()).some(({ url }) => url.includes('/customers/search')));
    assert.equal((await account.port({ findCustomersBy: 'list' }).customer.find({ document: customer, references: NONE }, callContext()))?.externalId, written.externalId);
    assert.equal(await account.port().customer.find({ document: { ...customer, id: `${customer.id}" OR metadata["a"]:"b` }, references: NONE }, callContext()), null);
  });

  it('needs an e-mail address to send an invoice, says where to enter it, and sends it once', async () => {
    const { document, references } = await fresh();
    const port = account.port({ emailOnIssue: true });
    const { externalId } = await port.invoice.write({ document, references }, null, callContext());
    const issue = () => port.issue({ document, externalId }, callContext());
    for (const time of ['first', 'second']) {
      const failure = await failureOf(issue);
      assert.equal(failure.code, 'STRIPE_CUSTOMER_EMAIL', `${time}: it must not pass for sent`);
    }
    await account.call('POST', `/customers/${references.customers[document.customerId] ?? ''}`, { email: 'ap@acme.example' });
    for (let time = 0; time < 3; time += 1) assert.equal((await issue()).status, 'issued');
    const events = z.object({ data: z.array(z.looseObject({ data: z.object({ object: z.looseObject({ id: z.string() }) }) })) }).parse(await account.call('GET', '/events?type=invoice.sent&limit=100'));
    assert.equal(events.data.filter((event) => event.data.object.id === externalId).length, 1);
  });

  it('waits where Stripe is busy with the same key, or with the same record', async () => {
    for (const status of [409, 423]) {
      const { document, references } = await fresh();
      await faults.next({ kind: 'status', status, method: 'POST' });
      const failure = await failureOf(() => account.port().invoice.write({ document, references }, null, callContext()));
      assert.deepEqual([failure.kind, failure.written, failure.retryAfterMs], ['transient', 'no', 1000], failure.code);
    }
  });

  it('tells payments of long ago by the lists, where events no longer reach', async () => {
    const { document, references } = await fresh();
    const port = account.port();
    const { externalId } = await port.invoice.write({ document, references }, null, callContext());
    await port.issue({ document, externalId }, callContext());
    account.clock.advance(86_400_000);
    const since = new Date(account.clock.now()).toISOString();
    const payment = await account.office.pay(externalId, { amount: '100.00', currency: 'EUR' });
    const refund = await account.office.refund?.(payment, { amount: '30.00', currency: 'EUR' });
    account.clock.advance(60 * 86_400_000);
    const told = await readablePayments(port, since);
    assert.deepEqual(told.map((payment) => `${payment.externalId} ${payment.amount.amount}`), [`${payment} 100.00`, `${refund ?? ''} -30.00`]);
  });

  it('takes back a refund that failed', async () => {
    const { document, references } = await fresh();
    const port = account.port();
    const { externalId } = await port.invoice.write({ document, references }, null, callContext());
    await port.issue({ document, externalId }, callContext());
    const payment = await account.office.pay(externalId, document.total);
    const refund = await account.office.refund?.(payment, { amount: '30.00', currency: 'EUR' });
    account.clock.advance(3_600_000);
    const since = new Date(account.clock.now()).toISOString();
    await account.admin.seed({ refunds: [{ id: refund, status: 'failed' }] });
    const told = await readablePayments(port, since);
    assert.deepEqual(told.map((payment) => [payment.externalId, payment.amount.amount, payment.applied]), [[refund, '0.00', []]]);
  });

  it('credits the line that was billed, and what goes beyond it on a line of its own', async () => {
    const { document, references } = await fresh();
    const port = account.port();
    const { externalId } = await port.invoice.write({ document, references }, null, callContext());
    await port.issue({ document, externalId }, callContext());
    const [first, second] = creditOf(document, uniqueTag()).lines;
    assert.ok(first !== undefined && second !== undefined);
    const credit = { ...creditOf(document, uniqueTag()), lines: [{ ...second, number: 1 }, { ...first, number: 2 }] };
    const written = await port.invoice.write({ document: credit, references }, null, callContext());
    const { lines } = z.object({ lines: z.object({ data: z.array(z.looseObject({ type: z.string(), amount: z.int() })) }) }).parse(await account.call('GET', `/credit_notes/${written.externalId}`));
    assert.deepEqual(lines.data.map(({ type, amount }) => [type, amount]), [['invoice_line_item', 97_540], ['custom_line_item', 208_040]]);
  });

  it('refuses a credit note that Stripe could not carry', async () => {
    const { document, references } = await fresh();
    const port = account.port();
    const { externalId } = await port.invoice.write({ document, references }, null, callContext());
    await port.issue({ document, externalId }, callContext());
    const credit = creditOf(document, uniqueTag());
    const charge = { ...credit, lines: credit.lines.map((line) => ({ ...line, amount: { ...line.amount, amount: line.amount.amount.replace('-', '') } })) };
    assert.equal((await failureOf(() => port.invoice.write({ document: charge, references }, null, callContext()))).code, 'STRIPE_CREDIT_LINE_SIGN');
    const otherTax = { ...credit, lines: credit.lines.map((line) => ({ ...line, taxRate: '7' })) };
    assert.equal((await failureOf(() => port.invoice.write({ document: otherTax, references }, null, callContext()))).code, 'STRIPE_CREDIT_TAX');
    const ofNothing = { ...credit, credits: 'INV-UNKNOWN' };
    assert.equal((await failureOf(() => port.invoice.write({ document: ofNothing, references }, null, callContext()))).code, 'STRIPE_CREDITED_INVOICE_MISSING');
  });

  it('takes a status it does not know for a broken contract, not for a draft', async () => {
    const { document } = await fresh();
    const frozen = { id: 'in_1', object: 'invoice', number: 'A-1', status: 'frozen', currency: 'eur', total: 1, amount_paid: 0, amount_remaining: 1 };
    const server = createServer((_request, response) => response.setHeader('content-type', 'application/json').end(JSON.stringify(frozen)));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    try {
      const port = account.port({}, { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
      const failure = await failureOf(() => port.standing({ document, externalId: 'in_1' }, callContext()));
      assert.deepEqual([failure.kind, failure.code, failure.written], ['contract', 'STRIPE_INVOICE_STATUS', 'no']);
      assert.match(failure.message, /frozen/);
    } finally {
      server.close();
    }
  });

  it('never shows the key in what it says', async () => {
    const secretKey = ['sk', 'live', 'abcdef1234567890abcdef'].join('_');
    const failure = await failureOf(() => account.port({}, { credentials: { secretKey } }).customer.find({ document: dealOf(uniqueTag()).customer, references: NONE }, callContext()));
    assert.deepEqual([failure.kind, failure.code], ['configuration', 'CREDENTIALS_REFUSED']);
    assert.ok(!JSON.stringify(failure).includes(secretKey));
    assert.throws(() => account.port({}, { credentials: { secretKey: 'pk_test_1' } }), /secret or restricted key/);
  });
});
