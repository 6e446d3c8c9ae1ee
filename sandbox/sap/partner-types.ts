import { code, field, KEY, OWN, text, type EntityType } from './field-specs.ts';

const BY_PARTNER = { BusinessPartner: 'BusinessPartner' };
const BY_CUSTOMER = { Customer: 'Customer' };

/** API_BUSINESS_PARTNER. */
export const PARTNER_TYPES: readonly EntityType[] = [
  {
    set: 'A_BusinessPartner', name: 'A_BusinessPartnerType', keys: ['BusinessPartner'], remove: false, ifMatch: 'version', indexed: ['BusinessPartnerIDByExtSystem', 'Customer'],
    fields: {
      BusinessPartner: code(10, KEY), Customer: code(10, OWN), BusinessPartnerCategory: code(1, KEY), BusinessPartnerGrouping: code(4, KEY), BusinessPartnerFullName: text(81, OWN), BusinessPartnerName: text(81, OWN), BusinessPartnerUUID: field('guid', OWN),
      CorrespondenceLanguage: text(2), Industry: code(10), Language: text(2), LegalForm: code(2), OrganizationBPName1: text(40), OrganizationBPName2: text(40), OrganizationBPName3: text(40), OrganizationBPName4: text(40),
      SearchTerm1: code(20), SearchTerm2: code(20), BusinessPartnerIsBlocked: field('boolean'), BusinessPartnerType: code(4), IsMarkedForArchiving: field('boolean'), BusinessPartnerIDByExtSystem: code(20), TradingPartner: code(6),
      CreatedByUser: code(12, OWN), CreationDate: field('date', OWN), LastChangeDate: field('date', OWN),
    },
    navigations: {
      to_BusinessPartnerAddress: { to: 'A_BusinessPartnerAddress', many: true, by: BY_PARTNER }, to_BusinessPartnerRole: { to: 'A_BusinessPartnerRole', many: true, by: BY_PARTNER },
      to_BusinessPartnerTax: { to: 'A_BusinessPartnerTaxNumber', many: true, by: BY_PARTNER }, to_Customer: { to: 'A_Customer', many: false, by: { Customer: 'Customer' } },
    },
  },
  { set: 'A_BusinessPartnerRole', name: 'A_BusinessPartnerRoleType', keys: ['BusinessPartner', 'BusinessPartnerRole'], remove: false, indexed: ['BusinessPartner'], fields: { BusinessPartner: code(10, KEY), BusinessPartnerRole: code(6, KEY), ValidFrom: field('instant'), ValidTo: field('instant'), AuthorizationGroup: code(4) } },
  {
    set: 'A_BusinessPartnerAddress', name: 'A_BusinessPartnerAddressType', keys: ['BusinessPartner', 'AddressID'], indexed: ['BusinessPartner'],
    fields: {
      BusinessPartner: code(10, KEY), AddressID: code(10, KEY), CityName: text(40), Country: code(3), District: text(40), HouseNumber: text(10), Language: text(2), PostalCode: code(10), Region: code(3), StreetName: text(60),
      StreetPrefixName: text(40), StreetSuffixName: text(40), TaxJurisdiction: code(15), TransportZone: code(10), FullName: text(80, OWN), AddressIDByExternalSystem: code(20),
    },
  },
  { set: 'A_BusinessPartnerTaxNumber', name: 'A_BusinessPartnerTaxNumberType', keys: ['BusinessPartner', 'BPTaxType'], indexed: ['BusinessPartner'], fields: { BusinessPartner: code(10, KEY), BPTaxType: code(4, KEY), BPTaxNumber: code(20), BPTaxLongNumber: code(60), AuthorizationGroup: code(4) } },
  {
    set: 'A_Customer', name: 'A_CustomerType', keys: ['Customer'], within: true, remove: false,
    fields: { Customer: code(10, KEY), CustomerAccountGroup: code(4), CustomerName: text(80, OWN), OrderIsBlockedForCustomer: code(2), PostingIsBlocked: field('boolean'), BillingIsBlockedForCustomer: code(2), DeletionIndicator: field('boolean'), CustomerCorporateGroup: code(10) },
    navigations: { to_CustomerCompany: { to: 'A_CustomerCompany', many: true, by: BY_CUSTOMER }, to_CustomerSalesArea: { to: 'A_CustomerSalesArea', many: true, by: BY_CUSTOMER } },
  },
  { set: 'A_CustomerCompany', name: 'A_CustomerCompanyType', keys: ['Customer', 'CompanyCode'], remove: false, indexed: ['Customer'], fields: { Customer: code(10, KEY), CompanyCode: code(4, KEY), PaymentTerms: code(4), ReconciliationAccount: code(10), PaymentMethodsList: code(10), DeletionIndicator: field('boolean') } },
  {
    set: 'A_CustomerSalesArea', name: 'A_CustomerSalesAreaType', keys: ['Customer', 'SalesOrganization', 'DistributionChannel', 'Division'], remove: false, indexed: ['Customer'],
    fields: { Customer: code(10, KEY), SalesOrganization: code(4, KEY), DistributionChannel: code(2, KEY), Division: code(2, KEY), Currency: code(5), CustomerPaymentTerms: code(4), CustomerPricingProcedure: code(2), CustomerGroup: code(2), IncotermsClassification: code(3), OrderIsBlockedForCustomer: code(2), DeletionIndicator: field('boolean') },
  },
];
