import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { Client, getLagoError } from 'lago-javascript-client';
import { z } from 'zod';
import { isUnsupported } from '../../../connectors/ports.ts';
import { callContext, dealOf, uniqueTag } from '../conformance/documents.ts';
import { recordExchanges, type Exchange } from '../conformance/exchanges.ts';
import { typeMistakes, type Typed } from '../conformance/published-types.ts';
import { creditOf, invoiceOf } from '../conformance/receivables-documents.ts';
import { startOrganization, type LagoOrganization } from './organization.ts';

/** Each operation that the connector calls: the method of Lago's own client for it, and which of its arguments is the body or the query. */
const OPERATIONS: readonly (readonly [operation: string, path: RegExp, method: string, argument: 0 | 1 | null])[] = [
  ['POST', /^\/customers$/, 'customers.createCustomer', 0],
  ['GET', /^\/customers\/[^/]+$/, 'customers.findCustomer', null],
  ['DELETE', /^\/customers\/[^/]+$/, 'customers.destroyCustomer', null],
  ['POST', /^\/invoices$/, 'invoices.createInvoice', 0],
  ['GET', /^\/invoices$/, 'invoices.findAllInvoices', 0],
  ['GET', /^\/invoices\/[^/]+$/, 'invoices.findInvoice', null],
  ['PUT', /^\/invoices\/[^/]+$/, 'invoices.updateInvoice', 1],
  ['POST', /^\/invoices\/[^/]+\/void$/, 'invoices.voidInvoice', 1],
  ['POST', /^\/credit_notes$/, 'creditNotes.createCreditNote', 0],
  ['GET', /^\/credit_notes$/, 'creditNotes.findAllCreditNotes', 0],
  ['GET', /^\/credit_notes\/[^/]+$/, 'creditNotes.findCreditNote', null],
  ['PUT', /^\/credit_notes\/[^/]+\/void$/, 'creditNotes.voidCreditNote', null],
  ['GET', /^\/payments$/, 'payments.findAllPayments', 0],
  ['POST', /^\/events\/batch$/, 'events.createBatchEvents', 0],
];
const PRELUDE = `import type { Client, LagoWebhookPayloads } from ${JSON.stringify(fileURLToPath(import.meta.resolve('lago-javascript-client')))};
type Lago = ReturnType<typeof Client>;
type Method<Group extends keyof Lago, Name extends keyof Lago[Group]> = Lago[Group][Name];
type Given<M, At extends number> = M extends (...args: infer A) => unknown ? NonNullable<A[At]> : never;
type Nulls<T> = T extends readonly (infer Item)[] ? Nulls<Item>[] : T extends object ? { [Name in keyof T]: Nulls<T[Name]> | null } : T;
type Answer<M> = M extends (...args: never[]) => Promise<{ readonly data: infer D }> ? Nulls<D> : never;`;

function operationOf({ method, path }: Exchange): { readonly name: string; readonly type: string; readonly argument: 0 | 1 | null } {
  const below = path.replace(/^\/api\/v1/, '');
  const found = OPERATIONS.find(([verb, shape]) => verb === method && shape.test(below));
  assert.ok(found !== undefined, `${method} ${path} is no operation of the list`);
  const [group = '', name = ''] = found[2].split('.');
  return { name: found[2], type: `Method<'${group}', '${name}'>`, argument: found[3] };
}

/** Query parameters are text on the wire; the client's types have numbers for pages, and one name for the metadata filter of any key. */
function queryOf(query: URLSearchParams): object {
  return Object.fromEntries([...query].map(([name, value]) => (['page', 'per_page'].includes(name) ? [name, Number(value)] : [name.replace(/^metadata\[.+\]$/, 'metadata[key]'), value])));
}

/** Every road through the connector, recorded before the sandbox. */
async function everything(organization: LagoOrganization): Promise<readonly Exchange[]> {
  const recorder = await recordExchanges(organization.sandbox.url);
  try {
    const port = organization.port({}, { baseUrl: recorder.url });
    const none = { customers: {}, contracts: {}, projects: {} };
    const { customer } = dealOf(uniqueTag(), { customer: { taxRegistrationNumber: 'DE123456789', billingAddress: { street: 'Hauptstraße 1\nHof', city: 'Berlin', region: null, postalCode: '10115', country: 'DE' } } });
    await port.customer.find({ document: customer, references: none }, callContext());
    const written = await port.customer.write({ document: customer, references: none }, null, callContext());
    await port.customer.write({ document: customer, references: none }, written, callContext());
    const references = { ...none, customers: { [customer.id]: written.externalId } };
    const today = new Date(organization.clock.now()).toISOString().slice(0, 10);
    const issue = async () => {
      const document = invoiceOf(uniqueTag(), { today, customerId: customer.id });
      await port.invoice.find({ document, references }, callContext());
      return { document, found: await port.invoice.write({ document, references }, null, callContext()) };
    };
    const voided = await issue();
    await port.invoice.undo({ document: { document: voided.document, references }, externalId: voided.found.externalId, created: true }, callContext());
    const open = await issue();
    await port.standing({ document: open.document, externalId: open.found.externalId }, callContext());
    const partly = creditOf(open.document, uniqueTag(), 'first line');
    await port.invoice.find({ document: partly, references }, callContext());
    await port.invoice.write({ document: partly, references }, null, callContext());
    const paid = await issue();
    await organization.office.pay(paid.found.externalId, paid.document.total);
    const credit = creditOf(paid.document, uniqueTag());
    const credited = await port.invoice.write({ document: credit, references }, null, callContext());
    await port.standing({ document: credit, externalId: credited.externalId }, callContext());
    await port.invoice.undo({ document: { document: credit, references }, externalId: credited.externalId, created: true }, callContext());
    assert.ok(!isUnsupported(port.payments) && !isUnsupported(port.recordUsage));
    const since = new Date(organization.clock.now() - 86_400_000).toISOString();
    let payments = 0;
    for await (const change of port.payments(since, callContext())) payments += 'payment' in change ? 1 : 0;
    assert.equal(payments, 1);
    await port.recordUsage([{ key: uniqueTag(), subscription: 'sub-1', metric: 'hours', at: since, quantity: '1.5' }], callContext());
    const unused = await port.customer.write({ document: dealOf(uniqueTag()).customer, references: none }, null, callContext());
    await port.customer.undo({ document: { document: dealOf(uniqueTag()).customer, references: none }, externalId: unused.externalId, created: true }, callContext());
    return recorder.exchanges;
  } finally {
    recorder.close();
  }
}

describe("Lago by the vendor's own client", function () {
  this.timeout(60_000);
  let organization: LagoOrganization;
  let exchanges: readonly Exchange[];

  before(async () => {
    organization = await startOrganization();
    exchanges = await everything(organization);
  });
  after(async () => organization?.sandbox.close());

  it('is sent by the connector what the types of the client name, and nothing else', async () => {
    const sent = exchanges.flatMap((exchange): Typed[] => {
      const { name, type, argument } = operationOf(exchange);
      const given = exchange.method === 'GET' ? queryOf(exchange.query) : exchange.body;
      if (argument === null) {
        assert.deepEqual(given ?? {}, {}, name);
        return [];
      }
      return [{ about: name, type: `Given<${type}, ${argument}>`, value: given }];
    });
    assert.ok(sent.length > 15);
    assert.deepEqual(await typeMistakes(PRELUDE, sent), []);
    assert.deepEqual(new Set(exchanges.map((exchange) => operationOf(exchange).name)), new Set(OPERATIONS.map(([, , name]) => name)), 'every operation of the list is called');
  });

  it('is answered by the sandbox in the types of the client', async () => {
    const answers = exchanges.filter(({ status }) => status === 200).map((exchange): Typed => {
      const { name, type } = operationOf(exchange);
      return { about: name, type: `Answer<${type}>`, value: exchange.answer };
    });
    assert.deepEqual(await typeMistakes(PRELUDE, answers), []);
  });

  it('would be found out where a name or a type were wrong', async () => {
    const wrong = (value: object) => typeMistakes(PRELUDE, [{ about: 'a fee', type: `Given<Method<'invoices', 'createInvoice'>, 0>`, value: { invoice: { external_customer_id: 'acme', currency: 'EUR', fees: [{ add_on_code: 'labor', ...value }] } } }]);
    assert.deepEqual(await wrong({ units: '1' }), []);
    assert.match((await wrong({ unit_amount: 100 })).join(), /^a fee: TS\d+: .*unit_amount/);
    assert.match((await wrong({ description: 7 })).join(), /^a fee: TS\d+: .*number/);
  });

  it('reads and writes in the sandbox all that the connector does', async () => {
    const client = Client(organization.credentials.apiKey, { baseUrl: `${organization.sandbox.url}/api/v1` });
    const { data: customer } = await client.customers.createCustomer({ customer: { external_id: 'by-the-client', name: 'Acme GmbH', currency: 'EUR', net_payment_term: 30 } });
    assert.equal((await client.customers.findCustomer('by-the-client')).data.customer.lago_id, customer.customer.lago_id);
    const fees = [{ add_on_code: 'labor', unit_amount_cents: 10_000, units: '1', description: 'Consulting', tax_codes: ['vat_19'] }];
    const bill = async () => (await client.invoices.createInvoice({ invoice: { external_customer_id: 'by-the-client', currency: 'EUR', fees } })).data.invoice;
    const invoice = await bill();
    assert.deepEqual([invoice.status, invoice.total_amount_cents, invoice.fees?.[0]?.applied_taxes?.[0]?.amount_cents], ['finalized', 11_900, 1900]);
    await client.invoices.updateInvoice(invoice.lago_id, { invoice: { metadata: [{ key: 'q2c_invoice', value: 'INV-1' }] } });
    assert.deepEqual((await client.invoices.findInvoice(invoice.lago_id)).data.invoice.metadata?.map(({ value }) => value), ['INV-1']);
    const listed = await client.invoices.findAllInvoices({ external_customer_id: 'by-the-client', per_page: 1 });
    assert.deepEqual([listed.data.invoices.map(({ lago_id }) => lago_id), listed.data.meta.total_count], [[invoice.lago_id], 1]);
    const voided = await client.invoices.voidInvoice((await bill()).lago_id);
    assert.equal(voided.data.invoice.status, 'voided');

    const fee_id = invoice.fees?.[0]?.lago_id ?? '';
    const note = (await client.creditNotes.createCreditNote({ credit_note: { invoice_id: invoice.lago_id, reason: 'other', items: [{ fee_id, amount_cents: 1000 }], credit_amount_cents: 0, offset_amount_cents: 1190, refund_amount_cents: 0, metadata: { q2c_invoice: 'CN-1' } } })).data.credit_note;
    assert.deepEqual([note.total_amount_cents, note.metadata], [1190, { q2c_invoice: 'CN-1' }]);
    assert.deepEqual((await client.creditNotes.findAllCreditNotes({ invoice_number: invoice.number })).data.credit_notes.map(({ lago_id }) => lago_id), [note.lago_id]);
    assert.equal((await client.creditNotes.findCreditNote(note.lago_id)).data.credit_note.number, note.number);
    const { payment } = (await client.payments.createPayment({ payment: { invoice_id: invoice.lago_id, amount_cents: 10_710, reference: 'Transfer 1', paid_at: '2026-11-20' } })).data;
    assert.ok((await client.payments.findAllPayments()).data.payments.some(({ lago_id }) => lago_id === payment.lago_id));
    assert.equal((await client.invoices.findInvoice(invoice.lago_id)).data.invoice.payment_status, 'succeeded');
    const credit = (await client.creditNotes.createCreditNote({ credit_note: { invoice_id: invoice.lago_id, items: [{ fee_id, amount_cents: 1000 }], credit_amount_cents: 1190 } })).data.credit_note;
    assert.equal((await client.creditNotes.voidCreditNote(credit.lago_id)).data.credit_note.credit_status, 'voided');

    const event = { transaction_id: uniqueTag(), external_subscription_id: 'sub-1', code: 'hours', timestamp: 1_795_000_000.123, properties: { quantity: '1.5' } };
    assert.equal((await client.events.createBatchEvents({ events: [event] })).data.events[0]?.transaction_id, event.transaction_id);
    const refusal = async (call: Promise<unknown>) => z.looseObject({}).parse(await getLagoError(await call.then(() => assert.fail('it went through'), (error: unknown) => error)));
    assert.deepEqual((await refusal(client.events.createBatchEvents({ events: [event] })))['error_details'], { 0: { transaction_id: ['value_already_exist'] } });
    assert.deepEqual(await refusal(client.customers.findCustomer('nobody')), { status: 404, error: 'Not Found', code: 'customer_not_found' });
    assert.equal((await client.customers.destroyCustomer('by-the-client')).data.customer.external_id, 'by-the-client');
  });

  it('is told by webhooks whose bodies are of the types of the client', async () => {
    const wanted = new Set(['invoice.one_off_created', 'invoice.voided', 'invoice.payment_status_updated', 'credit_note.created', 'payment.succeeded']);
    const bodies = new Map<string, unknown>();
    const { promise: all, resolve } = Promise.withResolvers<void>();
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = z.looseObject({ webhook_type: z.string() }).parse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
        bodies.set(body.webhook_type, body);
        response.end();
        if ([...wanted].every((type) => bodies.has(type))) resolve();
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const address = server.address();
    const told = await startOrganization({ webhookUrl: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/`, clock: { now: () => Date.now(), advance: () => undefined } });
    try {
      await everything(told);
      await all;
      assert.deepEqual(new Set(bodies.keys()), wanted);
      assert.deepEqual(await typeMistakes(PRELUDE, [...bodies].map(([type, value]) => ({ about: type, type: `Nulls<LagoWebhookPayloads['${type}']>`, value }))), []);
    } finally {
      await told.sandbox.close();
      server.close();
    }
  });
});
