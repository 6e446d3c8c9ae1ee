/** What the example firm's environment has before any integration writes to it: companies, currencies, groups, terms, categories, roles, journal names. */
const COMPANIES = [
  ['us01', 'Northwind Consulting Inc.'], ['ca01', 'Northwind Consulting Canada Ltd.'], ['gb01', 'Northwind Consulting UK Limited'], ['de01', 'Northwind Consulting Deutschland GmbH'],
  ['au01', 'Northwind Consulting Australia Pty Ltd'], ['sg01', 'Northwind Consulting Singapore Pte. Ltd.'], ['jp01', 'Northwind Consulting Japan K.K.'], ['in01', 'Northwind Consulting India Private Limited'],
] as const;
const CURRENCIES = ['USD', 'GBP', 'CAD', 'EUR', 'AUD', 'SGD', 'JPY', 'INR', 'CHF', 'NZD', 'KWD', 'BHD'];
const ROLES = ['PARTNER', 'PRINCIPAL', 'PROJECT_MANAGER', 'SENIOR_CONSULTANT', 'CONSULTANT', 'ENGINEER', 'ANALYST'];
const TERM_DAYS = [14, 30, 45, 60];

type Records = readonly (readonly [set: string, record: Readonly<Record<string, unknown>>])[];

export const REFERENCE_RECORDS: Records = [
  ...COMPANIES.map(([LegalEntityId, Name]) => ['LegalEntities', { LegalEntityId, Name }] as const),
  ...CURRENCIES.map((CurrencyCode) => ['Currencies', { CurrencyCode }] as const),
  ...COMPANIES.flatMap(([dataAreaId]) => ofCompany(dataAreaId)),
];

function ofCompany(dataAreaId: string): Records {
  return [
    ['CustomerGroups', { dataAreaId, CustomerGroupId: '10', Description: 'Clients' }],
    ...TERM_DAYS.map((days) => ['PaymentTerms', { dataAreaId, Name: `Net${days}`, NumberOfDays: days }] as const),
    ['ProjectGroups', { dataAreaId, ProjectGroup: 'TM', ProjectType: 'TimeMaterial' }],
    ['ProjectGroups', { dataAreaId, ProjectGroup: 'FP', ProjectType: 'FixedPrice' }],
    ...ROLES.map((RoleId) => ['ResourceCategories', { dataAreaId, RoleId }] as const),
    ['ProjectCategoryEntities', { dataAreaId, Category: 'Hours' }],
    ['ProjectLineProperties', { dataAreaId, LinePropertyId: 'Billable' }],
    ['ProjectLineProperties', { dataAreaId, LinePropertyId: 'NonBill' }],
    ['ProjectJournalNames', { dataAreaId, Name: 'Hour' }],
  ];
}
