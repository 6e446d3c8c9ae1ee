/**
 * Expense report, expense category, journal entry and account.
 * Expense report and category: REST API Browser 2026.1, whose names are partly in small letters throughout; https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_3746635562.html for its sublist.
 * Journal entry: section_159886587653.html (whose sample is what is read here). Tax fields are not in REST: same page, and article_82134258767.html.
 */
import { boolean, choice, date, datetime, integer, lines, number, readOnly, reference, text, type Fields, type RecordType } from './field-types.ts';
import { APPROVAL_STATUSES } from './time-types.ts';

const HEAD: Fields = {
  createdDate: readOnly(datetime('Date Created')),
  lastModifiedDate: readOnly(datetime('Date Last Modified')),
  externalId: text('External ID', 255, 'externalId'),
  tranId: text('Number', 45),
  tranDate: date('Date'),
  subsidiary: reference('Subsidiary', 'subsidiary'),
  memo: text('Memo', 999),
  custbody_q2c_report: text('Expense Report of the Time System', 300),
  custbody_q2c_period: text('Accounting Period', 300),
  custbody_q2c_reverses: text('Reverses', 300),
};

export const expenseReport: RecordType = {
  name: 'expenseReport',
  label: 'expense report',
  sequence: 'transaction',
  firstId: 5001,
  required: ['entity'],
  nameField: 'tranId',
  uniqueField: 'tranId',
  fields: {
    ...HEAD,
    entity: reference('Employee', 'employee'),
    account: reference('Account', 'account'),
    department: reference('Department', 'department'),
    expensereportcurrency: reference('Currency', 'currency'),
    duedate: date('Due Date'),
    complete: boolean('Complete'),
    supervisorapproval: boolean('Supervisor Approval'),
    accountingapproval: boolean('Accounting Approval'),
    approvalStatus: choice('Approval Status', APPROVAL_STATUSES),
    expense: { kind: 'lines', label: 'Expenses', key: 'line', keyIsText: true, line: {
      refnumber: integer('Ref No.'),
      expensedate: date('Date'),
      category: reference('Category', 'expenseCategory'),
      amount: number('Amount'),
      currency: reference('Currency', 'currency'),
      foreignamount: number('Foreign Amount'),
      exchangerate: number('Exchange Rate'),
      memo: text('Memo', 999),
      customer: reference('Customer:Project', 'job', 'customer'),
      isBillable: boolean('Billable'),
      isnonreimbursable: boolean('Non-Reimbursable'),
      receipt: boolean('Receipt'),
      department: reference('Department', 'department'),
      custcol_q2c_line: text('Line of the Report', 300),
      custcol_q2c_project: text('Project Kept Elsewhere', 300),
      custcol_q2c_legal_entity: text('Legal Entity of the Project', 300),
      custcol_q2c_cost_center: text('Cost Center', 300),
      custcol_q2c_receipt: text('Receipt ID', 300),
      custcol_q2c_amount: number('Billed Amount'),
      custcol_q2c_currency: text('Billing Currency', 300),
    } },
    amount: readOnly(number('Total Reimbursable Amount')),
    total: readOnly(number('Total')),
  },
};

export const expenseCategory: RecordType = {
  name: 'expenseCategory',
  label: 'expense category',
  sequence: 'expenseCategory',
  firstId: 1,
  required: ['name', 'expenseacct'],
  nameField: 'name',
  readOnly: true,
  fields: {
    externalId: text('External ID', 255, 'externalId'),
    name: text('Name', 60),
    description: text('Description', 999),
    expenseacct: reference('Expense Account', 'account'),
    isinactive: boolean('Inactive'),
  },
};

export const journalEntry: RecordType = {
  name: 'journalEntry',
  label: 'journal entry',
  sequence: 'transaction',
  firstId: 5001,
  required: ['subsidiary'],
  nameField: 'tranId',
  uniqueField: 'tranId',
  fields: {
    ...HEAD,
    currency: reference('Currency', 'currency'),
    approved: boolean('Approved'),
    line: lines('Lines', 'line', {
      account: reference('Account', 'account'),
      debit: number('Debit'),
      credit: number('Credit'),
      memo: text('Memo', 999),
      entity: reference('Name', 'employee', 'job', 'customer'),
      department: reference('Department', 'department'),
      custcol_q2c_line: text('Line of the Report', 300),
      custcol_q2c_project: text('Project Kept Elsewhere', 300),
      custcol_q2c_cost_center: text('Cost Center', 300),
    }),
  },
};

export const account: RecordType = {
  name: 'account',
  label: 'account',
  sequence: 'account',
  firstId: 1,
  required: ['acctName', 'acctType'],
  nameField: 'acctName',
  readOnly: true,
  fields: {
    externalId: text('External ID', 255, 'externalId'),
    acctNumber: text('Number', 60),
    acctName: text('Name', 60),
    acctType: choice('Type', { AcctPay: 'Accounts Payable', Expense: 'Expense', OthCurrAsset: 'Other Current Asset', Bank: 'Bank', OthExpense: 'Other Expense' }),
    isInactive: boolean('Inactive'),
  },
};
