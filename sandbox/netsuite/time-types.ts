/**
 * Employee, department and time bill ("Track Time").
 * Fields: REST API Browser 2026.1, https://system.netsuite.com/help/helpcenter/en_US/APIs/REST_API_Browser/record/v1/2026.1/index.html
 * Time bill: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_164439865832.html; employee and hours are required, an item where
 * there is a customer: Schema Browser 2022.2, TimeBill. Custom transaction line fields that apply to time have IDs that begin with `custcol`.
 * That `subsidiary` may differ from the employee's with Intercompany Time, and that hours may be negative, is (unverified).
 */
import { MODIFIED } from './entity-types.ts';
import { boolean, choice, date, duration, lines, number, queryOnly, readOnly, reference, text, type RecordType } from './field-types.ts';

export const employee: RecordType = {
  name: 'employee',
  label: 'employee',
  sequence: 'entity',
  firstId: 1001,
  required: ['subsidiary'],
  nameField: 'entityId',
  uniqueField: 'entityId',
  indexedField: 'email',
  fields: {
    ...MODIFIED,
    externalId: text('External ID', 255, 'externalId'),
    entityId: text('Employee ID', 83),
    firstName: text('First Name', 32),
    lastName: text('Last Name', 32),
    email: text('Email', 254, 'email'),
    title: text('Job Title', 100),
    subsidiary: reference('Subsidiary', 'subsidiary'),
    department: reference('Department', 'department'),
    currency: reference('Currency', 'currency'),
    /** Beside the currency of the subsidiary. */
    currencylist: lines('Currencies', 'currency', { currency: reference('Currency', 'currency') }),
    hireDate: date('Hire Date'),
    releasedate: date('Release Date'),
    isJobResource: boolean('Project Resource'),
    isInactive: boolean('Inactive'),
    comments: text('Notes', 4000),
  },
};

export const department: RecordType = {
  name: 'department',
  label: 'department',
  sequence: 'department',
  firstId: 1,
  required: ['name'],
  nameField: 'name',
  readOnly: true,
  fields: {
    externalId: text('External ID', 255, 'externalId'),
    name: text('Name', 60),
    isInactive: boolean('Inactive'),
  },
};

export const APPROVAL_STATUSES = { '1': 'Pending Approval', '2': 'Pending Submission', '3': 'Approved', '4': 'Rejected' } as const;

export const timeBill: RecordType = {
  name: 'timeBill',
  label: 'time entry',
  sequence: 'timeBill',
  firstId: 1,
  required: ['employee', 'hours'],
  nameField: 'memo',
  fields: {
    createdDate: readOnly({ kind: 'datetime', label: 'Date Created' }),
    lastModifiedDate: readOnly({ kind: 'datetime', label: 'Last Modified' }),
    externalId: text('External ID', 255, 'externalId'),
    employee: reference('Employee', 'employee'),
    customer: reference('Customer:Project', 'job', 'customer'),
    caseTaskEvent: reference('Case/Task/Event', 'projectTask'),
    item: reference('Service Item', 'serviceSaleItem'),
    tranDate: date('Date'),
    hours: duration('Duration'),
    isBillable: boolean('Billable'),
    price: choice('Price Level', { '-1': 'Custom', '1': 'Base Price' }),
    rate: number('Rate'),
    overrideRate: boolean('Override Rate'),
    memo: text('Memo', 999),
    subsidiary: reference('Subsidiary', 'subsidiary'),
    department: reference('Department', 'department'),
    approvalStatus: choice('Approval Status', APPROVAL_STATUSES),
    timeType: readOnly(choice('Time Type', { A: 'Actual', P: 'Planned' })),
    isInvoiced: queryOnly(boolean('Invoiced')),
    custcol_q2c_entry: text('Time Entry', 300),
    custcol_q2c_timesheet: text('Timesheet', 300),
    custcol_q2c_kind: text('Kind', 300),
    custcol_q2c_reverses: text('Reverses', 300),
    custcol_q2c_purpose: text('Purpose', 300),
    custcol_q2c_legal_entity: text('Legal Entity', 300),
    custcol_q2c_project_entity: text('Legal Entity of the Project', 300),
    custcol_q2c_employer: text('Employer', 300),
    custcol_q2c_project: text('Project Kept Elsewhere', 300),
    custcol_q2c_period: text('Accounting Period', 300),
    custcol_q2c_cost_center: text('Cost Center', 300),
    custcol_q2c_category: text('Labor Category', 300),
    custcol_q2c_task: text('Task', 300),
    custcol_q2c_hours: number('Exact Hours'),
    custcol_q2c_billing: text('Billing Status', 300),
    custcol_q2c_amount: number('Billed Amount'),
    custcol_q2c_written_off: number('Written Off'),
    custcol_q2c_currency: text('Billing Currency', 300),
    custcol_q2c_cost: number('Cost'),
    custcol_q2c_cost_currency: text('Cost Currency', 300),
    custcol_q2c_transfer: number('Transfer Amount'),
    custcol_q2c_transfer_currency: text('Transfer Currency', 300),
  },
};
