import { charge } from './charge-types.ts';
import { customer, job, projectTask } from './entity-types.ts';
import { account, expenseCategory, expenseReport, journalEntry } from './expense-types.ts';
import { boolean, choice, integer, reference, text, type RecordType, type RecordTypeName } from './field-types.ts';
import { creditMemo, customerPayment, customerRefund, invoice, salesTaxItem, taxType } from './receivable-types.ts';
import { department, employee, timeBill } from './time-types.ts';
import { billingSchedule, customerSubsidiaryRelationship, rateCard, rateLine, salesOrder } from './transaction-types.ts';

/** Lists that an administrator keeps in the NetSuite UI: this sandbox lets an integration read them, not change them. */
const subsidiary: RecordType = {
  name: 'subsidiary',
  label: 'subsidiary',
  sequence: 'subsidiary',
  firstId: 1,
  required: ['name'],
  nameField: 'name',
  readOnly: true,
  fields: {
    externalId: text('External ID', 255, 'externalId'),
    name: text('Name', 83),
    legalName: text('Legal Name', 83),
    country: { kind: 'text', label: 'Country', max: 2 },
    currency: reference('Currency', 'currency'),
    parent: reference('Parent', 'subsidiary'),
    isElimination: boolean('Elimination'),
    isInactive: boolean('Inactive'),
  },
};

const currency: RecordType = {
  name: 'currency',
  label: 'currency',
  sequence: 'currency',
  firstId: 1,
  required: ['name'],
  nameField: 'name',
  readOnly: true,
  fields: {
    externalId: text('External ID', 255, 'externalId'),
    name: text('Name', 24),
    symbol: text('ISO Code', 3),
    currencyPrecision: choice('Currency Precision', { '0': '0', '2': '2' }),
    isBaseCurrency: boolean('Base Currency'),
    isInactive: boolean('Inactive'),
  },
};

const serviceSaleItem: RecordType = {
  name: 'serviceSaleItem',
  label: 'service item',
  sequence: 'item',
  firstId: 11,
  required: ['itemId'],
  nameField: 'itemId',
  readOnly: true,
  fields: {
    externalId: text('External ID', 255, 'externalId'),
    itemId: text('Item Name/Number', 60),
    displayName: text('Display Name/Code', 60),
    isInactive: boolean('Inactive'),
  },
};

const term: RecordType = {
  name: 'term',
  label: 'term',
  sequence: 'term',
  firstId: 1,
  required: ['name'],
  nameField: 'name',
  readOnly: true,
  fields: {
    externalId: text('External ID', 255, 'externalId'),
    name: text('Terms', 60),
    daysUntilNetDue: integer('Days Till Net Due'),
    isInactive: boolean('Inactive'),
  },
};

export const RECORD_TYPES: Readonly<Record<RecordTypeName, RecordType>> = {
  customer,
  job,
  projectTask,
  employee,
  department,
  timeBill,
  charge,
  expenseReport,
  expenseCategory,
  journalEntry,
  account,
  salesOrder,
  invoice,
  creditMemo,
  customerPayment,
  customerRefund,
  billingSchedule,
  customerSubsidiaryRelationship,
  customrecord_q2c_rate_card: rateCard,
  customrecord_q2c_rate_line: rateLine,
  subsidiary,
  currency,
  serviceSaleItem,
  term,
  taxType,
  salesTaxItem,
};

const BY_PATH = new Map(Object.values(RECORD_TYPES).map((type) => [type.name.toLowerCase(), type]));

/** Record IDs in paths are not case sensitive: Oracle's own samples write `BillingSchedule` and `projecttask`. */
export function recordTypeAt(pathSegment: string): RecordType | undefined {
  return BY_PATH.get(pathSegment) ?? BY_PATH.get(pathSegment.toLowerCase());
}
