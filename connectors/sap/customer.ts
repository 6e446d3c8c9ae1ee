import { z } from 'zod';
import { maySet, type Customer, type CustomerAttribute } from '../../domain/model/customer.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { RecordPort, WithReferences } from '../ports.ts';
import { ANY_VERSION, SERVICES, type About, type Sap, type Stored } from './client.ts';
import { referenceOf } from './keys.ts';
import { entityPath, expanded, matching } from './odata.ts';
import type { SapOptions } from './options.ts';
import { cut, type SapReferences } from './references.ts';

const SERVICE = SERVICES.partner;
const NAME_LENGTH = 40;
/** Told by it that an undo of ours put the partner out of use, rather than a person. */
const UNDONE = 'Q2C UNDONE';
const label = (customer: Customer) => `customer ${customer.name}`;

const customerRow = z.object({
  Customer: z.string().min(1),
  to_CustomerCompany: expanded(z.object({ CompanyCode: z.string() })),
  to_CustomerSalesArea: expanded(z.object({ SalesOrganization: z.string(), DistributionChannel: z.string(), Division: z.string() })),
});
const partnerRow = z.object({
  BusinessPartner: z.string().min(1),
  SearchTerm2: z.string().nullish(),
  to_BusinessPartnerAddress: expanded(z.object({ AddressID: z.string() })),
  to_BusinessPartnerTax: expanded(z.object({ BPTaxType: z.string() })),
  to_Customer: customerRow.nullish(),
});
type Partner = Stored<z.infer<typeof partnerRow>>;
const EXPAND = ['to_BusinessPartnerAddress', 'to_BusinessPartnerTax', 'to_Customer/to_CustomerCompany', 'to_Customer/to_CustomerSalesArea'];
const made = z.object({ BusinessPartner: z.string().min(1) });

/**
 * Customers are business partners of category organization, with a company code and a sales area for each legal entity that bills them, found by their number in the
 * external system. SAP deletes no business partners over this service: an undo marks them for archiving, and the next write takes them back into use.
 */
export function createCustomerPort(sap: Sap, references: SapReferences, options: SapOptions): RecordPort<WithReferences<Customer>> {
  const lookUp = async (document: Customer, about: About): Promise<Partner | undefined> => {
    const found = await sap.list(SERVICE, 'A_BusinessPartner', { filter: matching({ BusinessPartnerIDByExtSystem: referenceOf('C', document.id) }), expand: EXPAND }, partnerRow, about);
    return found.toSorted((left, right) => left.BusinessPartner.localeCompare(right.BusinessPartner))[0];
  };
  const namesOf = (document: Customer) => {
    const [first = '', second = '', third = '', fourth = ''] = slices(document.name, NAME_LENGTH);
    return { OrganizationBPName1: first, OrganizationBPName2: second, OrganizationBPName3: third, OrganizationBPName4: fourth, SearchTerm1: cut(document.name, 20).toUpperCase() };
  };
  const addressOf = ({ billingAddress: { street, city, region, postalCode, country } }: Customer) => ({
    StreetName: cut((street ?? '').replaceAll(/\s*\n\s*/g, ', '), 60),
    CityName: cut(city ?? '', 40),
    PostalCode: cut(postalCode ?? '', 10),
    ...(region !== null && /^[A-Z0-9]{1,3}$/.test(region) ? { Region: region } : {}),
    ...(country === null ? {} : { Country: country }),
    Language: options.language,
  });
  const taxOf = ({ billingAddress: { country }, taxRegistrationNumber }: Customer) => {
    const type = country === null ? undefined : options.taxTypes[country];
    if (type === undefined || taxRegistrationNumber === null) return undefined;
    return { BPTaxType: type, ...(taxRegistrationNumber.length > 20 ? { BPTaxLongNumber: taxRegistrationNumber } : { BPTaxNumber: taxRegistrationNumber }) };
  };
  const companyOf = (legalEntity: string, about: About) => ({ CompanyCode: references.organization(legalEntity, about.object).companyCode, ReconciliationAccount: options.reconciliationAccount });
  const salesAreaOf = (document: Customer, legalEntity: string, about: About) => ({
    SalesOrganization: references.organization(legalEntity, about.object).salesOrganization,
    DistributionChannel: options.distributionChannel,
    Division: options.division,
    ...(document.currencies[0] === undefined ? {} : { Currency: document.currencies[0] }),
  });

  const create = async (document: Customer, about: About): Promise<string> => {
    const tax = taxOf(document);
    const { BusinessPartner } = await sap.create(SERVICE, 'A_BusinessPartner', {
      BusinessPartnerCategory: '2',
      BusinessPartnerGrouping: options.partnerGrouping,
      BusinessPartnerIDByExtSystem: referenceOf('C', document.id),
      ...namesOf(document),
      to_BusinessPartnerRole: options.partnerRoles.map((BusinessPartnerRole) => ({ BusinessPartnerRole })),
      ...(document.billingAddress.country === null ? {} : { to_BusinessPartnerAddress: [addressOf(document)] }),
      ...(tax === undefined ? {} : { to_BusinessPartnerTax: [tax] }),
      to_Customer: {
        to_CustomerCompany: document.legalEntities.map((entity) => companyOf(entity, about)),
        to_CustomerSalesArea: document.legalEntities.map((entity) => salesAreaOf(document, entity, about)),
      },
    }, made, about);
    return BusinessPartner;
  };

  const update = async (document: Customer, before: Partner, about: About): Promise<void> => {
    const may = (attribute: CustomerAttribute) => maySet(document, attribute, true);
    const id = before.BusinessPartner;
    const partner = entityPath('A_BusinessPartner', id);
    const body = { ...(may('name') ? namesOf(document) : {}), ...(before.SearchTerm2 === UNDONE ? { IsMarkedForArchiving: false, SearchTerm2: '' } : {}) };
    const writes: (() => Promise<unknown>)[] = [];
    if (Object.keys(body).length > 0) writes.push(() => sap.update(SERVICE, partner, body, before.etag, about));
    const [address] = before.to_BusinessPartnerAddress;
    if (may('billingAddress') && document.billingAddress.country !== null) {
      writes.push(() => (address === undefined
        ? sap.create(SERVICE, `${partner}/to_BusinessPartnerAddress`, addressOf(document), z.object({}), about)
        : sap.update(SERVICE, entityPath('A_BusinessPartnerAddress', { BusinessPartner: id, AddressID: address.AddressID }), addressOf(document), ANY_VERSION, about)));
    }
    const tax = taxOf(document);
    if (tax !== undefined && may('taxRegistrationNumber')) {
      const { BPTaxType, ...number } = tax;
      writes.push(() => (before.to_BusinessPartnerTax.some((each) => each.BPTaxType === BPTaxType)
        ? sap.update(SERVICE, entityPath('A_BusinessPartnerTaxNumber', { BusinessPartner: id, BPTaxType }), number, ANY_VERSION, about)
        : sap.create(SERVICE, `${partner}/to_BusinessPartnerTax`, tax, z.object({}), about)));
    }
    for (const entity of may('legalEntities') ? document.legalEntities : []) {
      const company = companyOf(entity, about);
      const area = salesAreaOf(document, entity, about);
      const has = before.to_Customer;
      // Number ranges may give customers other numbers than their partners.
      const customer = entityPath('A_Customer', has?.Customer ?? id);
      if (has?.to_CustomerCompany.some(({ CompanyCode }) => CompanyCode === company.CompanyCode) !== true) writes.push(() => sap.create(SERVICE, `${customer}/to_CustomerCompany`, company, z.object({}), about));
      if (has?.to_CustomerSalesArea.some((each) => each.SalesOrganization === area.SalesOrganization && each.DistributionChannel === area.DistributionChannel && each.Division === area.Division) !== true) {
        writes.push(() => sap.create(SERVICE, `${customer}/to_CustomerSalesArea`, area, z.object({}), about));
      }
    }
    for (const [index, write] of writes.entries()) await (index === 0 ? write() : afterFirstWrite(write));
  };

  return {
    lookUp: 'key',
    async find({ document }, context) {
      const found = await lookUp(document, { object: label(document), context });
      return found === undefined ? null : references.found('partner', found.BusinessPartner);
    },
    async write({ document }, _existing, context) {
      const about: About = { object: label(document), context };
      for (const entity of document.legalEntities) references.organization(entity, about.object);
      const before = await lookUp(document, about);
      if (before === undefined) return { ...references.found('partner', await create(document, about)), created: true };
      await update(document, before, about);
      return { ...references.found('partner', before.BusinessPartner), created: false };
    },
    async undo({ document: { document }, externalId, created }, context) {
      const about: About = { object: label(document), context };
      if (!created) return { how: 'kept', detail: `${about.object} stood before this deal` };
      const path = entityPath('A_BusinessPartner', externalId);
      const partner = await sap.read(SERVICE, path, { select: ['BusinessPartner'] }, made, about);
      if (partner === null) return { how: 'not_found', detail: `${about.object} is not in SAP` };
      await sap.update(SERVICE, path, { IsMarkedForArchiving: true, SearchTerm2: UNDONE }, partner.etag, about);
      return { how: 'deactivated', detail: `SAP deletes no business partners over its API: ${about.object} (${externalId}) was marked for archiving; the next deal of this client takes it back into use` };
    },
  };
}

/** A long name goes on in the next field. */
function slices(text: string, length: number): string[] {
  const pieces: string[] = [];
  for (let rest = text; rest !== ''; ) {
    const piece = rest.slice(0, length).replace(/[\uD800-\uDBFF]$/, '');
    pieces.push(piece);
    rest = rest.slice(piece.length);
  }
  return pieces;
}
