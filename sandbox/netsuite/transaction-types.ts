/**
 * Sales order, billing schedule, and the firm's custom records.
 * Fields: REST API Browser 2026.1. Billing schedule sample: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_89160926072.html
 * Custom records: the firm's own, addressed by their script IDs as in https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/book_1559132836.html
 */
import { PROJECT_BILLING_TYPES } from './entity-types.ts';
import { boolean, choice, date, integer, lines, number, readOnly, reference, text, type RecordType } from './field-types.ts';

export const salesOrder: RecordType = {
  name: 'salesOrder',
  label: 'sales order',
  sequence: 'transaction',
  firstId: 5001,
  required: ['entity'],
  nameField: 'tranId',
  uniqueField: 'tranId',
  fields: {
    createdDate: readOnly({ kind: 'datetime', label: 'Date Created' }),
    lastModifiedDate: readOnly({ kind: 'datetime', label: 'Date Last Modified' }),
    externalId: text('External ID', 255, 'externalId'),
    tranId: text('Order #', 45),
    entity: reference('Customer', 'customer', 'job'),
    job: reference('Project', 'job'),
    subsidiary: reference('Subsidiary', 'subsidiary'),
    currency: reference('Currency', 'currency'),
    tranDate: date('Date'),
    startDate: date('Start Date'),
    endDate: date('End Date'),
    otherRefNum: text('PO #', 45),
    memo: text('Memo', 999),
    orderStatus: choice('Status', { A: 'Pending Approval', B: 'Pending Fulfillment' }),
    /** What the order has come to; closing every line closes it. */
    status: readOnly(choice('Status', { A: 'Pending Approval', B: 'Pending Fulfillment', H: 'Closed' })),
    terms: reference('Terms', 'term'),
    billingSchedule: reference('Billing Schedule', 'billingSchedule'),
    item: lines('Items', 'line', {
      item: reference('Item', 'serviceSaleItem'),
      description: text('Description', 4000),
      quantity: number('Quantity'),
      rate: number('Rate'),
      amount: number('Amount'),
      billingSchedule: reference('Billing Schedule', 'billingSchedule'),
      isClosed: boolean('Closed'),
    }),
    subtotal: readOnly(number('Subtotal')),
    total: readOnly(number('Total')),
  },
};

const FREQUENCIES = {
  DAILY: 'Daily',
  WEEKLY: 'Weekly',
  BIWEEKLY: 'Every Two Weeks',
  QUADWEEKLY: 'Every Four Weeks',
  SEMIMONTHLY: 'Twice a Month',
  MONTHLY: 'Monthly',
  BIMONTHLY: 'Every Two Months',
  QUARTERLY: 'Quarterly',
  SEMIANNUALLY: 'Twice a Year',
  ANNUALLY: 'Annually',
  ONETIME: 'One Time',
  STARTOFPERIOD: 'Start of Period',
  ENDOFPERIOD: 'End of Period',
  NEVER: 'Never',
  CUSTOM: 'Custom',
} as const;

export const billingSchedule: RecordType = {
  name: 'billingSchedule',
  label: 'billing schedule',
  sequence: 'billingSchedule',
  firstId: 101,
  required: ['name', 'scheduleType'],
  nameField: 'name',
  fields: {
    externalId: text('External ID', 255, 'externalId'),
    name: text('Name', 99),
    scheduleType: choice('Type', { STD: 'Standard', ...PROJECT_BILLING_TYPES }),
    job: reference('Project', 'job'),
    frequency: choice('Recurrence Frequency', FREQUENCIES),
    repeatEvery: choice('Repeat Every', { '1': '1', '2': '2', '3': '3', '4': '4', '6': '6' }),
    numberRemaining: integer('Recurrence Count'),
    seriesStartDate: date('Recurrence Date'),
    initialAmount: number('Initial Amount'),
    initialAmountPercent: number('Initial Amount in %'),
    initialTerms: reference('Initial Payment Terms', 'term'),
    recurrenceTerms: reference('Recurrence Payment Terms', 'term'),
    inArrears: boolean('In Arrears'),
    billForActuals: boolean('Invoice Actual Time Only'),
    isPublic: boolean('Public'),
    isInactive: boolean('Inactive'),
    milestone: lines('Milestones', 'milestoneId', {
      comments: text('Comment', 999),
      milestoneAmount: number('Amount'),
      milestoneDate: date('Estimated Completion Date'),
      milestoneActualCompletionDate: date('Actual Completion Date'),
      milestoneCompleted: boolean('Completed'),
      milestoneTerms: reference('Payment Terms', 'term'),
      projectTask: reference('Project Task', 'projectTask'),
    }),
    recurrence: lines('Recurrence', 'recurrenceId', {
      amount: number('Amount'),
      count: integer('Count'),
      paymentTerms: reference('Payment Terms', 'term'),
      recurrenceDate: date('Date'),
      relativeToPrevious: boolean('Relative to Previous'),
      units: choice('Units', { DAY: 'Days', WEEK: 'Weeks', MONTH: 'Months' }),
    }),
  },
};

export const customerSubsidiaryRelationship: RecordType = {
  name: 'customerSubsidiaryRelationship',
  label: 'customer-subsidiary relationship',
  sequence: 'customerSubsidiaryRelationship',
  firstId: 1,
  required: ['entity', 'subsidiary'],
  nameField: 'name',
  fields: {
    lastModifiedDate: readOnly({ kind: 'datetime', label: 'Last Modified Date' }),
    externalId: text('External ID', 255, 'externalId'),
    name: readOnly(text('Name', 255)),
    entity: reference('Customer', 'customer'),
    subsidiary: reference('Subsidiary', 'subsidiary'),
    isPrimarySub: readOnly(boolean('Is Primary Subsidiary')),
    primaryCurrency: readOnly(reference('Primary Currency', 'currency')),
  },
};

export const rateCard: RecordType = {
  name: 'customrecord_q2c_rate_card',
  label: 'Rate Card',
  sequence: 'rateCard',
  firstId: 1,
  required: ['custrecord_q2c_rc_code', 'custrecord_q2c_rc_project', 'custrecord_q2c_rc_currency'],
  nameField: 'name',
  fields: {
    created: readOnly({ kind: 'datetime', label: 'Date Created' }),
    lastModified: readOnly({ kind: 'datetime', label: 'Last Modified' }),
    externalId: text('External ID', 255, 'externalId'),
    name: text('Name', 300),
    isInactive: boolean('Inactive'),
    custrecord_q2c_rc_code: text('Code', 300),
    custrecord_q2c_rc_project: reference('Project', 'job'),
    custrecord_q2c_rc_currency: reference('Currency', 'currency'),
    custrecord_q2c_rc_from: date('Valid From'),
    custrecord_q2c_rc_to: date('Valid To'),
  },
};

export const rateLine: RecordType = {
  name: 'customrecord_q2c_rate_line',
  label: 'Rate Line',
  sequence: 'rateLine',
  firstId: 1,
  required: ['custrecord_q2c_rl_card', 'custrecord_q2c_rl_category', 'custrecord_q2c_rl_rate'],
  nameField: 'name',
  fields: {
    created: readOnly({ kind: 'datetime', label: 'Date Created' }),
    lastModified: readOnly({ kind: 'datetime', label: 'Last Modified' }),
    externalId: text('External ID', 255, 'externalId'),
    name: text('Name', 300),
    isInactive: boolean('Inactive'),
    custrecord_q2c_rl_card: reference('Rate Card', 'customrecord_q2c_rate_card'),
    custrecord_q2c_rl_category: text('Labor Category', 300),
    custrecord_q2c_rl_rate: number('Rate'),
    custrecord_q2c_rl_unit: text('Unit', 300),
    custrecord_q2c_rl_from: date('Valid From'),
    custrecord_q2c_rl_to: date('Valid To'),
  },
};

