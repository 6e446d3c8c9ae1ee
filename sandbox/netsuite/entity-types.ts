/**
 * Customer, project and project task.
 * Field names and types: REST API Browser 2026.1, https://system.netsuite.com/help/helpcenter/en_US/APIs/REST_API_Browser/record/v1/2026.1/index.html
 * Project task: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/article_68093010260.html (its sample has `startDate`; the browser `startDateTime`)
 * Job: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/article_83090456314.html
 * Which fields are required and how long they may be is set by the account's forms; what stands here is (unverified).
 */
import { boolean, choice, date, datetime, lines, number, part, readOnly, reference, text, type Fields, type RecordType } from './field-types.ts';

export const MODIFIED = {
  dateCreated: readOnly(datetime('Date Created')),
  lastModifiedDate: readOnly(datetime('Last Modified')),
} satisfies Fields;

/** Status IDs 1 to 5 are NetSuite's own; which is which (unverified). */
export const PROJECT_STATUSES = { '1': 'Closed', '2': 'In Progress', '3': 'Not Awarded', '4': 'Pending', '5': 'Awarded' } as const;

/** Codes as in the sample of section_89160926072.html and in SuiteAnalytics; the browser also lists IDs 1 to 5, whose meaning is not published. */
export const PROJECT_BILLING_TYPES = {
  CB: 'Charge-Based',
  FBI: 'Fixed Bid, Interval',
  FBM: 'Fixed Bid, Milestone',
  TM: 'Time and Materials',
} as const;

/** Known by their ISO codes. */
const COUNTRIES = countries();

const address: Fields = {
  addressee: text('Addressee', 83),
  attention: text('Attention', 83),
  addr1: text('Address 1', 150),
  addr2: text('Address 2', 150),
  addr3: text('Address 3', 150),
  city: text('City', 50),
  state: text('State/Province', 50),
  zip: text('Zip', 36),
  country: choice('Country', COUNTRIES),
  addrPhone: text('Phone', 21),
};

const addressBook = lines('Address', 'internalId', {
  label: text('Label', 150),
  defaultBilling: boolean('Default Billing'),
  defaultShipping: boolean('Default Shipping'),
  isResidential: boolean('Residential Address'),
  addressBookAddress: part('Address', address),
});

export const customer: RecordType = {
  name: 'customer',
  label: 'customer',
  sequence: 'entity',
  firstId: 1001,
  required: ['subsidiary'],
  nameField: 'entityId',
  uniqueField: 'entityId',
  fields: {
    ...MODIFIED,
    externalId: text('External ID', 255, 'externalId'),
    entityId: text('Customer ID', 83),
    isPerson: boolean('Individual'),
    companyName: text('Company Name', 83),
    firstName: text('First Name', 32),
    lastName: text('Last Name', 32),
    subsidiary: reference('Primary Subsidiary', 'subsidiary'),
    currency: reference('Primary Currency', 'currency'),
    currencyList: lines('Currencies', 'currency', { currency: reference('Currency', 'currency') }),
    parent: reference('Parent Company', 'customer'),
    email: text('Email', 254, 'email'),
    phone: text('Phone', 32),
    url: text('Web Address', 999),
    accountNumber: text('Account', 99),
    terms: reference('Terms', 'term'),
    vatRegNumber: text('Tax Reg. Number', 20),
    defaultTaxReg: text('Default Tax Reg. Number', 50),
    defaultAddress: readOnly(text('Default Address', 999)),
    addressBook,
    isInactive: boolean('Inactive'),
    comments: text('Comments', 4000),
    balance: readOnly(number('Balance')),
  },
};

export const job: RecordType = {
  name: 'job',
  label: 'project',
  sequence: 'entity',
  firstId: 1001,
  required: ['companyName', 'subsidiary'],
  nameField: 'companyName',
  uniqueField: 'entityId',
  fields: {
    ...MODIFIED,
    externalId: text('External ID', 255, 'externalId'),
    entityId: text('Project ID', 83),
    companyName: text('Project Name', 83),
    parent: reference('Customer:Project', 'customer', 'job'),
    subsidiary: reference('Subsidiary', 'subsidiary'),
    currency: reference('Currency', 'currency'),
    entityStatus: choice('Status', PROJECT_STATUSES),
    jobBillingType: choice('Billing Type', PROJECT_BILLING_TYPES),
    billingSchedule: reference('Billing Schedule', 'billingSchedule'),
    jobItem: reference('Item', 'serviceSaleItem'),
    jobPrice: number('Project Price'),
    startDate: date('Start Date'),
    projectedEndDate: date('Estimated End Date'),
    endDate: date('Actual End Date'),
    estimatedCost: number('Estimated Cost'),
    estimatedRevenue: number('Estimated Revenue'),
    allowTime: boolean('Allow Time Entry'),
    allowExpenses: boolean('Allow Expenses'),
    limitTimeToAssignees: boolean('Limit Time and Expenses to Resources'),
    schedulingMethod: choice('Scheduling Method', { FORWARD: 'Forward', BACKWARD: 'Backward' }),
    accountNumber: text('Account', 99),
    isInactive: boolean('Inactive'),
    comments: text('Comments', 4000),
  },
};

export const projectTask: RecordType = {
  name: 'projectTask',
  label: 'project task',
  sequence: 'projectTask',
  firstId: 2001,
  required: ['title', 'project'],
  nameField: 'title',
  fields: {
    lastModifiedDate: MODIFIED.lastModifiedDate,
    externalId: text('External ID', 255, 'externalId'),
    title: text('Name', 256),
    project: reference('Project', 'job'),
    parent: reference('Parent Task', 'projectTask'),
    constraintType: choice('Constraint Type', { ASAP: 'As Soon As Possible', FIXEDSTART: 'Fixed Start' }),
    status: choice('Status', { NOTSTART: 'Not Started', PROGRESS: 'In Progress', COMPLETE: 'Completed' }),
    priority: choice('Priority', { HIGH: 'High', MEDIUM: 'Medium', LOW: 'Low' }),
    startDateTime: datetime('Start Date'),
    endDate: datetime('End Date'),
    finishByDate: date('Finish No Later Than'),
    estimatedWork: number('Estimated Work'),
    plannedWork: text('Planned Work', 20),
    nonBillableTask: boolean('Non-billable'),
    message: text('Comments', 4000),
    isInactive: boolean('Inactive'),
  },
};

function countries(): Readonly<Record<string, string>> {
  const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
  const letters = Array.from({ length: 26 }, (_, index) => String.fromCharCode(65 + index));
  return Object.fromEntries(letters.flatMap((first) => letters.flatMap((second) => {
    const name = names.of(`${first}${second}`);
    return name === undefined ? [] : [[`${first}${second}`, name] as const];
  })));
}
