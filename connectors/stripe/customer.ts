import { z } from 'zod';
import { maySet, type Customer, type CustomerAttribute } from '../../domain/model/customer.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { RecordPort, WithReferences } from '../ports.ts';
import { madeAnswer, type About, type Stripe } from './client.ts';
import type { Params } from './form.ts';
import type { StripeOptions } from './options.ts';

const ID = 'q2c_customer';
/** The longest name Stripe takes. Source: the `name` parameter in Stripe's OpenAPI description. */
const NAME_LENGTH = 256;
const VALUE_LENGTH = 500;
const HOUR_S = 3600;

const customerRow = z.object({ id: z.string(), metadata: z.record(z.string(), z.string()).nullish(), email: z.string().nullish() });
const standingRow = z.union([z.object({ id: z.string(), deleted: z.literal(true) }).transform(() => null), customerRow]);
const taxIdRow = z.object({ id: z.string(), type: z.string(), value: z.string() });
const label = (customer: Customer) => `customer ${customer.name}`;

/**
 * Customers, found by our ID in their metadata. Stripe's search lags behind its writes (usually under a minute, an hour when disturbed), so customers made
 * lately are looked for in the list, which never does. https://docs.stripe.com/search#data-freshness
 */
export function createCustomerPort(stripe: Stripe, options: StripeOptions, now: () => number): RecordPort<WithReferences<Customer>> {
  const isOf = (customer: Customer) => (row: z.infer<typeof customerRow>) => row.metadata?.[ID] === customer.id;

  const stands = async (id: string, about: About) => (await stripe.get(`/customers/${id}`, standingRow, about)) !== null;

  async function find(customer: Customer, about: About): Promise<string | null> {
    const lately = Math.floor(now() / 1000) - options.recentHours * HOUR_S;
    const query: Params = options.findCustomersBy === 'search' ? { created: { gte: lately } } : {};
    for await (const row of stripe.list('/customers', customerRow, about, query)) if (isOf(customer)(row)) return row.id;
    if (options.findCustomersBy === 'list') return null;
    const found = await stripe.get('/customers/search', z.object({ data: z.array(customerRow) }), about, { query: `metadata["${ID}"]:"${customer.id.replaceAll(/["\\]/g, String.raw`\$&`)}"`, limit: 10 });
    // What search has may be gone since, and it does not tell upper from lower case.
    for (const row of found?.data ?? []) if (isOf(customer)(row) && (await stands(row.id, about))) return row.id;
    return null;
  }

  const paramsOf = (customer: Customer, exists: boolean): Params => {
    const may = (attribute: CustomerAttribute) => maySet(customer, attribute, exists);
    const { street, city, region, postalCode, country } = customer.billingAddress;
    const [line1 = '', ...more] = (street ?? '').split('\n');
    return {
      ...(may('name') ? { name: customer.name.slice(0, NAME_LENGTH) } : {}),
      ...(may('billingAddress') ? { address: { line1, line2: more.join(', '), city, state: region, postal_code: postalCode, country } } : {}),
      metadata: {
        [ID]: customer.id,
        ...(may('parentId') ? { q2c_parent: customer.parentId } : {}),
        ...(may('taxRegistrationNumber') ? { q2c_tax_number: customer.taxRegistrationNumber } : {}),
        ...(may('legalEntities') ? { q2c_legal_entities: customer.legalEntities.join(' ').slice(0, VALUE_LENGTH) } : {}),
      },
    };
  };

  /** The tax ID printed on invoices; Stripe cannot change one, so another is added beside it and the old one taken away. */
  async function settleTaxId(id: string, customer: Customer, exists: boolean, about: About): Promise<void> {
    const { taxRegistrationNumber: value, billingAddress } = customer;
    const type = billingAddress.country === null ? undefined : options.taxIdTypes[billingAddress.country];
    if (value === null || type === undefined || !maySet(customer, 'taxRegistrationNumber', exists)) return;
    const taxIds = () => stripe.list(`/customers/${id}/tax_ids`, taxIdRow, about);
    const stands = async (made: { readonly id: string }) => {
      for await (const row of taxIds()) if (row.id === made.id) return true;
      return false;
    };
    const stale: string[] = [];
    for await (const row of taxIds()) {
      if (row.type === type && row.value === value) return;
      if (row.type === type) stale.push(row.id);
    }
    await stripe.post(`/customers/${id}/tax_ids`, { type, value }, madeAnswer, about, 'tax-id', stands);
    for (const old of stale) await stripe.remove(`/customers/${id}/tax_ids/${old}`, about);
  }

  return {
    lookUp: 'key',
    async find({ document }, context) {
      const id = await find(document, { object: label(document), context });
      return id === null ? null : stripe.found('customers', id);
    },
    async write({ document }, existing, context) {
      const about: About = { object: label(document), context };
      if (existing !== null) {
        await stripe.post(`/customers/${existing.externalId}`, paramsOf(document, true), madeAnswer, about, 'customer');
        await settleTaxId(existing.externalId, document, true, about);
        return { ...stripe.found('customers', existing.externalId), created: false };
      }
      const email = options.fallbackEmail;
      const { id } = await stripe.post('/customers', { ...paramsOf(document, false), ...(email === undefined ? {} : { email }) }, madeAnswer, about, 'customer', (made) => stands(made.id, about));
      await afterFirstWrite(() => settleTaxId(id, document, false, about));
      return { ...stripe.found('customers', id), created: true };
    },
    async undo({ document: { document }, externalId, created }, context) {
      const about: About = { object: label(document), context };
      if (!created) return { how: 'kept', detail: `${about.object} stood before this deal` };
      if (!(await stands(externalId, about))) return { how: 'not_found', detail: `${about.object} is not in Stripe` };
      // Stripe would delete a customer with invoices too, and take its open ones out of collection.
      const invoices = await stripe.get('/invoices', z.object({ data: z.array(madeAnswer) }), about, { customer: externalId, limit: 1 });
      if ((invoices?.data.length ?? 0) > 0) return { how: 'kept', detail: `${about.object} has invoices in Stripe, so it was kept; Stripe cannot deactivate customers` };
      await stripe.remove(`/customers/${externalId}`, about);
      return { how: 'deleted', detail: `${about.object} was deleted from Stripe` };
    },
  };
}
