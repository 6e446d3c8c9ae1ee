import { z } from 'zod';

const internalId = z.string().regex(/^\d+$/, 'an internal ID, as text');
const idsByCode = z.record(z.string(), internalId);

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
  /** Expense category by our category's code; a code that is not here is looked for among the names of NetSuite's categories. */
  expenseCategories: idsByCode.default({}),
  /** The code, in the same way, of the category whose account is that of recoverable tax. */
  recoverableTaxCategory: z.string().min(1).default('INPUT_TAX'),
  /** Days of payment → term. Without one, NetSuite takes the customer's. */
  paymentTerms: idsByCode.default({}),
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
