import { z } from 'zod';
import { maySet, type Customer, type CustomerAttribute } from '../../domain/model/customer.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { RecordPort, WithReferences } from '../ports.ts';
import { hasDependents } from './classify.ts';
import type { About, NetSuite } from './client.ts';
import { externalIdOf } from './external-id.ts';
import { cut, type NetSuiteReferences } from './references.ts';

const idRow = z.object({ id: z.string() });
const refField = z.object({ id: z.string() });
const customerRow = z.object({
  id: z.string(),
  subsidiary: refField.optional(),
  currency: refField.optional(),
  addressBook: z.object({ items: z.array(z.object({ internalId: z.union([z.string(), z.number()]).optional(), id: z.union([z.string(), z.number()]).optional(), label: z.string().optional() })).default([]) }).default({ items: [] }),
});
/** Our address book line; others are people's own. */
const LABEL = 'Billing (CRM)';
const NAME_LENGTH = 83;

/**
 * Customers, found by external ID. The first legal entity is the primary subsidiary and stays it; each other one is a
 * customer-subsidiary relationship (feature Multi-Subsidiary Customer). Currencies and relationships are added, never taken away.
 * The comments of an existing customer are people's own, like each attribute that another system owns.
 */
export function createCustomerPort(netSuite: NetSuite, references: NetSuiteReferences): RecordPort<WithReferences<Customer>> {
  const label = (customer: Customer) => `customer ${customer.name}`;
  const eid = (customer: Customer) => externalIdOf(customer.id);

  const bodyOf = (document: Customer, known: WithReferences<Customer>['references'], existing: z.infer<typeof customerRow> | null) => {
    const object = label(document);
    const { street, city, region, postalCode, country } = document.billingAddress;
    const [addr1 = '', addr2 = '', ...more] = (street ?? '').split(/\r?\n/);
    const line = existing?.addressBook.items.find((item) => item.label === LABEL);
    const lineKey = line?.internalId ?? line?.id;
    const [firstEntity = ''] = document.legalEntities;
    const [firstCurrency = ''] = document.currencies;
    const { taxRegistrationNumber: tax } = document;
    const may = (attribute: CustomerAttribute) => maySet(document, attribute, existing !== null);
    return {
      isPerson: false,
      ...(may('name') ? { companyName: cut(document.name, NAME_LENGTH) } : {}),
      ...(existing?.subsidiary === undefined ? { subsidiary: references.subsidiary(firstEntity, object) } : {}),
      ...(existing?.currency === undefined ? { currency: references.currency(firstCurrency, object) } : {}),
      ...(may('currencies') ? { currencyList: { items: document.currencies.map((code) => ({ currency: references.currency(code, object) })) } } : {}),
      ...(document.parentId === null || !may('parentId') ? {} : { parent: references.known(known.customers, document.parentId, 'parent customer', object) }),
      ...(tax === null || tax.length > 20 || !may('taxRegistrationNumber') ? {} : { vatRegNumber: tax }),
      ...(may('billingAddress') ? { addressBook: {
        items: [{
          ...(lineKey === undefined ? {} : { internalId: Number(lineKey) }),
          label: LABEL,
          defaultBilling: true,
          addressBookAddress: { addressee: cut(document.name, NAME_LENGTH), addr1: cut(addr1, 150), addr2: cut([addr2, ...more].filter((part) => part !== '').join(', '), 150), city: cut(city ?? '', 50), state: cut(region ?? '', 50), zip: cut(postalCode ?? '', 36), ...(country === null ? {} : { country: { id: country } }) },
        }],
      } } : {}),
      ...(existing === null ? { comments: [`Account ${document.id} of the CRM.`, ...(document.name.length > NAME_LENGTH ? [document.name] : []), ...(tax !== null && tax.length > 20 ? [`Tax registration number ${tax}`] : [])].join('\n') } : {}),
      isInactive: false,
    };
  };

  const relate = async (document: Customer, id: string, primary: string | undefined, about: About) => {
    const wanted = document.legalEntities.map((entity) => ({ entity, subsidiary: references.subsidiary(entity, about.object) }));
    if (wanted.every(({ subsidiary }) => subsidiary.id === primary)) return;
    const rows = await netSuite.query(`SELECT subsidiary FROM customersubsidiaryrelationship WHERE entity = ${Number(id)}`, z.object({ subsidiary: z.string() }), about);
    const related = new Set(rows.map((row) => row.subsidiary));
    for (const { entity, subsidiary } of wanted) {
      if (related.has(subsidiary.id)) continue;
      await netSuite.upsert('customerSubsidiaryRelationship', externalIdOf(document.id, entity), { entity: { id }, subsidiary }, about);
    }
  };

  return {
    lookUp: 'key',
    async find({ document }, context) {
      const found = await netSuite.read('customer', `eid:${eid(document)}`, idRow, { object: label(document), context }, { fields: 'id' });
      return found === null ? null : references.found('customer', found.id);
    },
    async write({ document, references: known }, existing, context) {
      const about = { object: label(document), context };
      const byExternalId = `eid:${eid(document)}`;
      const key = existing?.externalId ?? byExternalId;
      const before = await netSuite.read('customer', key, customerRow, about, { expandSubResources: 'true' });
      const body = bodyOf(document, known, before);
      if (before !== null) await netSuite.update('customer', before.id, { ...body, externalId: eid(document) }, about);
      const id = before?.id ?? (await netSuite.upsert('customer', eid(document), body, about));
      if (maySet(document, 'legalEntities', before !== null)) await afterFirstWrite(() => relate(document, id, body.subsidiary?.id ?? before?.subsidiary?.id, about));
      return { ...references.found('customer', id), created: before === null };
    },
    async undo({ document: { document }, externalId, created }, context) {
      const about = { object: label(document), context };
      if (!created) return { how: 'kept', detail: `${about.object} stood before this deal` };
      try {
        const was = await netSuite.remove('customer', externalId, about);
        return was ? { how: 'deleted', detail: `${about.object} was deleted from NetSuite` } : { how: 'not_found', detail: `${about.object} is not in NetSuite` };
      } catch (error) {
        if (!hasDependents(error)) throw error;
        await netSuite.update('customer', externalId, { isInactive: true }, about);
        return { how: 'deactivated', detail: `${about.object} is used by other records in NetSuite and was made inactive` };
      }
    },
  };
}
