import { z } from 'zod';
import { invoiceLineSchema } from '../../domain/model/invoice.ts';

const internalId = z.string().regex(/^\d+$/, 'an internal ID, as text');
const idsByCode = z.record(z.string(), internalId);
/** NetSuite's own lists have negative IDs. */
const listId = z.string().regex(/^-?\d+$/, 'an internal ID, as text');

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) instanceof Intl.DateTimeFormat;
  } catch {
    return false;
  }
}

/** The `options` of a NetSuite in config/systems.yaml: the account's internal IDs of what our documents name by code. */
export const netSuiteOptionsSchema = z.strictObject({
  /** Legal entity → subsidiary. */
  subsidiaries: idsByCode.default({}),
  /** ISO currency → currency. */
  currencies: idsByCode.default({}),
  /** Service line → service item that its sales are booked on. */
  items: idsByCode.default({}),
  /** Service item of time whose job names none; without it the first of `items`. */
  timeItem: internalId.optional(),
  /**
   * What the client is billed for labor and expenses by: the time bills and expense lines themselves, or a charge for each on projects that are charge-based,
   * as new projects billed by actuals then are.
   */
  billableLines: z.enum(['time_bills', 'charges']).default('time_bills'),
  /** Charge types of our charges. */
  chargeTypes: z.strictObject({ time: listId, expense: listId }).default({ time: '-13', expense: '-98' }),
  /** Expense category by our category's code; a code that is not here is looked for among the names of NetSuite's categories. */
  expenseCategories: idsByCode.default({}),
  /** The code, in the same way, of the category whose account is that of recoverable tax. */
  recoverableTaxCategory: z.string().min(1).default('INPUT_TAX'),
  /** Days of payment → term. Without one, NetSuite takes the customer's. */
  paymentTerms: idsByCode.default({}),
  /** Item of invoice lines by their kind; without one, `timeItem`, else the first of `items`. */
  invoiceItems: z.partialRecord(invoiceLineSchema.shape.kind, internalId).default({}),
  /** Our tax rule → tax type and tax code of SuiteTax. */
  taxes: z.record(z.string(), z.strictObject({ type: internalId, code: internalId })).default({}),
  /** The account has invoices approved (Accounting Preferences > Approval Routing): ours are written pending approval. */
  invoiceApproval: z.boolean().default(false),
  /** Item whose income account is that of bad debts; without it, invoices are written off by people. */
  badDebtItem: internalId.optional(),
  /** How payments are read: as records, all by published names, or by SuiteQL, faster and by names of columns that are to be looked at in the account first. */
  payments: z.enum(['records', 'suiteql']).default('records'),
  /** Date format of the integration's user (Home > Set Preferences), in which conditions on records have dates. Those with names of months are not understood. */
  dateFormat: z.string().regex(/^(?:DD?([-./])MM?\1YYYY|MM?([-./])DD?\2YYYY|YYYY([-./])MM?\3DD?)$/, 'a date format of NetSuite in digits such as M/D/YYYY, DD.MM.YYYY or YYYY-MM-DD').default('M/D/YYYY'),
  /** Time zone of the integration's user, by whose clock SuiteQL tells dates with a time. */
  timeZone: z.string().refine(isTimeZone, 'an IANA time zone such as America/New_York').default('UTC'),
  /** Project statuses (Setup > Accounting > CRM lists > Project Statuses). */
  projectStatuses: z.strictObject({ pending: internalId, active: internalId, closed: internalId, cancelled: internalId }).default({ pending: '4', active: '2', closed: '1', cancelled: '3' }),
  /** The account's address for people, for links: "https://1234567.app.netsuite.com". */
  accountUrl: z.url().optional(),
});
export type NetSuiteOptions = z.infer<typeof netSuiteOptionsSchema>;

export const netSuiteCredentialsSchema = z.object({
  accountId: z.string().min(1),
  clientId: z.string().min(1),
  certificateId: z.string().min(1),
  privateKeyPem: z.string().includes('PRIVATE KEY'),
});
export type NetSuiteCredentials = z.infer<typeof netSuiteCredentialsSchema>;
