import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { needCustomer } from './customers.ts';
import { badParameter, refused } from './errors.ts';
import { get, pageOf, post, type Service } from './http.ts';
import { linesOf, totalsOf, viewOfInvoice } from './invoice-view.ts';
import type { Invoice } from './model.ts';
import { cancelOpen, requestPayment } from './payments.ts';
import { created, currency, expand, flag, isWithin, listing, mergedMetadata, metadata, text, timestamp, unset, whole } from './params.ts';

const customFields = z.union([unset, z.array(z.strictObject({ name: text(40), value: text(140) })).max(4)]).optional();
const fields = {
  auto_advance: flag.optional(),
  automatic_tax: z.strictObject({ enabled: flag }).optional(),
  collection_method: z.enum(['charge_automatically', 'send_invoice']).optional(),
  custom_fields: customFields,
  days_until_due: whole.optional(),
  description: text(1500).optional(),
  due_date: timestamp.optional(),
  effective_at: z.union([unset, timestamp]).optional(),
  footer: text().optional(),
  metadata: metadata.optional(),
  number: z.union([unset, text(26)]).optional(),
  expand,
};
const create = z.strictObject({ ...fields, customer: text(), currency: currency.optional(), pending_invoice_items_behavior: z.enum(['exclude', 'include']).optional() });
const update = z.strictObject(fields);
const list = z.strictObject({ ...listing, created, customer: text().optional(), status: z.enum(['draft', 'open', 'paid', 'uncollectible', 'void']).optional(), collection_method: fields.collection_method, due_date: created });
type Fields = z.infer<typeof update>;

/** What may still change of an invoice that is issued. https://docs.stripe.com/invoicing/overview (editable fields) */
const EDITABLE_WHEN_ISSUED = new Set(['auto_advance', 'description', 'metadata', 'expand', 'footer']);

function settingsOf(service: Service, before: Invoice | null, params: Fields): Partial<Invoice> {
  const { account } = service;
  const method = params.collection_method ?? before?.collection_method ?? 'charge_automatically';
  const due = params.due_date ?? (params.days_until_due === undefined ? before?.due_date : account.seconds() + params.days_until_due * 86_400);
  if (method !== 'send_invoice' && (params.due_date !== undefined || params.days_until_due !== undefined)) throw refused('parameter_invalid', "You can only set `due_date` or `days_until_due` on invoices with `collection_method=send_invoice`.", 'due_date');
  if (method === 'send_invoice' && due == null) throw refused('parameter_missing', 'If collection_method is `send_invoice`, you must pass `due_date` or `days_until_due`.', 'days_until_due');
  if (params.due_date !== undefined && params.due_date <= account.seconds()) throw badParameter('parameter_invalid_integer', 'Invalid timestamp: must be an integer Unix timestamp in the future.', 'due_date');
  if (params.number != null && account.invoices.all().some((row) => row.number === params.number && row.id !== before?.id)) throw refused('invoice_number_taken', `The invoice number ${params.number} is in use.`, 'number');
  const { auto_advance, description, footer, custom_fields, effective_at, number } = params;
  return {
    collection_method: method, due_date: due ?? null,
    ...(auto_advance === undefined ? {} : { auto_advance }), ...(description === undefined ? {} : { description: description === '' ? null : description }), ...(footer === undefined ? {} : { footer }),
    ...(custom_fields === undefined ? {} : { custom_fields }), ...(effective_at === undefined ? {} : { effective_at }), ...(number === undefined ? {} : { number }),
    metadata: mergedMetadata(before?.metadata ?? {}, params.metadata),
  };
}

export function createInvoice(service: Service, params: z.infer<typeof create>): Invoice {
  const { account } = service;
  needCustomer(service, params.customer);
  const settings = settingsOf(service, null, params);
  return account.invoices.insert((head) => ({
    ...head, customer: params.customer, currency: params.currency ?? 'usd', status: 'draft', number: null, auto_advance: false, collection_method: 'charge_automatically', description: null, footer: null, due_date: null, effective_at: null,
    custom_fields: null, metadata: {}, amountPaid: 0, paidOffStripe: 0, creditedOpen: 0, creditedPaid: 0, transitions: { finalized_at: null, paid_at: null, voided_at: null, marked_uncollectible_at: null }, ...settings,
  }));
}

export function installInvoices(app: FastifyInstance, service: Service): void {
  const { account, announce } = service;
  const view = (row: Invoice) => viewOfInvoice(account, row);
  const told = (type: string, row: Invoice) => {
    announce(type, view(row));
    return view(row);
  };
  const only = z.strictObject({ expand });

  post(app, service, '/v1/invoices', create, (params) => told('invoice.created', createInvoice(service, params)));
  get(app, '/v1/invoices', list, (query) => {
    const rows = query.customer === undefined ? account.invoices.all() : account.invoices.by('customer', query.customer);
    return pageOf('/v1/invoices', rows.filter((row) => isWithin(row.created, query.created) && (query.status === undefined || row.status === query.status)), query, view);
  });
  get(app, '/v1/invoices/:id', only, (_query, { id = '' }) => view(account.invoices.need(id)));
  post(app, service, '/v1/invoices/:id', update, (params, { id = '' }) => {
    const row = account.invoices.need(id);
    const refusedField = Object.keys(params).find((name) => !EDITABLE_WHEN_ISSUED.has(name));
    if (row.status !== 'draft' && refusedField !== undefined) throw refused('invoice_not_editable', `This invoice is no longer editable: ${refusedField} can only be updated on draft invoices.`, refusedField);
    return told('invoice.updated', account.invoices.update(row, settingsOf(service, row, params)));
  });
  app.delete<{ Params: { id: string } }>('/v1/invoices/:id', ({ params: { id } }) => {
    const row = account.invoices.need(id);
    if (row.status !== 'draft') throw refused('invoice_not_editable', 'You can only delete draft invoices.');
    for (const line of linesOf(account, row)) account.lines.delete(line.id);
    account.invoices.delete(id);
    announce('invoice.deleted', view(row));
    return { id, object: 'invoice', deleted: true };
  });

  post(app, service, '/v1/invoices/:id/finalize', z.strictObject({ auto_advance: flag.optional(), expand }), (_params, { id = '' }) => {
    const row = account.invoices.need(id);
    if (row.status !== 'draft') throw refused('invoice_not_editable', "This invoice is already finalized, you can't re-finalize a non-draft invoice.");
    const customer = needCustomer(service, row.customer);
    const now = account.seconds();
    const { due } = totalsOf(account, row);
    account.customers.update(customer, { nextInvoice: customer.nextInvoice + 1 });
    const number = row.number ?? `${customer.invoicePrefix}-${String(customer.nextInvoice).padStart(4, '0')}`;
    const open = account.invoices.update(row, { status: due === 0 ? 'paid' : 'open', number, transitions: { ...row.transitions, finalized_at: now, paid_at: due === 0 ? now : null } });
    if (due > 0) requestPayment(service, open, due);
    announce('invoice.finalized', view(open));
    if (due === 0) announce('invoice.paid', view(open));
    return view(open);
  });
  post(app, service, '/v1/invoices/:id/send', only, (_params, { id = '' }) => {
    const row = account.invoices.need(id);
    if ((account.customers.get(row.customer)?.email ?? null) === null) throw refused('parameter_missing', 'Missing email. In order to create invoices that are sent to the customer, the customer must have a valid email.', 'email');
    return told('invoice.sent', row);
  });
  post(app, service, '/v1/invoices/:id/void', only, (_params, { id = '' }) => {
    const row = account.invoices.need(id);
    if (row.status !== 'open' && row.status !== 'uncollectible') throw refused('invoice_not_editable', `You can only pass in open invoices. This invoice isn't open: it is ${row.status}.`);
    cancelOpen(service, row);
    return told('invoice.voided', account.invoices.update(row, { status: 'void', transitions: { ...row.transitions, voided_at: account.seconds() } }));
  });
  post(app, service, '/v1/invoices/:id/mark_uncollectible', only, (_params, { id = '' }) => {
    const row = account.invoices.need(id);
    if (row.status !== 'open') throw refused('invoice_not_editable', `You can only mark open invoices as uncollectible. This invoice is ${row.status}.`);
    return told('invoice.marked_uncollectible', account.invoices.update(row, { status: 'uncollectible', transitions: { ...row.transitions, marked_uncollectible_at: account.seconds() } }));
  });
}
