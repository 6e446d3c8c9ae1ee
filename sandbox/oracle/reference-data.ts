import type { SetUp } from './database.ts';

/** What the example firm's environment has before any integration writes to it, by the set-up page it comes from. */
const ENTITIES = ['US01', 'CA01', 'GB01', 'DE01', 'AU01', 'SG01', 'JP01', 'IN01'];
const CURRENCIES = ['USD', 'GBP', 'CAD', 'EUR', 'AUD', 'SGD', 'JPY', 'INR', 'CHF', 'NZD', 'KWD', 'BHD'];
const ROLES = ['PARTNER', 'PRINCIPAL', 'PROJECT_MANAGER', 'SENIOR_CONSULTANT', 'CONSULTANT', 'ENGINEER', 'ANALYST'];
const COUNTRIES = ['US', 'CA', 'GB', 'IE', 'DE', 'FR', 'NL', 'BE', 'CH', 'AT', 'ES', 'IT', 'PT', 'SE', 'NO', 'DK', 'FI', 'PL', 'AU', 'NZ', 'SG', 'JP', 'IN', 'KW', 'BH', 'AE', 'SA', 'CN', 'HK', 'KR', 'BR', 'MX', 'ZA'];

const named = (names: readonly string[]): SetUp[] => names.map((name) => ({ name }));

export const REFERENCE_DATA: Readonly<Record<string, readonly SetUp[]>> = {
  businessUnits: named(ENTITIES.map((code) => `Northwind ${code}`)),
  legalEntities: named(ENTITIES.map((code) => `Northwind ${code} Legal Entity`)),
  organizations: named(ENTITIES.map((code) => `Northwind ${code}`)),
  referenceSets: ENTITIES.map((_code, index) => ({ name: String(300_100_900_000_001 + index) })),
  currencies: named(CURRENCIES),
  countries: named(COUNTRIES),
  sourceSystems: named(['Q2C']),
  contractTypes: named(['Sell: Project Lines']),
  lineTypes: named(['Free-form, project', 'Item, project']),
  billMethods: named(['Rate Based', 'Amount Based', 'As Incurred']),
  paymentTerms: named(['Net 14', 'Net 30', 'Net 45', 'Net 60', 'IMMEDIATE']),
  eventTypes: named(['Fixed Fee', 'Milestone']),
  projectTemplates: [{ name: 'T-TM', task: 'T-ADMIN' }, { name: 'T-FP', task: 'T-ADMIN' }],
  projectStatuses: [
    { name: 'DRAFT', takesCosts: false }, { name: 'SUBMITTED', takesCosts: false }, { name: 'REJECTED', takesCosts: false }, { name: 'ACTIVE', takesCosts: true }, { name: 'PENDING_CLOSE', takesCosts: true },
    { name: 'CLOSED', takesCosts: false },
  ],
  projectRoles: named(ROLES),
  jobs: named(ROLES),
  rateSets: named(['COMMON']),
  expenditureTypes: named(['Professional Labor', 'Administration']),
  transactionSources: named(['Q2C']),
  documents: [{ name: 'Q2C/Approved time/Labor', costed: false }, { name: 'Q2C/Approved time/Costed labor', costed: true }],
};
