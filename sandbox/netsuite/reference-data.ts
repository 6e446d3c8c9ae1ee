/** The lists that the example firm's NetSuite account has before any integration writes to it: its subsidiaries, currencies, items and terms. */
import type { RecordTypeName } from './field-types.ts';

interface ReferenceRecord {
  readonly type: RecordTypeName;
  readonly externalId: string;
  /** Without it, in the form of a request body. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** ISO code and decimal places, of which NetSuite has none or two, also of dinars: section_N1397831.html. In this order they get the internal IDs 1 to 12. */
const CURRENCIES = [
  ['USD', 2],
  ['GBP', 2],
  ['CAD', 2],
  ['EUR', 2],
  ['AUD', 2],
  ['SGD', 2],
  ['JPY', 0],
  ['INR', 2],
  ['CHF', 2],
  ['NZD', 2],
  ['KWD', 2],
  ['BHD', 2],
] as const;

/** In this order they get the internal IDs 2 to 13; 1 is the group. The last four are of the sample firm of a month-end close. */
const SUBSIDIARIES = [
  ['US01', 'Northwind Consulting Inc.', 'US', 'USD'],
  ['CA01', 'Northwind Consulting Canada Ltd.', 'CA', 'CAD'],
  ['GB01', 'Northwind Consulting UK Limited', 'GB', 'GBP'],
  ['DE01', 'Northwind Consulting Deutschland GmbH', 'DE', 'EUR'],
  ['AU01', 'Northwind Consulting Australia Pty Ltd', 'AU', 'AUD'],
  ['SG01', 'Northwind Consulting Singapore Pte. Ltd.', 'SG', 'SGD'],
  ['JP01', 'Northwind Consulting Japan K.K.', 'JP', 'JPY'],
  ['IN01', 'Northwind Consulting India Private Limited', 'IN', 'INR'],
  ['US02', 'Northwind Consulting West Inc.', 'US', 'USD'],
  ['DE02', 'Northwind Consulting Süd GmbH', 'DE', 'EUR'],
  ['GB02', 'Northwind Consulting North Limited', 'GB', 'GBP'],
  ['AU02', 'Northwind Consulting Queensland Pty Ltd', 'AU', 'AUD'],
] as const;

const SERVICE_ITEMS = [
  ['STRATEGY', 'Strategy services'],
  ['TECHNOLOGY', 'Technology services'],
  ['DATA', 'Data and AI services'],
  ['CLOUD', 'Cloud and infrastructure services'],
  ['MANAGED', 'Managed services'],
  ['CHANGE', 'Change and people services'],
] as const;

/** Name and type of account; in this order they get the internal IDs 1 to 3. */
const ACCOUNTS = [
  ['Accounts Payable', 'AcctPay'],
  ['Travel and other expenses', 'Expense'],
  ['Input tax', 'OthCurrAsset'],
] as const;

/** Named as the expense policy's categories are; the last books recoverable tax. */
const EXPENSE_CATEGORIES = ['PER_DIEM', 'MILEAGE', 'LODGING', 'AIRFARE', 'RAIL', 'GROUND', 'PARKING', 'MEALS', 'ENTERTAINMENT', 'PHONE', 'SUPPLIES', 'SOFTWARE', 'TRAINING', 'INPUT_TAX'] as const;

/** Country, tax and rate. */
const TAXES = [
  ['DE', 'MwSt', 19],
  ['GB', 'VAT', 20],
  ['JP', 'Consumption tax', 10],
] as const;

const TERM_DAYS = [14, 30, 45, 60] as const;

export const REFERENCE_RECORDS: readonly ReferenceRecord[] = [
  ...CURRENCIES.map(([code, precision]): ReferenceRecord => ({
    type: 'currency',
    externalId: `cur-${code}`,
    body: { name: code, symbol: code, currencyPrecision: String(precision), isBaseCurrency: code === 'USD' },
  })),
  {
    type: 'subsidiary',
    externalId: 'sub-GROUP',
    body: { name: 'Northwind Consulting Group', country: 'US', currency: { externalId: 'cur-USD' }, isElimination: false },
  },
  ...SUBSIDIARIES.map(([code, name, country, currency]): ReferenceRecord => ({
    type: 'subsidiary',
    externalId: `sub-${code}`,
    body: { name: code, legalName: name, country, currency: { externalId: `cur-${currency}` }, parent: { id: '1' }, isElimination: false },
  })),
  ...SERVICE_ITEMS.map(([code, name]): ReferenceRecord => ({ type: 'serviceSaleItem', externalId: `item-${code}`, body: { itemId: code, displayName: name } })),
  ...ACCOUNTS.map(([name, acctType]): ReferenceRecord => ({ type: 'account', externalId: `account-${acctType}`, body: { acctName: name, acctType } })),
  ...EXPENSE_CATEGORIES.map((name): ReferenceRecord => ({
    type: 'expenseCategory',
    externalId: `expense-${name}`,
    body: { name, expenseacct: { externalId: name === 'INPUT_TAX' ? 'account-OthCurrAsset' : 'account-Expense' } },
  })),
  ...TERM_DAYS.map((days): ReferenceRecord => ({ type: 'term', externalId: `term-NET${days}`, body: { name: `Net ${days}`, daysUntilNetDue: days } })),
  ...TAXES.map(([country, name]): ReferenceRecord => ({ type: 'taxType', externalId: `tax-${country}`, body: { name: `${name} ${country}`, country } })),
  ...TAXES.map(([country, name, rate]): ReferenceRecord => ({ type: 'salesTaxItem', externalId: `tax-${country}-${rate}`, body: { name: `${name} ${rate} %`, taxType: { externalId: `tax-${country}` } } })),
  { type: 'serviceSaleItem', externalId: 'item-BAD_DEBT', body: { itemId: 'BAD_DEBT', displayName: 'Bad debt' } },
];
