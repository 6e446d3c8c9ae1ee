import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Account, Fee, Invoice, Tax } from './account.ts';
import { needCustomer, viewOfCustomer } from './customers.ts';
import { invalid, notAllowed, notFound } from './errors.ts';
import { filtersOf, idIn, moment, newestFirst, pageOf, rootOf, type Filters, type Service } from './http.ts';

const CURRENCIES = new Set(['USD', 'EUR', 'GBP', 'JPY', 'KWD', 'CHF', 'CAD', 'AUD', 'SGD', 'INR', 'NOK', 'ISK', 'BHD']);
const DAY_MS = 86_400_000;
const MOST_METADATA = 5;
const fee = z.object({
  add_on_code: z.string(),
  invoice_display_name: z.string().nullish(),
  unit_amount_cents: z.int().nullish(),
  units: z.string().regex(/^[0-9]+\.?[0-9]*$/).nullish(),
  description: z.string().nullish(),
  from_datetime: z.iso.datetime({ offset: true }).nullish(),
  to_datetime: z.iso.datetime({ offset: true }).nullish(),
  tax_codes: z.array(z.string()).nullish(),
});
const given = z.object({ external_customer_id: z.string(), currency: z.string().nullish(), billing_entity_code: z.string().nullish(), purchase_order_number: z.string().max(255).nullish(), fees: z.array(fee).default([]) });
const changes = z.object({ payment_status: z.enum(['pending', 'succeeded', 'failed']).optional(), metadata: z.array(z.object({ id: z.string().optional(), key: z.string().min(1), value: z.string().min(1) })).optional() });

export const totalOf = (row: Pick<Invoice, 'fees_amount_cents' | 'taxes_amount_cents'>) => row.fees_amount_cents + row.taxes_amount_cents;
export const dueOf = (row: Invoice) => totalOf(row) - row.total_paid_amount_cents - row.offset_amount_cents;

/** Each tax over all its fees, added up and rounded once for the invoice, halves away from zero. */
function taxesOf(account: Account, fees: readonly Fee[]): number {
  const hundredths = fees.reduce((sum, each) => sum + each.tax_codes.reduce((taxes, code) => taxes + each.amount_cents * (account.taxes.get(code)?.rate ?? 0), 0), 0);
  return Math.round(hundredths / 100);
}

export function viewOfFee(account: Account, invoice: Invoice, row: Fee): object {
  const customer = [...account.customers.all()].find((each) => each.lago_id === invoice.customer);
  const taxes = row.tax_codes.flatMap((code) => account.taxes.get(code) ?? []);
  const taxOf = (tax: Tax) => Math.round((row.amount_cents * tax.rate) / 100);
  const taxes_amount_cents = Math.round(taxes.reduce((sum, tax) => sum + row.amount_cents * tax.rate, 0) / 100);
  return {
    lago_id: row.lago_id, lago_invoice_id: invoice.lago_id, lago_customer_id: invoice.customer, external_customer_id: customer?.external_id ?? null, external_subscription_id: null, amount_cents: row.amount_cents, amount_currency: invoice.currency,
    taxes_amount_cents, taxes_rate: taxes.reduce((sum, tax) => sum + tax.rate, 0), total_amount_cents: row.amount_cents + taxes_amount_cents, total_amount_currency: invoice.currency, sub_total_excluding_taxes_amount_cents: row.amount_cents,
    sub_total_excluding_taxes_precise_amount_cents: row.amount_cents.toFixed(1), units: row.units, total_aggregated_units: row.units, precise_unit_amount: moneyText(row.unit_amount_cents, invoice.currency), events_count: null, pay_in_advance: false, invoiceable: true,
    payment_status: invoice.payment_status, description: row.description, from_date: row.from, to_date: row.to, created_at: invoice.created_at,
    item: { type: 'add_on', code: row.add_on_code, name: row.add_on_code, invoice_display_name: row.invoice_display_name ?? row.add_on_code, lago_item_id: account.addOns.get(row.add_on_code)?.lago_id ?? '', item_type: 'AddOn' },
    applied_taxes: taxes.map((tax) => ({
      // One row per fee and tax: its ID is made of both.
      lago_id: `${row.lago_id.slice(0, 24)}${tax.lago_id.slice(24)}`, lago_fee_id: row.lago_id, lago_tax_id: tax.lago_id, tax_code: tax.code, tax_name: tax.name, tax_rate: tax.rate, tax_description: null, amount_cents: taxOf(tax), amount_currency: invoice.currency, created_at: invoice.created_at,
    })),
  };
}

/** Lago gives unit amounts in whole units of the currency, with its digits. */
function moneyText(units: number, currency: string): string {
  const digits = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
  return (units / 10 ** digits).toFixed(digits);
}

export function viewOfInvoice(account: Account, row: Invoice, full: boolean): object {
  const customer = account.customers.all().find((each) => each.lago_id === row.customer);
  return {
    lago_id: row.lago_id, billing_entity_code: row.billing_entity_code, sequential_id: row.sequential_id, number: row.number, purchase_order_number: row.purchase_order_number, issuing_date: row.issuing_date, payment_due_date: row.payment_due_date,
    invoice_type: 'one_off', status: row.status, payment_status: row.payment_status, payment_dispute_lost_at: null, payment_overdue: false, currency: row.currency, fees_amount_cents: row.fees_amount_cents, taxes_amount_cents: row.taxes_amount_cents,
    coupons_amount_cents: 0, credit_notes_amount_cents: 0, sub_total_excluding_taxes_amount_cents: row.fees_amount_cents, sub_total_including_taxes_amount_cents: totalOf(row), total_amount_cents: totalOf(row), total_due_amount_cents: dueOf(row),
    total_paid_amount_cents: row.total_paid_amount_cents, total_offsetted_credit_note_amount_cents: row.offset_amount_cents, prepaid_credit_amount_cents: 0, progressive_billing_credit_amount_cents: 0, version_number: 4, self_billed: false, file_url: null,
    created_at: row.created_at, updated_at: row.created_at, ...(customer === undefined ? {} : { customer: viewOfCustomer(customer) }), metadata: row.metadata.map((each) => ({ ...each, created_at: row.created_at })),
    ...(full ? { fees: row.fees.map((each) => viewOfFee(account, row, each)), subscriptions: [], credits: [] } : {}),
  };
}

/** One-off invoices are final as soon as they are made. */
export function createInvoice(service: Service, params: z.output<typeof given>): Invoice {
  const { account, announce } = service;
  const customer = needCustomer(service, params.external_customer_id);
  if (params.fees.length === 0) throw notFound('fees');
  const currency = params.currency ?? String(customer.fields['currency'] ?? '');
  if (!CURRENCIES.has(currency)) throw invalid({ currency: ['value_is_invalid'] });
  if (params.billing_entity_code != null && account.billingEntities.get(params.billing_entity_code) === undefined) throw notFound('billing_entity');
  const fees = params.fees.map((each): Fee => {
    if (account.addOns.get(each.add_on_code) === undefined) throw notFound('add_on');
    for (const code of each.tax_codes ?? []) if (account.taxes.get(code) === undefined) throw notFound('tax');
    if ((each.from_datetime == null) !== (each.to_datetime == null) || (each.from_datetime ?? '') > (each.to_datetime ?? '')) throw invalid({ boundaries: ['values_are_invalid'] });
    const [units, unit_amount_cents] = [each.units ?? '1', each.unit_amount_cents ?? 0];
    return { lago_id: account.newId(), add_on_code: each.add_on_code, invoice_display_name: each.invoice_display_name ?? null, description: each.description ?? null, units, unit_amount_cents, amount_cents: Math.round(unit_amount_cents * Number(units)), tax_codes: each.tax_codes ?? [], from: each.from_datetime ?? null, to: each.to_datetime ?? null };
  });
  const now = account.now();
  const sequential_id = account.next(`invoice-${customer.lago_id}`);
  const fees_amount_cents = fees.reduce((sum, each) => sum + each.amount_cents, 0);
  const taxes_amount_cents = taxesOf(account, fees);
  const row: Invoice = {
    lago_id: account.newId(), customer: customer.lago_id, billing_entity_code: params.billing_entity_code ?? customer.billing_entity_code, sequential_id, number: `NOR-${String(customer.sequential_id).padStart(4, '0')}-${String(sequential_id).padStart(3, '0')}`,
    issuing_date: now.toISOString().slice(0, 10), payment_due_date: new Date(now.getTime() + Number(customer.fields['net_payment_term'] ?? 0) * DAY_MS).toISOString().slice(0, 10), status: 'finalized',
    payment_status: fees_amount_cents + taxes_amount_cents > 0 ? 'pending' : 'succeeded', currency, purchase_order_number: params.purchase_order_number ?? null, fees, fees_amount_cents, taxes_amount_cents, total_paid_amount_cents: 0, offset_amount_cents: 0, metadata: [], created_at: moment(now),
  };
  account.invoices.put(row.lago_id, row);
  announce('invoice.one_off_created', 'invoice', viewOfInvoice(account, row, true));
  return row;
}

/** Filters of the list; a metadata filter without a value asks for those that have no such key. */
function fits(account: Account, query: Filters): (row: Invoice) => boolean {
  const wanted = Object.entries(query).flatMap(([name, value]) => {
    const key = /^metadata\[(.+)\]$/.exec(name)?.[1];
    return key === undefined ? [] : [[key, value] as const];
  });
  const customer = query['external_customer_id'] === undefined ? undefined : account.customers.get(query['external_customer_id'])?.lago_id;
  return (row) => {
    if (query['external_customer_id'] !== undefined && row.customer !== customer) return false;
    if (query['invoice_type'] !== undefined && query['invoice_type'] !== 'one_off') return false;
    if (query['currency'] !== undefined && row.currency !== query['currency']) return false;
    if (query['issuing_date_from'] !== undefined && row.issuing_date < query['issuing_date_from']) return false;
    return wanted.every(([key, value]) => (value === '' ? row.metadata.every((each) => each.key !== key) : row.metadata.some((each) => each.key === key && each.value === value)));
  };
}

export function installInvoices(app: FastifyInstance, service: Service): void {
  const { account, announce } = service;
  const need = (id: string): Invoice => {
    const row = account.invoices.get(id);
    if (row === undefined) throw notFound('invoice');
    return row;
  };
  const full = (row: Invoice) => ({ invoice: viewOfInvoice(account, row, true) });

  app.post('/api/v1/invoices', (request) => full(account.transaction(() => createInvoice(service, rootOf(given, request, 'invoice')))));
  app.get('/api/v1/invoices', (request) => {
    const query = filtersOf(request);
    const customer = query['external_customer_id'] === undefined ? undefined : account.customers.get(query['external_customer_id']);
    return pageOf('invoices', newestFirst((customer === undefined ? account.invoices.all() : account.invoicesOf(customer.lago_id)).filter(fits(account, query))), query, (row) => viewOfInvoice(account, row, false));
  });
  app.get('/api/v1/invoices/:id', (request) => full(need(idIn(request))));
  app.put('/api/v1/invoices/:id', (request) => {
    const row = need(idIn(request));
    if (row.status === 'voided') throw notAllowed('update_on_voided_invoice');
    const { metadata } = rootOf(changes, request, 'invoice');
    if ((metadata?.length ?? 0) > MOST_METADATA) throw invalid({ metadata: ['invalid_count'] });
    for (const { key, value } of metadata ?? []) if (key.length > 20 || value.length > 140) throw invalid({ [key.length > 20 ? 'key' : 'value']: ['value_is_too_long'] });
    const changed: Invoice = { ...row, ...(metadata === undefined ? {} : { metadata: metadata.map(({ id, key, value }) => ({ lago_id: id ?? account.newId(), key, value })) }) };
    account.invoices.put(row.lago_id, changed);
    return full(changed);
  });
  app.post('/api/v1/invoices/:id/void', (request) => {
    const row = need(idIn(request));
    if (row.status !== 'finalized' || row.payment_status === 'succeeded') throw notAllowed('not_voidable');
    const voided: Invoice = { ...row, status: 'voided' };
    account.invoices.put(row.lago_id, voided);
    announce('invoice.voided', 'invoice', viewOfInvoice(account, voided, true));
    return full(voided);
  });
}
