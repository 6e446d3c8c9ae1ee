import { randomUUID } from 'node:crypto';
import { refused } from './errors.ts';
import { CONFIGURED } from './reference-data.ts';
import type { Rules } from './rules.ts';
import { textOf, type System, type Value, type Values } from './system.ts';

export function required(values: Values, field: string, label: string): string {
  const value = textOf(values[field]);
  if (value === '') throw refused('R11/401', `Enter a value for ${label}: field ${field} is required`);
  return value;
}

export function among(known: ReadonlySet<string>, values: Values, field: string, label: string): string {
  const value = textOf(values[field]);
  if (!known.has(value)) throw refused('R11/110', `${label} ${value} does not exist`);
  return value;
}

const CUSTOMER_ROLES = ['FLCU00', 'FLCU01'];

export const PARTNER_RULES: Readonly<Record<string, Rules>> = {
  A_BusinessPartner: {
    create(system, values, user) {
      if (!['1', '2', '3'].includes(textOf(values['BusinessPartnerCategory']))) throw refused('R11/100', `Business partner category ${textOf(values['BusinessPartnerCategory'])} does not exist`);
      among(CONFIGURED.partnerGroupings, values, 'BusinessPartnerGrouping', 'Business partner grouping');
      if (values['BusinessPartnerCategory'] === '2') required(values, 'OrganizationBPName1', 'Name 1 of the organization');
      if (values['BusinessPartner'] === '') values['BusinessPartner'] = String(1_000_000 + system.nextNumber('partner'));
      const number = system.ownCustomerNumbers ? String(7_000_000 + system.nextNumber('customer')) : (values['BusinessPartner'] ?? '');
      Object.assign(values, { Customer: number, BusinessPartnerUUID: randomUUID(), CreatedByUser: user, CreationDate: system.now().toISOString().slice(0, 10), BusinessPartnerFullName: nameOf(values), BusinessPartnerName: nameOf(values) });
    },
    created(system, row) {
      if (system.byKey('A_Customer', { Customer: row.values['Customer'] ?? '' }) === undefined) system.put('A_BusinessPartner', row, { ...row.values, Customer: '' });
    },
    change(_system, values) {
      if (values['BusinessPartnerCategory'] === '2') required(values, 'OrganizationBPName1', 'Name 1 of the organization');
    },
  },
  A_BusinessPartnerRole: { create: (_system, values) => void among(CONFIGURED.partnerRoles, values, 'BusinessPartnerRole', 'Business partner role') },
  A_BusinessPartnerAddress: {
    create(system, values) {
      required(values, 'Country', 'Country/Region');
      values['AddressID'] = String(20_000 + system.nextNumber('address'));
    },
    change: (_system, values) => void required(values, 'Country', 'Country/Region'),
  },
  A_BusinessPartnerTaxNumber: {
    create(_system, values) {
      among(CONFIGURED.taxTypes, values, 'BPTaxType', 'Tax number category');
      if (values['BPTaxNumber'] === '' && values['BPTaxLongNumber'] === '') throw refused('R11/401', 'Enter a tax number: field BPTaxNumber is required');
    },
  },
  A_Customer: {
    create(system, values) {
      const roles = system.having('A_BusinessPartnerRole', 'BusinessPartner', partnerOf(system, values['Customer'] ?? '')).map((row) => textOf(row.values['BusinessPartnerRole']));
      if (!CUSTOMER_ROLES.some((role) => roles.includes(role))) throw refused('R11/657', `Business partner ${textOf(values['Customer'])} has no customer role`);
    },
  },
  A_CustomerCompany: {
    create(system, values) {
      hasRole(system, values, 'FLCU00');
      among(CONFIGURED.companyCodes, values, 'CompanyCode', 'Company code');
      required(values, 'ReconciliationAccount', 'Reconciliation account');
      among(CONFIGURED.reconciliationAccounts, values, 'ReconciliationAccount', 'G/L account');
    },
  },
  A_CustomerSalesArea: {
    create(system, values) {
      hasRole(system, values, 'FLCU01');
      checkSalesArea(values, 'Division');
      if (values['Currency'] !== '') among(CONFIGURED.currencies, values, 'Currency', 'Currency');
      else required(values, 'Currency', 'Currency');
    },
  },
};

function hasRole(system: System, values: Readonly<Record<string, Value>>, role: string): void {
  if (system.byKey('A_BusinessPartnerRole', { BusinessPartner: partnerOf(system, values['Customer'] ?? ''), BusinessPartnerRole: role }) === undefined) throw refused('R11/657', `Business partner ${textOf(values['Customer'])} is not in the role ${role}`);
}

/** The partner that a customer is. */
export function partnerOf(system: System, customer: Value): Value {
  return system.having('A_BusinessPartner', 'Customer', customer)[0]?.values['BusinessPartner'] ?? customer;
}

export function checkSalesArea(values: Values, divisionField: string): void {
  const area = [values['SalesOrganization'], values['DistributionChannel'], values[divisionField]].map(textOf);
  if (!CONFIGURED.salesOrganizations.has(area[0] ?? '') || !CONFIGURED.distributionChannels.has(area[1] ?? '') || !CONFIGURED.divisions.has(area[2] ?? '')) throw refused('V1/313', `Sales area ${area.join(' ')} is not defined`);
}

function nameOf(values: Values): string {
  return [1, 2, 3, 4].map((number) => textOf(values[`OrganizationBPName${number}`])).join(' ').trim().slice(0, 81);
}
