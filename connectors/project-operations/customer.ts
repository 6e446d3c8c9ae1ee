import { z } from 'zod';
import { maySet, type Customer, type CustomerAttribute } from '../../domain/model/customer.ts';
import type { RecordPort, WithReferences } from '../ports.ts';
import type { About, Dataverse } from './client.ts';
import { idOf } from './ids.ts';
import type { Names } from './names.ts';
import { cut, reference } from './odata.ts';

const SET = 'accounts';
const ACTIVE = { statecode: 0, statuscode: 1 };
const INACTIVE = { statecode: 1, statuscode: 2 };
const accountRow = z.object({ accountid: z.string() });
const label = (customer: Customer) => `customer ${customer.name}`;

/** The account of a customer, by the customer's canonical ID. */
export const accountIdOf = (canonicalId: string): string => idOf('account', canonicalId);

/**
 * Customers are accounts. What another system owns is left alone where the account stands. An account is never deleted: with it Dataverse would delete the
 * orders, opportunities and contacts beneath it; an undo makes it inactive, and the next write takes it back.
 */
export function createCustomerPort(dataverse: Dataverse, names: Names): RecordPort<WithReferences<Customer>> {
  const read = (id: string, about: About) => dataverse.read(SET, id, accountRow, ['accountid'], about);

  async function bodyOf({ document, references }: WithReferences<Customer>, exists: boolean, about: About): Promise<object> {
    const may = (attribute: CustomerAttribute) => maySet(document, attribute, exists);
    const parent = document.parentId === null ? undefined : references.customers[document.parentId];
    const { street, city, region, postalCode, country } = document.billingAddress;
    const [line1 = '', line2 = '', ...rest] = (street ?? '').split('\n');
    return {
      ...ACTIVE,
      ...(may('name') ? { name: cut(document.name, 160) } : {}),
      ...(may('billingAddress')
        ? { address1_line1: cut(line1, 250), address1_line2: cut(line2, 250), address1_line3: cut(rest.join(', '), 250), address1_city: cut(city ?? '', 80), address1_stateorprovince: cut(region ?? '', 50), address1_postalcode: cut(postalCode ?? '', 20), address1_country: country ?? '' }
        : {}),
      ...(parent === undefined || !may('parentId') ? {} : { 'parentaccountid@odata.bind': reference(SET, parent) }),
      ...(exists ? {} : await firstOf(document, about)),
    };
  }
  const firstOf = async (document: Customer, about: About) => ({
    description: [`Account ${document.id} of the CRM.`, ...(document.taxRegistrationNumber === null ? [] : [`Tax registration ${document.taxRegistrationNumber}.`]), ...(document.name.length > 160 ? [document.name] : [])].join('\n'),
    ...(document.currencies[0] === undefined ? {} : { 'transactioncurrencyid@odata.bind': reference('transactioncurrencies', await names.currency(document.currencies[0], about)) }),
  });

  return {
    lookUp: 'key',
    async find({ document }, context) {
      const id = accountIdOf(document.id);
      return (await read(id, { object: label(document), context })) === null ? null : names.found('account', id);
    },
    async write(given, existing, context) {
      const about: About = { object: label(given.document), context };
      const id = existing?.externalId ?? accountIdOf(given.document.id);
      const before = await read(id, about);
      const body = await bodyOf(given, before !== null, about);
      await dataverse.change([before === null ? { kind: 'create', set: SET, id, body } : { kind: 'update', set: SET, id, body, version: before.etag }], about);
      return { ...names.found('account', id), created: before === null };
    },
    async undo({ document: { document }, externalId, created }, context) {
      const about: About = { object: label(document), context };
      if (!created) return { how: 'kept', detail: `${about.object} stood before this deal` };
      if ((await read(externalId, about)) === null) return { how: 'not_found', detail: `${about.object} is not in Project Operations` };
      await dataverse.change([{ kind: 'update', set: SET, id: externalId, body: INACTIVE }], about);
      return { how: 'deactivated', detail: `${about.object} was made inactive in Project Operations: deleting an account would delete what is kept beneath it` };
    },
  };
}
