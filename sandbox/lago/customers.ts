import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Customer } from './account.ts';
import { invalid, notFound } from './errors.ts';
import { filtersOf, idIn, moment, newestFirst, pageOf, rootOf, type Service } from './http.ts';

const nullable = z.string().max(255).nullish();
const given = z.object({
  external_id: z.string().min(1).max(255),
  billing_entity_code: z.string().nullish(),
  name: nullable, legal_name: nullable, legal_number: nullable, address_line1: nullable, address_line2: nullable, city: nullable, state: nullable, zipcode: nullable, email: z.email().nullish(), phone: nullable, url: nullable,
  country: z.string().regex(/^[A-Za-z]{2}$/).nullish(),
  currency: z.string().regex(/^[A-Z]{3}$/).nullish(),
  tax_identification_number: nullable,
  timezone: nullable,
  net_payment_term: z.int().min(0).nullish(),
  customer_type: z.enum(['company', 'individual']).nullish(),
});

const NONE = Object.fromEntries(Object.keys(given.shape).filter((name) => name !== 'external_id' && name !== 'billing_entity_code').map((name) => [name, null]));

export const viewOfCustomer = (row: Customer): object => ({
  lago_id: row.lago_id, external_id: row.external_id, billing_entity_code: row.billing_entity_code, sequential_id: row.sequential_id, slug: `NOR-${String(row.sequential_id).padStart(4, '0')}`, account_type: 'customer',
  created_at: row.created_at, updated_at: row.created_at, metadata: [], applicable_timezone: row.fields['timezone'] ?? 'UTC', ...row.fields,
});

export function needCustomer({ account }: Service, externalId: string): Customer {
  const row = account.customers.get(externalId);
  if (row === undefined) throw notFound('customer');
  return row;
}

/** Makes or updates by the external ID; fields that are not named stay. */
export function upsertCustomer({ account }: Service, { external_id, billing_entity_code: entity, ...fields }: z.output<typeof given>): Customer {
  if (entity != null && account.billingEntities.get(entity) === undefined) throw notFound('billing_entity');
  const before = account.customers.get(external_id);
  if (fields.country != null && !/^[A-Z]{2}$/i.test(fields.country)) throw invalid({ country: ['not_a_valid_country_code'] });
  const named = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value ?? null]));
  const row: Customer = {
    lago_id: before?.lago_id ?? account.newId(),
    external_id,
    sequential_id: before?.sequential_id ?? account.next('customer'),
    billing_entity_code: entity ?? before?.billing_entity_code ?? 'default',
    fields: { ...NONE, ...before?.fields, ...named },
    created_at: before?.created_at ?? moment(account.now()),
  };
  account.customers.put(external_id, row);
  return row;
}

export function installCustomers(app: FastifyInstance, service: Service): void {
  const { account } = service;
  app.post('/api/v1/customers', (request) => ({ customer: viewOfCustomer(upsertCustomer(service, rootOf(given, request, 'customer'))) }));
  app.get('/api/v1/customers', (request) => pageOf('customers', newestFirst(account.customers.all()), filtersOf(request), viewOfCustomer));
  app.get('/api/v1/customers/:id', (request) => ({ customer: viewOfCustomer(needCustomer(service, idIn(request))) }));
  app.delete('/api/v1/customers/:id', (request) => {
    const row = needCustomer(service, idIn(request));
    account.customers.delete(row.external_id);
    return { customer: viewOfCustomer(row) };
  });
}
