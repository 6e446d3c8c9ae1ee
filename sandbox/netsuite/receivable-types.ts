/**
 * Invoice, credit memo, customer payment and refund, and the tax types and codes of SuiteTax.
 * Payment: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/article_0224093711.html (its sample has customer, payment, apply with doc).
 * Invoice: section_161488248489.html (taxes in REST need SuiteTax). Names, types and the IDs of statuses: REST API Browser 2026.1; which status has which ID, and
 * `taxDetails` being writable in REST, are (unverified).
 */
import { boolean, choice, date, datetime, integer, lines, named, number, queryOnly, readOnly, reference, references, text, type Fields, type RecordType } from './field-types.ts';

const APPROVAL_STATUSES = { '1': 'Pending Approval', '2': 'Approved', '3': 'Rejected' } as const;

const HEAD: Fields = {
  createdDate: readOnly(datetime('Date Created')),
  lastModifiedDate: readOnly(datetime('Date Last Modified')),
  externalId: text('External ID', 255, 'externalId'),
  /** Numbered by NetSuite when the record is first saved. */
  tranId: readOnly(text('Number', 45)),
  subsidiary: reference('Subsidiary', 'subsidiary'),
  currency: reference('Currency', 'currency'),
  tranDate: date('Date'),
  memo: text('Memo', 999),
};

const ITEM: Fields = {
  item: reference('Item', 'serviceSaleItem'),
  description: text('Description', 4000),
  quantity: number('Quantity'),
  rate: number('Rate'),
  amount: number('Amount'),
  taxDetailsReference: text('Tax Details Reference', 50),
  custcol_q2c_line: text('Line of the Document', 300),
  custcol_q2c_project: text('Project', 300),
};

const BILLED: Fields = {
  ...HEAD,
  entity: reference('Customer', 'customer', 'job'),
  job: reference('Project', 'job'),
  otherRefNum: text('PO #', 45),
  item: lines('Items', 'line', ITEM),
  taxDetailsOverride: boolean('Tax Details Override'),
  taxDetails: lines('Tax Details', 'line', {
    taxDetailsReference: named('Tax Details Reference'),
    /** The type's ID, as a text. */
    taxType: text('Tax Type', 50),
    taxCode: reference('Tax Code', 'salesTaxItem'),
    taxBasis: number('Tax Basis'),
    taxRate: number('Tax Rate'),
    taxAmount: number('Tax Amount'),
  }),
  custbody_q2c_invoice: text('Document', 300),
  subtotal: readOnly(number('Subtotal')),
  taxTotal: readOnly(number('Tax Total')),
  total: readOnly(number('Total')),
};

/** In SuiteQL alone, `foreignTotal` is what the transaction comes to in its own currency. */
const FOREIGN_TOTAL = queryOnly(number('Amount (Foreign Currency)'));

/** Lines are known by the document they pay: article_0830101547.html. */
const apply = lines('Apply', 'doc', { doc: reference('Invoice', 'invoice'), line: integer('Line'), apply: boolean('Apply'), amount: number('Amount') });

export const invoice: RecordType = {
  name: 'invoice',
  label: 'invoice',
  sequence: 'transaction',
  firstId: 5001,
  required: ['entity'],
  nameField: 'tranId',
  uniqueField: 'tranId',
  fields: {
    ...BILLED,
    /** `chargesList` of the SOAP schema's InvoiceItem; that it is `charges` in REST, as in SuiteScript, and may be written is (unverified). */
    item: lines('Items', 'line', { ...ITEM, charges: references('Charges', 'charge') }),
    dueDate: date('Due Date'),
    startDate: date('Start Date'),
    endDate: date('End Date'),
    terms: reference('Terms', 'term'),
    approvalStatus: choice('Approval Status', APPROVAL_STATUSES),
    status: readOnly(choice('Status', { A: 'Open', B: 'Paid In Full', D: 'Pending Approval', E: 'Rejected', V: 'Voided' })),
    amountPaid: readOnly(number('Amount Paid')),
    amountRemaining: readOnly(number('Amount Remaining')),
    foreignTotal: FOREIGN_TOTAL,
  },
};

export const creditMemo: RecordType = {
  name: 'creditMemo',
  label: 'credit memo',
  sequence: 'transaction',
  firstId: 5001,
  required: ['entity'],
  nameField: 'tranId',
  uniqueField: 'tranId',
  fields: {
    ...BILLED,
    apply,
    status: readOnly(choice('Status', { A: 'Open', B: 'Fully Applied', V: 'Voided' })),
    applied: readOnly(number('Applied')),
    unapplied: readOnly(number('Unapplied')),
    foreignTotal: FOREIGN_TOTAL,
  },
};

export const customerPayment: RecordType = {
  name: 'customerPayment',
  label: 'customer payment',
  sequence: 'transaction',
  firstId: 5001,
  required: ['customer', 'payment'],
  nameField: 'tranId',
  uniqueField: 'tranId',
  fields: {
    ...HEAD,
    customer: reference('Customer', 'customer'),
    payment: number('Payment Amount'),
    account: reference('Account', 'account'),
    checkNumber: text('Check #', 45),
    apply,
    status: readOnly(choice('Status', { A: 'Unapproved Payment', R: 'Declined', B: 'Not Deposited', C: 'Deposited' })),
    applied: readOnly(number('Applied')),
    unapplied: readOnly(number('Unapplied')),
    total: readOnly(number('Total')),
    foreignTotal: FOREIGN_TOTAL,
  },
};

/** Gives back a customer's credit: what is not applied of a credit memo or payment. */
export const customerRefund: RecordType = {
  name: 'customerRefund',
  label: 'customer refund',
  sequence: 'transaction',
  firstId: 5001,
  required: ['customer', 'apply'],
  nameField: 'tranId',
  uniqueField: 'tranId',
  fields: {
    ...HEAD,
    customer: reference('Customer', 'customer'),
    account: reference('Account', 'account'),
    apply: lines('Apply', 'doc', { doc: reference('Credit', 'creditMemo', 'customerPayment'), line: integer('Line'), apply: boolean('Apply'), amount: number('Amount') }),
    total: readOnly(number('Total')),
    foreignTotal: FOREIGN_TOTAL,
  },
};

export const taxType: RecordType = {
  name: 'taxType',
  label: 'tax type',
  sequence: 'taxType',
  firstId: 1,
  required: ['name'],
  nameField: 'name',
  readOnly: true,
  fields: {
    externalId: text('External ID', 255, 'externalId'),
    name: text('Name', 60),
    country: { kind: 'text', label: 'Country', max: 2 },
    isInactive: boolean('Inactive'),
  },
};

/** A tax code: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/article_0814121722.html */
export const salesTaxItem: RecordType = {
  name: 'salesTaxItem',
  label: 'tax code',
  sequence: 'salesTaxItem',
  firstId: 1,
  required: ['name', 'taxType'],
  nameField: 'name',
  readOnly: true,
  fields: {
    externalId: text('External ID', 255, 'externalId'),
    name: text('Name', 60),
    description: text('Description', 999),
    taxType: reference('Tax Type', 'taxType'),
    isInactive: boolean('Inactive'),
  },
};
