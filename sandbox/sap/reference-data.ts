/** What the example firm's system has been configured with before any integration writes to it. */
export const ORGANIZATIONS: readonly (readonly [legalEntity: string, companyCode: string, currency: string])[] = [
  ['US01', '1710', 'USD'], ['CA01', '2910', 'CAD'], ['GB01', '1110', 'GBP'], ['DE01', '1010', 'EUR'], ['AU01', '3010', 'AUD'], ['SG01', '3510', 'SGD'], ['JP01', '1510', 'JPY'], ['IN01', '3310', 'INR'],
];
const SERVICE_LINES = ['STRA', 'TECH', 'DATA', 'CLOU', 'MANA', 'CHAN'];

export const CONFIGURED = {
  companyCodes: new Set(ORGANIZATIONS.map(([, companyCode]) => companyCode)),
  /** Sales organizations have the numbers of their company codes. */
  salesOrganizations: new Set(ORGANIZATIONS.map(([, companyCode]) => companyCode)),
  distributionChannels: new Set(['10']),
  divisions: new Set(['00']),
  partnerGroupings: new Set(['BP02', 'BPEE', 'BPAB']),
  partnerRoles: new Set(['000000', 'FLCU00', 'FLCU01', 'UKM000', 'FLVN00']),
  reconciliationAccounts: new Set(['12100000', '12120000']),
  taxTypes: new Set(['US1', 'DE0', 'DE1', 'GB0', 'FR0', 'AU0', 'CA1', 'JP1', 'IN3', 'SG0', 'NL0']),
  paymentTerms: new Set(['0001', '0002', '0003', '0004', '0005']),
  currencies: new Set(['USD', 'CAD', 'GBP', 'EUR', 'AUD', 'SGD', 'JPY', 'INR', 'CHF', 'NZD', 'KWD', 'BHD']),
  salesOrderTypes: new Set(['OR']),
  /** Product → whether its item category has a billing plan. */
  products: new Map([['P001', true], ['P002', false]]),
  priceConditions: new Set(['PPR0', 'PMP0']),
  orderTexts: new Set(['TX01', 'TX02']),
  rejectionReasons: new Set(['', '61', '62']),
  projectProfiles: new Set(['YP02', 'YP03']),
  costCenters: new Set(ORGANIZATIONS.flatMap(([legalEntity]) => SERVICE_LINES.map((line) => `${legalEntity}-${line}`))),
  profitCenters: new Set(['', 'YB600', '9900000000']),
  activityTypes: new Set(['T001', 'T002', 'T003']),
  billingControlCategories: new Set(['', 'NB', 'BC01']),
} as const;

export const companyOfCostCenter = (costCenter: string): string => ORGANIZATIONS.find(([legalEntity]) => costCenter.startsWith(`${legalEntity}-`))?.[1] ?? '';

/** Employees as HR replicated them: the last part is the company code of their work agreement. */
export const PEOPLE: readonly (readonly [name: string, companyCode: string])[] = [
  ['Ingrid Solberg', '1710'], ['Marcus Whitfield', '1710'], ['Dana Kowalski', '1710'], ['Elise Tremblay', '2910'], ['Oliver Hughes', '1110'], ['Amara Okonkwo', '1110'], ['Katrin Vogel', '1010'], ['Jonas Weber', '1010'],
  ['Liam Fraser', '3010'], ['Mei Tan', '3510'], ['Haruto Sakamoto', '1510'], ['Ananya Iyer', '3310'], ['Vikram Desai', '3310'],
];

export function emailOf(name: string): string {
  return `${name.toLowerCase().replaceAll(' ', '.')}@northwind-consulting.example`;
}
