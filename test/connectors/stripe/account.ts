import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { BillingPort } from '../../../connectors/billing-port.ts';
import { minorOf } from '../../../connectors/stripe/amounts.ts';
import { createStripe } from '../../../connectors/stripe/index.ts';
import type { Invoice } from '../../../domain/model/invoice.ts';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';
import { stripe } from '../../../sandbox/stripe/sandbox.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import type { BillingOffice } from '../conformance/billing.ts';
import { callContext, dealOf, silent, uniqueTag } from '../conformance/documents.ts';
import { testClock, type TestClock } from '../conformance/timesheet-source.ts';

export const TAXES = { 'DE-VAT': { name: 'MwSt', type: 'vat', country: 'DE' } };

export interface StripeAccount {
  readonly sandbox: RunningSandbox;
  readonly credentials: { readonly secretKey: string; readonly webhookSecret: string };
  readonly clock: TestClock;
  readonly admin: ReturnType<typeof sandboxAdmin>;
  readonly office: BillingOffice;
  port(options?: Record<string, unknown>, changes?: { readonly credentials?: unknown; readonly baseUrl?: string }): BillingPort;
  /** Stripe's API past the connector. Throws for an answer outside 2xx. */
  call(method: string, path: string, form?: Readonly<Record<string, string>>): Promise<Record<string, unknown>>;
}

/** Made at run time: a key in the repository would look like a leak. */
export function stripeCredentials(): StripeAccount['credentials'] {
  return { secretKey: ['sk', 'test', randomBytes(24).toString('hex')].join('_'), webhookSecret: ['whsec', randomBytes(24).toString('hex')].join('_') };
}

export async function startAccount(settings: { readonly options?: Record<string, unknown>; readonly webhookUrl?: string; readonly clock?: TestClock } = {}): Promise<StripeAccount> {
  const credentials = stripeCredentials();
  const clock = settings.clock ?? testClock('2026-11-21T09:00:00Z');
  const sandbox = await startSandbox(stripe, {
    port: 0,
    now: () => new Date(clock.now()),
    options: { ...credentials, requestsPerSecond: null, ...settings.options },
    ...(settings.webhookUrl === undefined ? {} : { webhookUrl: settings.webhookUrl }),
  });
  const admin = sandboxAdmin(() => sandbox.url);
  const port: StripeAccount['port'] = (options = {}, changes = {}) => createStripe({ system: 'stripe', baseUrl: sandbox.url, credentials, options: { taxes: TAXES, ...options }, log: silent, limits: { concurrency: 8, requestsPerSecond: null, timeoutSeconds: 20 }, ...changes }, () => clock.now());
  const call: StripeAccount['call'] = async (method, path, form) => {
    const answer = await fetch(`${sandbox.url}/v1${path}`, { method, headers: { authorization: `Bearer ${credentials.secretKey}` }, ...(form === undefined ? {} : { body: new URLSearchParams(form) }) });
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${path}: HTTP ${answer.status} ${text}`);
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  };
  return { sandbox, credentials, clock, admin, port, call, office: officeOf({ clock, admin, port, call }) };
}

const rowsSchema = z.object({ data: z.array(z.looseObject({ id: z.string(), amount: z.int(), description: z.string(), metadata: z.record(z.string(), z.string()), taxes: z.array(z.object({ amount: z.int(), taxable_amount: z.int() })) })), has_more: z.boolean() });
const invoiceSchema = z.looseObject({ total: z.int(), currency: z.string(), description: z.string().nullable(), effective_at: z.int().nullable(), due_date: z.int(), custom_fields: z.array(z.object({ name: z.string(), value: z.string() })).nullable(), auto_advance: z.boolean(), collection_method: z.string() });
const markedSchema = z.looseObject({ id: z.string(), metadata: z.record(z.string(), z.string()) });

function officeOf({ clock, admin, port, call }: Pick<StripeAccount, 'clock' | 'admin' | 'port' | 'call'>): BillingOffice {
  const marked = async (collection: string, key: string, id: string) => z.array(z.looseObject({ metadata: z.record(z.string(), z.string()), deleted: z.boolean().optional() })).parse((await admin.state())[collection] ?? []).filter((row) => row.metadata[key] === id && row.deleted !== true);
  const seedOne = async (collection: string, record: object) => (await admin.seed({ [collection]: [record] }))[collection]?.[0] ?? '';
  const newCustomer = async () => {
    const { customer } = dealOf(uniqueTag());
    const { externalId } = await port().customer.write({ document: customer, references: { customers: {}, contracts: {}, projects: {} } }, null, callContext());
    return { id: customer.id, externalId };
  };
  const shown = (document: Invoice) => {
    const on = { system: 'stripe', object: document.id };
    return new Map(document.lines.map((line) => [String(line.number), [Number(minorOf(line.amount, on)), Number(minorOf(line.tax, on)), line.description]]));
  };

  return {
    system: 'stripe',
    clock,
    currencies: ['EUR', 'JPY', 'KWD', 'ISK'],
    async customer() {
      const { id, externalId } = await newCustomer();
      return { id, references: { customers: { [id]: externalId }, contracts: {}, projects: {} } };
    },
    count: async (document) => (await marked(document.kind === 'invoice' ? 'invoices' : 'credit_notes', 'q2c_invoice', document.id)).length,
    async check(document, externalId) {
      const invoice = invoiceSchema.parse(await call('GET', `/invoices/${externalId}`));
      assert.deepEqual([invoice.currency, invoice.total, invoice.description, invoice.auto_advance, invoice.collection_method], [document.currency.toLowerCase(), Number(minorOf(document.total, { system: 'stripe', object: document.id })), document.memo, false, 'send_invoice']);
      assert.deepEqual(invoice.custom_fields, document.purchaseOrder === null ? null : [{ name: 'Purchase order', value: document.purchaseOrder }]);
      const there = new Map<string, unknown[]>();
      for (let after = ''; ; ) {
        const page = rowsSchema.parse(await call('GET', `/invoices/${externalId}/lines?limit=100${after}`));
        for (const row of page.data) there.set(row.metadata['q2c_line'] ?? row.id, [row.amount, row.taxes.reduce((sum, tax) => sum + tax.amount, 0), row.description.replace(/ \([^()]* × [^()]*\)$/, '')]);
        after = `&starting_after=${page.data.at(-1)?.id ?? ''}`;
        if (!page.has_more) break;
      }
      assert.deepEqual(there.size, document.lines.length);
      for (const [number, line] of shown(document)) assert.deepEqual(there.get(number), line);
    },
    async days(externalId) {
      const { effective_at, due_date } = invoiceSchema.parse(await call('GET', `/invoices/${externalId}`));
      const inZone = (seconds: number, timeZone: string) => new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(new Date(seconds * 1000));
      assert.equal(inZone(due_date, 'Pacific/Pago_Pago'), inZone(due_date, 'Asia/Tokyo'), 'the same day wherever it is read');
      return { issued: effective_at === null ? null : inZone(effective_at, 'UTC'), due: inZone(due_date, 'UTC') };
    },
    pay: (externalId, amount) => seedOne('payments', { invoice: externalId, amount: Number(minorOf(amount, { system: 'stripe', object: externalId })) }),
    async refund(paymentId, amount) {
      const { payment } = z.object({ payment: z.object({ payment_intent: z.string() }) }).parse(await call('GET', `/invoice_payments/${paymentId}`));
      const { id } = z.object({ id: z.string() }).parse(await call('POST', '/refunds', { payment_intent: payment.payment_intent, amount: minorOf(amount, { system: 'stripe', object: paymentId }) }));
      await admin.seed({ refunds: [{ id, status: 'succeeded' }] });
      return id;
    },
    async payMany(count) {
      const { externalId } = await newCustomer();
      const seeded = await admin.seed({ paid_invoices: Array.from({ length: count }, (_, index) => ({ customer: externalId, amount: 1000 + index })) });
      return new Set(seeded['paid_invoices']);
    },
    async seedInvoices(count) {
      const { externalId } = await newCustomer();
      await admin.seed({ paid_invoices: Array.from({ length: count }, (_, index) => ({ customer: externalId, amount: 1000 + index })) });
    },
    seedCustomers: async (count) => {
      for (let made = 0; made < count; made += 1) await call('POST', '/customers', { name: 'Somebody else', 'metadata[q2c_customer]': `by-hand-${uniqueTag()}` });
    },
    stored: () => admin.state(),
    countCustomers: async (customerId) => (await marked('customers', 'q2c_customer', customerId)).length,
    async checkCustomer(customer, externalId) {
      const row = z.looseObject({ name: z.string(), address: z.record(z.string(), z.string().nullable()), metadata: z.record(z.string(), z.string()) }).parse(await call('GET', `/customers/${externalId}`));
      const { street, city, postalCode, country } = customer.billingAddress;
      const [line1, line2 = null] = street?.split('\n') ?? [];
      assert.deepEqual([row.name, row.address['line1'], row.address['line2'], row.address['city'], row.address['postal_code'], row.address['country']], [customer.name, line1, line2, city, postalCode, country]);
      assert.equal(row.metadata['q2c_customer'], customer.id);
    },
    bill: async (customerExternalId) => void markedSchema.parse(await call('POST', '/invoices', { customer: customerExternalId })),
    subscription: async () => (await newCustomer()).externalId,
    async usage(keys) {
      const rows = z.array(z.looseObject({ identifier: z.string(), payload: z.record(z.string(), z.string()) })).parse((await admin.state())['meter_events'] ?? []);
      return keys.flatMap((key) => rows.filter((row) => row.identifier === key).map((row) => row.payload['value'] ?? ''));
    },
  };
}
