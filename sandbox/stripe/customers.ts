import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { badParameter, missing, refused } from './errors.ts';
import { get, pageOf, post, type Service } from './http.ts';
import type { Customer, TaxId } from './model.ts';
import { created, expand, isWithin, listing, mergedMetadata, metadata, text, unset } from './params.ts';

const address = z.strictObject({ line1: text().optional(), line2: text().optional(), city: text().optional(), state: text().optional(), postal_code: text().optional(), country: text(2).optional() });
const fields = {
  name: text(256).optional(),
  email: z.union([unset, z.email().max(512)]).optional(),
  description: text().optional(),
  address: z.union([unset, address]).optional(),
  phone: text(20).optional(),
  metadata: metadata.optional(),
  expand,
};
const taxId = { type: z.enum(['eu_vat', 'gb_vat', 'us_ein', 'ch_vat', 'no_vat', 'au_abn', 'ca_bn', 'jp_trn', 'sg_gst', 'in_gst', 'nz_gst']), value: text(40).min(1) };
const create = z.strictObject({ ...fields, tax_id_data: z.array(z.strictObject(taxId)).optional() });
const update = z.strictObject(fields);
const list = z.strictObject({ ...listing, created, email: text().optional() });
const search = z.strictObject({ query: text(), limit: listing.limit, page: text().optional(), expand });

/** One clause of the search language: metadata["key"]:"value". https://docs.stripe.com/search#search-query-language */
const CLAUSE = /^metadata\[(["'])((?:\\.|(?!\1)[^\\])*)\1\]:(["'])((?:\\.|(?!\3)[^\\])*)\3$/;

export function viewOfCustomer(row: Customer): object {
  if (row.deleted) return { id: row.id, object: 'customer', deleted: true };
  return {
    id: row.id, object: 'customer', address: row.address, balance: row.balance, created: row.created, currency: null, default_source: null, delinquent: false, description: row.description, discount: null,
    email: row.email, invoice_prefix: row.invoicePrefix, invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null }, livemode: false, metadata: row.metadata,
    name: row.name, next_invoice_sequence: row.nextInvoice, phone: null, preferred_locales: [], shipping: null, tax_exempt: 'none', test_clock: null,
  };
}

const viewOfTaxId = (row: TaxId): object => ({ id: row.id, object: 'tax_id', country: row.type.slice(0, 2).toUpperCase(), created: row.created, customer: row.customer, livemode: false, type: row.type, value: row.value, verification: { status: 'pending', verified_address: null, verified_name: null } });

export function createCustomer({ account, announce }: Service, params: z.infer<typeof create>): Customer {
  const row = account.customers.insert((head) => ({
    ...head, name: params.name ?? null, email: params.email ?? null, description: params.description ?? null, address: addressOf(null, params.address), metadata: mergedMetadata({}, params.metadata),
    balance: 0, invoicePrefix: head.id.slice(-8).toUpperCase(), nextInvoice: 1, deleted: false, changedAt: account.milliseconds(),
  }));
  for (const each of params.tax_id_data ?? []) account.taxIds.insert((head) => ({ ...head, ...each, customer: row.id }));
  announce('customer.created', viewOfCustomer(row));
  return row;
}

function addressOf(before: Customer['address'], given: z.infer<typeof address> | null | undefined): Customer['address'] {
  if (given === undefined) return before;
  if (given === null) return null;
  const known = { line1: null, line2: null, city: null, state: null, postal_code: null, country: null, ...before };
  return Object.fromEntries(Object.entries({ ...known, ...given }).map(([name, value]) => [name, value === '' ? null : (value ?? null)]));
}

/** A customer that can be billed. */
export function needCustomer({ account }: Service, id: string): Customer {
  const row = account.customers.get(id);
  if (row === undefined || row.deleted) throw missing('customer', id, 'customer');
  return row;
}

export function installCustomers(app: FastifyInstance, service: Service, searchLagMs: number): void {
  const { account, announce } = service;
  const living = () => account.customers.all().filter((row) => !row.deleted);
  post(app, service, '/v1/customers', create, (params) => viewOfCustomer(createCustomer(service, params)));
  get(app, '/v1/customers', list, (query) =>
    pageOf('/v1/customers', living().filter((row) => isWithin(row.created, query.created) && (query.email === undefined || row.email === query.email)), query, viewOfCustomer));
  get(app, '/v1/customers/search', search, ({ query, limit = 10, page }) => {
    const [, , key = '', , value = ''] = CLAUSE.exec(query.trim()) ?? [];
    if (key === '') throw refused('parameter_invalid', `We were unable to parse your search query. Try using the format metadata["key"]:"value" to query for metadata.`, 'query');
    const plain = (escaped: string) => escaped.replaceAll(/\\(.)/g, '$1');
    const found = living().filter((row) => row.changedAt <= account.milliseconds() - searchLagMs && row.metadata[plain(key)]?.toLowerCase() === plain(value).toLowerCase()).toReversed();
    const start = Number(page ?? 0);
    return { object: 'search_result', url: '/v1/customers/search', has_more: start + limit < found.length, ...(start + limit < found.length ? { next_page: String(start + limit) } : { next_page: null }), data: found.slice(start, start + limit).map(viewOfCustomer) };
  });
  get(app, '/v1/customers/:id', z.strictObject({ expand }), (_query, { id = '' }) => viewOfCustomer(account.customers.need(id)));
  post(app, service, '/v1/customers/:id', update, (params, { id = '' }) => {
    const row = account.customers.need(id);
    if (row.deleted) throw missing('customer', id);
    const { name, email, description } = params;
    const changed = account.customers.update(row, {
      ...(name === undefined ? {} : { name }), ...(email === undefined ? {} : { email }), ...(description === undefined ? {} : { description }),
      address: addressOf(row.address, params.address), metadata: mergedMetadata(row.metadata, params.metadata), changedAt: account.milliseconds(),
    });
    announce('customer.updated', viewOfCustomer(changed));
    return viewOfCustomer(changed);
  });
  app.delete<{ Params: { id: string } }>('/v1/customers/:id', ({ params: { id } }) => {
    const row = account.customers.need(id);
    if (row.deleted) throw missing('customer', id);
    const deleted = account.customers.update(row, { deleted: true, changedAt: account.milliseconds() });
    announce('customer.deleted', viewOfCustomer(row));
    return viewOfCustomer(deleted);
  });
  post(app, service, '/v1/customers/:id/tax_ids', z.strictObject({ ...taxId, expand }), (params, { id = '' }) => {
    needCustomer(service, id);
    if (params.type === 'eu_vat' && !/^[A-Z]{2}[0-9A-Z]{2,12}$/.test(params.value)) throw badParameter('tax_id_invalid', `Invalid value for ${params.type}.`, 'value');
    return viewOfTaxId(account.taxIds.insert((head) => ({ ...head, customer: id, type: params.type, value: params.value })));
  });
  get(app, '/v1/customers/:id/tax_ids', z.strictObject(listing), (query, { id = '' }) => pageOf(`/v1/customers/${id}/tax_ids`, account.taxIds.by('customer', id), query, viewOfTaxId));
  app.delete<{ Params: { id: string; tax: string } }>('/v1/customers/:id/tax_ids/:tax', ({ params: { id, tax } }) => {
    if (account.taxIds.need(tax).customer !== id) throw missing('tax_id', tax);
    account.taxIds.delete(tax);
    return { id: tax, object: 'tax_id', deleted: true };
  });
}
