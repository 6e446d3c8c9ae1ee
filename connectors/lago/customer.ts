import { z } from 'zod';
import { maySet, type Customer, type CustomerAttribute } from '../../domain/model/customer.ts';
import type { RecordPort, WithReferences } from '../ports.ts';
import type { About, Lago } from './client.ts';
import type { LagoOptions } from './options.ts';

const customerAnswer = z.object({ customer: z.object({ external_id: z.string() }) });
const anyInvoice = z.object({ lago_id: z.string() });
const label = (customer: Customer) => `customer ${customer.name}`;
const pathOf = (externalId: string) => `/customers/${encodeURIComponent(externalId)}`;

/** Customers under our own ID: Lago makes or updates by it, so a lost answer leaves nothing open. */
export function createCustomerPort(lago: Lago, options: LagoOptions): RecordPort<WithReferences<Customer>> {
  const bodyOf = (customer: Customer, exists: boolean) => {
    const may = (attribute: CustomerAttribute) => maySet(customer, attribute, exists);
    const { street, city, region, postalCode, country } = customer.billingAddress;
    const [line1 = '', ...more] = (street ?? '').split('\n');
    const entity = options.billingEntities[customer.legalEntities[0] ?? ''];
    return {
      external_id: customer.id,
      ...(may('name') ? { name: customer.name, legal_name: customer.name } : {}),
      ...(may('billingAddress') ? { address_line1: line1, address_line2: more.join(', '), city, state: region, zipcode: postalCode, country } : {}),
      ...(may('taxRegistrationNumber') ? { tax_identification_number: customer.taxRegistrationNumber } : {}),
      // What is billed in is said by each invoice; the first currency and billing entity are the customer's own and people's to change.
      ...(exists ? {} : { customer_type: 'company', currency: customer.currencies[0] ?? null, ...(entity === undefined ? {} : { billing_entity_code: entity }) }),
    };
  };

  return {
    lookUp: 'key',
    async find({ document }, context) {
      const found = await lago.get(pathOf(document.id), customerAnswer, { object: label(document), context });
      return found === null ? null : lago.found('customer', found.customer.external_id);
    },
    async write({ document }, existing, context) {
      const about: About = { object: label(document), context };
      const { customer } = await lago.send('POST', '/customers', { customer: bodyOf(document, existing !== null) }, customerAnswer, about);
      return { ...lago.found('customer', customer.external_id), created: existing === null };
    },
    async undo({ document: { document }, externalId, created }, context) {
      const about: About = { object: label(document), context };
      if (!created) return { how: 'kept', detail: `${about.object} stood before this deal` };
      if ((await lago.get(pathOf(externalId), customerAnswer, about)) === null) return { how: 'not_found', detail: `${about.object} is not in Lago` };
      // Lago would delete a customer with invoices too.
      for await (const { lago_id } of lago.list('/invoices', 'invoices', anyInvoice, about, { external_customer_id: externalId })) {
        return { how: 'kept', detail: `${about.object} has invoices in Lago (${lago_id}), so it was kept; Lago cannot deactivate customers` };
      }
      await lago.remove(pathOf(externalId), about);
      return { how: 'deleted', detail: `${about.object} was deleted from Lago` };
    },
  };
}
