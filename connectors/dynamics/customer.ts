import { z } from 'zod';
import { maySet, type Customer, type CustomerAttribute } from '../../domain/model/customer.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { RecordPort, WithReferences } from '../ports.ts';
import { isInUse } from './classify.ts';
import type { About, Dynamics } from './client.ts';
import { accountOf } from './keys.ts';
import { matching, type EntityKey } from './odata.ts';
import type { DynamicsOptions } from './options.ts';
import { cut, type DynamicsReferences } from './references.ts';

const SET = 'CustomersV3';
const customerRow = z.object({ dataAreaId: z.string(), PartyNumber: z.string().default('') });
const keyOf = (company: string, account: string): EntityKey => ({ dataAreaId: company, CustomerAccount: account });
const label = (customer: Customer) => `customer ${customer.name}`;
const NAME_LENGTH = 100;
const TAX_NUMBER_LENGTH = 50;
/** Dynamics knows states by their code; a name is refused. */
const STATE_CODE = /^[A-Z0-9]{1,3}$/;

/**
 * Customers under an account number made of their canonical ID: one row in each company that bills them, all of one party. Companies are
 * added, never taken away. What another system owns is left alone where the customer stands.
 */
export function createCustomerPort(dynamics: Dynamics, references: DynamicsReferences, options: DynamicsOptions): RecordPort<WithReferences<Customer>> {
  const rowsOf = (account: string, about: About) => dynamics.list(SET, { filter: matching({ CustomerAccount: account }), select: ['dataAreaId', 'PartyNumber'] }, customerRow, about);

  const bodyOf = (document: Customer, exists: boolean) => {
    const may = (attribute: CustomerAttribute) => maySet(document, attribute, exists);
    const { street, city, region, postalCode, country } = document.billingAddress;
    const { taxRegistrationNumber: tax } = document;
    const region2 = country === null ? undefined : options.countries[country];
    return {
      ...(may('name') ? { OrganizationName: cut(document.name, NAME_LENGTH), NameAlias: cut(document.name, 20) } : {}),
      ...(tax === null || tax.length > TAX_NUMBER_LENGTH || !may('taxRegistrationNumber') ? {} : { IdentificationNumber: tax }),
      ...(may('billingAddress') && country !== null
        ? {
            AddressDescription: 'Billing (CRM)',
            AddressStreet: cut(street ?? '', 250),
            AddressCity: cut(city ?? '', 60),
            ...(region !== null && STATE_CODE.test(region) ? { AddressState: region } : {}),
            AddressZipCode: cut(postalCode ?? '', 10),
            ...(region2 === undefined ? { AddressCountryRegionISOCode: country } : { AddressCountryRegionId: region2 }),
          }
        : {}),
    };
  };
  const firstOf = (document: Customer) => ({
    PartyType: 'Organization',
    CustomerGroupId: options.customerGroup,
    ...(document.currencies[0] === undefined ? {} : { SalesCurrencyCode: document.currencies[0] }),
    SalesMemo: `Account ${document.id} of the CRM.${document.name.length > NAME_LENGTH ? ` ${document.name}` : ''}`,
  });
  const pageOf = (document: Customer, account: string) => references.found('CustTableListPage', references.company(document.legalEntities[0] ?? '', label(document)), account);

  return {
    lookUp: 'key',
    async find({ document }, context) {
      const account = accountOf('C', document.id);
      return (await rowsOf(account, { object: label(document), context })).length === 0 ? null : pageOf(document, account);
    },
    async write({ document }, existing, context) {
      const about: About = { object: label(document), context };
      const account = existing?.externalId ?? accountOf('C', document.id);
      const before = await rowsOf(account, about);
      const stands = before.length > 0;
      const companies = document.legalEntities.map((entity) => references.company(entity, about.object));
      const missing = stands && !maySet(document, 'legalEntities', true) ? [] : companies.filter((company) => !before.some((row) => row.dataAreaId.toLowerCase() === company));
      for (const [index, row] of before.entries()) {
        const update = () => dynamics.update(SET, keyOf(row.dataAreaId, account), bodyOf(document, true), row.etag, about);
        await (index === 0 ? update() : afterFirstWrite(update));
      }
      let party = before[0]?.PartyNumber ?? '';
      for (const [index, company] of missing.entries()) {
        const create = async () => {
          if (party === '' && index > 0) party = (await rowsOf(account, about))[0]?.PartyNumber ?? '';
          await dynamics.create(SET, { ...keyOf(company, account), ...firstOf(document), ...bodyOf(document, false), ...(party === '' ? {} : { PartyNumber: party }) }, about);
        };
        await (stands || index > 0 ? afterFirstWrite(create) : create());
      }
      return { ...pageOf(document, account), created: !stands };
    },
    async undo({ document: { document }, externalId, created }, context) {
      const about: About = { object: label(document), context };
      if (!created) return { how: 'kept', detail: `${about.object} stood before this deal` };
      const rows = await rowsOf(externalId, about);
      if (rows.length === 0) return { how: 'not_found', detail: `${about.object} is not in Dynamics 365` };
      const used: string[] = [];
      for (const row of rows) {
        try {
          await dynamics.remove(SET, keyOf(row.dataAreaId, externalId), about);
        } catch (error) {
          if (!isInUse(error)) throw error;
          used.push(row.dataAreaId);
          await dynamics.update(SET, keyOf(row.dataAreaId, externalId), { OnHoldStatus: 'All' }, undefined, about);
        }
      }
      if (used.length === 0) return { how: 'deleted', detail: `${about.object} was deleted from Dynamics 365` };
      return { how: 'deactivated', detail: `${about.object} is used in ${used.join(', ')}; it was put on hold there` };
    },
  };
}
