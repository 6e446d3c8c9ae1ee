import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { BillingPort } from '../../../connectors/billing-port.ts';
import { centsOf } from '../../../connectors/lago/amounts.ts';
import { createLago } from '../../../connectors/lago/index.ts';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';
import { lago } from '../../../sandbox/lago/sandbox.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import type { BillingOffice } from '../conformance/billing.ts';
import { callContext, dealOf, silent, uniqueTag } from '../conformance/documents.ts';
import { testClock, type TestClock } from '../conformance/timesheet-source.ts';

export const OPTIONS = { taxCodes: { 'DE-VAT': ['vat_19'], 'US-SERVICES': ['zero'] }, billingEntities: { DE01: 'de01' } };

export interface LagoOrganization {
  readonly sandbox: RunningSandbox;
  readonly credentials: { readonly apiKey: string; readonly hmacKey: string };
  readonly clock: TestClock;
  readonly admin: ReturnType<typeof sandboxAdmin>;
  readonly office: BillingOffice;
  port(options?: Record<string, unknown>, changes?: { readonly credentials?: unknown; readonly baseUrl?: string }): BillingPort;
  /** Lago's API past the connector. Throws for an answer outside 2xx. */
  call(method: string, path: string, body?: object): Promise<Record<string, unknown>>;
}

export async function startOrganization(settings: { readonly options?: Record<string, unknown>; readonly webhookUrl?: string; readonly clock?: TestClock } = {}): Promise<LagoOrganization> {
  const credentials = { apiKey: randomBytes(18).toString('base64url'), hmacKey: randomBytes(18).toString('base64url') };
  const clock = settings.clock ?? testClock('2026-11-21T09:00:00Z');
  const sandbox = await startSandbox(lago, { port: 0, now: () => new Date(clock.now()), options: { ...credentials, ...settings.options }, ...(settings.webhookUrl === undefined ? {} : { webhookUrl: settings.webhookUrl }) });
  const admin = sandboxAdmin(() => sandbox.url);
  const port: LagoOrganization['port'] = (options = {}, changes = {}) => createLago({ system: 'lago', baseUrl: sandbox.url, credentials, options: { ...OPTIONS, ...options }, log: silent, limits: { concurrency: 8, requestsPerSecond: null, timeoutSeconds: 20 }, ...changes });
  const call: LagoOrganization['call'] = async (method, path, body) => {
    const answer = await fetch(`${sandbox.url}/api/v1${path}`, { method, headers: { authorization: `Bearer ${credentials.apiKey}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${path}: HTTP ${answer.status} ${text}`);
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  };
  return { sandbox, credentials, clock, admin, port, call, office: officeOf({ clock, admin, port, call }) };
}

const invoiceSchema = z.object({
  invoice: z.looseObject({
    total_amount_cents: z.int(), taxes_amount_cents: z.int(), currency: z.string(), purchase_order_number: z.string().nullable(), billing_entity_code: z.string(), metadata: z.array(z.looseObject({ key: z.string(), value: z.string() })),
    fees: z.array(z.looseObject({ amount_cents: z.int(), description: z.string(), item: z.looseObject({ code: z.string(), invoice_display_name: z.string() }) })),
  }),
});
const storedInvoice = z.looseObject({ fees: z.array(z.looseObject({ description: z.string().nullable() })) });
const storedNote = z.looseObject({ metadata: z.record(z.string(), z.string()).nullable() });

function officeOf({ clock, admin, port, call }: Pick<LagoOrganization, 'clock' | 'admin' | 'port' | 'call'>): BillingOffice {
  const newCustomer = async () => {
    const { customer } = dealOf(uniqueTag());
    const { externalId } = await port().customer.write({ document: customer, references: { customers: {}, contracts: {}, projects: {} } }, null, callContext());
    return { id: customer.id, externalId };
  };
  return {
    system: 'lago',
    clock,
    currencies: ['EUR', 'JPY', 'KWD', 'ISK'],
    async customer() {
      const { id, externalId } = await newCustomer();
      return { id, references: { customers: { [id]: externalId }, contracts: {}, projects: {} } };
    },
    async count(document) {
      const state = await admin.state();
      if (document.kind === 'credit_note') return z.array(storedNote).parse(state['credit_notes'] ?? []).filter((row) => row.metadata?.['q2c_invoice'] === document.id).length;
      return z.array(storedInvoice).parse(state['invoices'] ?? []).filter((row) => row.fees.some((fee) => fee.description?.startsWith(`${document.id} #`) === true)).length;
    },
    async check(document, externalId) {
      const { invoice } = invoiceSchema.parse(await call('GET', `/invoices/${externalId}`));
      assert.deepEqual([invoice.currency, String(invoice.total_amount_cents), String(invoice.taxes_amount_cents), invoice.purchase_order_number, invoice.billing_entity_code], [document.currency, centsOf(document.total), centsOf(document.tax), document.purchaseOrder, 'de01']);
      assert.deepEqual(invoice.metadata.map(({ key, value }) => [key, value]), [['q2c_invoice', document.id]]);
      assert.deepEqual(invoice.fees.map((fee) => [String(fee.amount_cents), fee.description, fee.item.code, fee.item.invoice_display_name.replace(/ \([^()]* × [^()]*\)$/, '')]), document.lines.map((line) => [centsOf(line.amount), `${document.id} #${line.number}`, line.kind, line.description]));
    },
    days: () => Promise.resolve({ issued: null, due: null }),
    async pay(externalId, amount) {
      const paid = await admin.seed({ payments: [{ invoice: externalId, amount: Number(centsOf(amount)) }] });
      return paid['payments']?.[0] ?? '';
    },
    refund: null,
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
      for (let made = 0; made < count; made += 1) await call('POST', '/customers', { customer: { external_id: `by-hand-${uniqueTag()}`, name: 'Somebody else' } });
    },
    stored: () => admin.state(),
    countCustomers: async (customerId) => ((await admin.state())['customers'] ?? []).filter((row) => row['external_id'] === customerId).length,
    async checkCustomer(customer, externalId) {
      assert.equal(externalId, customer.id);
      const { customer: row } = z.object({ customer: z.record(z.string(), z.unknown()) }).parse(await call('GET', `/customers/${encodeURIComponent(externalId)}`));
      const { street, city, postalCode, country, region } = customer.billingAddress;
      const [line1, line2 = ''] = street?.split('\n') ?? [];
      assert.deepEqual(
        [row['name'], row['address_line1'], row['address_line2'], row['city'], row['zipcode'], row['country'], row['state'], row['tax_identification_number']],
        [customer.name, line1, line2, city, postalCode, country, region, customer.taxRegistrationNumber],
      );
    },
    bill: async (customerExternalId) => void (await call('POST', '/invoices', { invoice: { external_customer_id: customerExternalId, currency: 'USD', fees: [{ add_on_code: 'labor', unit_amount_cents: 100, tax_codes: ['zero'] }] } })),
    subscription: () => Promise.resolve(`sub-${uniqueTag()}`),
    async usage(keys) {
      const rows = z.array(z.looseObject({ transaction_id: z.string(), properties: z.record(z.string(), z.string()) })).parse((await admin.state())['events'] ?? []);
      return keys.flatMap((key) => rows.filter((row) => row.transaction_id === key).map((row) => row.properties['quantity'] ?? ''));
    },
  };
}
